package sigma

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// placeholderChoice reads include and exclude: which placeholders are meant.
func placeholderChoice(q *params) func(name string) bool {
	include, exclude := q.list("include"), q.list("exclude")
	if include != nil && exclude != nil {
		q.fail(malformed(q.line, "include and exclude exclude each other"))
	}
	return func(name string) bool {
		return (include == nil || slices.Contains(include, name)) && !slices.Contains(exclude, name)
	}
}

// fill replaces placeholders in all values of the rule.
func (p *pass) fill(values func(name string) ([]pattern, bool)) error {
	return p.rewriteValues(func(_ *item, v value) ([]value, bool, error) {
		out := value{shape: v.shape, negated: v.negated, line: v.line}
		open := false
		for _, a := range v.any {
			_, found := a.pattern.placeholder()
			open = open || found
			patterns, err := substitute(a.pattern, v.line, values)
			if err != nil {
				return nil, false, err
			}
			for _, q := range patterns {
				filled := *a
				filled.pattern = q
				out.any = append(out.any, &filled)
			}
		}
		return []value{out}, open, nil
	})
}

func wildcardPlaceholders(q *params) transformation {
	meant := placeholderChoice(q)
	return func(p *pass) error {
		return p.fill(func(name string) ([]pattern, bool) { return []pattern{{{wild: '*'}}}, meant(name) })
	}
}

func valuePlaceholders(q *params) transformation {
	meant := placeholderChoice(q)
	return func(p *pass) error {
		return p.fill(func(name string) ([]pattern, bool) {
			values, ok := p.vars[name]
			if !ok || !meant(name) {
				return nil, false
			}
			var out []pattern
			for _, v := range values {
				out = append(out, parsePattern(v))
			}
			return out, true
		})
	}
}

// backReference is \1 or \g<name> in a replacement of Python.
var backReference = regexp.MustCompile(`\\(\d+)|\\g<(\w+)>`)

func replaceStrings(q *params) transformation {
	n := q.need("regex")
	re, _, err := compileRegexp(n.text, "", "", n.line)
	q.fail(err)
	replacement := strings.ReplaceAll(q.needText("replacement"), "$", "$$")
	replacement = backReference.ReplaceAllString(replacement, "$${$1$2}")
	literals, interpret := q.flag("skip_special"), q.flag("interpret_special")
	return func(p *pass) error {
		return p.rewriteStrings(func(v value) ([]pattern, bool, error) {
			text, _ := v.plain()
			if err := p.spend((1 + len(text)) * (1 + len(replacement))); err != nil {
				return nil, false, err
			}
			if !literals {
				return []pattern{unescaped(re.ReplaceAllString(text, replacement))}, true, nil
			}
			var out pattern
			for _, part := range v.any[0].pattern {
				switch {
				case part.wild != 0:
					out = out.piece(part)
				case interpret:
					out = out.concat(parsePattern(re.ReplaceAllString(part.lit, replacement)))
				default:
					out = out.literal(re.ReplaceAllString(part.lit, replacement))
				}
			}
			return []pattern{out}, true, nil
		})
	}
}

// unescaped reads a text in which '*', '?' and placeholders have their
// meaning, and a backslash escapes only the wildcards.
func unescaped(text string) pattern {
	var b strings.Builder
	for i := range len(text) {
		if text[i] == '\\' && (i+1 == len(text) || strings.IndexByte("*?", text[i+1]) < 0) {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	return markPlaceholders(parsePattern(b.String()))
}

func mapStrings(q *params) transformation {
	mapping := map[string][]string{}
	for _, m := range q.mapping("mapping") {
		mapping[m.from] = m.to
	}
	return func(p *pass) error {
		return p.rewriteStrings(func(v value) ([]pattern, bool, error) {
			text, _ := v.plain()
			to, ok := mapping[text]
			var out []pattern
			for _, t := range to {
				out = append(out, parsePattern(t))
			}
			return out, ok, nil
		})
	}
}

func changeCase(q *params) transformation {
	change := strings.ToLower
	switch q.choice("method", "lower", "upper", "snake_case") {
	case "upper":
		change = strings.ToUpper
	case "snake_case":
		q.fail(unsupported(q.at("method"), "case: snake_case"))
	}
	return func(p *pass) error {
		return p.rewriteStrings(func(v value) ([]pattern, bool, error) {
			return []pattern{v.any[0].pattern.mapLiterals(change)}, true, nil
		})
	}
}

// caseOfValues is pySigma's "regex", which emulates matching without case
// where a target has none. Here every value ignores case already, so only the
// method that makes values mind it changes anything.
func caseOfValues(q *params) transformation {
	method := q.choice("method", "ignore_case_brackets", "ignore_case_flag", "plain")
	return func(p *pass) error {
		return p.rewriteValues(func(_ *item, v value) ([]value, bool, error) {
			if _, ok := v.plain(); !ok || method != "plain" {
				return nil, false, nil
			}
			v = v.with(v.any[0].pattern)
			v.any[0].cased = true
			return []value{v}, true, nil
		})
	}
}

func setValues(q *params) transformation {
	n, force := q.need("value"), q.choice("force_type", "", "str", "num")
	made := value{shape: n.shape, any: []*atom{{pattern: parsePattern(n.text)}}}
	switch {
	case !n.scalar():
		q.fail(malformed(n.line, "value must be a single value"))
	case n.shape == shapeNull:
		made.any[0] = &atom{ask: askNull}
	case force == "num":
		made = q.number(made)
	case force == "str":
		made.shape = shapeString
	}
	return func(p *pass) error {
		return p.rewriteValues(func(_ *item, v value) ([]value, bool, error) {
			out := value{shape: made.shape, any: made.any, line: v.line}
			return []value{out}, true, nil
		})
	}
}

func (q *params) number(v value) value {
	out, ok := v.asNumber()
	if !ok {
		q.fail(malformed(q.at("value"), "value is not a number"))
	}
	return out
}

// asNumber is the value as a number.
func (v value) asNumber() (value, bool) {
	text, ok := v.any[0].pattern.plain()
	n, err := strconv.ParseFloat(text, 64)
	if !ok || err != nil {
		return v, false
	}
	v = v.with(pattern(nil).literal(string(appendFloat(nil, n))))
	v.shape = shapeFloat
	return v, true
}

func convertValues(q *params) transformation {
	q.need("target_type")
	number := q.choice("target_type", "str", "num") == "num"
	return func(p *pass) error {
		return p.rewriteValues(func(_ *item, v value) ([]value, bool, error) {
			if v.shape == shapeNull || len(v.any) != 1 || v.any[0].ask != askPattern {
				return nil, false, nil
			}
			if !number {
				v.shape = shapeString
				return []value{v}, true, nil
			}
			out, ok := v.asNumber()
			if !ok {
				return nil, false, unsupported(v.line, "%s is not a number", v.any[0].pattern)
			}
			return []value{out}, true, nil
		})
	}
}
