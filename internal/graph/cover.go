package graph

import (
	"slices"
	"time"

	"baize/internal/event"
	"baize/internal/provenance"
)

// maxGaps bounds the windows of a class that are kept apart. Past it the two
// that are nearest are one: what is between them is then unknown as well.
const maxGaps = 16

// window of the host's time in nanoseconds.
type window struct{ From, To int64 }

// cover is what a host's sensor vouches for in one class.
type cover struct {
	// From is where it began, Through how far it has vouched.
	From, Through int64
	// Gaps are the windows that were not complete, in order.
	Gaps []window
}

// Cover takes in what a host's sensor says of a window, or the server of a gap
// in its numbers.
func (g *Graph) Cover(ev *event.Event, now int64) {
	c := ev.Coverage
	if c == nil || ev.Host.ID == "" {
		return
	}
	h := g.host(ev.Host.ID, now)
	w := window{c.From.UnixNano(), c.To.UnixNano()}
	if w.To < w.From {
		return
	}
	complete := c.State == event.CoverageComplete || c.State == event.CoverageCoalesced
	if c.Class == event.ClassAll {
		h.everything.gap(w)
	} else {
		if h.covers == nil {
			h.covers = map[event.Class]*cover{}
		}
		k := h.covers[c.Class]
		if k == nil {
			if len(h.covers) >= maxClasses {
				return
			}
			k = &cover{From: w.From, Through: w.From}
			h.covers[c.Class] = k
		}
		k.vouch(w, complete)
	}
	h.revouch()
}

// revouchEvery is how often an intrusion that changes no more says anew as of
// when its answers hold, for as long as revouchFor after its last change.
const (
	revouchEvery = int64(10 * time.Minute)
	revouchFor   = int64(24 * time.Hour)
)

// revouch tells the intrusions whose answers are others now, or vouched for much
// longer than they last said.
func (h *host) revouch() {
	for _, slot := range h.intrusions.All() {
		i := *slot
		if i.Into != 0 || i.dirty {
			continue
		}
		states, through := h.states(i)
		if states != i.States || through-i.Through > revouchEvery && through-i.Updated < revouchFor {
			defer h.touch(i, i.Updated)
		}
	}
}

// maxClasses bounds the classes of one host.
const maxClasses = 16

// vouch takes one window in. What lies between the last one and it was vouched
// for by nobody.
func (c *cover) vouch(w window, complete bool) {
	if w.From > c.Through+slack {
		c.gap(window{c.Through, w.From})
	}
	c.From = min(c.From, w.From)
	if !complete {
		c.gap(w)
	}
	c.Through = max(c.Through, w.To)
}

// slack is what the ends of two windows that follow one another may be apart.
const slack = int64(1e6)

// gap adds a window that was not complete.
func (c *cover) gap(w window) {
	at, _ := slices.BinarySearchFunc(c.Gaps, w, func(a, b window) int {
		switch {
		case a.From < b.From:
			return -1
		case a.From > b.From:
			return 1
		}
		return 0
	})
	c.Gaps = slices.Insert(c.Gaps, at, w)
	merged := c.Gaps[:1]
	for _, next := range c.Gaps[1:] {
		if last := &merged[len(merged)-1]; next.From <= last.To+slack {
			last.To = max(last.To, next.To)
			continue
		}
		merged = append(merged, next)
	}
	c.Gaps = merged
	if len(c.Gaps) > maxGaps {
		c.join()
	}
}

// join makes one of the two gaps that are nearest.
func (c *cover) join() {
	at := 1
	for k := 2; k < len(c.Gaps); k++ {
		if c.Gaps[k].From-c.Gaps[k-1].To < c.Gaps[at].From-c.Gaps[at-1].To {
			at = k
		}
	}
	c.Gaps[at-1].To = c.Gaps[at].To
	c.Gaps = slices.Delete(c.Gaps, at, at+1)
}

// hits reports whether a gap is in a window.
func (c *cover) hits(w window) bool {
	return slices.ContainsFunc(c.Gaps, func(gap window) bool { return gap.From < w.To && gap.To > w.From })
}

// complete returns which of the classes were not complete from a time on, and
// up to when all of them are vouched for.
func (h *host) complete(since int64, classes []event.Class) (incomplete []string, through int64) {
	for k, class := range classes {
		c := h.covers[class]
		until := since
		if c != nil {
			until = c.Through
		}
		if k == 0 || until < through {
			through = until
		}
		w := window{since, until}
		if c == nil || c.From > since || until <= since || c.hits(w) || h.everything.hits(w) {
			incomplete = append(incomplete, string(class))
		}
	}
	return incomplete, through
}

// restsOn are the classes that an answer or a stage rests on.
var restsOn = map[string][]event.Class{
	provenance.Files:            {event.ClassFile, event.ClassProcess},
	provenance.Persistence:      {event.ClassFile, event.ClassProcess, event.ClassKernel},
	provenance.Deleted:          {event.ClassFile},
	provenance.Lateral:          {event.ClassNetwork, event.ClassProcess},
	provenance.Data:             {event.ClassFile, event.ClassNetwork, event.ClassProcess},
	provenance.InitialAccess:    {event.ClassProcess},
	provenance.Download:         {event.ClassFile, event.ClassProcess},
	provenance.Permission:       {event.ClassFile},
	provenance.Execution:        {event.ClassProcess},
	provenance.CommandControl:   {event.ClassNetwork, event.ClassDNS},
	provenance.Privilege:        {event.ClassProcess},
	provenance.CredentialAccess: {event.ClassFile},
	provenance.Discovery:        {event.ClassProcess},
	provenance.LateralMovement:  {event.ClassNetwork},
	provenance.Exfiltration:     {event.ClassFile, event.ClassNetwork},
	provenance.Impact:           {event.ClassFile, event.ClassProcess},
}
