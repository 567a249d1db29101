package engine

import (
	"time"

	"baize/internal/event"
)

// Clocks: what happened on two hosts is compared by time, and a host's clock may be
// wrong by days. The gateway estimates by how much, from when messages were sent and
// when they came; the engine puts a host whose clock is off by more than tolerated on
// the server's. A correction stands until the estimate moves away from it: it
// trembles with the network, and a host's events must not change places for that.

// tolerated is how far a clock may be off, and an estimate from the correction.
const tolerated = 2 * time.Second

// corrected is the correction of a host's clock after one more estimate, in
// milliseconds.
func corrected(before int64, ev *event.Event) int64 {
	if ev.Ingest == nil {
		return before
	}
	if apart := ev.Ingest.Skew - before; apart > tolerated.Milliseconds() || apart < -tolerated.Milliseconds() {
		return ev.Ingest.Skew
	}
	return before
}

// onOurClock puts an event on the server's clock.
func onOurClock(ev *event.Event, skew int64) {
	if skew != 0 {
		ev.Shift(-time.Duration(skew) * time.Millisecond)
	}
}
