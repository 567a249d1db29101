package fleet

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"baize/content"
	"baize/internal/alert"
	"baize/internal/engine"
	"baize/internal/event"
	"baize/internal/incident"
	"baize/internal/label"
	"baize/internal/replay"
	"baize/test/intrusions"
)

// told is what the engine makes of a recording.
type told struct {
	alerts    []alert.Alert
	incidents []incident.Incident
	// of is the incident of an alert, "" for none.
	of map[string]string
}

func rules(t *testing.T) engine.Config {
	t.Helper()
	loaded, report, err := engine.LoadRules(content.Rules())
	if err != nil || len(report.Invalid) > 0 {
		t.Fatal(err, report.Invalid)
	}
	return engine.Config{Rules: loaded}
}

// labelled is a file that says of all hosts that they are of one service.
func labelled(t *testing.T) string {
	t.Helper()
	all := label.Assignment{Kind: label.KindHost, Match: "*", Labels: label.Labels{Service: "shop", Owner: "ann"}}
	all.Identify()
	record, err := engine.LabelRecord([]label.Assignment{all}, time.Unix(0, 0).UTC())
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "labels.ndjson")
	if err := os.WriteFile(name, line, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// tell replays a recording, with what is told before it.
func tell(t *testing.T, cfg engine.Config, r *intrusions.Recording, before ...string) *told {
	t.Helper()
	out := t.TempDir()
	_, err := replay.Run(replay.Options{
		Files: append(before, r.Events), Out: out, Temp: t.TempDir(), Engine: cfg,
		Bad: func(err error) { t.Errorf("%s: %v", r.Name, err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &told{of: map[string]string{}}
	lines(t, filepath.Join(out, "alerts.ndjson"), func(a alert.Alert) { s.alerts = append(s.alerts, a) })
	lines(t, filepath.Join(out, "incidents.ndjson"), func(i incident.Incident) {
		if i.MergedInto != "" {
			return
		}
		s.incidents = append(s.incidents, i)
		for _, id := range i.Alerts {
			s.of[id] = i.ID
		}
	})
	return s
}

// lines reads a file of one JSON value a line.
func lines[T any](t *testing.T, name string, each func(T)) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var v T
		if err := json.Unmarshal(in.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		each(v)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
}

// actorOf is whose an alert is by the labels: by the process that it is about; ""
// where nobody is known.
func actorOf(r *intrusions.Recording, a *alert.Alert) string {
	for _, e := range a.Entities {
		key, err := event.ParseProcessKey(e.Value)
		if e.Type != alert.EntityProcess || err != nil {
			continue
		}
		for k := range r.Intrusions {
			if i := &r.Intrusions[k]; i.Has(key) {
				return named(i)
			}
		}
		if e.Role == "subject" {
			break
		}
	}
	// A kill chain is about no process, but begins with one.
	if key, err := event.ParseProcessKey(a.Lineage[strings.IndexByte(a.Lineage, ':')+1:]); err == nil && a.Kind == alert.KindChain {
		for k := range r.Intrusions {
			if i := &r.Intrusions[k]; i.Has(key) {
				return named(i)
			}
		}
	}
	return ""
}

// named says who it is, and that he works.
func named(i *intrusions.Intrusion) string {
	if i.Benign {
		return worker + i.Actor
	}
	return i.Actor
}

// worker begins the name of one who is no intruder.
const worker = "at work: "

// graded are the alerts that count: those of an incident, and all of an intruder.
type graded struct {
	alerts []*alert.Alert
	// want is whose each is: an intruder's, or its own.
	want []string
}

func grade(r *intrusions.Recording, s *told) *graded {
	g := &graded{}
	for k := range s.alerts {
		a := &s.alerts[k]
		actor := actorOf(r, a)
		if actor == "" && s.of[a.ID] == "" {
			continue
		}
		if incident.Severity(a.Rule.Level) < incident.Severity("medium") && s.of[a.ID] == "" {
			continue // opens nothing by itself
		}
		if actor == "" {
			actor = worker + a.ID
		}
		g.alerts, g.want = append(g.alerts, a), append(g.want, actor)
	}
	return g
}

func (g *graded) score(of map[string]string) Score {
	got := make([]string, len(g.alerts))
	for k, a := range g.alerts {
		if got[k] = of[a.ID]; got[k] == "" {
			got[k] = "none " + a.ID
		}
	}
	return compare(got, g.want)
}

// sharing groups alerts by any entity that they share.
func sharing(alerts []*alert.Alert) map[string]string {
	parent := make([]int, len(alerts))
	for k := range parent {
		parent[k] = k
	}
	var find func(int) int
	find = func(k int) int {
		if parent[k] != k {
			parent[k] = find(parent[k])
		}
		return parent[k]
	}
	first := map[string]int{}
	for k, a := range alerts {
		for _, e := range a.Entities {
			key := e.Type + " " + e.Value
			if at, seen := first[key]; seen {
				parent[find(k)] = find(at)
			} else {
				first[key] = k
			}
		}
	}
	of := map[string]string{}
	for k, a := range alerts {
		of[a.ID] = fmt.Sprint(find(k))
	}
	return of
}

// lineage are the reasons that rest on who started whom: without it nobody knows
// which service, which request or which login is behind a process, or what flowed.
var lineage = []string{
	incident.ReasonLineage, incident.ReasonProcess, incident.ReasonIntrusion, incident.ReasonFileFlow, incident.ReasonConnection, incident.ReasonRepeat,
	incident.ReasonService, incident.ReasonSource, incident.ReasonKey,
}

// spread counts the incidents that an intruder's alerts are in.
func (g *graded) spread(of map[string]string) map[string][]string {
	spread := map[string][]string{}
	for k, a := range g.alerts {
		if id := of[a.ID]; !slices.Contains(spread[g.want[k]], id) {
			spread[g.want[k]] = append(spread[g.want[k]], id)
		}
	}
	return spread
}
