package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strconv"
	"strings"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/incident"
)

// Rules of the sensor's own alerts.
var (
	refused = &alert.Rule{ID: "baize.gateway.refused", Title: "An agent sent what the server refused", Level: "medium"}
	lost    = &alert.Rule{ID: "baize.coverage.lost", Title: "Telemetry of a host was lost", Level: "low"}
)

// firing is an alert that may repeat.
type firing struct {
	Key   alertKey
	Alert alert.Alert
	// More repeats came since the alert was last handed out.
	More uint64
	// waits : it is among those to hand out when the next beat begins.
	waits bool
}

// coverage raises an alert for a window in which the sensor was blind.
func (e *Engine) coverage(ev *event.Event, out *Output) {
	if ev.Coverage == nil {
		return
	}
	if s := ev.Coverage.State; s == event.CoverageLost || s == event.CoverageUnavailable && ev.Coverage.Lost > 0 {
		e.raise(ev, lost, graph.Subject{}, out)
	}
	e.graph.Cover(ev, e.now)
}

// raise makes an alert, or counts it as a repeat.
func (e *Engine) raise(ev *event.Event, rule *alert.Rule, s graph.Subject, out *Output) {
	key := keyOf(ev, rule, &s)
	if slot := e.alerts.Get(key, e.now); slot != nil && e.repeat(*slot, ev, &s) {
		return
	}
	e.open(key, e.alert(ev, rule, &s), ev, &s, out)
}

// open hands out a new alert.
func (e *Engine) open(key alertKey, a alert.Alert, ev *event.Event, s *graph.Subject, out *Output) {
	a.Intrusion = e.root(ev, &a, s)
	e.came(ev.Org, e.graph.Entries(ev))
	if a.Kind != alert.KindSensor || s.Lineage != "" {
		a.Incident, _ = e.merger.Add(&a, factsOf(ev, s), e.now)
	}
	e.alerts.Put(key, &firing{Key: key, Alert: a}, e.now)
	e.await(ev, key)
	out.Alerts = append(out.Alerts, a)
	if ev.Process != nil && a.Kind != alert.KindSensor {
		path := e.graph.Trace(ev, a.Intrusion)
		a.Path = &path
	}
	if e.cfg.Trace && a.Intrusion == "" {
		out.Traces = append(out.Traces, e.traceOf(&a))
	}
}

// came tells the merger how lineages came in.
func (e *Engine) came(org string, entries []graph.Entry) {
	for i := range entries {
		var with collector
		entry := &entries[i]
		with.add(alert.Entity{Type: alert.EntityIP, Value: entry.Source, Role: incident.RoleSource})
		with.add(alert.Entity{Type: alert.EntityKey, Value: entry.Key})
		with.add(alert.Entity{Type: alert.EntityCommand, Value: entry.Command, Role: incident.RoleSession})
		e.merger.Came(org, entry.Lineage, entry.Behind, with, e.now)
	}
}

func factsOf(ev *event.Event, s *graph.Subject) incident.Facts {
	return incident.Facts{Service: serviceText(ev, s), Shell: strings.HasPrefix(s.Lineage, event.ContextWebShell+":"), Command: s.Shell}
}

func (e *Engine) wait(f *firing) {
	if !f.waits {
		f.waits = true
		e.waiting = append(e.waiting, f)
	}
}

// recount brings a waiting alert up to date.
func (e *Engine) recount(f *firing) {
	f.Alert.Count += f.More
	f.Alert.Revision++
	e.merger.Repeat(&f.Alert, f.More, e.now)
	// An incident that the merger forgot stays the alert's.
	if id := e.merger.IncidentOf(f.Alert.ID); id != "" {
		f.Alert.Incident = id
	}
	f.More, f.waits = 0, false
}

// alert makes a new alert of an event.
func (e *Engine) alert(ev *event.Event, rule *alert.Rule, s *graph.Subject) alert.Alert {
	a := alert.Alert{
		ID: identity(ev, rule.ID, s.Lineage), Revision: 1, Kind: alert.KindRule,
		Time: ev.Time.UTC(), Last: ev.Time.UTC(), Org: ev.Org, Host: ev.Host, Rule: rule,
		Lineage: s.Lineage, Context: s.Context, Service: s.Service, Image: containerImage(ev), Labels: e.labels.Of(ev.Org, ev.Host, containerImage(ev)),
		Entities: e.entities(ev, s), Count: ev.Repeats(), Event: ev,
	}
	switch rule {
	case refused, lost, forgot, silent, tamper, offline:
		a.Kind = alert.KindSensor
	}
	return a
}

// identity is the id of an alert: the rule, the lineage and the first event.
// Events of other makers have no number; their time and process stand for it.
func identity(ev *event.Event, rule, lineage string) string {
	h := sha256.New()
	part := func(text string) {
		h.Write([]byte(text))
		h.Write([]byte{0})
	}
	part(ev.Org)
	part(rule)
	part(lineage)
	part(ev.Host.ID)
	part(ev.Boot)
	part(strconv.FormatUint(ev.Seq, 10))
	if ev.Seq == 0 {
		part(strconv.FormatInt(ev.Time.UnixNano(), 10))
		part(string(ev.Kind))
		part(subjectEntity(ev))
		if ev.Process != nil {
			part(ev.Process.Key.String())
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// serviceText describes the service instance for people.
func serviceText(ev *event.Event, s *graph.Subject) string {
	if ev.Process != nil && ev.Process.Context != nil && ev.Process.Context.Service != "" {
		return ev.Process.Context.Service
	}
	return path.Base(s.ServiceExe)
}
