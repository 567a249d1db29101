package sigma

import (
	"cmp"
	"math"
	"slices"
)

// step of a rule's program: an expression over facts and tests, with the
// cheap and rare parts first.
type step struct {
	op opcode
	// facts are the parts of an "and" or an "or" that are facts; they go first.
	facts []int32
	kids  []step
	// fact decides an opAtom if it is not negative, test otherwise.
	fact int32
	test int32
	// cost orders the parts of an "and" and an "or".
	cost float64
}

// test is a predicate that facts alone do not decide. It is asked at most
// once a record.
type test struct {
	atom *atom
	// guard are facts of which one must hold; empty where there are none.
	guard        []int32
	field, other int
}

// costTest is the cost of a test against that of looking a fact up.
const costTest = 10

// step compiles an expression of a rule.
func (b *builder) step(e *expr) step {
	if e.op == opAtom {
		return b.atom(e.atom)
	}
	s := step{op: e.op, fact: -1, test: -1}
	for _, k := range e.kids {
		s.add(b.step(k))
	}
	slices.SortStableFunc(s.facts, func(x, y int32) int {
		return cmp.Compare(b.facts[x].rarity(), b.facts[y].rarity())
	})
	slices.SortStableFunc(s.kids, func(x, y step) int { return cmp.Compare(x.cost, y.cost) })
	return s
}

// add makes kid a part of s; an "and" within an "and" becomes its parts.
func (s *step) add(kid step) {
	s.cost += kid.cost
	switch {
	case s.op == opNot:
		s.kids = append(s.kids, kid)
	case kid.op == opAtom && kid.fact >= 0:
		s.facts = append(s.facts, kid.fact)
	case kid.op == s.op:
		s.facts = append(s.facts, kid.facts...)
		s.kids = append(s.kids, kid.kids...)
	default:
		s.kids = append(s.kids, kid)
	}
}

// atom compiles one atom; equal atoms of a group share fact or test.
func (b *builder) atom(a *atom) step {
	key := a.key()
	if s, ok := b.atoms[key]; ok {
		b.used(s)
		return s
	}
	s := b.newAtom(a)
	b.atoms[key] = s
	b.used(s)
	return s
}

// newAtom compiles an atom that no rule has asked before.
func (b *builder) newAtom(a *atom) step {
	literals, all, decides := literalsOf(a)
	facts := make([]int32, len(literals))
	for i, l := range literals {
		facts[i] = b.fact(literal{b.field(a.field), l})
	}
	if decides {
		return step{op: opAtom, fact: facts[0], test: -1, cost: b.facts[facts[0]].rarity()}
	}
	s := step{op: opAtom, fact: -1, test: int32(len(b.group.tests)), cost: costTest}
	t := test{atom: a, field: b.field(a.field), other: b.field(a.other)}
	if !all {
		t.guard = facts
	}
	b.group.tests = append(b.group.tests, t)
	if !all || len(facts) == 0 {
		return s
	}
	// A pattern is looked at only where all of its literals occur.
	return step{op: opAnd, fact: -1, test: -1, facts: facts, kids: []step{s}, cost: costTest}
}

// used counts the use of an atom's facts by one more rule.
func (b *builder) used(s step) {
	facts := s.facts
	switch {
	case s.fact >= 0:
		facts = []int32{s.fact}
	case s.test >= 0:
		facts = b.group.tests[s.test].guard
	}
	for _, f := range facts {
		b.uses[f]++
	}
}

// likelihood estimates in which share of records a fact holds: literals that
// many rules ask for are those that the world is full of. The root keeps that
// from outweighing the literal itself in large sets.
func (b *builder) likelihood(fact int32) float64 {
	return b.facts[fact].rarity() * math.Sqrt(float64(b.uses[fact]))
}

// triggers returns facts of which at least one holds whenever s does (or, if
// negated, whenever s does not), with their summed rarity. ok is false where
// there is no such set.
func (b *builder) triggers(s step, negated bool) (facts []int32, cost float64, ok bool) {
	switch {
	case s.op == opNot:
		return b.triggers(s.kids[0], !negated)
	case s.op == opAtom && negated:
		return nil, 0, false
	case s.op == opAtom && s.fact >= 0:
		return []int32{s.fact}, b.likelihood(s.fact), true
	case s.op == opAtom:
		return b.guardTriggers(b.group.tests[s.test].guard)
	case (s.op == opAnd) != negated:
		return b.bestTriggers(&s, negated)
	}
	return b.allTriggers(&s, negated)
}

// gate returns facts of which one must hold beside the triggers: those of the
// next best part of an "and". It is nil where there is no second part.
func (b *builder) gate(s *step, triggers []int32) []int32 {
	if s.op != opAnd {
		return nil
	}
	rest := step{op: opAnd, facts: without(s.facts, triggers)}
	for _, k := range s.kids {
		if facts, _, ok := b.triggers(k, false); ok && !slices.Equal(facts, triggers) {
			rest.kids = append(rest.kids, k)
		}
	}
	facts, _, _ := b.bestTriggers(&rest, false)
	return facts
}

// without returns the facts that are not the only trigger.
func without(facts, triggers []int32) []int32 {
	var rest []int32
	for _, f := range facts {
		if len(triggers) != 1 || f != triggers[0] {
			rest = append(rest, f)
		}
	}
	return rest
}

func (b *builder) guardTriggers(guard []int32) (facts []int32, cost float64, ok bool) {
	for _, f := range guard {
		cost += b.likelihood(f)
	}
	return slices.Clone(guard), cost, len(guard) > 0
}

// bestTriggers : all parts hold, so the rarest one's triggers are enough.
func (b *builder) bestTriggers(s *step, negated bool) (facts []int32, cost float64, ok bool) {
	for i := 0; i < len(s.facts) && !negated; i++ {
		if c := b.likelihood(s.facts[i]); !ok || c < cost {
			facts, cost, ok = []int32{s.facts[i]}, c, true
		}
	}
	for _, k := range s.kids {
		f, c, found := b.triggers(k, negated)
		if found && (!ok || c < cost) {
			facts, cost, ok = f, c, true
		}
	}
	return facts, cost, ok
}

// allTriggers : any part may hold, so the triggers of every one are needed.
func (b *builder) allTriggers(s *step, negated bool) (facts []int32, cost float64, ok bool) {
	if negated && len(s.facts) > 0 {
		return nil, 0, false
	}
	for _, f := range s.facts {
		facts = append(facts, f)
		cost += b.likelihood(f)
	}
	for _, k := range s.kids {
		f, c, found := b.triggers(k, negated)
		if !found {
			return nil, 0, false
		}
		facts = append(facts, f...)
		cost += c
	}
	return facts, cost, true
}
