package sigma

import "slices"

// opcode of an expression.
type opcode uint8

const (
	opAtom opcode = iota
	opAnd
	opOr
	opNot
)

// expr is a Boolean expression over atoms. And without kids is true, or
// without kids is false.
type expr struct {
	op   opcode
	kids []*expr
	atom *atom
	// name of the detection, where the expression is one that a condition named.
	name string
}

// combine joins kids, leaving out the operator where there is one only, and
// kids that are nil: a pipeline dropped them. It is nil if none is left.
func combine(op opcode, kids []*expr) *expr {
	kids = slices.DeleteFunc(kids, func(e *expr) bool { return e == nil })
	switch len(kids) {
	case 0:
		return nil
	case 1:
		return kids[0]
	}
	return &expr{op: op, kids: kids}
}

func negate(e *expr) *expr {
	if e == nil {
		return nil
	}
	return &expr{op: opNot, kids: []*expr{e}}
}

// literals is the number of bytes of the literals below e.
func (e *expr) literals() int {
	n := 0
	if e.op == opAtom {
		found, _, _ := literalsOf(e.atom)
		for _, l := range found {
			n += len(l.lit)
		}
	}
	for _, k := range e.kids {
		n += k.literals()
	}
	return n
}

// eval decides e, asking holds for atoms.
func (e *expr) eval(holds func(*atom) bool) bool {
	switch e.op {
	case opAtom:
		return holds(e.atom)
	case opNot:
		return !e.kids[0].eval(holds)
	case opAnd:
		for _, k := range e.kids {
			if !k.eval(holds) {
				return false
			}
		}
		return true
	}
	for _, k := range e.kids {
		if k.eval(holds) {
			return true
		}
	}
	return false
}
