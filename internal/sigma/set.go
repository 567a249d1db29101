package sigma

import "slices"

// maxChosen bounds the log sources remembered; foreign records may name any.
const maxChosen = 256

// Match appends the rules that rec satisfies to dst, ordered by Rule.Key. It
// allocates nothing but what dst grows by.
func (s *Set) Match(rec Record, dst []*Rule) []*Rule {
	groups := s.groupsOf(rec.Logsource())
	if len(groups) == 0 {
		return dst
	}
	m := s.matchers.Get().(*matcher)
	m.begin(rec, s.idsOf(rec.Schema()))
	first := len(dst)
	for _, g := range groups {
		dst = m.match(g, dst)
	}
	m.end()
	s.matchers.Put(m)
	if len(dst)-first > 1 {
		slices.SortFunc(dst[first:], func(a, b *Rule) int { return a.order - b.order })
		dst = dst[:first+len(slices.CompactFunc(dst[first:], sameID))]
	}
	return dst
}

// sameID reports whether two rules are one to the reader of a match: rules of
// a collection share their id.
func sameID(a, b *Rule) bool { return a.ID != "" && a.ID == b.ID }

// groupsOf returns the groups whose rules apply to a log source.
func (s *Set) groupsOf(source Logsource) []*group {
	known := *s.chosen.Load()
	if groups, ok := known[source]; ok {
		return groups
	}
	var groups []*group
	for _, g := range s.groups {
		if g.source.Covers(source) {
			groups = append(groups, g)
		}
	}
	if len(known) < maxChosen {
		next := make(map[Logsource][]*group, len(known)+1)
		for k, v := range known {
			next[k] = v
		}
		next[source] = groups
		s.chosen.Store(&next)
	}
	return groups
}

// idsOf returns the numbers of the set's fields in a schema.
func (s *Set) idsOf(schema *Schema) []int {
	if b := s.bound.Load(); b != nil && b.schema == schema {
		return b.ids
	}
	b := &binding{schema: schema, ids: make([]int, len(s.fields))}
	for i, name := range s.fields {
		b.ids[i] = schema.ID(name)
	}
	s.bound.Store(b)
	return b.ids
}
