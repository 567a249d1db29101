package stage

import (
	"slices"
	"strings"
	"time"

	"baize/internal/event"
	"baize/test/intrusions"
)

// later tells a recording as if time had passed where it was advanced. What the
// sensor vouched for around such a moment it vouches for up to it only.
func later(events []*event.Event, advances []intrusions.Advance) []*event.Event {
	slices.SortStableFunc(events, byTime)
	shift := func(t time.Time) time.Time {
		var by time.Duration
		for _, a := range advances {
			if !t.Before(a.At) {
				by += a.By
			}
		}
		return t.Add(by)
	}
	for _, ev := range events {
		shiftEvent(ev, shift, advances)
	}
	return events
}

func byTime(a, b *event.Event) int {
	if c := a.Time.Compare(b.Time); c != 0 {
		return c
	}
	if c := strings.Compare(a.Host.ID, b.Host.ID); c != 0 {
		return c
	}
	return int(int64(a.Seq) - int64(b.Seq))
}

func shiftEvent(ev *event.Event, shift func(time.Time) time.Time, advances []intrusions.Advance) {
	if c := ev.Coverage; c != nil {
		for _, a := range advances {
			if c.From.Before(a.At) && c.To.After(a.At) {
				c.To = a.At
			}
		}
		c.From, c.To = shift(c.From), shiftEnd(c.To, shift)
	}
	for _, p := range []*event.Process{ev.Process, ev.Target} {
		shiftProcess(p, shift)
	}
	ev.Time = shift(ev.Time)
}

// shiftEnd moves the end of a window, which is not part of it.
func shiftEnd(t time.Time, shift func(time.Time) time.Time) time.Time {
	return shift(t.Add(-1)).Add(1)
}

func shiftProcess(p *event.Process, shift func(time.Time) time.Time) {
	if p == nil {
		return
	}
	if !p.Start.IsZero() {
		p.Start = shift(p.Start)
	}
	shiftProcess(p.Parent, shift)
	for k := range p.Ancestors {
		shiftProcess(&p.Ancestors[k], shift)
	}
}
