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

// literalOf returns the literal that decides a pattern, or that must at least
// occur in what it matches; decides tells which. ok is false where a pattern
// has no literal.
func literalOf(p pattern, cased bool) (l anchored, decides, ok bool) {
	if a, simple := p.anchored(); simple {
		a.lit = fold(a.lit)
		return a, !cased, true
	}
	longest := -1
	for i, part := range p {
		if part.wild == 0 && (longest < 0 || len(part.lit) > len(p[longest].lit)) {
			longest = i
		}
	}
	if longest < 0 {
		return anchored{}, false, false
	}
	return anchored{
		lit:   fold(p[longest].lit),
		start: longest == 0,
		end:   longest == len(p)-1,
	}, false, true
}

// literalsOf are the literals of an atom, of which at least one occurs in
// whatever it matches; none where nothing is known.
func literalsOf(a *atom) (all []anchored, decides bool) {
	switch a.ask {
	case askPattern:
		if l, decides, ok := literalOf(a.pattern, a.cased); ok {
			return []anchored{l}, decides
		}
	case askRegexp:
		for _, lit := range a.needs {
			all = append(all, anchored{lit: lit})
		}
	}
	return all, false
}
