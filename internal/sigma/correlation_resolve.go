package sigma

import "slices"

// pendingCorrelation is a correlation whose references are names yet.
type pendingCorrelation struct {
	rule  *Rule
	file  *file
	state visit
	fault error
}

// visit is how far the walk through references is with a correlation.
type visit uint8

const (
	notVisited visit = iota
	visiting
	visited
)

// resolver finds the rules that correlations refer to.
type resolver struct {
	byName  map[string][]*Rule
	pending map[*Rule]*pendingCorrelation
	// done are the correlations that can be in force, each behind those it
	// refers to.
	done []*Rule
}

// resolve finds the rules that the correlations refer to, and returns the
// correlations that can be in force, each behind those it refers to. The
// others are faults of their files: a correlation of a rule that is not in
// force is not in force either.
func resolve(rules []*Rule, list []*pendingCorrelation) []*Rule {
	res := resolver{byName: map[string][]*Rule{}, pending: map[*Rule]*pendingCorrelation{}}
	for _, r := range rules {
		res.name(r)
	}
	for _, p := range list {
		res.name(p.rule)
		res.pending[p.rule] = p
	}
	for _, p := range list {
		if err := res.visit(p); err != nil {
			p.file.fail(err)
		}
	}
	return res.done
}

func (res *resolver) name(r *Rule) {
	for _, name := range []string{r.ID, r.Name} {
		if name != "" && !slices.Contains(res.byName[name], r) {
			res.byName[name] = append(res.byName[name], r)
		}
	}
}

// visit resolves one correlation behind those it refers to.
func (res *resolver) visit(p *pendingCorrelation) error {
	if p.state != notVisited {
		return p.fault
	}
	p.state = visiting
	p.fault = res.references(p)
	p.state = visited
	if p.fault == nil {
		res.done = append(res.done, p.rule)
	}
	return p.fault
}

func (res *resolver) references(p *pendingCorrelation) error {
	c := p.rule.Correlation
	for i := range c.References {
		ref := &c.References[i]
		ref.Rules = res.byName[ref.Name]
		if len(ref.Rules) == 0 {
			return unsupported(ref.line, "no rule with the id or name %q is in force", ref.Name)
		}
		for _, r := range ref.Rules {
			inner := res.pending[r]
			if inner == nil {
				continue
			}
			if inner.state == visiting {
				return malformed(ref.line, "the correlation refers to itself through %q", ref.Name)
			}
			if err := res.visit(inner); err != nil {
				return unsupported(ref.line, "the correlation %q is not in force", ref.Name)
			}
		}
	}
	return c.resolveAliases()
}

// resolveAliases finds the references that the aliases speak of.
func (c *Correlation) resolveAliases() error {
	for i := range c.aliases {
		a := &c.aliases[i]
		for name, field := range a.byRule {
			at := slices.IndexFunc(c.References, func(r Reference) bool {
				return r.Name == name || slices.ContainsFunc(r.Rules, func(rule *Rule) bool { return rule.Name == name || rule.ID == name })
			})
			if at < 0 {
				return malformed(a.line, "alias %s is about %q, which the correlation does not refer to", a.name, name)
			}
			a.fields[at] = field
		}
	}
	return nil
}

// explainCorrelation says which of the rules an event satisfies, and in which
// group it counts. It holds if the event contributes: whether it completes a
// match depends on the events before it.
func (r *Rule) explainCorrelation(rec Record) Explanation {
	c := r.Correlation
	out := Explanation{Part: c.String(), Line: r.Line}
	for i := range c.References {
		part := c.explainReference(i, rec)
		out.Holds = out.Holds || part.Holds
		out.Parts = append(out.Parts, part)
	}
	return out
}

func (c *Correlation) explainReference(i int, rec Record) Explanation {
	ref := &c.References[i]
	rules := Explanation{Part: "or", Line: ref.line}
	for _, r := range ref.Rules {
		part := Explanation{Part: "log source " + r.Logsource.String(), Line: r.Line, Values: []string{rec.Logsource().String()}}
		if r.Correlation != nil || r.Logsource.Covers(rec.Logsource()) {
			part = r.Explain(rec)
		}
		rules.Holds = rules.Holds || part.Holds
		rules.Parts = append(rules.Parts, part)
	}
	if len(rules.Parts) == 1 {
		rules = rules.Parts[0]
	}
	out := Explanation{Part: "and", Detection: ref.Name, Holds: rules.Holds, Line: ref.line, Parts: []Explanation{rules}}
	for _, name := range slices.Concat(c.GroupBy, c.Fields) {
		field := explainField(rec, name, c.Field(name, i))
		field.Line = ref.line
		out.Holds = out.Holds && field.Holds
		out.Parts = append(out.Parts, field)
	}
	return out
}

// explainField says what a field that groups or counts holds.
func explainField(rec Record, name, field string) Explanation {
	if field == "" {
		return Explanation{Part: "the alias " + name + " gives this rule no field"}
	}
	exists := atom{field: field, ask: askExists}
	return exists.explain(rec)
}
