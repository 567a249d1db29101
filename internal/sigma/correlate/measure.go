package correlate

import (
	"math"
	"slices"

	"baize/internal/sigma"
)

// over stands for the event that asks, where the window is over and none does.
const over = math.MaxUint64

// holds reports whether a window satisfies the condition. ref is the event that
// asks, or over.
func (r *rule) holds(m *Machine, window []item, ref uint64) bool {
	c := r.def.Correlation
	switch c.Type {
	case sigma.EventCount:
		return c.Holds(float64(count(window)))
	case sigma.ValueCount:
		return c.Holds(float64(m.distinct(window, false)))
	case sigma.Temporal:
		return c.Holds(float64(m.distinct(window, true)))
	case sigma.TemporalOrdered:
		return c.Holds(float64(m.longest(window, len(c.References))))
	case sigma.ValueSum:
		return c.Holds(sum(window))
	case sigma.ValueAvg:
		return c.Holds(sum(window) / float64(numbers(window)))
	}
	if c.Percentile != nil {
		return c.Holds(m.percentile(window, *c.Percentile))
	}
	return m.share(c, window, ref)
}

// count is the number of observations; an event with several items is one.
func count(window []item) uint64 {
	n := uint64(0)
	for i := range window {
		if i == 0 || window[i].Ref != window[i-1].Ref {
			n += window[i].Count
		}
	}
	return n
}

// numbers is the number of numbers.
func numbers(window []item) uint64 {
	n := uint64(0)
	for i := range window {
		n += window[i].Count
	}
	return n
}

// sum of the numbers, added in order of time.
func sum(window []item) float64 {
	total := 0.0
	for i := range window {
		total += window[i].Sum
	}
	return total
}

// distinct counts the different places or texts.
func (m *Machine) distinct(window []item, places bool) int {
	m.marks.begin()
	n := 0
	for i := range window {
		what := window[i].Text
		if places {
			what = window[i].Place
		}
		if m.marks.set(what) {
			n++
		}
	}
	return n
}

// longest is the length of the longest chain of events that stand in the order
// of the references: a longest increasing subsequence over few values.
func (m *Machine) longest(window []item, references int) int {
	m.chains = slices.Grow(m.chains[:0], references)[:references]
	clear(m.chains)
	best := 0
	for i := range window {
		place := int(window[i].Place)
		before := 0
		for _, n := range m.chains[:place] {
			before = max(before, n)
		}
		m.chains[place] = max(m.chains[place], before+1)
		best = max(best, m.chains[place])
	}
	return best
}

// percentile of the numbers, interpolated between the two nearest ranks (type 7
// of R. Hyndman, Y. Fan, "Sample quantiles in statistical packages", 1996).
func (m *Machine) percentile(window []item, percent float64) float64 {
	m.floats = m.floats[:0]
	for i := range window {
		m.floats = append(m.floats, window[i].Sum)
	}
	slices.Sort(m.floats)
	rank := percent / 100 * float64(len(m.floats)-1)
	low := int(math.Floor(rank))
	high := min(low+1, len(m.floats)-1)
	return m.floats[low] + (rank-float64(low))*(m.floats[high]-m.floats[low])
}

// share reports whether the share of a value among all, in percent, satisfies
// the condition: a value of the event that asks, or any where the window is over.
func (m *Machine) share(c *sigma.Correlation, window []item, ref uint64) bool {
	all := float64(numbers(window))
	m.marks.begin()
	for i := len(window) - 1; i >= 0; i-- {
		if ref != over && window[i].Ref != ref || !m.marks.set(window[i].Text) {
			continue
		}
		of := uint64(0)
		for j := range window {
			if window[j].Text == window[i].Text {
				of += window[j].Count
			}
		}
		if c.Holds(100 * float64(of) / all) {
			return true
		}
	}
	return false
}
