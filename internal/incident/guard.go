package incident

import (
	"slices"
	"strings"
)

// hint is what an alert of a group has in common with one of another group: the family
// of a reason. They are alerts rather than groups, so that it holds whatever becomes of
// either group.
type hint struct {
	Of     string // the other's alert
	Family family
}

// corroborated reports whether something of another family is in common already between
// the incidents of two alerts, and keeps what is.
func (m *Merger) corroborated(a, b *node, of family) bool {
	if m.hinted(a.group, b.group, of) || m.hinted(b.group, a.group, of) {
		return true
	}
	m.hint(a.group, hint{b.ID, of})
	m.hint(b.group, hint{a.ID, of})
	return false
}

// hinted reports whether g has a hint of another family at an alert of other.
func (m *Merger) hinted(g, other *group, not family) bool {
	return slices.ContainsFunc(g.Hints, func(h hint) bool {
		n := m.known(h.Of)
		return h.Family != not && n != nil && n.group == other
	})
}

// hint keeps one, of each family and other group; the oldest leaves.
func (m *Merger) hint(g *group, h hint) {
	with := m.known(h.Of)
	g.Hints = slices.DeleteFunc(g.Hints, func(have hint) bool {
		n := m.known(have.Of)
		return n == nil || n.group == g || have.Family == h.Family && with != nil && n.group == with.group
	})
	if len(g.Hints) == capHints {
		g.Hints = slices.Delete(g.Hints, 0, 1)
	}
	g.Hints = append(g.Hints, h)
}

// tie joins the groups of two alerts by a reason that always joins. It may have been found
// late, when one of the two is with others only because it touched what is theirs: it
// goes where it belongs then, and the others stay what they were.
func (m *Merger) tie(a, b *node, r Reason, now int64) {
	if a.group == b.group || barred(a.group, b.group) || !a.group.large() || !b.group.large() {
		m.connect(a, b, r)
		return
	}
	own, edges := map[string]bool{}, []Reason{r}
	hangs := m.reach(a, own, &edges) + m.reach(b, own, &edges)
	if hangs == 0 {
		m.connect(a, b, r)
		return
	}
	m.remake([]*group{a.group, b.group}, now, func(scratch *Merger, nodes []*node) { scratch.part(nodes, own, edges, now) })
}

// reach adds to own the alerts of a group that are tied to one by reasons that nobody
// borrows, with these. It returns how many others there are, 0 where that is no large part.
func (m *Merger) reach(from *node, own map[string]bool, edges *[]Reason) int {
	g := from.group
	adjacent, queue := g.tree(), []string{from.ID}
	own[from.ID] = true
	for at := 0; at < len(queue); at++ {
		for _, e := range adjacent[queue[at]] {
			r := g.Edges[e]
			next := r.A
			if next == queue[at] {
				next = r.B
			}
			if !own[next] && !m.borrowed(&r) {
				own[next] = true
				queue, *edges = append(queue, next), append(*edges, r)
			}
		}
	}
	if others := len(g.Nodes) - len(queue); others >= largeAlerts {
		return others
	}
	return 0
}

// borrowed reports whether without what may be borrowed a reason would not suffice.
func (m *Merger) borrowed(r *Reason) bool {
	if !slices.ContainsFunc(strings.Split(r.Reason, "+"), func(name string) bool { return kindOf(name).borrowed }) {
		return false
	}
	a, b := m.known(r.A), m.known(r.B)
	return a == nil || b == nil || lone(m.reasons(a, b)) != 0
}

// part merges alerts anew: those of own by the edges that they had, the others by
// themselves, and then both as two that stand.
func (m *Merger) part(nodes []*node, own map[string]bool, edges []Reason, now int64) {
	m.remaking = true
	byID := map[string]*node{}
	for _, n := range nodes {
		if byID[n.ID] = n; !own[n.ID] {
			m.place(n, now)
		}
	}
	for _, n := range nodes {
		if own[n.ID] {
			m.start(n, now)
		}
	}
	for _, r := range edges {
		m.connect(byID[r.A], byID[r.B], r)
	}
	for _, n := range nodes {
		if own[n.ID] {
			m.open(n)
			m.post(n, now)
			m.byID.Put(n.ID, n, now)
		}
	}
	for _, n := range nodes {
		m.unite(n, now)
	}
}
