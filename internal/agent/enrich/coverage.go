package enrich

import (
	"slices"
	"time"

	"baize/internal/event"
)

// Window is the length of a coverage window.
const Window = 10 * time.Second

// settle is how long a loss may take to be reported: a window is vouched for
// that long after its end.
const settleTime = time.Second

// Classes are all classes, in the order in which windows are reported.
var Classes = append(slices.Clone(Sensed), event.ClassLog)

// Sensed are the classes of what the kernel tells: gone if nobody watches,
// other than lines, which wait in their logs.
var Sensed = []event.Class{event.ClassProcess, event.ClassFile, event.ClassNetwork, event.ClassDNS, event.ClassKernel}

// states by severity.
var states = []string{
	event.CoverageComplete, event.CoverageCoalesced, event.CoverageFiltered,
	event.CoverageThrottled, event.CoverageLost, event.CoverageUnavailable,
}

func worse(a, b string) bool { return slices.Index(states, a) > slices.Index(states, b) }

// coverage gathers what the sensor says of its classes into windows.
type coverage struct {
	from    time.Time
	classes map[event.Class]*classCoverage
}

type classCoverage struct {
	// standing holds from window to window until the sensor says otherwise;
	// passing is the worst of this window.
	standing, passing coverState
	counts            counts
	// total is what was lost since the start.
	total    uint64
	reported time.Time
}

type coverState struct{ state, reason string }

func newCoverage() *coverage {
	c := &coverage{classes: map[event.Class]*classCoverage{}}
	complete := coverState{state: event.CoverageComplete}
	for _, class := range Classes {
		c.classes[class] = &classCoverage{standing: complete, passing: complete}
	}
	none := coverState{event.CoverageUnavailable, "no log is read"}
	c.classes[event.ClassLog] = &classCoverage{standing: none, passing: none}
	return c
}

// counts is how many observations of a window were not told one by one.
type counts struct{ lost, coalesced, filtered, throttled uint64 }

// report takes what the sensor says. What was lost or spared passes; that a class
// is not available stands until it is said to be complete.
func (c *coverage) report(now time.Time, said *event.Coverage) {
	if said == nil {
		return
	}
	class := c.classes[said.Class]
	if class == nil {
		return
	}
	state := coverState{said.State, said.Reason}
	switch said.State {
	case event.CoverageComplete, event.CoverageUnavailable:
		class.standing = state
	default:
		class.reported = now
	}
	if worse(said.State, class.passing.state) {
		class.passing = state
	}
	class.counts.lost += said.Lost
	class.counts.coalesced += said.Coalesced
	class.counts.filtered += said.Filtered
	class.counts.throttled += said.Throttled
	class.total += said.Lost
}

// Lose adds a loss within the agent itself to the current window.
func (e *Enricher) Lose(now time.Time, class event.Class, count uint64, reason string) {
	e.coverage.report(now, &event.Coverage{Class: class, State: event.CoverageLost, Lost: count, Reason: reason})
}

// Begin opens the first window.
func (e *Enricher) Begin(now time.Time) { e.coverage.from = now }

// window closes the window that ended settleTime ago, if it is long enough or
// the last one.
func (e *Enricher) window(now time.Time, last bool) {
	c := e.coverage
	to := now.Add(-settleTime)
	if last {
		to = now
	}
	if c.from.IsZero() || to.Sub(c.from) < Window && !last {
		return
	}
	for _, class := range Classes {
		e.queue(now, e.coverageEvent(class, c.from, to), nil, nil)
		c.classes[class].next(to)
	}
	c.from = to
}

func (e *Enricher) coverageEvent(class event.Class, from, to time.Time) *event.Event {
	c := e.coverage.classes[class]
	return &event.Event{
		Time: to.UTC(), Kind: event.SensorCoverage, Count: 1,
		Coverage: &event.Coverage{
			Class: class, From: from.UTC(), To: to.UTC(),
			State: c.passing.state, Reason: c.passing.reason,
			Lost: c.counts.lost, Coalesced: c.counts.coalesced, Filtered: c.counts.filtered, Throttled: c.counts.throttled,
		},
	}
}

// next begins a window at to. A loss reported after to may belong to it too.
func (c *classCoverage) next(to time.Time) {
	if !c.reported.After(to) {
		c.passing = c.standing
	}
	c.counts = counts{}
}

// Gap reports a time in which nobody watched, or whose events are gone.
func (e *Enricher) Gap(now, from, to time.Time, class event.Class, state string, lost uint64, reason string) {
	e.queue(now, &event.Event{
		Time: now.UTC(), Kind: event.SensorCoverage,
		Coverage: &event.Coverage{Class: class, From: from.UTC(), To: to.UTC(), State: state, Lost: lost, Reason: reason},
	}, nil, nil)
}

// ClassHealth is one class since the start.
type ClassHealth struct {
	Class event.Class
	State string
	Seen  uint64
	Lost  uint64
}

// Health is the state of every class.
func (e *Enricher) Health() []ClassHealth {
	health := make([]ClassHealth, 0, len(Classes))
	for _, class := range Classes {
		c := e.coverage.classes[class]
		health = append(health, ClassHealth{Class: class, State: c.passing.state, Seen: e.seen[class], Lost: c.total})
	}
	return health
}
