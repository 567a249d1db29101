package correlate

import (
	"cmp"
	"slices"
	"sort"
)

// item is what a group remembers of one event, or of one of its values.
type item struct {
	// Time of the event, Seen the log's time when it came.
	Time, Seen int64
	Ref        uint64
	// Place among the references that it satisfies.
	Place int32
	// Text numbers its value among the group's texts.
	Text int32
	// Count of observations, and the Sum of their numbers.
	Count uint64
	Sum   float64
	// Carried are fields that correlations above will ask for.
	Carried *carried
}

// compareItems orders by time, then by arrival. Of one event the later
// references stand first, so that it cannot follow itself.
func compareItems(a, b item) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Ref, b.Ref), cmp.Compare(b.Place, a.Place), cmp.Compare(a.Text, b.Text))
}

// lower is the first place whose time is not before t.
func lower(items []item, t int64) int {
	return sort.Search(len(items), func(i int) bool { return items[i].Time >= t })
}

// upper is the first place whose time is after t.
func upper(items []item, t int64) int {
	return sort.Search(len(items), func(i int) bool { return items[i].Time > t })
}

// find is the place of an event's first item, -1 if it is not there.
func find(items []item, t int64, ref uint64) int {
	for i := lower(items, t); i < len(items) && items[i].Time == t; i++ {
		if items[i].Ref == ref {
			return i
		}
	}
	return -1
}

// put inserts an item in order; at the end in the common case.
func put(items []item, it item) []item {
	if n := len(items); n == 0 || compareItems(items[n-1], it) <= 0 {
		return append(items, it)
	}
	at, _ := slices.BinarySearchFunc(items, it, compareItems)
	return slices.Insert(items, at, it)
}

func sortRefs(refs []uint64) { slices.Sort(refs) }

// marks is a set of small numbers that is emptied at no cost.
type marks struct {
	round uint32
	seen  []uint32
}

func (m *marks) begin() {
	m.round++
	if m.round == 0 {
		clear(m.seen)
		m.round = 1
	}
}

// set adds n, and reports whether it was not there.
func (m *marks) set(n int32) bool {
	for int(n) >= len(m.seen) {
		m.seen = append(m.seen, make([]uint32, len(m.seen)+int(n)+64)...)
	}
	if m.seen[n] == m.round {
		return false
	}
	m.seen[n] = m.round
	return true
}
