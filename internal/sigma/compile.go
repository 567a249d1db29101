package sigma

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// Set is a compiled set of rules. It is immutable and safe for concurrent use.
type Set struct {
	rules  []*Rule
	groups []*group
	// correlations stand behind those that they refer to.
	correlations []*Rule
	// fields are the names that rules ask for; 0 is "", all strings.
	fields []string
	// bound remembers the numbers of fields in the schema last seen, chosen
	// the groups that apply to a log source.
	bound    atomic.Pointer[binding]
	chosen   atomic.Pointer[map[Logsource][]*group]
	matchers sync.Pool
	// The largest counts of any group, for the size of a matcher.
	maxFacts, maxTests, maxRules int
}

// binding is the numbers of a set's fields in a schema.
type binding struct {
	schema *Schema
	ids    []int
}

// group is all rules of one log source, compiled together.
type group struct {
	source Logsource
	rules  []*Rule
	// steps is the program of each rule.
	steps []step
	tests []test
	scans []fieldScan
	// announced are, by fact, the rules that may match once it holds; always
	// those that no fact announces.
	announced []announcement
	always    []int32
}

// announcement is the rules that a fact announces: outright, or only together
// with another fact. The other fact is one of a second part of the rule's
// condition; without it most announcements of a frequent fact would be in vain.
type announcement struct {
	outright []int32
	// pairs are in order of their fact.
	pairs []pair
	// others tells, for many pairs, most facts apart that are in none.
	others bloom
}

// bloom is a Bloom filter of one hash: a set of facts that may say yes wrongly,
// but never no. Its length is a power of two.
type bloom []uint64

// bloomBits are the bits for each fact: one in eight wrong answers is right
// where a wrong one costs a search.
const bloomBits = 8

// newBloom makes a filter for n facts.
func newBloom(n int) bloom { return make(bloom, 1<<bits.Len(uint(n*bloomBits/64))) }

func (b bloom) place(fact int32) (word, bit uint32) {
	h := uint32(fact) * 0x9e3779b1
	return h >> 6 & uint32(len(b)-1), h & 63
}

func (b bloom) add(fact int32) {
	word, bit := b.place(fact)
	b[word] |= 1 << bit
}

func (b bloom) has(fact int32) bool {
	word, bit := b.place(fact)
	return b[word]&(1<<bit) != 0
}

// pair is a rule that is announced only if fact holds too.
type pair struct {
	fact, rule int32
}

// fieldScan is the automaton of one field.
type fieldScan struct {
	field int
	*automaton
}

// builder compiles one group.
type builder struct {
	set   *Set
	names map[string]int
	group *group
	atoms map[string]step
	facts []literal
	// uses counts, by fact, the atoms of rules that need it.
	uses   []int
	factOf map[literal]int32
}

// compile makes a set of rules, which are in the order of their keys.
func compile(rules []*Rule) *Set {
	s := &Set{rules: rules, fields: []string{""}}
	names := map[string]int{"": 0}
	byLogsource := map[Logsource]*group{}
	for i, r := range rules {
		r.order = i
		if r.Correlation != nil {
			continue
		}
		g := byLogsource[r.Logsource]
		if g == nil {
			g = &group{source: r.Logsource}
			byLogsource[r.Logsource] = g
			s.groups = append(s.groups, g)
		}
		g.rules = append(g.rules, r)
	}
	for _, g := range s.groups {
		b := builder{set: s, names: names, group: g, atoms: map[string]step{}, factOf: map[literal]int32{}}
		b.build()
		s.maxFacts = max(s.maxFacts, len(b.facts))
		s.maxTests = max(s.maxTests, len(g.tests))
		s.maxRules = max(s.maxRules, len(g.rules))
	}
	s.chosen.Store(&map[Logsource][]*group{})
	s.matchers.New = func() any { return newMatcher(s) }
	return s
}

func (b *builder) build() {
	g := b.group
	for _, r := range g.rules {
		g.steps = append(g.steps, b.step(r.cond))
	}
	g.announced = make([]announcement, len(b.facts))
	for i := range g.steps {
		b.announce(int32(i), &g.steps[i])
	}
	for i := range g.announced {
		g.announced[i].index()
	}
	b.automata()
}

// index puts the pairs in order, and many of them behind a filter.
func (a *announcement) index() {
	slices.SortFunc(a.pairs, func(x, y pair) int { return cmp.Or(cmp.Compare(x.fact, y.fact), cmp.Compare(x.rule, y.rule)) })
	if len(a.pairs) <= fewPairs {
		return
	}
	a.others = newBloom(len(a.pairs))
	for _, p := range a.pairs {
		a.others.add(p.fact)
	}
}

// announce decides which facts announce a rule.
func (b *builder) announce(rule int32, s *step) {
	g := b.group
	facts, _, ok := b.triggers(*s, false)
	if !ok {
		g.always = append(g.always, rule)
		return
	}
	gate := b.gate(s, facts)
	slices.Sort(facts)
	for _, f := range slices.Compact(facts) {
		a := &g.announced[f]
		if len(gate) == 0 {
			a.outright = append(a.outright, rule)
		}
		for _, other := range gate {
			a.pairs = append(a.pairs, pair{other, rule})
		}
	}
}

// automata builds one automaton for each field that has literals.
func (b *builder) automata() {
	literals := map[int][]anchored{}
	facts := map[int][]int32{}
	var order []int
	for i, f := range b.facts {
		if literals[f.field] == nil {
			order = append(order, f.field)
		}
		literals[f.field] = append(literals[f.field], f.anchored)
		facts[f.field] = append(facts[f.field], int32(i))
	}
	for _, field := range order {
		a := newAutomaton(literals[field], facts[field], maxDense)
		b.group.scans = append(b.group.scans, fieldScan{field, a})
	}
}

// field numbers a field of the set.
func (b *builder) field(name string) int {
	if i, ok := b.names[name]; ok {
		return i
	}
	i := len(b.set.fields)
	b.names[name] = i
	b.set.fields = append(b.set.fields, name)
	return i
}

// fact numbers a literal of the group.
func (b *builder) fact(l literal) int32 {
	if i, ok := b.factOf[l]; ok {
		return i
	}
	i := int32(len(b.facts))
	b.factOf[l] = i
	b.facts = append(b.facts, l)
	b.uses = append(b.uses, 0)
	return i
}

// Rules returns all rules in force, ordered by key. The caller does not change
// the slice.
func (s *Set) Rules() []*Rule { return s.rules }
