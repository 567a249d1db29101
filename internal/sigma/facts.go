package sigma

import "strings"

// A fact is "this literal occurs in this field, so anchored": what an
// automaton reports. Patterns without inner wildcards are decided by their
// fact alone; for other predicates facts are what must hold first.

// literal is the key of a fact.
type literal struct {
	field int
	anchored
}

// rarity estimates, crudely, in which share of records a literal occurs. It
// only chooses between triggers, so it may be wrong at the price of time.
func (l literal) rarity() float64 {
	switch n := len(l.lit); {
	case l.start && l.end && !strings.ContainsAny(l.lit, "/ "):
		// A word by itself is likely one of few values: true, file.rename, tcp.
		return 0.3
	case l.start && l.end:
		return 0.002
	case n <= 1:
		return 1
	case n == 2:
		return 0.5
	case n == 3:
		return 0.1
	case n == 4:
		return 0.05
	case l.end || l.start:
		return 0.01
	case n < 8:
		return 0.01
	}
	return 0.003
}

// literalsOf are the literals of an atom and what they say of it: with all,
// every one occurs in what the atom matches, otherwise at least one does, or
// nothing is known where there are none. One that decides is the atom.
func literalsOf(a *atom) (literals []anchored, all, decides bool) {
	switch a.ask {
	case askPattern:
		if l, simple := a.pattern.anchored(); simple {
			l.lit = fold(l.lit)
			return []anchored{l}, true, !a.cased
		}
		return pieceLiterals(a.pattern), true, false
	case askRegexp:
		for _, lit := range a.needs {
			literals = append(literals, anchored{lit: lit})
		}
	}
	return literals, false, false
}

// pieceLiterals are the literals between the wildcards of a pattern.
func pieceLiterals(p pattern) []anchored {
	var literals []anchored
	for i, part := range p {
		if part.wild == 0 {
			literals = append(literals, anchored{lit: fold(part.lit), start: i == 0, end: i == len(p)-1})
		}
	}
	return literals
}
