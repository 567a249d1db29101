package sigma

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ruleConditions are the conditions on a whole rule.
var ruleConditions = checks[*draft]{
	"logsource":                 ofLogsource,
	"contains_field":            containsField,
	"contains_detection_item":   containsItem,
	"processing_item_applied":   ruleApplied,
	"processing_state":          stateIs[*draft],
	"is_sigma_rule":             func(*params) check[*draft] { return func(*pass, *draft) bool { return true } },
	"is_sigma_correlation_rule": func(*params) check[*draft] { return func(*pass, *draft) bool { return false } },
	"rule_attribute":            ruleAttribute,
	"tag":                       ruleTag,
}

// itemConditions are the conditions on an item of a detection.
var itemConditions = checks[*item]{
	"match_string":            matchString,
	"match_value":             matchValue,
	"contains_wildcard":       containsWildcard,
	"is_null":                 isNullValue,
	"processing_item_applied": itemApplied,
	"processing_state":        stateIs[*item],
}

// fieldConditions are the conditions on the name of a field.
var fieldConditions = checks[string]{
	"include_fields":          func(q *params) check[string] { return fieldNames(q, true) },
	"exclude_fields":          func(q *params) check[string] { return fieldNames(q, false) },
	"processing_item_applied": fieldApplied,
	"processing_state":        stateIs[string],
}

func ofLogsource(q *params) check[*draft] {
	var want Logsource
	q.fail(q.readLogsource(&want))
	q.read["product"], q.read["category"], q.read["service"] = true, true, true
	return func(_ *pass, d *draft) bool { return want.Covers(d.rule.Logsource) }
}

// anyItem reports whether any item of the rule satisfies f.
func (d *draft) anyItem(f func(*item) bool) bool {
	found := false
	for _, s := range d.sections {
		s.each(func(it *item) { found = found || f(it) })
	}
	return found
}

func containsField(q *params) check[*draft] {
	field := q.needText("field")
	return func(_ *pass, d *draft) bool {
		return d.anyItem(func(it *item) bool { return it.field == field && field != "" })
	}
}

func containsItem(q *params) check[*draft] {
	field, want := q.needText("field"), q.need("value")
	return func(_ *pass, d *draft) bool {
		return d.anyItem(func(it *item) bool {
			return it.field == field && slices.ContainsFunc(it.values, func(v value) bool { return v.is(want) })
		})
	}
}

// is reports whether a value is the one that a condition names.
func (v value) is(want *node) bool {
	if v.shape != want.shape || len(v.any) != 1 || v.any[0].ask != askPattern {
		return v.shape == shapeNull && want.shape == shapeNull
	}
	return v.any[0].pattern.String() == parsePattern(want.text).String()
}

func ruleApplied(q *params) check[*draft] {
	id := q.needText("processing_item_id")
	return func(p *pass, _ *draft) bool { return p.applied[id] }
}

func itemApplied(q *params) check[*item] {
	id := q.needText("processing_item_id")
	return func(_ *pass, it *item) bool { return slices.Contains(it.applied, id) }
}

func fieldApplied(q *params) check[string] {
	id := q.needText("processing_item_id")
	return func(p *pass, field string) bool { return slices.Contains(p.fieldApplied[field], id) }
}

var stateOperators = []string{"eq", "ne", "gte", "gt", "lte", "lt"}

func stateIs[T any](q *params) check[T] {
	name, want := q.needText("key"), q.need("val")
	op := q.choice("op", stateOperators...)
	return func(p *pass, _ T) bool {
		have, ok := p.state[name]
		return ok && ordered(op, compareTexts(have.text, want.text))
	}
}

// ordered reports whether the order of two values is what an operator asks.
func ordered(op string, order int) bool {
	switch op {
	case "eq", "in":
		return order == 0
	case "ne", "not_in":
		return order != 0
	case "gte":
		return order >= 0
	case "gt":
		return order > 0
	case "lte":
		return order <= 0
	}
	return order < 0
}

// compareTexts orders two texts as numbers where both are.
func compareTexts(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

func ruleAttribute(q *params) check[*draft] {
	name, want := q.needText("attribute"), q.needText("value")
	op := q.choice("op", append(stateOperators, "in", "not_in")...)
	scale := map[string][]string{"level": Levels, "status": statusOrder}[name]
	if scale != nil && !slices.Contains(scale, strings.ToLower(want)) {
		q.fail(malformed(q.at("value"), "%s %q is not one of %s", name, want, strings.Join(scale, ", ")))
	}
	return func(_ *pass, d *draft) bool {
		if list, ok := d.rule.lists()[name]; ok {
			return slices.Contains(list, want) == (op == "in") && (op == "in" || op == "not_in") || op == "ne"
		}
		have, ok := d.attributes[name]
		if !ok {
			return false
		}
		if scale != nil {
			return ordered(op, slices.Index(scale, strings.ToLower(have))-slices.Index(scale, strings.ToLower(want)))
		}
		return ordered(op, compareTexts(have, want))
	}
}

// statusOrder are the statuses, least usable first.
var statusOrder = []string{"unsupported", "deprecated", "experimental", "test", "stable"}

// lists are the attributes of a rule that are lists.
func (r *Rule) lists() map[string][]string {
	return map[string][]string{"tags": r.Tags, "references": r.References, "falsepositives": r.FalsePositives, "fields": r.Fields}
}

func ruleTag(q *params) check[*draft] {
	tag := q.needText("tag")
	return func(_ *pass, d *draft) bool { return slices.Contains(d.rule.Tags, tag) }
}

// overValues makes a condition on the values of an item, any or all of them.
func overValues(q *params, test func(value) bool) check[*item] {
	q.need("cond")
	all := q.choice("cond", "any", "all") == "all"
	return func(_ *pass, it *item) bool {
		for _, v := range it.values {
			if test(v) != all {
				return !all
			}
		}
		return all
	}
}

// pythonMatch compiles an expression that must match from the beginning.
func pythonMatch(q *params, n *node) *regexp.Regexp {
	re, _, err := compileRegexp(n.text, "startswith", "", n.line)
	q.fail(err)
	return re
}

func matchString(q *params) check[*item] {
	re, negate := pythonMatch(q, q.need("pattern")), q.flag("negate")
	return overValues(q, func(v value) bool {
		text, ok := v.plain()
		return (ok && re.MatchString(text)) != negate
	})
}

// plain is a text value as pipelines see it: wildcards as written, escapes
// resolved.
func (v value) plain() (string, bool) {
	if v.shape != shapeString || len(v.any) != 1 || v.any[0].ask != askPattern {
		return "", false
	}
	var b strings.Builder
	for _, part := range v.any[0].pattern {
		switch part.wild {
		case 0:
			b.WriteString(part.lit)
		case '%':
			b.WriteString("%" + part.lit + "%")
		default:
			b.WriteByte(part.wild)
		}
	}
	return b.String(), true
}

func matchValue(q *params) check[*item] {
	want := q.need("value")
	return overValues(q, func(v value) bool { return v.is(want) })
}

func containsWildcard(q *params) check[*item] {
	return overValues(q, func(v value) bool {
		return v.shape == shapeString && slices.ContainsFunc(v.any, func(a *atom) bool {
			return slices.ContainsFunc(a.pattern, func(part piece) bool { return part.wild == '*' || part.wild == '?' })
		})
	})
}

func isNullValue(q *params) check[*item] {
	return overValues(q, func(v value) bool { return v.shape == shapeNull })
}

func fieldNames(q *params, include bool) check[string] {
	names, n := q.list("fields"), q.need("fields")
	if q.choice("mode", "plain", "re") == "plain" {
		return func(_ *pass, field string) bool { return (field != "" && slices.Contains(names, field)) == include }
	}
	var patterns []*regexp.Regexp
	for _, name := range names {
		patterns = append(patterns, pythonMatch(q, &node{text: name, line: n.line}))
	}
	return func(_ *pass, field string) bool {
		matches := func(re *regexp.Regexp) bool { return re.MatchString(field) }
		return (field != "" && slices.ContainsFunc(patterns, matches)) == include
	}
}
