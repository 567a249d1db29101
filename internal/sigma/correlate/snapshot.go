package correlate

import (
	"cmp"
	"slices"
)

// State is the memory of a machine between two events. A machine restored from
// it goes on as the first would.
type State struct {
	Now   int64
	Rules []RuleState
}

// RuleState is the memory of one correlation.
type RuleState struct {
	// Definition names what the correlation asks.
	Definition string
	Counters   counters
	Touches    uint64
	// Groups, the one touched longest ago first.
	Groups []GroupState
}

// GroupState is the memory of one group.
type GroupState struct {
	Key, Org, Owner, LastHost string
	Values, Texts             []string
	Items                     []item
	Newest, Decided           int64
	Touched                   int64
	Touch                     uint64
	Deadline                  int64
}

// Snapshot copies the memory.
func (m *Machine) Snapshot() State {
	s := State{Now: m.now}
	for _, r := range m.rules {
		rs := RuleState{Definition: r.fingerprint(), Counters: r.counters, Touches: r.touches}
		for _, g := range r.groups {
			rs.Groups = append(rs.Groups, GroupState{
				Key: g.key, Org: g.org, Owner: g.host.name, LastHost: g.lastHost, Values: g.values, Texts: slices.Clone(g.texts),
				Items: slices.Clone(g.items), Newest: g.newest, Decided: g.decided, Touched: g.touched, Touch: g.touch, Deadline: g.deadline,
			})
		}
		slices.SortFunc(rs.Groups, func(a, b GroupState) int { return cmp.Compare(a.Touch, b.Touch) })
		s.Rules = append(s.Rules, rs)
	}
	return s
}

// Restore puts the memory of another machine into a new one. What belongs to a
// correlation that this one has not, or has in another form, is left out.
func (m *Machine) Restore(s State) {
	m.now = s.Now
	known := map[string]*rule{}
	for _, r := range m.rules {
		known[r.fingerprint()] = r
	}
	for _, rs := range s.Rules {
		r := known[rs.Definition]
		if r == nil {
			continue
		}
		r.counters, r.touches = rs.Counters, rs.Touches
		for i := range rs.Groups {
			m.restore(r, &rs.Groups[i])
		}
	}
}

func (m *Machine) restore(r *rule, s *GroupState) {
	if len(s.Items) == 0 {
		return
	}
	g := &group{
		rule: r, key: s.Key, org: s.Org, values: s.Values, lastHost: s.LastHost, items: s.Items,
		newest: s.Newest, decided: s.Decided, touched: s.Touched, touch: s.Touch, deadline: s.Deadline,
	}
	for _, text := range s.Texts {
		g.number(text)
	}
	m.adopt(g, s.Owner)
	r.shrink(g, -len(g.items))
}
