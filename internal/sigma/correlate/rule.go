package correlate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"baize/internal/sigma"
)

// rule is one correlation and its memory.
type rule struct {
	def *sigma.Rule
	// order is its place behind those it refers to.
	order int
	// span and lateness in nanoseconds.
	span, lateness int64
	// silent : windows must end before the condition is decided.
	silent bool
	// carried are the fields of its events that correlations above it ask for.
	carried []string
	limits  Limits
	groups  map[string]*group
	hosts   crowd
	byHost  map[string]*host
	// items of all groups.
	items int
	// touches numbers the use of groups.
	touches uint64
	// places are those of its references that the present event satisfies.
	places []place
	counters
}

// counters of what a correlation could not do exactly.
type counters struct {
	// Late events were left out, Ungrouped ones lacked a group-by field or the
	// condition's.
	Late, Ungrouped uint64
	// Thinned is how often the memory of a group was thinned.
	Thinned uint64
	// Evicted groups were given up for want of room.
	Evicted uint64
}

func newRule(def *sigma.Rule, order int, limits Limits) *rule {
	c := def.Correlation
	return &rule{
		def: def, order: order,
		span: int64(c.Timespan), lateness: int64(Lateness), silent: !c.Rising(),
		limits: limits, groups: map[string]*group{}, byHost: map[string]*host{},
	}
}

// capacity is how many items of a group are kept before it is thinned.
func (r *rule) capacity() int {
	n := r.limits.GroupEvents
	if r.def.Correlation.Type == sigma.ValueCount {
		for _, b := range r.def.Correlation.Bounds {
			n = max(n, 4*int(b.Value))
		}
	}
	return n
}

// fingerprint names what the memory of the correlation depends on: memory of
// another definition is of no use to it.
func (r *rule) fingerprint() string {
	c := r.def.Correlation
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q\n", r.def.Key(), r.def.Name, c)
	if r.def.ID == "" {
		fmt.Fprintf(h, "line %d\n", r.def.Line)
	}
	for i := range c.References {
		for _, name := range c.GroupBy {
			fmt.Fprintf(h, "%q ", c.Field(name, i))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// feed adds an event to the groups it belongs to, and appends the matches that
// it completes.
func (m *Machine) feed(r *rule, s *signal, dst []Match) []Match {
	var touched []*group
	for i, p := range r.places {
		g := m.place(r, s, p, i > 0)
		if g != nil && !contains(touched, g) {
			touched = append(touched, g)
		}
	}
	for _, g := range touched {
		dst = m.judge(g, s, dst)
	}
	return dst
}

func contains(list []*group, g *group) bool {
	for _, have := range list {
		if have == g {
			return true
		}
	}
	return false
}

// place adds an event to the group of one of the references. It returns nil
// where that changes nothing.
func (m *Machine) place(r *rule, s *signal, p place, again bool) *group {
	if !m.keyOf(r, s, p) {
		r.Ungrouped++
		return nil
	}
	g := r.groups[string(m.key)]
	if g != nil && again && !r.temporal() && find(g.items, s.time, s.ref) >= 0 {
		return nil // it counts once
	}
	if g != nil && g.late(s.time) {
		r.Late++
		return nil
	}
	items := m.itemsOf(r, p)
	if len(items) == 0 {
		r.Ungrouped++
		return nil
	}
	if g == nil {
		g = m.open(r, s, p)
	}
	m.insert(g, s, p.record, items)
	return g
}

func (r *rule) temporal() bool {
	return r.def.Correlation.Type == sigma.Temporal || r.def.Correlation.Type == sigma.TemporalOrdered
}

// judge looks at a group that has a new event.
func (m *Machine) judge(g *group, s *signal, dst []Match) []Match {
	r := g.rule
	if r.groups[g.key] != g {
		return dst // it was given up at once
	}
	if r.silent {
		// The group's own time may have gone past the window.
		for r.groups[g.key] == g && g.newest > g.items[0].Time+r.span+r.lateness {
			dst = m.end(g, dst)
		}
		return dst
	}
	if window, own := m.window(g, s); window != nil {
		dst = append(dst, r.match(m, g, window, own))
	}
	return dst
}

// maxEnds bounds the windows that are looked at for one late event.
const maxEnds = 32

// window finds a window that holds the new event and satisfies the condition:
// the one that ends with it, or, where it came late, one that ends with a later
// event. Of many later ones the nearest and the last are looked at.
func (m *Machine) window(g *group, s *signal) (window []item, own *item) {
	r := g.rule
	at := find(g.items, s.time, s.ref)
	if at < 0 {
		return nil, nil // thinned away
	}
	end := upper(g.items, s.time)
	last := upper(g.items, s.time+r.span)
	for n := 0; ; n++ {
		window := g.items[lower(g.items, g.items[end-1].Time-r.span):end]
		if r.holds(m, window, s.ref) {
			return window, &g.items[at]
		}
		switch {
		case end == last:
			return nil, nil
		case n == maxEnds:
			end = last
		default:
			end = upper(g.items, g.items[end].Time)
		}
	}
}

// match describes a window that satisfies the condition.
func (r *rule) match(m *Machine, g *group, window []item, at *item) Match {
	out := Match{Rule: r.def, Ref: at.Ref, Time: at.Time, Org: g.org, Host: g.lastHost, Group: g.values}
	for i := range window {
		if i == 0 || window[i].Ref != window[i-1].Ref {
			out.Total += window[i].Count
		}
	}
	out.Refs = m.contributions(r, window, at.Ref)
	return out
}

// contributions are the events of a window to show: the newest of each rule and
// value, then the newest of all.
func (m *Machine) contributions(r *rule, window []item, own uint64) []uint64 {
	refs := make([]uint64, 0, min(len(window), MaxRefs))
	add := func(ref uint64) {
		for _, have := range refs {
			if have == ref {
				return
			}
		}
		if len(refs) < MaxRefs {
			refs = append(refs, ref)
		}
	}
	add(own)
	m.marks.begin()
	for i := len(window) - 1; i >= 0 && len(refs) < MaxRefs; i-- {
		what := window[i].Text
		if r.temporal() {
			what = window[i].Place
		}
		if m.marks.set(what) {
			add(window[i].Ref)
		}
	}
	for i := len(window) - 1; i >= 0 && len(refs) < MaxRefs; i-- {
		add(window[i].Ref)
	}
	sortRefs(refs)
	return refs
}
