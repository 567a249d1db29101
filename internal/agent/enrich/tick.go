package enrich

import (
	"time"

	"baize/internal/event"
)

// Idle is the longest that Tick may be put off while nothing is held.
const Idle = time.Second

// Tick does what is due. Call it at Wake at the latest.
func (e *Enricher) Tick(now time.Time) {
	e.titles.tick(e, now)
	e.procs.expire(now)
	e.repeats(now)
	e.meter(now)
	e.window(now, false)
	e.askForBoxes()
	// A step of the wall clock moves the boot time; its drift is below a
	// microsecond a second.
	e.boot = e.config.BootTime()
}

// Wake is when the machine next needs Tick and Release.
func (e *Enricher) Wake(now time.Time) time.Time {
	if e.out.len() > 0 {
		return e.out.items[e.out.head].until
	}
	return now.Add(Idle)
}

// Retitled takes a command line that Titles read.
func (e *Enricher) Retitled(now time.Time, t Title) { e.retitled(now, t) }

// Mark queues an event of the agent itself: sensor.start, sensor.stop.
func (e *Enricher) Mark(now time.Time, ev *event.Event) { e.queue(now, ev, nil, nil) }

// Stop closes the last windows; what is held goes out as it is with the next
// Release at a later time.
func (e *Enricher) Stop(now time.Time) { e.window(now, true) }
