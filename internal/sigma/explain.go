package sigma

import "fmt"

// Explanation says whether a part of a condition holds for a record, and why.
type Explanation struct {
	// Part is "and", "or", "not", or what a field was asked.
	Part string `json:"part"`
	// Detection is the name under which the condition knows the part.
	Detection string `json:"detection,omitempty"`
	Holds     bool   `json:"holds"`
	// Values are those of the field asked; empty if it is not there.
	Values []string `json:"values,omitempty"`
	// Line of the rule's file.
	Line  int           `json:"line,omitempty"`
	Parts []Explanation `json:"parts,omitempty"`
}

// Explain evaluates every part of a rule's condition, also those that Match
// would not look at. It does not look at the log source.
func (r *Rule) Explain(rec Record) Explanation {
	if r.Correlation != nil {
		return r.explainCorrelation(rec)
	}
	return r.cond.explain(rec)
}

func (e *expr) explain(rec Record) Explanation {
	if e.op == opAtom {
		return e.atom.explain(rec)
	}
	if len(e.kids) == 1 && e.op != opNot {
		inner := e.kids[0].explain(rec)
		if e.name != "" {
			inner.Detection = e.name
		}
		return inner
	}
	out := Explanation{Part: opNames[e.op], Detection: e.name, Holds: e.op == opAnd}
	for _, k := range e.kids {
		part := k.explain(rec)
		out.Parts = append(out.Parts, part)
		switch e.op {
		case opAnd:
			out.Holds = out.Holds && part.Holds
		case opOr:
			out.Holds = out.Holds || part.Holds
		case opNot:
			out.Holds = !part.Holds
		}
	}
	return out
}

var opNames = map[opcode]string{opAnd: "and", opOr: "or", opNot: "not"}

func (a *atom) explain(rec Record) Explanation {
	values := a.read(rec, a.field)
	out := Explanation{Part: a.String(), Line: a.line}
	for _, v := range values {
		if v.kind == kindNull {
			out.Values = append(out.Values, "null")
		} else {
			out.Values = append(out.Values, v.text)
		}
	}
	var others []Value
	if a.ask == askField {
		others = a.read(rec, a.other)
	}
	out.Holds = a.holds(values, others)
	return out
}

// read returns the values of a field; "" are all strings.
func (a *atom) read(rec Record, field string) []Value {
	var values Values
	if field == "" {
		rec.Strings(&values)
	} else {
		rec.Field(rec.Schema().ID(field), field, &values)
	}
	return values.list
}

// String says what the atom asks.
func (a *atom) String() string {
	field := a.field
	if field == "" {
		field = "any text"
	}
	switch a.ask {
	case askRegexp:
		return fmt.Sprintf("%s matches /%s/", field, a.re)
	case askCIDR:
		return fmt.Sprintf("%s in %s", field, a.prefix)
	case askCompare:
		if a.part != "" {
			field = string(a.part) + " of " + field
		}
		return fmt.Sprintf("%s %s %v", field, comparisonSigns[a.compare], a.number)
	case askExists:
		return field + " is there"
	case askNull:
		return field + " is null or not there"
	case askField:
		if a.relation != "" {
			return fmt.Sprintf("%s %s %s", field, a.relation, a.other)
		}
		return field + " equals " + a.other
	}
	return fmt.Sprintf("%s is %q", field, a.pattern)
}

var comparisonSigns = map[comparison]string{equal: "=", less: "<", lessEqual: "<=", greater: ">", greaterEqual: ">="}
