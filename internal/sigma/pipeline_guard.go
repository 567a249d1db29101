package sigma

// guard decides whether a transformation applies to a rule, an item or a
// field. The zero guard lets everything pass.
type guard[T any] struct {
	// cond is over the names of tests.
	cond  *expr
	tests map[string]check[T]
}

// check is one condition of a guard.
type check[T any] func(*pass, T) bool

// checks are the conditions of one kind by their type.
type checks[T any] map[string]func(*params) check[T]

func (g *guard[T]) holds(p *pass, subject T) bool {
	return g.cond == nil || g.cond.eval(func(a *atom) bool { return g.tests[a.field](p, subject) })
}

// parseGuard reads KIND_conditions with KIND_cond_op, _expr and _not.
func parseGuard[T any](q *params, kind string, known checks[T]) guard[T] {
	op := q.choice(kind+"_cond_op", "and", "or")
	expression := q.take(kind + "_cond_expr")
	not := q.flag(kind + "_cond_not")
	n := q.take(kind + "_conditions")
	if n == nil {
		if expression != nil || not {
			q.fail(malformed(q.line, "%s conditions are missing", kind))
		}
		return guard[T]{}
	}
	g := guard[T]{tests: map[string]check[T]{}}
	names := g.read(q, n, kind, known)
	var kids []*expr
	for _, name := range names {
		kids = append(kids, leaf(&atom{field: name}))
	}
	g.cond = combine(map[string]opcode{"and": opAnd, "or": opOr}[op], kids)
	if expression != nil {
		g.express(q, kind, n, expression, kids)
	}
	if not {
		g.cond = negate(g.cond)
	}
	return g
}

// read reads the conditions and returns their names: their keys, or made ones.
func (g *guard[T]) read(q *params, n *node, kind string, known checks[T]) []string {
	var names []string
	if n.scalar() {
		q.fail(malformed(n.line, "%s_conditions must be a list or a map", kind))
	}
	for i, c := range n.items {
		name := string(rune('a' + i))
		if n.shape == shapeMap {
			name = n.keys[i].name
		}
		test, err := parseCheck(c, kind, known)
		q.fail(err)
		names = append(names, name)
		g.tests[name] = test
	}
	return names
}

// express reads the expression over the names of the conditions.
func (g *guard[T]) express(q *params, kind string, conditions, expression *node, kids []*expr) {
	if conditions.shape != shapeMap || q.get(kind+"_cond_op") != nil {
		q.fail(malformed(expression.line, "an expression needs named conditions and no operator"))
		return
	}
	c := condition{line: expression.line, detections: map[string]*expr{}}
	for _, kid := range kids {
		c.detections[kid.atom.field] = kid
	}
	e, err := c.parse(expression.text)
	q.fail(err)
	g.cond = e
}

func parseCheck[T any](n *node, kind string, known checks[T]) (check[T], error) {
	if n.shape != shapeMap {
		return nil, malformed(n.line, "a condition must be a map")
	}
	q := params{node: n, what: "condition", read: map[string]bool{}}
	name := q.needText("type")
	parse, ok := known[name]
	if !ok {
		q.fail(unsupported(n.at("type"), "%s condition %q", kind, name))
		return nil, q.err
	}
	test := parse(&q)
	return test, q.done()
}
