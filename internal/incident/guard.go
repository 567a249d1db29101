package incident

import "slices"

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
