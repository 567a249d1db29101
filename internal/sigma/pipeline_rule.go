package sigma

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// addCondition asks for more: items that must hold, or with negated must not.
func addCondition(q *params) transformation {
	conditions, name := q.need("conditions"), q.text("name", "")
	template, negated := q.flag("template"), q.flag("negated")
	d := detector{}
	if conditions.shape != shapeMap {
		q.fail(malformed(conditions.line, "conditions must be a map"))
	} else {
		_, err := d.items(conditions)
		q.fail(err)
	}
	if name != "" && len(tokenize(name)) != 1 {
		q.fail(malformed(q.at("name"), "name %q must be one word", name))
	}
	return func(p *pass) error {
		items := conditions
		if template {
			items = conditions.fillIn(p.rule.Logsource)
		}
		added, err := d.items(items)
		if err != nil {
			return err
		}
		added.name = name
		if name == "" {
			p.conditions++
			added.name = fmt.Sprintf("_condition_%d", p.conditions)
		}
		return p.require(added, negated)
	}
}

// require adds a search that every condition of the rule must hold beside.
func (p *pass) require(added *search, negated bool) error {
	own := p.sections[0]
	if slices.ContainsFunc(own.searches, func(s *search) bool { return s.name == added.name }) {
		return unsupported(p.rule.Line, "pipeline adds condition %q, which the rule has", added.name)
	}
	own.searches = append(own.searches, added)
	prefix := ""
	if negated {
		prefix = "not "
	}
	for i, c := range own.conditions {
		if err := p.spend(len(c.text)); err != nil {
			return err
		}
		own.conditions[i].text = prefix + added.name + " and (" + c.text + ")"
	}
	return nil
}

// logsourcePart is a part of the log source in the template of a condition.
var logsourcePart = regexp.MustCompile(`\$(?:(?:product|category|service)\b|\{(?:product|category|service)\})`)

// fillIn replaces $product, $category and $service in every text.
func (n *node) fillIn(source Logsource) *node {
	out := *n
	parts := map[string]string{"product": source.Product, "category": source.Category, "service": source.Service}
	out.text = logsourcePart.ReplaceAllStringFunc(n.text, func(s string) string {
		return parts[strings.Trim(s, "${}")]
	})
	out.items = nil
	for _, item := range n.items {
		out.items = append(out.items, item.fillIn(source))
	}
	return &out
}

func changeLogsource(q *params) transformation {
	var to Logsource
	q.fail(q.readLogsource(&to))
	q.read["product"], q.read["category"], q.read["service"] = true, true, true
	if to == (Logsource{}) {
		q.fail(malformed(q.line, "log source names no product, category or service"))
	}
	return func(p *pass) error {
		p.rule.Logsource = to
		return nil
	}
}

func addFields(q *params) transformation {
	q.need("field")
	fields := q.list("field")
	return func(p *pass) error {
		p.rule.Fields = append(p.rule.Fields, fields...)
		return nil
	}
}

func removeFields(q *params) transformation {
	q.need("field")
	fields := q.list("field")
	return func(p *pass) error {
		p.rule.Fields = slices.DeleteFunc(p.rule.Fields, func(f string) bool { return slices.Contains(fields, f) })
		return nil
	}
}

func setFields(q *params) transformation {
	q.need("fields")
	fields := q.list("fields")
	return func(p *pass) error {
		p.rule.Fields = slices.Clone(fields)
		return nil
	}
}

func setState(q *params) transformation {
	name, val := q.needText("key"), q.need("val")
	return func(p *pass) error {
		p.state[name] = val
		return nil
	}
}

func setAttribute(q *params) transformation {
	name, val := q.needText("attribute"), q.needText("value")
	return func(p *pass) error {
		p.attributes[name] = val
		return nil
	}
}

func failRule(q *params) transformation {
	message := q.needText("message")
	return func(p *pass) error { return unsupported(p.rule.Line, "%s", message) }
}

// nest runs transformations of its own where its conditions hold.
func nest(q *params) transformation {
	steps, err := parseSteps(q.need("items"))
	q.fail(err)
	return func(p *pass) error {
		outer := p.step
		err := p.runSteps(steps)
		p.step = outer
		return err
	}
}
