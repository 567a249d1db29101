package sigma

// answers of a test, as a matcher remembers them.
const (
	notAsked = iota
	answeredNo
	answeredYes
)

// matcher is the working memory of one Match. It is reused, so that matching
// does not allocate; what a record touched is listed and undone.
type matcher struct {
	set *Set
	rec Record
	ids []int
	// values of the set's fields, as far as loaded.
	values []Values
	loaded []bool
	undo   []int
	folded []byte

	// Of the group being matched: facts that hold, answers of tests, rules to
	// evaluate.
	group   *group
	holds   []bool
	held    []int32
	answers []uint8
	asked   []int32
	due     []bool
	dueList []int32
}

func newMatcher(s *Set) *matcher {
	return &matcher{
		set:     s,
		values:  make([]Values, len(s.fields)),
		loaded:  make([]bool, len(s.fields)),
		holds:   make([]bool, s.maxFacts),
		answers: make([]uint8, s.maxTests),
		due:     make([]bool, s.maxRules),
	}
}

func (m *matcher) begin(rec Record, ids []int) { m.rec, m.ids = rec, ids }

// end forgets the record and its values.
func (m *matcher) end() {
	for _, f := range m.undo {
		m.values[f].Reset()
		m.loaded[f] = false
	}
	m.undo = m.undo[:0]
	m.rec, m.group = nil, nil
}

// match appends the rules of g that the record satisfies.
func (m *matcher) match(g *group, dst []*Rule) []*Rule {
	m.group = g
	for i := range g.scans {
		m.scan(&g.scans[i])
	}
	for _, r := range g.always {
		if m.eval(&g.steps[r]) {
			dst = append(dst, g.rules[r])
		}
	}
	m.gather(g)
	for _, r := range m.dueList {
		if m.eval(&g.steps[r]) {
			dst = append(dst, g.rules[r])
		}
	}
	m.clear()
	return dst
}

// fewPairs is how many pairs are looked through rather than searched.
const fewPairs = 16

// gather lists the rules that are announced by what holds.
func (m *matcher) gather(g *group) {
	for _, f := range m.held {
		a := &g.announced[f]
		for _, r := range a.outright {
			m.schedule(r)
		}
		if len(a.pairs) <= fewPairs {
			for _, p := range a.pairs {
				if m.holds[p.fact] {
					m.schedule(p.rule)
				}
			}
			continue
		}
		for _, other := range m.held {
			if a.others.has(other) {
				m.search(a.pairs, other)
			}
		}
	}
}

// search schedules the rules of the pairs with the given fact.
func (m *matcher) search(pairs []pair, fact int32) {
	low, high := 0, len(pairs)
	for low < high {
		if middle := (low + high) / 2; pairs[middle].fact < fact {
			low = middle + 1
		} else {
			high = middle
		}
	}
	for ; low < len(pairs) && pairs[low].fact == fact; low++ {
		m.schedule(pairs[low].rule)
	}
}

// schedule lists a rule once.
func (m *matcher) schedule(rule int32) {
	if !m.due[rule] {
		m.due[rule] = true
		m.dueList = append(m.dueList, rule)
	}
}

// clear undoes what the group touched.
func (m *matcher) clear() {
	for _, f := range m.held {
		m.holds[f] = false
	}
	for _, t := range m.asked {
		m.answers[t] = notAsked
	}
	for _, r := range m.dueList {
		m.due[r] = false
	}
	m.held, m.asked, m.dueList = m.held[:0], m.asked[:0], m.dueList[:0]
}

// scan finds the facts of one field.
func (m *matcher) scan(s *fieldScan) {
	values := m.load(s.field)
	for i := range values.list {
		v := &values.list[i]
		if v.kind == kindNull {
			continue
		}
		text := v.text
		if !isASCII(text) {
			m.folded = appendFold(m.folded[:0], text)
			text = view(m.folded)
		}
		s.find(text, m)
	}
}

// load reads a field once a record.
func (m *matcher) load(field int) *Values {
	values := &m.values[field]
	if m.loaded[field] {
		return values
	}
	m.loaded[field] = true
	m.undo = append(m.undo, field)
	if field == 0 {
		m.rec.Strings(values)
	} else {
		m.rec.Field(m.ids[field], m.set.fields[field], values)
	}
	return values
}

// emit notes the facts that end at a state.
func (m *matcher) emit(a *automaton, state uint32) {
	for node := a.node(state); ; {
		for _, f := range a.outs[a.outAt[node]:a.outAt[node+1]] {
			m.note(f)
		}
		if node = a.link[node]; node == 0 {
			return
		}
	}
}

func (m *matcher) note(fact int32) {
	if !m.holds[fact] {
		m.holds[fact] = true
		m.held = append(m.held, fact)
	}
}

// eval runs a rule's program.
func (m *matcher) eval(s *step) bool {
	switch s.op {
	case opAtom:
		if s.fact >= 0 {
			return m.holds[s.fact]
		}
		return m.ask(s.test)
	case opNot:
		return !m.eval(&s.kids[0])
	}
	// An "and" ends at the first part that fails, an "or" at the first that holds.
	end := s.op == opOr
	for _, f := range s.facts {
		if m.holds[f] == end {
			return end
		}
	}
	for i := range s.kids {
		if m.eval(&s.kids[i]) == end {
			return end
		}
	}
	return !end
}

// ask answers a test, from memory if it was asked before.
func (m *matcher) ask(i int32) bool {
	if m.answers[i] == notAsked {
		m.asked = append(m.asked, i)
		m.answers[i] = answeredNo
		if t := &m.group.tests[i]; m.guarded(t.guard) && m.decide(t) {
			m.answers[i] = answeredYes
		}
	}
	return m.answers[i] == answeredYes
}

// guarded reports whether one of the facts of a gate holds, or there are none.
func (m *matcher) guarded(guard []int32) bool {
	for _, f := range guard {
		if m.holds[f] {
			return true
		}
	}
	return len(guard) == 0
}

func (m *matcher) decide(t *test) bool {
	values := m.load(t.field)
	var others []Value
	if t.atom.ask == askField {
		others = m.load(t.other).list
	}
	return t.atom.holds(values.list, others)
}
