package sigma

import "slices"

// transformations by their type.
var transformations map[string]func(*params) transformation

// The table is filled here because nested transformations refer to it.
func init() {
	transformations = map[string]func(*params) transformation{
		"field_name_mapping":           mapFields,
		"field_name_prefix_mapping":    mapPrefixes,
		"field_name_prefix":            prefixFields,
		"field_name_suffix":            suffixFields,
		"drop_detection_item":          dropItems,
		"hashes_fields":                splitHashes,
		"detection_item_failure":       failItems,
		"wildcard_placeholders":        wildcardPlaceholders,
		"value_placeholders":           valuePlaceholders,
		"replace_string":               replaceStrings,
		"map_string":                   mapStrings,
		"case":                         changeCase,
		"regex":                        caseOfValues,
		"set_value":                    setValues,
		"convert_type":                 convertValues,
		"add_condition":                addCondition,
		"change_logsource":             changeLogsource,
		"add_field":                    addFields,
		"remove_field":                 removeFields,
		"set_field":                    setFields,
		"set_state":                    setState,
		"set_custom_attribute":         setAttribute,
		"rule_failure":                 failRule,
		"strict_field_mapping_failure": failUnmapped,
		"nest":                         nest,
	}
}

// rewriteItems calls f for every item that the step's conditions let pass. f
// changes the item, or returns what stands in its place; a search without item
// and parts is none.
func (p *pass) rewriteItems(f func(*item) (*search, error)) error {
	for _, s := range p.sections {
		for _, named := range s.searches {
			if err := p.rewrite(named, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pass) rewrite(s *search, f func(*item) (*search, error)) error {
	if err := p.spend(1); err != nil {
		return err
	}
	for _, part := range s.parts {
		if err := p.rewrite(part, f); err != nil {
			return err
		}
	}
	if s.item == nil || !p.step.item.holds(p, s.item) || !p.fieldsPass(s.item) {
		return nil
	}
	instead, err := f(s.item)
	if err != nil || instead == nil {
		return err
	}
	s.op, s.item, s.parts = instead.op, instead.item, instead.parts
	s.each(func(it *item) {
		if id := p.step.id; id != "" && !slices.Contains(it.applied, id) {
			it.applied = append(it.applied, id)
		}
	})
	return nil
}

// fieldsPass reports whether the name of an item's field, or of one that its
// values refer to, passes the step's conditions on names.
func (p *pass) fieldsPass(it *item) bool {
	if p.step.field.holds(p, it.field) {
		return true
	}
	return slices.ContainsFunc(it.values, func(v value) bool {
		other, ok := v.reference()
		return ok && p.step.field.holds(p, other)
	})
}

// reference is the field that a |fieldref value names.
func (v value) reference() (string, bool) {
	if len(v.any) == 1 && v.any[0].ask == askField {
		return v.any[0].other, true
	}
	return "", false
}

// rewriteValues replaces every value that the step's conditions let pass by
// those that f returns, where it says so.
func (p *pass) rewriteValues(f func(*item, value) ([]value, bool, error)) error {
	return p.rewriteItems(func(it *item) (*search, error) {
		var values []value
		changed := false
		for _, v := range it.values {
			instead, ok, err := f(it, v)
			if err != nil {
				return nil, err
			}
			if !ok {
				instead = []value{v}
			}
			changed = changed || ok
			if err := p.spend(len(instead)); err != nil {
				return nil, err
			}
			values = append(values, instead...)
		}
		if !changed {
			return nil, nil
		}
		it.values = values
		return &search{item: it}, nil
	})
}

// rewriteStrings is rewriteValues for text patterns alone.
func (p *pass) rewriteStrings(f func(value) ([]pattern, bool, error)) error {
	return p.rewriteValues(func(_ *item, v value) ([]value, bool, error) {
		if v.shape != shapeString || len(v.any) != 1 || v.any[0].ask != askPattern {
			return nil, false, nil
		}
		patterns, ok, err := f(v)
		var out []value
		for _, q := range patterns {
			out = append(out, v.with(q))
		}
		return out, ok, err
	})
}

// with is the value with another pattern.
func (v value) with(p pattern) value {
	a := *v.any[0]
	a.pattern = p
	v.any = []*atom{&a}
	return v
}
