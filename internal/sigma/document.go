package sigma

import (
	"slices"
	"strings"
)

// document loads one YAML document as a rule.
func (d *detector) document(n *node, file string) (*Rule, error) {
	if n.shape != shapeMap {
		return nil, malformed(n.line, "a rule must be a map")
	}
	if err := refuseOtherKinds(n); err != nil {
		return nil, err
	}
	r := &Rule{File: file, Line: n.line}
	if err := r.describe(n); err != nil {
		return nil, err
	}
	source, section := n.get("logsource"), n.get("detection")
	if source == nil {
		return nil, malformed(n.line, "rule has no logsource")
	}
	if section == nil {
		return nil, malformed(n.line, "rule has no detection")
	}
	var err error
	if r.Logsource, err = logsource(source); err != nil {
		return nil, err
	}
	r.cond, err = d.detection(section)
	return r, err
}

// refuseOtherKinds names the documents of the Sigma family that are not
// single-event rules.
func refuseOtherKinds(n *node) error {
	for _, k := range n.keys {
		switch k.name {
		case "correlation":
			return unsupported(k.line, "correlation rule")
		case "filter":
			return unsupported(k.line, "filter")
		case "action":
			return unsupported(k.line, "action (collections of Sigma 1)")
		}
	}
	return nil
}

// describe reads the fields that say what the rule is.
func (r *Rule) describe(n *node) error {
	err := each(n, text, map[string]*string{
		"id": &r.ID, "title": &r.Title, "status": &r.Status,
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

func logsource(n *node) (Logsource, error) {
	var l Logsource
	if n.shape != shapeMap {
		return l, malformed(n.line, "logsource must be a map")
	}
	err := each(n, text, map[string]*string{
		"product": &l.Product, "category": &l.Category, "service": &l.Service,
	})
	if err != nil {
		return l, err
	}
	l.Product, l.Category, l.Service = strings.ToLower(l.Product), strings.ToLower(l.Category), strings.ToLower(l.Service)
	if l == (Logsource{}) {
		return l, malformed(n.line, "logsource names no product, category or service")
	}
	return l, nil
}
