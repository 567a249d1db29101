package incident

import "slices"

// TouchIntrusion says that what is known of an intrusion changed: so did the
// incidents of its alerts. It returns the first one's id.
func (m *Merger) TouchIntrusion(org, id string, now int64) string {
	groups := m.groupsOf(m.ofIntrusion(org, id))
	if len(groups) == 0 {
		return ""
	}
	for _, g := range groups {
		m.touch(g, now)
	}
	return groups[0].ID
}

// SameIntrusion says that one intrusion turned out to be part of another.
func (m *Merger) SameIntrusion(org, id, into string, now int64) {
	in, of := m.ofIntrusion(org, into), m.ofIntrusion(org, id)
	for _, n := range of {
		n.add(feature{Kind: ReasonIntrusion, Value: into})
		m.post(n, now)
	}
	if len(in) == 0 || len(of) == 0 || in[0].group == of[0].group || m.mutedBy(org, ReasonIntrusion, into) {
		return
	}
	a, b := in[0], of[0]
	m.tie(a, b, Reason{A: a.ID, B: b.ID, Reason: ReasonIntrusion, Entity: into, Weight: 1}, now)
	m.touch(a.group, now)
}

// Connected says that an intrusion led to another over a conversation between two
// hosts.
func (m *Merger) Connected(org, from, to, over string, now int64) {
	a, b := m.ofIntrusion(org, from), m.ofIntrusion(org, to)
	for _, n := range append(slices.Clone(a), b...) {
		n.add(feature{Kind: ReasonConnection, Value: over})
		m.post(n, now)
	}
	if len(a) == 0 || len(b) == 0 || a[0].group == b[0].group || m.mutedBy(org, ReasonConnection, over) {
		return
	}
	m.tie(a[0], b[0], Reason{A: a[0].ID, B: b[0].ID, Reason: ReasonConnection, Entity: over, Weight: 1}, now)
	m.touch(a[0].group, now)
}

// ofIntrusion are alerts of an intrusion, of each of its incidents at least one.
func (m *Merger) ofIntrusion(org, id string) []*node {
	f := feature{Kind: ReasonIntrusion, Value: id}
	var list []*node
	if slot := m.index.Peek(f.key(org)); slot != nil {
		for _, n := range *slot {
			if !n.group.gone {
				list = append(list, n)
			}
		}
	}
	return list
}
