package incident

// relate says that the incidents of two alerts have something in common.
func (m *Merger) relate(n, other *node) {
	if !barred(n.group, other.group) && n.group.relate(other) && other.group.relate(n) {
		m.changed(other.group)
	}
}

// campaign says that two incidents of which one is full are of one campaign, which
// has the id of the one that was full first.
func (m *Merger) campaign(a, b *group) {
	head, child := a, b
	if !a.full() || b.full() && b.before(a) {
		head, child = b, a
	}
	if head.ID == "" || child.Campaign != "" {
		return
	}
	if head.Campaign == "" {
		head.Campaign = head.ID
		m.changed(head)
	}
	child.Campaign = head.Campaign
	m.changed(child)
}

// changed notes a change of a group that is not the one at hand.
func (m *Merger) changed(g *group) {
	m.clock++
	g.Revision = m.clock
	if !g.dirty {
		g.dirty = true
		m.dirty = append(m.dirty, g)
	}
}
