package sigma

import (
	"slices"
	"strings"
)

// draft is a rule that is read but not compiled: what filters and processing
// pipelines work on.
type draft struct {
	rule *Rule
	// sections are the rule's own detection and those of the filters it has.
	sections []*section
	file     *file
	// collected : one of several rules of a collection, which share an id.
	collected bool
	// taxonomy the rule is written in; "" is Sigma's own.
	taxonomy string
	// attributes are the other texts of the document, for pipelines to ask for.
	attributes map[string]string
}

// draft reads one YAML document as a rule.
func (d *detector) draft(doc document) (*draft, error) {
	n := doc.node
	out := &draft{rule: &Rule{Line: n.line}, collected: doc.collected, attributes: map[string]string{}}
	if err := out.rule.describe(n); err != nil {
		return nil, err
	}
	for i, k := range n.keys {
		if n.items[i].scalar() {
			out.attributes[k.name] = n.items[i].text
		}
	}
	if out.taxonomy = strings.ToLower(out.attributes["taxonomy"]); out.taxonomy == "sigma" {
		out.taxonomy = ""
	}
	var err error
	if out.rule.Logsource, err = n.logsource("rule"); err != nil {
		return nil, err
	}
	body := n.get("detection")
	if body == nil {
		return nil, malformed(n.line, "rule has no detection")
	}
	own, err := d.section(body)
	out.sections = []*section{own}
	return out, err
}

// compile makes the rule's condition of its sections, which all must hold.
func (d *draft) compile() error {
	if d.taxonomy != "" {
		return unsupported(d.rule.Line, "taxonomy %q (a processing pipeline may map it)", d.taxonomy)
	}
	var kids []*expr
	for _, s := range d.sections {
		e, err := s.compile()
		switch {
		case err != nil && s.owner != nil:
			s.owner.fail(err) // The rule stays, unfiltered.
		case err != nil:
			return err
		}
		kids = append(kids, e)
	}
	if d.rule.cond = combine(opAnd, kids); d.rule.cond == nil {
		return unsupported(d.rule.Line, "processing pipelines left nothing of the condition")
	}
	return nil
}

// describe reads the fields that say what the rule is.
func (r *Rule) describe(n *node) error {
	err := each(n, text, map[string]*string{
		"id": &r.ID, "name": &r.Name, "title": &r.Title, "status": &r.Status,
		"description": &r.Description, "author": &r.Author, "level": &r.Level,
	})
	if err != nil {
		return err
	}
	err = each(n, texts, map[string]*[]string{
		"tags": &r.Tags, "references": &r.References,
		"falsepositives": &r.FalsePositives, "fields": &r.Fields,
	})
	if err != nil {
		return err
	}
	r.classifyTags()
	return r.check(n)
}

func (r *Rule) check(n *node) error {
	r.Level, r.Status = strings.ToLower(r.Level), strings.ToLower(r.Status)
	switch {
	case r.Title == "":
		return malformed(n.line, "rule has no title")
	case r.Level != "" && !slices.Contains(Levels, r.Level):
		return malformed(n.get("level").line, "level %q is not one of %s", r.Level, strings.Join(Levels, ", "))
	case r.Status != "" && !slices.Contains(statuses, r.Status):
		return malformed(n.get("status").line, "status %q is not one of %s", r.Status, strings.Join(statuses, ", "))
	}
	return nil
}

// each reads the keys of a map that are wanted, in the order of the document.
func each[T any](n *node, read func(*node, string, T) error, want map[string]T) error {
	for i, k := range n.keys {
		to, ok := want[k.name]
		if !ok || n.items[i].shape == shapeNull {
			continue
		}
		if err := read(n.items[i], k.name, to); err != nil {
			return err
		}
	}
	return nil
}

func text(v *node, name string, to *string) error {
	if !v.scalar() {
		return malformed(v.line, "%s must be text", name)
	}
	*to = v.text
	return nil
}

// texts reads a list of texts; a text alone is a list of one.
func texts(v *node, name string, to *[]string) error {
	items := []*node{v}
	if v.shape == shapeList {
		items = v.items
	}
	for _, item := range items {
		if !item.scalar() {
			return malformed(item.line, "%s must be a list of texts", name)
		}
		*to = append(*to, item.text)
	}
	return nil
}

// logsource reads the log source of a document.
func (n *node) logsource(what string) (Logsource, error) {
	var l Logsource
	source := n.get("logsource")
	if source == nil {
		return l, malformed(n.line, "%s has no logsource", what)
	}
	if source.shape != shapeMap {
		return l, malformed(source.line, "logsource must be a map")
	}
	if err := source.readLogsource(&l); err != nil {
		return l, err
	}
	if l == (Logsource{}) {
		return l, malformed(source.line, "logsource names no product, category or service")
	}
	return l, nil
}

// readLogsource reads product, category and service of a map, in lower case.
func (n *node) readLogsource(l *Logsource) error {
	err := each(n, text, map[string]*string{
		"product": &l.Product, "category": &l.Category, "service": &l.Service,
	})
	l.Product, l.Category, l.Service = strings.ToLower(l.Product), strings.ToLower(l.Category), strings.ToLower(l.Service)
	return err
}
