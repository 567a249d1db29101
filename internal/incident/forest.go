package incident

import (
	"cmp"
	"slices"
)

// connect ties two alerts, joining their groups, and keeps the reasons of a
// group a maximum spanning forest of its alerts.
func (m *Merger) connect(a, b *node, r Reason) {
	if a.group == b.group {
		a.group.improve(r)
		return
	}
	if barred(a.group, b.group) {
		return
	}
	older, younger := a.group, b.group
	if younger.before(older) {
		older, younger = younger, older
	}
	if younger.open() {
		m.end(younger, older)
	}
	m.groups.Delete(younger.Number)
	older.absorb(younger)
	older.link(r)
	younger.gone = true
	if !older.dirty {
		older.dirty = true
		m.dirty = append(m.dirty, older)
	}
}

// link adds an edge between what were two trees.
func (g *group) link(r Reason) {
	if len(g.Edges) == 0 || r.Weight < g.Weakest {
		g.Weakest = r.Weight
	}
	g.Edges = append(g.Edges, r)
	if g.adjacent != nil {
		g.meet(len(g.Edges)-1, r)
	}
}

// meet notes the ends of an edge.
func (g *group) meet(at int, r Reason) {
	g.adjacent[r.A] = append(g.adjacent[r.A], at)
	g.adjacent[r.B] = append(g.adjacent[r.B], at)
}

// part takes back what meet noted.
func (g *group) part(at int, r Reason) {
	for _, end := range []string{r.A, r.B} {
		g.adjacent[end] = slices.DeleteFunc(g.adjacent[end], func(edge int) bool { return edge == at })
	}
}

// tree is the edges at each alert. It is made when it is first asked for.
func (g *group) tree() map[string][]int {
	if g.adjacent == nil {
		g.adjacent = make(map[string][]int, len(g.Edges)+1)
		for i := range g.Edges {
			g.meet(i, g.Edges[i])
		}
	}
	return g.adjacent
}

// before reports whether g survives when it joins other: incidents before
// groups that are none, then the older.
func (g *group) before(other *group) bool {
	if g.open() != other.open() {
		return g.open()
	}
	if g.open() {
		return g.Opener < other.Opener
	}
	return g.Number < other.Number
}

// end hands out the last revision of an incident that became part of another:
// the redirect by which its id is still found.
func (m *Merger) end(g, into *group) {
	m.clock++
	g.Revision = m.clock
	last := m.view(g)
	last.MergedInto = into.ID
	m.ended = append(m.ended, last)
}

// improve puts r in the place of the weakest reason on the tree path between
// its alerts, if it is stronger than that.
func (g *group) improve(r Reason) {
	if r.Weight <= g.Weakest {
		return
	}
	path := g.path(r.A, r.B)
	weakest := -1
	for _, at := range path {
		if weakest < 0 || g.Edges[at].Weight < g.Edges[weakest].Weight {
			weakest = at
		}
	}
	if weakest >= 0 && g.Edges[weakest].Weight < r.Weight {
		g.part(weakest, g.Edges[weakest])
		g.Edges[weakest] = r
		g.meet(weakest, r)
		g.Weakest = slices.MinFunc(g.Edges, func(a, b Reason) int { return cmp.Compare(a.Weight, b.Weight) }).Weight
	}
}

// path is the chain of edges that explains why two alerts are in one group,
// as places in Edges; empty where an end is not in the tree.
func (g *group) path(from, to string) []int {
	type visit struct{ edge, back int }
	adjacent := g.tree()
	seen := map[string]bool{from: true}
	queue, names := []visit{{edge: -1, back: -1}}, []string{from}
	for at := 0; at < len(queue); at++ {
		if names[at] == to {
			var path []int
			for i := at; queue[i].edge >= 0; i = queue[i].back {
				path = append(path, queue[i].edge)
			}
			return path
		}
		for _, e := range adjacent[names[at]] {
			next := g.Edges[e].A
			if next == names[at] {
				next = g.Edges[e].B
			}
			if !seen[next] {
				seen[next] = true
				queue, names = append(queue, visit{edge: e, back: at}), append(names, next)
			}
		}
	}
	return nil
}

// Explain returns the chain of reasons between two alerts of one incident.
func (m *Merger) Explain(a, b string) []Reason {
	x, y := m.byID.Peek(a), m.byID.Peek(b)
	if x == nil || y == nil || (*x).group != (*y).group {
		return nil
	}
	g := (*x).group
	var chain []Reason
	for _, at := range g.path(b, a) {
		chain = append(chain, g.Edges[at])
	}
	return chain
}
