package sensor

import (
	"time"

	"baize/internal/event"

	"golang.org/x/sys/unix"
)

// coverage turns the counters into statements: one per class and window, and
// one as soon as a loss is noticed.
type coverage struct {
	sensor      *Sensor
	said        [][outcomes]uint64
	next, check time.Time
}

func newCoverage(s *Sensor) *coverage {
	return &coverage{sensor: s, said: make([][outcomes]uint64, len(classes))}
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
		lost, reason := losses(since(counts[i], c.said[i]))
		if !whole && lost == 0 {
			continue
		}
		state := c.sensor.state(class, &reason, lost)
		batch = append(batch, statement(class, state, lost, reason))
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

func since(now, then [outcomes]uint64) [outcomes]uint64 {
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
