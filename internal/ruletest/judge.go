package ruletest

import (
	"time"

	"baize/internal/rulestream"
	"baize/internal/sigma"
	"baize/internal/sigma/correlate"
	"baize/internal/taxonomy"
)

// run is one script in the middle of its steps.
type run struct {
	result *Result
	name   string
	set    *sigma.Set
	rules  []*sigma.Rule
	stream *rulestream.Stream
	// open are the events behind the last expectation, raised the rules that
	// raised alerts.
	open   []step
	raised []*sigma.Rule
}

// newRun starts at a fixed time.
func newRun(result *Result, name string, set *sigma.Set, rules []*sigma.Rule) *run {
	r := &run{result: result, name: name, set: set, rules: rules, stream: rulestream.New(set)}
	r.stream.Advance(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	return r
}

func (r *run) step(s step) {
	switch s.what {
	case process:
		r.result.Events++
		r.open = append(r.open, s)
		if rec, ours := s.records[0].(*taxonomy.Record); ours && rec.Event().Time.IsZero() {
			rec.Event().Time = r.stream.Now()
		}
		r.note(r.stream.Process(s.records, uint64(s.line)))
	case advance:
		r.note(r.stream.Advance(r.stream.Now().Add(s.pause)))
	case expectMatch:
		r.expectMatch(s)
	case expectAlert:
		r.expectAlert(s)
	}
	if s.what == expectMatch || s.what == expectAlert {
		r.open, r.raised = nil, nil
	}
}

func (r *run) note(matches []correlate.Match) {
	for _, m := range matches {
		r.raised = append(r.raised, m.Rule)
	}
}

// expectMatch checks each event against every rule of single events.
func (r *run) expectMatch(s step) {
	asked := false
	for _, rule := range r.rules {
		if rule.Correlation != nil {
			continue
		}
		asked = true
		for _, event := range r.open {
			if contains(taxonomy.Match(r.set, event.records, nil), rule) == s.want {
				continue
			}
			if s.want {
				r.result.fail(r.name, event.line, "%q does not match this event", rule.Title)
			} else {
				r.result.fail(r.name, event.line, "%q matches this event", rule.Title)
			}
		}
	}
	if !asked {
		r.result.fail(r.name, s.line, "a correlation is not about one event: expect alert, or no alert")
	}
}

func (r *run) expectAlert(s step) {
	known, raised := false, false
	for _, rule := range r.set.Rules() {
		if named(rule, s.name) && (s.name != "" || contains(r.rules, rule)) {
			known = known || r.stream.Raises(rule)
			raised = raised || contains(r.raised, rule)
		}
	}
	switch {
	case !known:
		r.result.fail(r.name, s.line, "no rule %q that raises alerts", s.name)
	case s.want && !raised:
		r.result.fail(r.name, s.line, "no alert was raised")
	case !s.want && raised:
		r.result.fail(r.name, s.line, "an alert was raised")
	}
}

// named reports whether a rule goes by a name; every rule goes by none.
func named(rule *sigma.Rule, name string) bool {
	return name == "" || rule.ID == name || rule.Name == name || rule.Title == name
}

func contains(list []*sigma.Rule, rule *sigma.Rule) bool {
	for _, r := range list {
		if r == rule {
			return true
		}
	}
	return false
}
