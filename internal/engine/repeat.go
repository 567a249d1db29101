package engine

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/incident"
)

// alertKey tells repeats from new alerts: the same rule about the same thing,
// within the same scope. Each retry through a hole is a lineage of its own, and
// so the scope is the service instance where there is one; a retry that names
// another address, or comes from another source, is news all the same.
type alertKey struct{ Rule, Scope, Entity, Source string }

// repeatWindow is how long after its first firing an alert is repeated by other
// lineages: as long as two alerts of one service are tied by it.
const repeatWindow = 24 * time.Hour

func keyOf(ev *event.Event, rule *alert.Rule, s *graph.Subject) alertKey {
	key := alertKey{Rule: rule.ID, Entity: subjectEntity(ev)}
	switch {
	case s.Service != "":
		key.Scope, key.Source = s.Service, s.Source
		if ev.Kind == event.ProcessExec && ev.Process != nil {
			key.Entity += "\x00" + strings.Join(incident.Addresses(ev.Process.CommandLine), " ")
		}
	case s.Lineage != "":
		key.Scope = s.Lineage
	case ev.Process != nil && !ev.Process.Key.IsZero():
		key.Scope = ev.Process.Key.String() // a hub has no lineage
	default:
		key.Scope = ev.Org + "/" + ev.Host.ID
	}
	return key
}

// subjectEntity is what an alert is about, with what rotates taken out.
func subjectEntity(ev *event.Event) string {
	switch {
	case event.ClassOf(ev.Kind) == event.ClassLog:
		return lineEntity(ev)
	case ev.Kind == event.SensorTamper:
		return ev.Message
	case ev.Kind == event.ProcessExec && ev.Process != nil:
		return ev.Process.Executable + "\x00" + incident.Template(ev.Process.CommandLine)
	case ev.DNS != nil:
		return ev.DNS.Question.Name
	case ev.File != nil:
		return incident.PathTemplate(ev.File.Path)
	case ev.Kind == event.NetworkAccept && ev.Source != nil:
		return ev.Source.IP.String()
	case ev.Destination != nil:
		return ev.Destination.IP.String() + " " + strconv.Itoa(int(ev.Destination.Port))
	case ev.Coverage != nil:
		return string(ev.Coverage.Class)
	case ev.Process != nil:
		return ev.Process.Executable
	}
	return ev.Message
}

// repeat counts an alert again, which is handed out when the next beat begins.
// It reports false for what must be an alert of its own.
func (e *Engine) repeat(f *firing, ev *event.Event, s *graph.Subject) bool {
	news := e.news(f, ev, s)
	if s.Lineage != f.Alert.Lineage {
		counted, belongs := e.echo(f, ev, s, slices.ContainsFunc(news, indicates))
		if !counted {
			return false
		}
		if !belongs {
			news = nil // a stranger's words would tie his incident to this one
		}
	}
	if !e.gather(f, news) {
		return false
	}
	if len(news) > 0 {
		e.await(ev, f.Key)
	}
	e.wait(f)
	f.More += ev.Repeats()
	f.Alert.Recent = recent(f.Alert.Recent, ev, s)
	if ev.Time.After(f.Alert.Last) {
		f.Alert.Last = ev.Time
	}
	return true
}

// indicates reports whether an entity is more than another wording of the same
// command.
func indicates(e alert.Entity) bool { return e.Type != alert.EntityCommand }

// echo reports whether a firing of another lineage than the alert's is counted
// with it, and whether it belongs there. One that names something new must belong
// for that to be told there.
func (e *Engine) echo(f *firing, ev *event.Event, s *graph.Subject, news bool) (counted, belongs bool) {
	if d := ev.Time.Sub(f.Alert.Time); d > repeatWindow || d < -repeatWindow || !e.merger.Known(f.Alert.ID) {
		return false, false
	}
	if e.merger.Echoes(s.Lineage, f.Alert.ID, e.now) {
		return true, true
	}
	a := e.alert(ev, f.Alert.Rule, s)
	if belongs = e.merger.Echo(&a, f.Alert.ID, factsOf(ev, s), e.now); !belongs && news {
		return false, false
	}
	e.root(ev, &a, s)
	return true, belongs
}

// recent adds the latest repeat and lets go of the oldest. Revisions that were
// handed out share the list before.
func recent(list []alert.Repeat, ev *event.Event, s *graph.Subject) []alert.Repeat {
	r := alert.Repeat{Time: ev.Time.UTC(), Boot: ev.Boot, Seq: ev.Seq, Lineage: s.Lineage}
	if n := ev.Repeats(); n > 1 {
		r.Count = n
	}
	if p := ev.Process; p != nil {
		r.Process, r.CommandLine = p.Key.String(), p.CommandLine
		if len(r.CommandLine) > alert.MaxRecentCommand {
			r.CommandLine = strings.ToValidUTF8(r.CommandLine[:alert.MaxRecentCommand], "")
		}
	}
	if len(list) == alert.MaxRecent {
		list = list[1:]
	}
	return append(slices.Clone(list), r)
}
