package sigma

// The detection section of a rule as read: what processing pipelines work on
// before it becomes an expression.

// section is one detection section: named searches, and conditions over them
// of which any may hold.
type section struct {
	// Of a filter's section: its name in explanations, and its file.
	label      string
	owner      *file
	searches   []*search
	conditions []sentence
}

// sentence is a text with its line.
type sentence struct {
	text string
	line int
}

// search is an item, or several searches: of a map all hold, of a list any.
type search struct {
	name  string
	op    opcode
	item  *item
	parts []*search
}

// item is "field|modifiers: values".
type item struct {
	// field is "" for keywords; loose are keywords that may stand anywhere.
	field string
	loose bool
	// all values must match rather than any; neq negates the item.
	all, neq bool
	values   []value
	// applied are the pipeline items that changed this one.
	applied []string
	line    int
}

// value is one value of an item, which may stand for several predicates: it
// holds if any of them does, or, negated, if none does.
type value struct {
	shape   shape
	any     []*atom
	negated bool
	line    int
}

// each calls f for every item below the search.
func (s *search) each(f func(*item)) {
	if s.item != nil {
		f(s.item)
	}
	for _, part := range s.parts {
		part.each(f)
	}
}

// each calls f for every item of the section.
func (s *section) each(f func(*item)) {
	for _, named := range s.searches {
		named.each(f)
	}
}

// open reports whether placeholders are left.
func (s *section) open() bool {
	found := false
	s.each(func(it *item) {
		for _, v := range it.values {
			for _, a := range v.any {
				_, open := a.pattern.placeholder()
				found = found || open
			}
		}
	})
	return found
}

// clone copies what pipelines change, so that a filter serves several rules.
func (s *section) clone() *section {
	out := &section{label: s.label, owner: s.owner, conditions: append([]sentence{}, s.conditions...)}
	for _, named := range s.searches {
		out.searches = append(out.searches, named.clone())
	}
	return out
}

func (s *search) clone() *search {
	out := &search{name: s.name, op: s.op}
	if s.item != nil {
		out.item = s.item.clone()
	}
	for _, part := range s.parts {
		out.parts = append(out.parts, part.clone())
	}
	return out
}

func (it *item) clone() *item {
	out := *it
	out.applied = append([]string{}, it.applied...)
	out.values = make([]value, len(it.values))
	for i, v := range it.values {
		out.values[i] = v
		out.values[i].any = make([]*atom, len(v.any))
		for j, a := range v.any {
			copied := *a
			out.values[i].any[j] = &copied
		}
	}
	return &out
}

// compile turns the section into an expression; nil if nothing is left of it.
func (s *section) compile() (*expr, error) {
	c := condition{detections: map[string]*expr{}}
	for _, named := range s.searches {
		e, err := named.compile()
		if err != nil {
			return nil, err
		}
		if e != nil {
			e = &expr{op: opAnd, kids: []*expr{e}, name: named.name}
		}
		c.names = append(c.names, named.name)
		c.detections[named.name] = e
	}
	var kids []*expr
	for _, text := range s.conditions {
		c.line = text.line
		e, err := c.parse(text.text)
		if err != nil {
			return nil, err
		}
		kids = append(kids, e)
	}
	e := combine(opOr, kids)
	if s.label != "" && e != nil {
		e = &expr{op: opAnd, kids: []*expr{e}, name: s.label}
	}
	return e, nil
}

func (s *search) compile() (*expr, error) {
	if s.item != nil {
		return s.item.compile()
	}
	var kids []*expr
	for _, part := range s.parts {
		e, err := part.compile()
		if err != nil {
			return nil, err
		}
		kids = append(kids, e)
	}
	return combine(s.op, kids), nil
}

func (it *item) compile() (*expr, error) {
	var kids []*expr
	for _, v := range it.values {
		e, err := it.value(v)
		if err != nil {
			return nil, err
		}
		kids = append(kids, e)
	}
	op := opOr
	if it.all {
		op = opAnd
	}
	e := combine(op, kids)
	if it.neq {
		e = negate(e)
	}
	return e, nil
}

func (it *item) value(v value) (*expr, error) {
	var kids []*expr
	for _, a := range v.any {
		if name, open := a.pattern.placeholder(); open {
			return nil, unsupported(v.line, "placeholder %%%s%% has no values", name)
		}
		kids = append(kids, leaf(a.in(it.field, it.loose)))
	}
	e := combine(opOr, kids)
	if v.negated {
		e = negate(e)
	}
	return e, nil
}

// in returns the predicate asked of a field, or, loose, of any text around it.
func (a *atom) in(field string, loose bool) *atom {
	out := *a
	out.field = field
	if a.ask == askPattern {
		if loose {
			out.pattern = a.pattern.anyBefore().anyAfter()
		}
		out.glob = newGlob(out.pattern, a.cased)
	}
	return &out
}
