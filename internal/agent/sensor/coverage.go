package sensor

import (
	"time"

	"baize/internal/event"

	"golang.org/x/sys/unix"
)

// coverage turns the counters into statements: one per class and window, and
// another as soon as not everything was told one by one.
type coverage struct {
	sensor      *Sensor
	said        []tally
	next, check time.Time
}

func newCoverage(s *Sensor) *coverage {
	return &coverage{sensor: s, said: make([]tally, len(classes))}
}

// append adds the statements due at now.
func (c *coverage) append(batch []Record, now time.Time) []Record {
	whole := !now.Before(c.next)
	if !whole && now.Before(c.check) {
		return batch
	}
	c.check = now.Add(lossCheck)
	if whole {
		c.next = now.Add(c.sensor.options.Window)
	}
	counts, err := c.sensor.counts.read()
	if err != nil {
		return append(batch, c.unknown(err)...)
	}
	for i, class := range classes {
		news := since(counts[i], c.said[i])
		if state, _ := c.sensor.worst(&news); !whole && state == event.CoverageComplete {
			continue
		}
		batch = append(batch, c.sensor.stated(class, &news))
		c.said[i] = counts[i]
	}
	return batch
}

// unknown states that nothing can be vouched for.
func (c *coverage) unknown(err error) []Record {
	var out []Record
	for _, class := range classes {
		out = append(out, statement(class, event.CoverageUnavailable, 0, err.Error()))
	}
	return out
}

func statement(class event.Class, state string, lost uint64, reason string) Record {
	return Record{
		Kind: event.SensorCoverage, Mono: boottime(),
		Coverage: &event.Coverage{Class: class, State: state, Lost: lost, Reason: reason},
	}
}

// stated is the statement of what came of a class since the one before.
func (s *Sensor) stated(class event.Class, news *tally) Record {
	state, reason := s.state(class, news)
	r := statement(class, state, 0, reason)
	for _, l := range news.losses() {
		r.Coverage.Lost += l.Count
	}
	spared := news.spared()
	r.Coverage.Coalesced, r.Coverage.Filtered, r.Coverage.Throttled = spared.Coalesced, spared.Filtered, spared.Throttled
	return r
}

func since(now, then tally) tally {
	for o := range now {
		now[o] -= then[o]
	}
	return now
}

// boottime is CLOCK_BOOTTIME in nanoseconds.
func boottime() uint64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0
	}
	return uint64(t.Nano())
}
