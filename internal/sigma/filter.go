package sigma

import "strings"

// filter is a Sigma filter: a condition that events must satisfy beside those
// of the rules it names, as the reference implementation has it. A filter that
// leaves events out therefore reads "condition: not selection".
type filter struct {
	id, title string
	source    Logsource
	// rules are ids and names; nil stands for every rule of the log source.
	rules   []sentence
	section *section
}

// filter reads one filter document.
func (d *detector) filter(n *node) (*filter, error) {
	f := &filter{}
	err := each(n, text, map[string]*string{"id": &f.id, "title": &f.title})
	if err != nil {
		return nil, err
	}
	if f.title == "" {
		return nil, malformed(n.line, "filter has no title")
	}
	if f.source, err = n.logsource("filter"); err != nil {
		return nil, err
	}
	body := n.get("filter")
	if body.shape != shapeMap {
		return nil, malformed(body.line, "filter must be a map")
	}
	if f.rules, err = filterRules(body); err != nil {
		return nil, err
	}
	if c := body.get("condition"); c != nil && c.shape == shapeList {
		return nil, malformed(c.line, "condition of a filter must be one text")
	}
	if f.section, err = d.section(body.without("rules")); err != nil {
		return nil, err
	}
	if len(f.section.searches) == 0 {
		return nil, malformed(body.line, "filter has no selection")
	}
	f.section.label = "filter " + f.title
	if !f.section.open() {
		_, err = f.section.compile()
	}
	return f, err
}

// filterRules reads which rules a filter is for: "any", or ids and names.
func filterRules(body *node) ([]sentence, error) {
	n := body.get("rules")
	if n == nil || n.shape == shapeNull {
		return nil, malformed(body.line, "filter names no rules (any is for all of its log source)")
	}
	var names []string
	if err := texts(n, "rules", &names); err != nil {
		return nil, err
	}
	if n.scalar() && (strings.EqualFold(n.text, "any") || strings.EqualFold(n.text, "all")) {
		return nil, nil
	}
	var rules []sentence
	for i, name := range names {
		line := n.line
		if n.shape == shapeList {
			line = n.items[i].line
		}
		rules = append(rules, sentence{name, line})
	}
	if len(rules) == 0 {
		return nil, malformed(n.line, "filter names no rules (any is for all of its log source)")
	}
	return rules, nil
}

// filterAll adds every filter to the rules it is for.
func (l *loader) filterAll() {
	byName := map[string][]*draft{}
	for _, d := range l.drafts {
		for _, name := range []string{d.rule.ID, d.rule.Name} {
			if name != "" {
				byName[name] = append(byName[name], d)
			}
		}
	}
	for _, f := range l.filters {
		if f.rules == nil {
			f.addTo(l.drafts)
			continue
		}
		for _, name := range f.rules {
			if err := f.addNamed(name, byName[name.text]); err != nil {
				f.section.owner.fail(err)
			}
		}
	}
}

// addTo adds the filter to those of the rules that are of its log source, and
// returns how many they are.
func (f *filter) addTo(drafts []*draft) int {
	n := 0
	for _, d := range drafts {
		if f.source.Covers(d.rule.Logsource) {
			d.sections = append(d.sections, f.section)
			n++
		}
	}
	return n
}

// addNamed names a rule that is not there, or of another log source: the
// filter hides nothing there, which nobody should have to find out.
func (f *filter) addNamed(name sentence, drafts []*draft) error {
	switch {
	case len(drafts) == 0:
		return unsupported(name.line, "filter names rule %s, which is not loaded", name.text)
	case f.addTo(drafts) == 0:
		return unsupported(name.line, "filter is for %s, rule %s for %s", f.source, name.text, drafts[0].rule.Logsource)
	}
	return nil
}
