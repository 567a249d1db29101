package sigma

import (
	"slices"
	"strings"
)

// renamer gives the names that stand for a field, nil where it has none.
type renamer func(field string) []string

func mapFields(q *params) transformation {
	mapping := map[string][]string{}
	for _, m := range q.mapping("mapping") {
		mapping[m.from] = m.to
	}
	return rename(func(field string) []string { return mapping[field] })
}

func mapPrefixes(q *params) transformation {
	mapping := q.mapping("mapping")
	return rename(func(field string) []string {
		for _, m := range mapping {
			if rest, ok := strings.CutPrefix(field, m.from); ok {
				var names []string
				for _, to := range m.to {
					names = append(names, to+rest)
				}
				return names
			}
		}
		return nil
	})
}

func prefixFields(q *params) transformation {
	prefix := q.needText("prefix")
	return rename(func(field string) []string { return []string{prefix + field} })
}

func suffixFields(q *params) transformation {
	suffix := q.needText("suffix")
	return rename(func(field string) []string { return []string{field + suffix} })
}

// rename is a transformation of names: of items, of what |fieldref names, and
// of the fields that the rule suggests to look at.
func rename(names renamer) transformation {
	return func(p *pass) error {
		var fields []string
		for _, field := range p.rule.Fields {
			fields = append(fields, p.renamed(field, names)...)
			if err := p.spend(len(fields)); err != nil {
				return err
			}
		}
		p.rule.Fields = fields
		return p.rewriteItems(func(it *item) (*search, error) { return p.renameItem(it, names) })
	}
}

// renamed applies a renamer to a name that passes the step's conditions, and
// tracks it.
func (p *pass) renamed(field string, names renamer) []string {
	if field == "" || !p.step.field.holds(p, field) {
		return []string{field}
	}
	to := names(field)
	if len(to) == 0 {
		return []string{field}
	}
	history := p.fieldApplied[field]
	if id := p.step.id; id != "" && !slices.Contains(history, id) {
		history = append(slices.Clone(history), id)
	}
	for _, name := range to {
		p.mapped[name] = true
		p.fieldApplied[name] = history
	}
	return to
}

// renameItem renames the field of an item and those its values refer to; nil
// if nothing changes. An item of several names holds if it does for any.
func (p *pass) renameItem(it *item, names renamer) (*search, error) {
	changed := p.renameReferences(it, names)
	to := p.renamed(it.field, names)
	if !changed && slices.Equal(to, []string{it.field}) {
		return nil, nil
	}
	if err := p.spend(len(to) * (1 + len(it.values))); err != nil {
		return nil, err
	}
	out := &search{op: opOr}
	for _, name := range to {
		named := it.clone()
		named.field = name
		out.parts = append(out.parts, &search{item: named})
	}
	if len(out.parts) == 1 {
		return out.parts[0], nil
	}
	return out, nil
}

// renameReferences renames the fields that |fieldref values name.
func (p *pass) renameReferences(it *item, names renamer) (changed bool) {
	var values []value
	for _, v := range it.values {
		other, ok := v.reference()
		if !ok {
			values = append(values, v)
			continue
		}
		for _, name := range p.renamed(other, names) {
			a := *v.any[0]
			a.other = name
			values = append(values, value{shape: v.shape, any: []*atom{&a}, line: v.line})
			changed = changed || name != other
		}
	}
	it.values = values
	return changed
}

func dropItems(*params) transformation {
	return func(p *pass) error {
		return p.rewriteItems(func(*item) (*search, error) { return &search{op: opAnd}, nil })
	}
}

// splitHashes turns "Hashes: SHA256=…" into a field of its own for each
// algorithm.
func splitHashes(q *params) transformation {
	algorithms, prefix, drop := q.list("valid_hash_algos"), q.text("field_prefix", ""), q.flag("drop_algo_prefix")
	q.need("valid_hash_algos")
	return func(p *pass) error {
		return p.rewriteItems(func(it *item) (*search, error) {
			out := &search{op: opOr}
			byField := map[string]*item{}
			for _, v := range it.values {
				text, ok := v.plain()
				if !ok {
					return nil, nil
				}
				algorithm, digest := splitHash(text)
				if !slices.Contains(algorithms, algorithm) {
					continue
				}
				field := prefix
				if !drop {
					field += algorithm
				}
				if byField[field] == nil {
					byField[field] = &item{field: field, line: it.line}
					out.parts = append(out.parts, &search{item: byField[field]})
				}
				byField[field].values = append(byField[field].values, v.with(pattern(nil).literal(digest)))
			}
			if len(out.parts) == 0 {
				return nil, unsupported(it.line, "%s: no hash of %s", it.field, strings.Join(algorithms, ", "))
			}
			return out, nil
		})
	}
}

// hashLengths are algorithms by the length of their digests in hexadecimal.
var hashLengths = map[int]string{32: "MD5", 40: "SHA1", 64: "SHA256", 128: "SHA512"}

// splitHash reads ALGORITHM=DIGEST, ALGORITHM|DIGEST or a digest alone.
func splitHash(text string) (algorithm, digest string) {
	text = strings.Trim(text, "*")
	for _, sign := range []string{"|", "="} {
		if before, after, found := strings.Cut(text, sign); found {
			return strings.ToUpper(before), after
		}
	}
	return hashLengths[len(text)], text
}

func failItems(q *params) transformation {
	message := q.needText("message")
	return func(p *pass) error {
		return p.rewriteItems(func(it *item) (*search, error) {
			return nil, unsupported(it.line, "%s: %s", it.field, message)
		})
	}
}

// failUnmapped refuses a rule with a field that no mapping knew.
func failUnmapped(*params) transformation {
	return func(p *pass) error {
		var unknown error
		p.anyItem(func(it *item) bool {
			if unknown == nil && it.field != "" && !p.mapped[it.field] {
				unknown = unsupported(it.line, "field %s is in no mapping", it.field)
			}
			return false
		})
		return unknown
	}
}
