package sigma

// Set is a compiled set of rules. It is immutable and safe for concurrent use.
type Set struct {
	rules []*Rule
}

func compile(rules []*Rule) *Set {
	for i, r := range rules {
		r.order = i
	}
	return &Set{rules: rules}
}

// Rules returns all rules in force, ordered by key. The caller does not change
// the slice.
func (s *Set) Rules() []*Rule { return s.rules }

// Match appends the rules that rec satisfies to dst, ordered by Rule.Key.
func (s *Set) Match(rec Record, dst []*Rule) []*Rule {
	source := rec.Logsource()
	for _, r := range s.rules {
		if r.Logsource.covers(source) && r.cond.eval(func(a *atom) bool { return a.ask1(rec) }) {
			dst = append(dst, r)
		}
	}
	return dst
}

// ask1 decides an atom on a record, by itself.
func (a *atom) ask1(rec Record) bool {
	var mine, other Values
	if a.field == "" {
		rec.Strings(&mine)
	} else {
		rec.Field(rec.Schema().ID(a.field), a.field, &mine)
	}
	if a.ask == askField {
		rec.Field(rec.Schema().ID(a.other), a.other, &other)
	}
	return a.holds(mine.list, other.list)
}
