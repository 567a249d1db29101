package incident

import (
	"cmp"
	"slices"

	"baize/internal/lru"
)

// recutEach cuts the incidents of some alerts anew, each by itself: a cut takes
// apart and puts nothing together.
func (m *Merger) recutEach(nodes []*node, now int64) {
	for _, g := range m.groupsOf(nodes) {
		if !g.gone {
			m.recut([]*group{g}, now)
		}
	}
}

// groupsOf are the groups of some alerts that are not closed, each once, in the
// order of the alerts.
func (m *Merger) groupsOf(nodes []*node) []*group {
	var list []*group
	for _, n := range nodes {
		if !n.group.gone && !n.group.closed() && !slices.Contains(list, n.group) {
			list = append(list, n.group)
		}
	}
	return list
}

// recut merges the alerts of some groups from scratch, in the order in which they
// came, those that were moved last, with the decisions in force: that is the
// definition of what a cut leads to. Alerts that are counted and not listed stay
// with the first of their group.
func (m *Merger) recut(groups []*group, now int64) {
	m.remake(groups, now, func(scratch *Merger, nodes []*node) {
		for _, n := range nodes {
			scratch.place(n, now)
		}
	})
}

// remake puts in the place of groups those that a merger makes of their alerts.
func (m *Merger) remake(groups []*group, now int64, with func(scratch *Merger, nodes []*node)) {
	if len(groups) == 0 {
		return
	}
	var nodes []*node
	before := map[string]*node{}
	for _, g := range groups {
		if g.open() {
			before[g.ID] = m.opener(g)
		}
		nodes = append(nodes, g.Nodes...)
	}
	slices.SortFunc(nodes, func(a, b *node) int {
		if moved := m.hand.moved[a.ID]; moved != m.hand.moved[b.ID] {
			return map[bool]int{true: 1, false: -1}[moved]
		}
		return cmp.Compare(a.Seq, b.Seq)
	})
	scratch := m.scratch(len(nodes))
	unlisted := map[*node]uint64{}
	for _, g := range groups {
		unlisted[g.Nodes[0]] = g.Unlisted
		m.drop(g)
	}
	with(scratch, nodes)
	for n, count := range unlisted {
		n.group.Unlisted += count
		n.group.Count += count
	}
	m.adopt(scratch, nodes, now)
	m.redirect(before)
}

// opener is the alert that opened an incident, the first where it is not listed.
func (m *Merger) opener(g *group) *node {
	for _, n := range g.Nodes {
		if n.Seq == g.Opener {
			return n
		}
	}
	return g.Nodes[0]
}

// drop takes a group and what it posted out of the merger. Its alerts stay.
func (m *Merger) drop(g *group) {
	for _, n := range g.Nodes {
		for i := range n.Features {
			key := n.Features[i].key(n.Org)
			if slot := m.index.Peek(key); slot != nil {
				if at := slices.Index(*slot, n); at >= 0 {
					*slot = slices.Delete(*slot, at, at+1)
				}
			}
		}
	}
	g.gone = true
	m.groups.Delete(g.Number)
}

// scratch is a merger of so many alerts that knows what m knows beside them.
func (m *Merger) scratch(size int) *Merger {
	cfg := m.cfg
	cfg.Alerts, cfg.Keys = size+1, (size+1)*maxFeatures
	return &Merger{
		cfg: cfg, level: m.level, base: m.base, hand: m.hand,
		index: lru.New[string, []*node](cfg.Keys), byID: lru.New[string, *node](cfg.Alerts), groups: lru.New[uint64, *group](cfg.Alerts),
		flows: m.flows, near: m.near, echoes: m.echoes,
	}
}

// place takes in an alert as it is known by now.
func (m *Merger) place(n *node, now int64) {
	m.start(n, now)
	m.unite(n, now)
	m.open(n)
	m.post(n, now)
	m.byID.Put(n.ID, n, now)
}

// adopt takes over the groups that scratch made.
func (m *Merger) adopt(scratch *Merger, nodes []*node, now int64) {
	for number, slot := range scratch.groups.All() {
		g := *slot
		g.dirty = false
		m.groups.Put(number, g, now)
		m.touch(g, now)
	}
	for _, n := range nodes {
		m.post(n, now)
	}
	for _, n := range nodes {
		m.meet(n)
	}
}

// meet notes what an alert that was merged anew has in common with other incidents:
// closed ones, full ones, and those from which it stays apart. A cut joins none.
func (m *Merger) meet(n *node) {
	others := slices.DeleteFunc(m.candidates(n), func(c *node) bool { return c.group == n.group })
	for _, j := range m.joinsOf(n, others) {
		if j.with.group != n.group && !m.aside(n, j) {
			m.relate(n, j.with)
		}
	}
}

// redirect ends the incidents that are no more, pointing to the one that has
// what opened them.
func (m *Merger) redirect(before map[string]*node) {
	live := map[string]bool{}
	for _, n := range before {
		live[n.group.ID] = true
	}
	ids := make([]string, 0, len(before))
	for id := range before {
		if !live[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		into := before[id].group
		m.clock++
		last := m.view(into)
		last.ID, last.Revision, last.MergedInto = id, m.clock, into.ID
		m.ended = append(m.ended, last)
	}
}
