package sigma

import "strings"

// detector builds the expression of a rule's detection section.
type detector struct {
	lists placeholders
}

// detection compiles the section: its named parts, then the condition.
func (d *detector) detection(n *node) (*expr, error) {
	if n.shape != shapeMap {
		return nil, malformed(n.line, "detection must be a map")
	}
	c := condition{detections: map[string]*expr{}}
	var conditions *node
	for i, k := range n.keys {
		switch k.name {
		case "condition":
			conditions = n.items[i]
			c.line = k.line
		case "timeframe":
			return nil, unsupported(k.line, "timeframe (use a correlation)")
		default:
			e, err := d.part(n.items[i], 0)
			if err != nil {
				return nil, err
			}
			e.name = k.name
			c.names = append(c.names, k.name)
			c.detections[k.name] = e
		}
	}
	if conditions == nil {
		return nil, malformed(n.line, "detection has no condition")
	}
	return c.parseAll(conditions)
}

// parseAll reads one condition, or a list of which any may hold.
func (c *condition) parseAll(n *node) (*expr, error) {
	texts := []*node{n}
	if n.shape == shapeList {
		texts = n.items
	}
	var kids []*expr
	for _, t := range texts {
		c.line = t.line
		if !t.scalar() || t.shape == shapeNull {
			return nil, malformed(c.line, "condition must be text")
		}
		e, err := c.parse(t.text)
		if err != nil {
			return nil, err
		}
		kids = append(kids, e)
	}
	if len(kids) == 0 {
		return nil, malformed(c.line, "condition is empty")
	}
	return combine(opOr, kids), nil
}

// part compiles one named detection: a map is all of its items, a list any of
// its elements, a value alone a keyword.
func (d *detector) part(n *node, depth int) (*expr, error) {
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
	return d.item("", n, n.line)
}

func (d *detector) items(n *node) (*expr, error) {
	e := &expr{op: opAnd}
	for i, k := range n.keys {
		kid, err := d.item(k.name, n.items[i], k.line)
		if err != nil {
			return nil, err
		}
		e.kids = append(e.kids, kid)
	}
	if len(e.kids) == 0 {
		return nil, malformed(n.line, "detection is empty")
	}
	return e, nil
}

func (d *detector) alternatives(n *node) (*expr, error) {
	e := &expr{op: opOr}
	for _, item := range n.items {
		kid, err := d.part(item, 1)
		if err != nil {
			return nil, err
		}
		e.kids = append(e.kids, kid)
	}
	if len(e.kids) == 0 {
		return nil, malformed(n.line, "detection is empty")
	}
	return e, nil
}

// item compiles "field|modifiers: values".
func (d *detector) item(name string, n *node, line int) (*expr, error) {
	parts := strings.Split(name, "|")
	m, err := parseModifiers(parts[1:], line)
	if err != nil {
		return nil, err
	}
	values, err := itemValues(n, &m, line)
	if err != nil {
		return nil, err
	}
	var kids []*expr
	for _, v := range values {
		e, err := d.value(parts[0], &m, v)
		if err != nil {
			return nil, err
		}
		kids = append(kids, e)
	}
	op := opOr
	if m.all {
		op = opAnd
	}
	e := combine(op, kids)
	if m.neq {
		e = negate(e)
	}
	return &expr{op: opAnd, kids: []*expr{e}}, nil
}

// itemValues returns the values of an item as a list.
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

// value compiles one value of an item. A value may stand for several patterns,
// of which any may match.
func (d *detector) value(field string, m *modifiers, v *node) (*expr, error) {
	if v.shape == shapeNull {
		return nullValue(field, m, v)
	}
	if field == "" && m.ask != askPattern && m.ask != askRegexp {
		return nil, malformed(v.line, "this modifier needs a field")
	}
	if m.ask != askPattern {
		return d.special(field, m, v)
	}
	patterns, err := m.patterns(v, d.lists)
	if err != nil {
		return nil, err
	}
	var kids []*expr
	for _, p := range patterns {
		if field == "" && m.anchor == "" {
			p = p.anyBefore().anyAfter()
		}
		kids = append(kids, leaf(&atom{
			field: field, pattern: p, cased: m.cased, glob: newGlob(p, m.cased), line: v.line,
		}))
	}
	return combine(opOr, kids), nil
}

func leaf(a *atom) *expr { return &expr{op: opAtom, atom: a} }

func nullValue(field string, m *modifiers, v *node) (*expr, error) {
	if field == "" || m.ask != askPattern || m.anchor != "" || len(m.encode) > 0 {
		return nil, malformed(v.line, "null does not go with a modifier or a keyword")
	}
	return leaf(&atom{field: field, ask: askNull, line: v.line}), nil
}

// special compiles the values that are not text patterns.
func (d *detector) special(field string, m *modifiers, v *node) (*expr, error) {
	a := &atom{field: field, ask: m.ask, cased: m.cased, line: v.line}
	var err error
	switch m.ask {
	case askRegexp:
		a.re, a.needs, err = compileRegexp(v.text, m.flags, v.line)
	case askCIDR:
		a.prefix, err = parseCIDR(v.text, v.line)
	case askCompare:
		a.compare, a.part, a.number = m.compare, m.part, v.num
		if v.shape != shapeInt && v.shape != shapeFloat {
			err = malformed(v.line, "%q is not a number", v.text)
		}
	case askField:
		a.other, a.relation = v.text, m.anchor
		if v.shape != shapeString || v.text == "" {
			err = malformed(v.line, "|fieldref needs the name of a field")
		}
	case askExists:
		if v.shape != shapeBool {
			return nil, malformed(v.line, "|exists needs true or false")
		}
		if v.text == "false" {
			return negate(leaf(a)), nil
		}
	}
	if err != nil {
		return nil, err
	}
	return leaf(a), nil
}
