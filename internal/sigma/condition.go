package sigma

import "strings"

// maxNesting bounds the parentheses and negations of a condition.
const maxNesting = 100

// condition parses condition expressions by recursive descent:
//
//	or      = and { "or" and }
//	and     = not { "and" not }
//	not     = "not" not | "(" or ")" | quantity "of" (pattern | "them") | name
type condition struct {
	tokens []string
	pos    int
	line   int
	depth  int
	// detections by name, in the order of the rule.
	names      []string
	detections map[string]*expr
}

func (c *condition) parse(text string) (*expr, error) {
	c.tokens, c.pos, c.depth = tokenize(text), 0, 0
	if len(c.tokens) == 0 {
		return nil, malformed(c.line, "condition is empty")
	}
	e, err := c.or()
	if err != nil {
		return nil, err
	}
	if c.pos < len(c.tokens) {
		return nil, malformed(c.line, "condition: unexpected %q", c.tokens[c.pos])
	}
	return e, nil
}

// tokenize splits at white space and around parentheses and pipes.
func tokenize(text string) []string {
	for _, sign := range []string{"(", ")", "|"} {
		text = strings.ReplaceAll(text, sign, " "+sign+" ")
	}
	return strings.Fields(text)
}

func (c *condition) peek() string {
	if c.pos < len(c.tokens) {
		return c.tokens[c.pos]
	}
	return ""
}

// accept consumes the next token if it is word, in any case.
func (c *condition) accept(word string) bool {
	if !strings.EqualFold(c.peek(), word) {
		return false
	}
	c.pos++
	return true
}

func (c *condition) or() (*expr, error) { return c.chain("or", opOr, c.and) }

func (c *condition) and() (*expr, error) { return c.chain("and", opAnd, c.not) }

func (c *condition) chain(word string, op opcode, operand func() (*expr, error)) (*expr, error) {
	var kids []*expr
	for {
		e, err := operand()
		if err != nil {
			return nil, err
		}
		kids = append(kids, e)
		if !c.accept(word) {
			return combine(op, kids), nil
		}
	}
}

func (c *condition) not() (*expr, error) {
	if c.depth++; c.depth > maxNesting {
		return nil, malformed(c.line, "condition is nested deeper than %d", maxNesting)
	}
	defer func() { c.depth-- }()
	if c.accept("not") {
		e, err := c.not()
		if err != nil {
			return nil, err
		}
		return negate(e), nil
	}
	if c.accept("(") {
		e, err := c.or()
		if err != nil {
			return nil, err
		}
		if !c.accept(")") {
			return nil, malformed(c.line, "condition: parenthesis is not closed")
		}
		return e, nil
	}
	return c.operand()
}

func (c *condition) operand() (*expr, error) {
	token := c.peek()
	switch {
	case token == "":
		return nil, malformed(c.line, "condition ends where a detection is expected")
	case token == "|" || strings.EqualFold(token, "near"):
		return nil, unsupported(c.line, "aggregation in a condition (%q)", strings.Join(c.tokens[c.pos:], " "))
	}
	c.pos++
	if c.accept("of") {
		return c.quantified(token)
	}
	if e, ok := c.detections[token]; ok {
		return c.checkPipe(e)
	}
	return nil, malformed(c.line, "condition names %q, which is not in the detection", token)
}

// checkPipe refuses what follows a detection in the aggregations of Sigma 1.
func (c *condition) checkPipe(e *expr) (*expr, error) {
	if c.peek() == "|" {
		return nil, unsupported(c.line, "aggregation in a condition (%q)", strings.Join(c.tokens[c.pos:], " "))
	}
	return e, nil
}

func (c *condition) quantified(quantity string) (*expr, error) {
	op, err := c.quantifier(quantity)
	if err != nil {
		return nil, err
	}
	target := c.peek()
	if target == "" || target == "(" || target == ")" {
		return nil, malformed(c.line, "condition: %q of what?", quantity)
	}
	c.pos++
	var kids []*expr
	for _, name := range c.names {
		if selects(target, name) {
			kids = append(kids, c.detections[name])
		}
	}
	if len(kids) == 0 {
		return nil, malformed(c.line, "condition: no detection is named like %q", target)
	}
	return c.checkPipe(combine(op, kids))
}

func (c *condition) quantifier(word string) (opcode, error) {
	switch strings.ToLower(word) {
	case "1", "any":
		return opOr, nil
	case "all":
		return opAnd, nil
	}
	if strings.Trim(word, "0123456789") == "" {
		return 0, unsupported(c.line, "condition: %q of a pattern", word)
	}
	return 0, malformed(c.line, "condition: %q is not a quantity", word)
}

// selects reports whether target, a name with '*' or "them", means name. A
// name that begins with an underscore is left out by convention, unless the
// pattern begins with one too.
func selects(target, name string) bool {
	them := strings.EqualFold(target, "them")
	if strings.HasPrefix(name, "_") && (them || target[0] != '_') {
		return false
	}
	return them || newGlob(parsePattern(target), true).match(name)
}
