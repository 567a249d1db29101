package correlate

import "baize/internal/sigma"

// thin makes the memory of a group at most half its capacity, by what its type
// can do without.
func (m *Machine) thin(g *group) {
	r := g.rule
	r.Thinned++
	before := len(g.items)
	c := r.def.Correlation
	switch c.Type {
	case sigma.EventCount, sigma.ValueSum, sigma.ValueAvg:
		// A quarter of the capacity in steps, which leaves the half whatever comes.
		g.items = merge(g.items, max((r.span+r.lateness)*4/int64(r.capacity()), 1), r.silent)
	case sigma.ValueCount, sigma.Temporal:
		g.items = m.newestOfEach(g.items, c.Type == sigma.Temporal, r.silent)
	case sigma.TemporalOrdered:
		g.items = chained(g.items, len(c.References), c.NeedsAll())
	}
	if n, keep := len(g.items), r.capacity()/2; n > keep && c.Type != sigma.TemporalOrdered {
		g.items = append(g.items[:0], g.items[n-keep:]...)
	}
	clear(g.items[len(g.items):before])
	r.shrink(g, before-len(g.items))
	g.renumber()
}

// merge makes one item of those in the same step of time, with the time and the
// name of the last. The first item of a window that must end stays: it says when.
func merge(items []item, step int64, silent bool) []item {
	out := items[:0]
	for i, it := range items {
		if n := len(out); n > 0 && out[n-1].Time/step == it.Time/step && (!silent || i > 1) {
			it.Count += out[n-1].Count
			it.Sum += out[n-1].Sum
			out = out[:n-1]
		}
		out = append(out, it)
	}
	return out
}

// newestOfEach keeps the newest item of each place or text. The first item of a
// window that must end stays: it says when.
func (m *Machine) newestOfEach(items []item, places, silent bool) []item {
	m.marks.begin()
	keep := make([]bool, len(items))
	for i := len(items) - 1; i >= 0; i-- {
		what := items[i].Text
		if places {
			what = items[i].Place
		}
		keep[i] = m.marks.set(what) || silent && i == 0
	}
	return kept(items, keep)
}

func kept(items []item, keep []bool) []item {
	out := items[:0]
	for i := range items {
		if keep[i] {
			out = append(out, items[i])
		}
	}
	return out
}

// chain is a sequence of items in the order of the references, from its end.
type chain struct {
	at     int
	before *chain
	start  int64
}

// chained keeps the items of the chains that future events can extend: for
// each reference and length the one that begins latest, because a window that
// holds another chain holds it too. Where all references are needed, only
// chains from the first on matter.
func chained(items []item, references int, all bool) []item {
	best := make([][]*chain, references)
	for i := range best {
		best[i] = make([]*chain, references+1)
	}
	for i := range items {
		place := int(items[i].Place)
		for length := 1; length <= place+1; length++ {
			if all && length != place+1 {
				continue
			}
			c := &chain{at: i, start: items[i].Time}
			if length > 1 {
				if c.before = latest(best[:place], length-1); c.before == nil {
					continue
				}
				c.start = c.before.start
			}
			if have := best[place][length]; have == nil || c.start >= have.start {
				best[place][length] = c
			}
		}
	}
	keep := make([]bool, len(items))
	for _, byLength := range best {
		for _, c := range byLength {
			for ; c != nil; c = c.before {
				keep[c.at] = true
			}
		}
	}
	return kept(items, keep)
}

// latest is the chain of a length that begins latest.
func latest(best [][]*chain, length int) *chain {
	var out *chain
	for _, byLength := range best {
		if c := byLength[length]; c != nil && (out == nil || c.start > out.start) {
			out = c
		}
	}
	return out
}
