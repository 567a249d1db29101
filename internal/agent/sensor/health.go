package sensor

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"baize/internal/event"

	"github.com/cilium/ebpf"
)

// Tiers of the sensor: with programs on the kernel's own functions wherever an
// act calls for them, and with BTF, tracepoints and cgroup programs alone.
const (
	tierMediated = 1
	tierTraced   = 2
)

// Health is the state of a sensor.
type Health struct {
	Tier int
	// Scope is the cgroup directory the sensor is confined to, "" for the host.
	Scope   string
	Hooks   []Hook
	Classes []ClassHealth
	// Programs are what each program took of a second, the dearest first;
	// empty where it was not measured.
	Programs []Cost
	Canaries Canaries
}

// Hook is the state of one kernel hook.
type Hook struct {
	Name  string
	Class event.Class
	// Tier is 1 for a hook on a function of the kernel, and 2 for all others.
	// Where one of tier 1 is not attached, some of tier 2 do its work.
	Tier     int
	Attached bool
	// Error says why it is not attached.
	Error string
}

// ClassHealth counts one class since Open.
type ClassHealth struct {
	Class event.Class
	State string
	// Seen is the number of observations made, Lost of those that were not
	// delivered or not whole.
	Seen, Lost uint64
	// LeftOut is how many of those seen nobody asked for, such as opens of files
	// that are not watched.
	LeftOut uint64
	// Spared are those that were seen, counted and not told one by one.
	Spared
	// Losses are the parts of Lost by reason.
	Losses []Loss
	// Reason says why the state is not complete.
	Reason string
}

// Spared counts observations that are not told one by one.
type Spared struct {
	// Coalesced went into the count of another record of the same act, Filtered
	// were asked for by no rule, Throttled came faster than their cgroup's rate.
	Coalesced, Filtered, Throttled uint64
}

// Loss is how many observations one reason cost.
type Loss struct {
	Reason string
	Count  uint64
}

// classes in the order of enum class in bpf/abi.h.
var classes = []event.Class{event.ClassProcess, event.ClassFile, event.ClassNetwork, event.ClassDNS, event.ClassKernel}

// Indexes of classes that our own counts go to.
const (
	classProcess = iota
	classFile
	classNetwork
	classDNS
	classKernel
	classCount
)

// Outcomes of enum outcome, and those of our own.
const (
	outcomeSeen = iota
	outcomeRingFull
	outcomeMapFull
	outcomeRead
	outcomeCompat
	outcomeShed
	outcomeFiltered
	outcomeThrottled
	outcomeLeft
	outcomeSkipped
	outcomePieces
	kernelOutcomes
	outcomeCoalesced = kernelOutcomes
	outcomes         = kernelOutcomes + 1
)

// tally is what became of the observations of one class.
type tally [outcomes]uint64

var outcomeReasons = [...]string{
	outcomeRingFull: "ring full", outcomeMapFull: "map full", outcomeRead: "memory not readable",
	outcomeCompat: "32-bit programs, whose calls are hidden", outcomeShed: "shed under pressure",
	outcomeSkipped: "program in use by a preempted task", outcomePieces: "message in pieces",
}

// counters are the kernel's counts by class and outcome, and our own.
type counters struct {
	table *ebpf.Map
	// malformed records that the decoder refused: a defect, counted as loss of
	// the process class.
	malformed atomic.Uint64
	// writesLost are close-writes that could not be read or joined.
	writesLost atomic.Uint64
	// leftOut are records that nobody asked for, and coalesced those that went
	// into another, by class.
	leftOut, coalesced [classCount]atomic.Uint64
	// skips counts, by class, how often the kernel did not run a program because
	// a task that was preempted was in it. What they would have seen is unknown;
	// each counts as one observation lost. Nil where there are no such programs.
	skips func() [classCount]uint64
}

// left counts a record that is not delivered because nobody asked for it:
// canaries, opens of files that are not watched, mounts as such.
func (c *counters) left(class event.Class) {
	c.leftOut[max(slices.Index(classes, class), 0)].Add(1)
}

// read adds up the CPUs.
func (c *counters) read() ([]tally, error) {
	out := make([]tally, len(classes))
	var perCPU []uint64
	for i := range classes {
		for o := range kernelOutcomes {
			if err := c.table.Lookup(uint32(i*kernelOutcomes+o), &perCPU); err != nil {
				return nil, fmt.Errorf("read the counters: %w", err)
			}
			for _, n := range perCPU {
				out[i][o] += n
			}
		}
		out[i][outcomeLeft] += c.leftOut[i].Load()
		out[i][outcomeCoalesced] = c.coalesced[i].Load()
	}
	if c.skips != nil {
		for i, n := range c.skips() {
			out[i][outcomeSeen] += n
			out[i][outcomeSkipped] += n
		}
	}
	out[classProcess][outcomeRead] += c.malformed.Load()
	out[classFile][outcomeRead] += c.writesLost.Load()
	return out, nil
}

// Health reads the state of the sensor.
func (s *Sensor) Health() (Health, error) {
	h := Health{Tier: s.tier, Hooks: s.hookStates(), Canaries: s.guard.flock.count()}
	if costs := s.measured.Load(); costs != nil {
		h.Programs = *costs
	}
	if s.scope.limited {
		h.Scope = s.scope.path
	}
	counts, err := s.counts.read()
	if err != nil {
		return Health{}, err
	}
	for i, class := range classes {
		ch := ClassHealth{Class: class, Seen: counts[i][outcomeSeen], LeftOut: counts[i][outcomeLeft], Spared: counts[i].spared()}
		ch.Losses = counts[i].losses()
		for _, l := range ch.Losses {
			ch.Lost += l.Count
		}
		ch.State, ch.Reason = s.state(class, &counts[i])
		h.Classes = append(h.Classes, ch)
	}
	return h, nil
}

// losses lists what was lost.
func (t *tally) losses() (list []Loss) {
	for o, reason := range outcomeReasons {
		if reason != "" && t[o] > 0 {
			list = append(list, Loss{Reason: reason, Count: t[o]})
		}
	}
	return list
}

func (t *tally) spared() Spared {
	return Spared{Coalesced: t[outcomeCoalesced], Filtered: t[outcomeFiltered], Throttled: t[outcomeThrottled]}
}

// worst is the coverage state that the counts make, and why.
func (s *Sensor) worst(t *tally) (state, reason string) {
	var why []string
	for _, l := range t.losses() {
		why = append(why, fmt.Sprintf("%s: %d", l.Reason, l.Count))
	}
	switch {
	case len(why) > 0:
		return event.CoverageLost, strings.Join(why, ", ")
	case t[outcomeThrottled] > 0:
		return event.CoverageThrottled, "faster than the rate of a cgroup"
	case t[outcomeFiltered] > 0:
		return event.CoverageFiltered, s.orders.reason()
	case t[outcomeCoalesced] > 0:
		return event.CoverageCoalesced, "repeats are counted"
	}
	return event.CoverageComplete, ""
}

// state is the coverage state of a class; a hook that is missing outweighs
// losses, since nobody can count what it would have seen.
func (s *Sensor) state(class event.Class, t *tally) (state, reason string) {
	for _, h := range s.hookStates() {
		if h.Class == class && h.Tier != tierMediated && !h.Attached {
			return event.CoverageUnavailable, h.Name + ": " + h.Error
		}
	}
	return s.worst(t)
}

// hookStates are the states of all hooks, fanotify's as it is now.
func (s *Sensor) hookStates() []Hook {
	h := Hook{Name: "fanotify", Class: event.ClassFile, Tier: tierTraced, Attached: true}
	err := s.writesErr
	if s.writes != nil {
		err = s.writes.state()
	}
	if err != nil {
		h.Attached, h.Error = false, err.Error()
	}
	s.hooksMu.Lock()
	defer s.hooksMu.Unlock()
	return append(append([]Hook(nil), s.hooks...), h)
}

// setHook replaces the state of a hook and returns the one before.
func (s *Sensor) setHook(i int, state Hook) Hook {
	s.hooksMu.Lock()
	defer s.hooksMu.Unlock()
	before := s.hooks[i]
	s.hooks[i] = state
	return before
}
