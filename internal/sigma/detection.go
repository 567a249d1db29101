package sigma

import "strings"

// detector reads the detection section of a rule or filter.
type detector struct {
	lists placeholders
}

// section reads named searches and the condition over them.
func (d *detector) section(n *node) (*section, error) {
	if n.shape != shapeMap {
		return nil, malformed(n.line, "detection must be a map")
	}
	s := &section{}
	var conditions *node
	var line int
	for i, k := range n.keys {
		switch k.name {
		case "condition":
			conditions, line = n.items[i], k.line
		case "timeframe":
			return nil, unsupported(k.line, "timeframe (use a correlation)")
		default:
			named, err := d.search(n.items[i], 0)
			if err != nil {
				return nil, err
			}
			named.name = k.name
			s.searches = append(s.searches, named)
		}
	}
	if conditions == nil {
		return nil, malformed(n.line, "detection has no condition")
	}
	return s, s.readConditions(conditions, line)
}

// readConditions reads one condition, or a list of which any may hold.
func (s *section) readConditions(n *node, line int) error {
	texts := []*node{n}
	if n.shape == shapeList {
		texts = n.items
	}
	for _, t := range texts {
		if !t.scalar() || t.shape == shapeNull {
			return malformed(t.line, "condition must be text")
		}
		s.conditions = append(s.conditions, sentence{t.text, t.line})
	}
	if len(s.conditions) == 0 {
		return malformed(line, "condition is empty")
	}
	return nil
}

// search reads one search: a map is all of its items, a list any of its
// elements, a value alone a keyword.
func (d *detector) search(n *node, depth int) (*search, error) {
	switch n.shape {
	case shapeMap:
		return d.items(n)
	case shapeList:
		if depth > 0 {
			return nil, malformed(n.line, "a list inside a list")
		}
		return d.alternatives(n)
	case shapeNull:
		return nil, malformed(n.line, "detection is empty")
	}
	return d.leaf("", n, n.line)
}

func (d *detector) leaf(name string, n *node, line int) (*search, error) {
	it, err := d.item(name, n, line)
	return &search{item: it}, err
}

func (d *detector) items(n *node) (*search, error) {
	s := &search{op: opAnd}
	for i, k := range n.keys {
		part, err := d.leaf(k.name, n.items[i], k.line)
		if err != nil {
			return nil, err
		}
		s.parts = append(s.parts, part)
	}
	return s, s.notEmpty(n)
}

func (d *detector) alternatives(n *node) (*search, error) {
	s := &search{op: opOr}
	for _, item := range n.items {
		part, err := d.search(item, 1)
		if err != nil {
			return nil, err
		}
		s.parts = append(s.parts, part)
	}
	return s, s.notEmpty(n)
}

func (s *search) notEmpty(n *node) error {
	if len(s.parts) == 0 {
		return malformed(n.line, "detection is empty")
	}
	return nil
}

// item reads "field|modifiers: values".
func (d *detector) item(name string, n *node, line int) (*item, error) {
	parts := strings.Split(name, "|")
	m, err := parseModifiers(parts[1:], line)
	if err != nil {
		return nil, err
	}
	nodes, err := itemValues(n, &m, line)
	if err != nil {
		return nil, err
	}
	it := &item{field: parts[0], all: m.all, neq: m.neq, line: line}
	it.loose = it.field == "" && m.anchor == ""
	for _, v := range nodes {
		read, err := d.value(it.field, &m, v)
		if err != nil {
			return nil, err
		}
		it.values = append(it.values, read)
	}
	return it, nil
}

// itemValues returns the values of an item; a value alone is a list of one.
func itemValues(n *node, m *modifiers, line int) ([]*node, error) {
	if n.scalar() {
		if m.all {
			return nil, malformed(line, "|all needs a list of values")
		}
		return []*node{n}, nil
	}
	if n.shape == shapeMap {
		return nil, malformed(n.line, "a map where a value is expected")
	}
	if len(n.items) == 0 {
		return nil, malformed(n.line, "list of values is empty")
	}
	for _, v := range n.items {
		if !v.scalar() {
			return nil, malformed(v.line, "a value must be text, a number or a truth value")
		}
		if v.shape == shapeNull {
			return nil, malformed(v.line, "null cannot stand in a list of values")
		}
	}
	return n.items, nil
}

// value reads one value of an item.
func (d *detector) value(field string, m *modifiers, v *node) (value, error) {
	out := value{shape: v.shape, line: v.line}
	if v.shape == shapeNull {
		if field == "" || m.ask != askPattern || m.anchor != "" || len(m.encode) > 0 || m.cased {
			return out, malformed(v.line, "null does not go with a modifier or a keyword")
		}
		out.any = []*atom{{ask: askNull, line: v.line}}
		return out, nil
	}
	if field == "" && m.ask != askPattern && m.ask != askRegexp {
		return out, malformed(v.line, "this modifier needs a field")
	}
	if m.ask != askPattern {
		a, err := m.predicate(v)
		out.any, out.negated = []*atom{a}, m.ask == askExists && v.text == "false"
		return out, err
	}
	patterns, err := m.patterns(v, d.lists)
	for _, p := range patterns {
		out.any = append(out.any, &atom{pattern: p, cased: m.cased, line: v.line})
	}
	return out, err
}

func leaf(a *atom) *expr { return &expr{op: opAtom, atom: a} }

// predicate reads a value that is not a text pattern.
func (m *modifiers) predicate(v *node) (*atom, error) {
	a := &atom{ask: m.ask, cased: m.cased, line: v.line}
	var err error
	switch m.ask {
	case askRegexp:
		a.re, a.needs, err = compileRegexp(v.text, m.anchor, m.flags, v.line)
	case askCIDR:
		a.prefix, err = parseCIDR(v.text, v.line)
	case askCompare:
		err = m.comparison(a, v)
	case askField:
		a.other, a.relation = v.text, m.anchor
		if v.shape != shapeString || v.text == "" || strings.ContainsAny(v.text, "*?") {
			err = malformed(v.line, "|fieldref needs the name of a field")
		}
	case askExists:
		if v.shape != shapeBool {
			err = malformed(v.line, "|exists needs true or false")
		}
	}
	return a, err
}

// comparison reads a number to compare with.
func (m *modifiers) comparison(a *atom, v *node) error {
	a.compare, a.part, a.number = m.compare, m.part, v.num
	if v.shape != shapeInt && v.shape != shapeFloat {
		return malformed(v.line, "%q is not a number", v.text)
	}
	if limits, ok := partRange[m.part]; ok && m.compare == equal && (v.num < limits[0] || v.num > limits[1]) {
		return malformed(v.line, "no %s is %s", m.part, v.text)
	}
	return nil
}
