package stage

import (
	"testing"
	"time"

	"baize/internal/event"
	"baize/test/intrusions"
)

// TestLater: what came after an advance is told later, with the starts of
// processes, and nothing is vouched for in between.
func TestLater(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }
	process := func(start int) *event.Process {
		return &event.Process{PID: 1, Start: at(start), Parent: &event.Process{PID: 2, Start: at(0)}}
	}
	window := func(from, to int) *event.Coverage {
		return &event.Coverage{Class: event.ClassFile, From: at(from), To: at(to), State: event.CoverageComplete}
	}
	events := later([]*event.Event{
		{Time: at(31), Kind: event.SensorCoverage, Coverage: window(20, 30)},
		{Time: at(12), Kind: event.ProcessExec, Process: process(11)},
		{Time: at(5), Kind: event.ProcessExec, Process: process(4)},
		{Time: at(21), Kind: event.SensorCoverage, Coverage: window(10, 20)},
		{Time: at(11), Kind: event.SensorCoverage, Coverage: window(0, 10)},
	}, []intrusions.Advance{{At: at(10), By: time.Hour}, {At: at(15), By: time.Minute}})
	hour := time.Hour
	for k, want := range []struct{ at, from, to, start time.Time }{
		{at: at(5), start: at(4)},
		{at: at(11).Add(hour), from: at(0), to: at(10)},
		{at: at(12).Add(hour), start: at(11).Add(hour)},
		{at: at(21).Add(hour + time.Minute), from: at(10).Add(hour), to: at(15).Add(hour)},
		{at: at(31).Add(hour + time.Minute), from: at(20).Add(hour + time.Minute), to: at(30).Add(hour + time.Minute)},
	} {
		ev := events[k]
		if !ev.Time.Equal(want.at) {
			t.Errorf("event %d at %v, want %v", k, ev.Time, want.at)
		}
		if c := ev.Coverage; c != nil && (!c.From.Equal(want.from) || !c.To.Equal(want.to)) {
			t.Errorf("event %d vouches from %v to %v, want %v to %v", k, c.From, c.To, want.from, want.to)
		}
		if p := ev.Process; p != nil && (!p.Start.Equal(want.start) || !p.Parent.Start.Equal(at(0))) {
			t.Errorf("event %d: %v below %v, want %v", k, p.Start, p.Parent.Start, want.start)
		}
	}
}
