package engine

import (
	"slices"
	"strings"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/sigma/correlate"
)

// forgot is the rule of the alert that a correlation had no room for a host's
// groups.
var forgot = &alert.Rule{ID: "baize.correlation.forgot", Title: "A correlation gave up groups of a host for want of room", Level: "low"}

// match raises what the rules find in an event, alone and with those before it.
func (e *Engine) match(ev *event.Event, s *graph.Subject, out *Output) {
	e.observed++
	e.matched = e.machine.Process(&correlate.Input{
		Records: e.adapter.Records(ev, s.Lineage), Time: clamp(ev.Time), Now: e.now, Ref: e.observed,
		Org: ev.Org, Host: ev.Host.ID, Count: ev.Repeats(),
	}, e.matched[:0])
	if e.machine.Fed() {
		e.contributors.Put(e.observed, contributor{Event: brief(ev), Subject: *s}, e.now)
	}
	for i := range e.matched {
		m := &e.matched[i]
		switch rule := e.rules.Named(m.Rule); {
		case m.Rule.Correlation == nil:
			if !e.hide(ev, rule, out) {
				e.raise(ev, rule, *s, out)
			}
		case m.Ref == e.observed:
			e.complete(m, contributor{Event: ev, Subject: *s}, out)
		default:
			e.complete(m, e.contributor(m), out)
		}
	}
	e.tellLosses(ev, out)
}

// silence raises what the log's time has decided.
func (e *Engine) silence(ev *event.Event, out *Output) {
	if e.machine == nil {
		return
	}
	e.matched = e.machine.Advance(e.now, e.matched[:0])
	for i := range e.matched {
		e.complete(&e.matched[i], e.contributor(&e.matched[i]), out)
	}
	e.tellLosses(ev, out)
}

// complete raises the alert of a correlation, or counts it as a repeat of that
// of the same group within a day.
func (e *Engine) complete(m *correlate.Match, c contributor, out *Output) {
	rule := e.rules.Named(m.Rule)
	if e.hide(c.Event, rule, out) {
		return
	}
	group := strings.Join(m.Group, "\x00")
	key := alertKey{Rule: rule.ID, Scope: m.Org, Entity: group}
	if slot := e.alerts.Get(key, e.now); slot != nil && c.Event.Time.Sub((*slot).Alert.Time) <= repeatWindow {
		f := *slot
		e.again(f, c.Event.Time)
		f.Alert.Recent = recent(f.Alert.Recent, c.Event, &c.Subject)
		if related(c.Subject.Lineage, f.Alert.Lineage) {
			e.gather(f, e.news(f, c.Event, &c.Subject)) // without room for it, it is counted
		}
		e.contribute(f, m)
		return
	}
	a := e.alert(c.Event, rule, &c.Subject)
	a.ID = identity(c.Event, rule.ID+"\x00"+group, a.Lineage)
	a.Count, a.Contributing = 1, m.Total
	for i, name := range m.Rule.Correlation.GroupBy {
		a.Group = append(a.Group, alert.GroupValue{Field: name, Value: m.Group[i]})
	}
	for _, ref := range m.Refs {
		if of := e.contributors.Peek(ref); of != nil {
			a.Evidence = append(a.Evidence, of.Event)
			if related(of.Subject.Lineage, a.Lineage) {
				a.Entities = e.witness(a.Entities, of)
			}
		}
	}
	e.open(key, a, c.Event, &c.Subject, out)
}

// related reports whether what an event names may tie the alert of another one
// to incidents. What strangers have in common is the group alone, and whether
// that is a reason is the merger's to say.
func related(lineage, other string) bool { return lineage != "" && lineage == other }

// witness adds what a contributing event names beside the others.
func (e *Engine) witness(list []alert.Entity, c *contributor) []alert.Entity {
	for _, entity := range e.entities(c.Event, &c.Subject) {
		if len(list) < maxEvidence && !names(list, &entity) {
			list = append(list, entity)
		}
	}
	return list
}

// contribute adds the events of a repeat to an alert, as far as there is room.
func (e *Engine) contribute(f *firing, m *correlate.Match) {
	f.Alert.Contributing = max(f.Alert.Contributing, m.Total)
	for _, ref := range m.Refs {
		c := e.contributors.Peek(ref)
		if c == nil || len(f.Alert.Evidence) >= correlate.MaxRefs || shows(f.Alert.Evidence, c.Event) {
			continue
		}
		// Revisions that were handed out share the list before.
		f.Alert.Evidence = append(slices.Clip(f.Alert.Evidence), c.Event)
	}
}

func shows(list []*event.Event, ev *event.Event) bool {
	return slices.ContainsFunc(list, func(have *event.Event) bool {
		return have.Host == ev.Host && have.Boot == ev.Boot && have.Seq == ev.Seq && have.Time.Equal(ev.Time) && have.Kind == ev.Kind
	})
}

// clamp is a time in nanoseconds; of one beyond what fits, the nearest.
func clamp(at time.Time) int64 {
	switch year := at.Year(); {
	case year < minYear:
		return time.Date(minYear, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	case year > maxYear:
		return time.Date(maxYear, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	}
	return at.UnixNano()
}

// tellLosses raises an alert where a correlation gave up groups of a host: an
// intruder may have made them to be forgotten.
func (e *Engine) tellLosses(ev *event.Event, out *Output) {
	for _, loss := range e.machine.TakeLosses() {
		key := alertKey{Rule: forgot.ID, Scope: loss.Owner, Entity: loss.Rule}
		if slot := e.alerts.Get(key, e.now); slot != nil {
			e.again(*slot, ev.Time)
			continue
		}
		org, host, _ := strings.Cut(loss.Owner, "/")
		told := &event.Event{Org: org, Host: event.Host{ID: host}, Time: ev.Time, Message: "correlation rule " + loss.Rule}
		e.open(key, e.alert(told, forgot, &graph.Subject{}), told, &graph.Subject{}, out)
	}
}

// again counts an alert once more. It is handed out when the next beat begins.
func (e *Engine) again(f *firing, at time.Time) {
	e.wait(f)
	f.More++
	if at.After(f.Alert.Last) {
		f.Alert.Last = at.UTC()
	}
}

// Correlations says what correlations remember and what they gave up.
func (e *Engine) Correlations() correlate.Stats {
	if e.machine == nil {
		return correlate.Stats{}
	}
	return e.machine.Stats()
}
