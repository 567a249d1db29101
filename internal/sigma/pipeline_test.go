package sigma

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// withPipelines loads a rule through pipelines.
func withPipelines(rule string, pipelines ...string) (*Set, *Report) {
	fsys := fstest.MapFS{"r.yml": {Data: []byte(rule)}}
	for i, p := range pipelines {
		fsys[fmt.Sprintf("pipelines/%d.yml", i)] = &fstest.MapFile{Data: []byte(p)}
	}
	return Load(fsys)
}

// steps makes a pipeline of transformations.
func steps(list ...string) string {
	out := "transformations:\n"
	for _, item := range list {
		out += "  - " + strings.ReplaceAll(strings.TrimSpace(item), "\n", "\n    ") + "\n"
	}
	return out
}

const (
	plainRule = "s:\n  a: x\n  b|contains: y\ncondition: s"
	onlyLinux = "\nrule_conditions:\n  - type: logsource\n    product: linux"
)

// TestTransformations : a rule, a pipeline, and the records that the rule then
// matches and leaves alone.
func TestTransformations(t *testing.T) {
	for _, c := range []struct {
		name, detection, pipeline string
		yes, no                   []flat
	}{
		{
			"field_name_mapping", plainRule, steps("type: field_name_mapping\nmapping: {a: aa}"),
			[]flat{{"aa": "x", "b": "1y"}},
			[]flat{{"a": "x", "b": "y"}},
		},
		{
			"mapping to several fields", plainRule, steps("type: field_name_mapping\nmapping: {a: [p, q]}"),
			[]flat{{"p": "x", "b": "y"}, {"q": "x", "b": "y"}},
			[]flat{{"a": "x", "b": "y"}},
		},
		{
			"mapping to several fields, negated", "s:\n  a|neq: x\ncondition: s", steps("type: field_name_mapping\nmapping: {a: [p, q]}"),
			[]flat{{"p": "x", "q": "z"}},
			[]flat{{"p": "x", "q": "x"}},
		},
		{
			"mapping of a reference", "s:\n  a|fieldref: b\ncondition: s", steps("type: field_name_mapping\nmapping: {a: p, b: [q, r]}"),
			[]flat{{"p": "x", "q": "x"}, {"p": "x", "r": "x"}},
			[]flat{{"a": "x", "b": "x"}, {"p": "x", "b": "x"}},
		},
		{
			"field_name_prefix_mapping", "s:\n  win.a: x\n  b: y\ncondition: s", steps("type: field_name_prefix_mapping\nmapping: {win.: event., b: c}"),
			[]flat{{"event.a": "x", "c": "y"}},
			[]flat{{"win.a": "x", "b": "y"}},
		},
		{
			"field_name_prefix and suffix", plainRule, steps("type: field_name_prefix\nprefix: p_", "type: field_name_suffix\nsuffix: _s"),
			[]flat{{"p_a_s": "x", "p_b_s": "y"}},
			[]flat{{"a": "x", "b": "y"}},
		},
		{
			"keywords keep having no field", "k:\n  - word\ncondition: k", steps("type: field_name_prefix\nprefix: p_"),
			[]flat{{"z": "a word"}},
			[]flat{{"z": "x"}},
		},
		{
			"drop_detection_item", plainRule, steps("type: drop_detection_item\nfield_name_conditions:\n  - type: include_fields\n    fields: [a]"),
			[]flat{{"b": "y"}},
			[]flat{{"a": "x"}},
		},
		{
			"dropping a whole search", "s:\n  a: x\nf:\n  b: y\ncondition: s and not f", steps("type: drop_detection_item\nfield_name_conditions:\n  - {type: exclude_fields, fields: [a]}"),
			[]flat{{"a": "x", "b": "y"}},
			[]flat{{"b": "z"}},
		},
		{
			"add_condition", plainRule, steps("type: add_condition\nconditions:\n  index: [one, two]\n  c|startswith: z"),
			[]flat{{"a": "x", "b": "y", "index": "two", "c": "zz"}},
			[]flat{{"a": "x", "b": "y"}, {"a": "x", "b": "y", "index": "one"}, {"index": "one", "c": "z"}},
		},
		{
			"add_condition to each of several", "s:\n  a: x\nt:\n  b: y\ncondition:\n  - s\n  - t", steps("type: add_condition\nconditions: {c: z}"),
			[]flat{{"a": "x", "c": "z"}, {"b": "y", "c": "z"}},
			[]flat{{"a": "x"}, {"b": "y"}, {"c": "z"}},
		},
		{
			"add_condition is not one of them", "s:\n  a: x\ncondition: all of them", steps("type: add_condition\nconditions: {c: z}\nnegated: true"),
			[]flat{{"a": "x"}, {"a": "x", "c": "y"}},
			[]flat{{"a": "x", "c": "z"}, {"c": "y"}},
		},
		{
			"add_condition from a template", plainRule, steps("type: add_condition\ntemplate: true\nconditions: {index: 'logs-$product-${service}-$other'}"),
			[]flat{{"a": "x", "b": "y", "index": "logs-linux--$other"}},
			[]flat{{"a": "x", "b": "y"}},
		},
		{
			"change_logsource", plainRule, steps("type: change_logsource\nproduct: other"),
			nil,
			[]flat{{"a": "x", "b": "y"}},
		},
		{
			"replace_string", `s: {a: 'C:\Windows\*.exe'}` + "\ncondition: s", steps("type: replace_string\nregex: '^C:.(Win)dows'\nreplacement: '/\\1'"),
			[]flat{{"a": `/Win\x.exe`}},
			[]flat{{"a": `C:\Windows\x.exe`}, {"a": `/Win\x.txt`}},
		},
		{
			"replace_string reads wildcards", "s: {a: 'x-y'}\ncondition: s", steps("type: replace_string\nregex: '-'\nreplacement: '*'"),
			[]flat{{"a": "xqqy"}},
			[]flat{{"a": "x"}},
		},
		{
			"replace_string of literals alone", "s: {a: 'x-*-y'}\ncondition: s", steps("type: replace_string\nregex: '[-*]'\nreplacement: '*'\nskip_special: true"),
			[]flat{{"a": "x*qq*y"}},
			[]flat{{"a": "xqqy"}},
		},
		{
			"its literals interpreted", "s: {a: 'x-y'}\ncondition: s", steps("type: replace_string\nregex: '-'\nreplacement: '*'\nskip_special: true\ninterpret_special: true"),
			[]flat{{"a": "xqqy"}},
			[]flat{{"a": "x"}},
		},
		{
			"map_string", "s: {a: [one, two, three]}\ncondition: s", steps("type: map_string\nmapping: {one: '1', two: [2a, 2*b]}"),
			[]flat{{"a": "1"}, {"a": "2a"}, {"a": "2xb"}, {"a": "three"}},
			[]flat{{"a": "one"}, {"a": "two"}},
		},
		{
			"map_string sees wildcards", "s: {a|contains: one}\ncondition: s", steps("type: map_string\nmapping: {one: x, '*one*': y}"),
			[]flat{{"a": "y"}},
			[]flat{{"a": "x"}, {"a": "one"}},
		},
		{
			"value_placeholders", "s: {a|expand|startswith: '%one%-%two%'}\ncondition: s", "vars: {one: [x, y?], two: 7}\n" + steps("type: value_placeholders"),
			[]flat{{"a": "x-77"}, {"a": "yz-7"}},
			[]flat{{"a": "y-7"}, {"a": "%one%-7"}},
		},
		{
			"placeholders by name", "s: {a|expand: '%one%%two%'}\ncondition: s", "vars: {one: x, two: z}\n" + steps("type: value_placeholders\ninclude: [one]", "type: wildcard_placeholders\nexclude: [one]"),
			[]flat{{"a": "xqq"}, {"a": "x"}},
			[]flat{{"a": "q"}},
		},
		{
			"regex: plain minds case", "s: {a: X*}\ncondition: s", steps("type: regex\nmethod: plain"),
			[]flat{{"a": "Xy"}},
			[]flat{{"a": "xy"}},
		},
		{"regex: no case as ever", "s: {a: X*}\ncondition: s", steps("type: regex"), []flat{{"a": "xy"}}, []flat{{"a": "y"}}},
		{"case", "s: {a|cased: xY}\ncondition: s", steps("type: case\nmethod: upper"), []flat{{"a": "XY"}}, []flat{{"a": "xY"}}},
		{"set_value", "s: {a: x}\ncondition: s", steps("type: set_value\nvalue: 5"), []flat{{"a": 5}}, []flat{{"a": "x"}}},
		{"set_value null", "s: {a: x}\ncondition: s", steps("type: set_value\nvalue: null"), []flat{{}}, []flat{{"a": "x"}}},
		{
			"convert_type", "s: {a: '05.0'}\ncondition: s", steps("type: convert_type\ntarget_type: num"),
			[]flat{{"a": 5}},
			[]flat{{"a": "05.0"}},
		},
		{
			"hashes_fields", "s: {Hashes|contains: ['SHA256=ABC', 'md5|def', 'X=1']}\ncondition: s",
			steps("type: hashes_fields\nvalid_hash_algos: [MD5, SHA256]\nfield_prefix: file."),
			[]flat{{"file.SHA256": "abc"}, {"file.MD5": "DEF"}},
			[]flat{{"Hashes": "SHA256=ABC"}, {"file.SHA256": "def"}},
		},
		{
			"nest", plainRule, steps("type: nest\nitems:\n  - {type: field_name_mapping, mapping: {a: p}}\n  - {type: field_name_mapping, mapping: {b: q}}" + onlyLinux),
			[]flat{{"p": "x", "q": "y"}},
			[]flat{{"a": "x", "b": "y"}},
		},
		{
			"nothing for other rules", plainRule, steps("type: rule_failure\nmessage: no\nrule_conditions: [{type: logsource, product: windows}]"),
			[]flat{{"a": "x", "b": "y"}},
			[]flat{{"a": "x"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, report := withPipelines(rule(c.detection), c.pipeline)
			if report.Loaded != 2 {
				t.Fatalf("%+v\n%s", report, c.pipeline)
			}
			for i, rec := range append(append([]flat{}, c.yes...), c.no...) {
				if got := len(set.Match(rec, nil)) == 1; got != (i < len(c.yes)) {
					t.Errorf("%v: %t", rec, got)
				}
			}
		})
	}
}

// TestConditionsOfTransformations : each is put before a mapping of a to p.
func TestConditionsOfTransformations(t *testing.T) {
	const described = "id: r1\nlevel: high\nstatus: test\ndate: 2024-03-04\ncustom: 7\ntags: [attack.execution]\n"
	mark := "id: mark\ntype: set_state\nkey: seen\nval: 3"
	first := "id: first\ntype: field_name_mapping\nmapping: {b: bb}"
	for conditions, want := range map[string]bool{
		"rule_conditions: [{type: logsource, category: x}]":                                                                                               false,
		"rule_conditions: [{type: contains_field, field: a}]":                                                                                             true,
		"rule_conditions: [{type: contains_field, field: z}]":                                                                                             false,
		"rule_conditions: [{type: contains_detection_item, field: a, value: x}]":                                                                          true,
		"rule_conditions: [{type: contains_detection_item, field: a, value: X}]":                                                                          false,
		"rule_conditions: [{type: contains_detection_item, field: n, value: 5}]":                                                                          true,
		"rule_conditions: [{type: contains_detection_item, field: n, value: '5'}]":                                                                        false,
		"rule_conditions: [{type: processing_item_applied, processing_item_id: mark}]":                                                                    true,
		"rule_conditions: [{type: processing_item_applied, processing_item_id: other}]":                                                                   false,
		"rule_conditions: [{type: processing_state, key: seen, val: 3}]":                                                                                  true,
		"rule_conditions: [{type: processing_state, key: seen, val: 3, op: gt}]":                                                                          false,
		"rule_conditions: [{type: processing_state, key: seen, val: 10, op: lt}]":                                                                         true,
		"rule_conditions: [{type: processing_state, key: unseen, val: 3, op: ne}]":                                                                        false,
		"rule_conditions: [{type: is_sigma_rule}]":                                                                                                        true,
		"rule_conditions: [{type: is_sigma_correlation_rule}]":                                                                                            false,
		"rule_conditions: [{type: rule_attribute, attribute: level, value: medium, op: gte}]":                                                             true,
		"rule_conditions: [{type: rule_attribute, attribute: level, value: critical, op: gte}]":                                                           false,
		"rule_conditions: [{type: rule_attribute, attribute: status, value: stable, op: lt}]":                                                             true,
		"rule_conditions: [{type: rule_attribute, attribute: date, value: '2024-01-01', op: gt}]":                                                         true,
		"rule_conditions: [{type: rule_attribute, attribute: custom, value: 10, op: lte}]":                                                                true,
		"rule_conditions: [{type: rule_attribute, attribute: id, value: r1}]":                                                                             true,
		"rule_conditions: [{type: rule_attribute, attribute: tags, value: attack.execution, op: in}]":                                                     true,
		"rule_conditions: [{type: rule_attribute, attribute: tags, value: attack.execution, op: not_in}]":                                                 false,
		"rule_conditions: [{type: rule_attribute, attribute: tags, value: attack.execution}]":                                                             false,
		"rule_conditions: [{type: rule_attribute, attribute: nothing, value: x}]":                                                                         false,
		"rule_conditions: [{type: tag, tag: attack.execution}]":                                                                                           true,
		"rule_conditions: [{type: tag, tag: attack.impact}]":                                                                                              false,
		"rule_conditions: [{type: is_sigma_rule}, {type: tag, tag: z}]":                                                                                   false,
		"rule_cond_op: or\nrule_conditions: [{type: is_sigma_rule}, {type: tag, tag: z}]":                                                                 true,
		"rule_cond_not: true\nrule_conditions: [{type: tag, tag: z}]":                                                                                     true,
		"rule_cond_expr: one and not (two or three)\nrule_conditions: {one: {type: is_sigma_rule}, two: {type: tag, tag: z}, three: {type: tag, tag: y}}": true,
		"detection_item_conditions: [{type: match_string, cond: any, pattern: 'x'}]":                                                                      true,
		"detection_item_conditions: [{type: match_string, cond: any, pattern: '[yz]'}]":                                                                   false,
		"detection_item_conditions: [{type: match_string, cond: all, pattern: '[yz]', negate: true}]":                                                     true,
		"detection_item_conditions: [{type: match_value, cond: any, value: x}]":                                                                           true,
		"detection_item_conditions: [{type: contains_wildcard, cond: any}]":                                                                               false,
		"detection_item_conditions: [{type: is_null, cond: all}]":                                                                                         false,
		"detection_item_conditions: [{type: processing_item_applied, processing_item_id: first}]":                                                         false,
		"detection_item_conditions: [{type: processing_state, key: seen, val: 3}]":                                                                        true,
		"field_name_conditions: [{type: include_fields, fields: [a, z]}]":                                                                                 true,
		"field_name_conditions: [{type: include_fields, fields: ['A.*', '[ab]'], mode: re}]":                                                              true,
		"field_name_conditions: [{type: exclude_fields, fields: [a]}]":                                                                                    false,
		"field_name_conditions: [{type: processing_item_applied, processing_item_id: first}]":                                                             false,
		"field_name_conditions: [{type: processing_state, key: seen, val: 4}]":                                                                            false,
	} {
		set, report := withPipelines(described+rule("s:\n  a: x\n  b: [y]\n  n: 5\ncondition: s"), steps(mark, first, "type: field_name_mapping\nmapping: {a: p}\n"+conditions))
		if report.Loaded != 2 {
			t.Errorf("%s: %+v", conditions, report)
			continue
		}
		if got := len(set.Match(flat{"p": "x", "bb": "y", "n": 5}, nil)) == 1; got != want {
			t.Errorf("%s: applied %t, want %t", conditions, got, want)
		}
	}
}

func TestPipelinesRunInOrder(t *testing.T) {
	to := func(priority int, from, to string) string {
		return fmt.Sprintf("priority: %d\n", priority) + steps("type: field_name_mapping\nmapping: {"+from+": "+to+"}")
	}
	set, report := withPipelines(rule("s:\n  a: x\ncondition: s"), to(20, "b", "c"), to(10, "a", "b"), to(20, "c", "d"))
	if report.Loaded != 4 || len(set.Match(flat{"d": "x"}, nil)) != 1 {
		t.Errorf("%+v", report)
	}
	// Fields to look at are renamed too, and lists set.
	set, _ = withPipelines("fields: [a, b]\n"+rule("s:\n  a: x\ncondition: s"), to(1, "a", "[p, q]"), steps("type: add_field\nfield: z", "type: remove_field\nfield: [b]"))
	if got := strings.Join(set.Rules()[0].Fields, " "); got != "p q z" {
		t.Errorf("fields %q", got)
	}
	set, _ = withPipelines("fields: [a, b]\n"+rule("s:\n  a: x\ncondition: s"), steps("type: set_field\nfields: [y]"))
	if got := strings.Join(set.Rules()[0].Fields, " "); got != "y" {
		t.Errorf("fields %q", got)
	}
}

func TestPipelinesReachFilters(t *testing.T) {
	fsys := files(filtered, filterText("any", "s:\n  user: u\ncondition: not s"), strings.Replace(filtered, "r1\nname: first", "r2", 1))
	fsys["pipelines/p.yml"] = &fstest.MapFile{Data: []byte(steps("type: field_name_mapping\nmapping: {user: account}\nrule_conditions: [{type: rule_attribute, attribute: id, value: r1}]"))}
	set, report := Load(fsys)
	if report.Loaded != 4 {
		t.Fatalf("%+v", report)
	}
	source := Logsource{"linux", "process_creation", ""}
	for field, want := range map[string]string{"account": "[r2]", "user": "[r1]"} {
		if got := fmt.Sprint(keys(set.Match(sourced{flat{"a": "x", field: "u"}, source}, nil))); got != want {
			t.Errorf("%s: %s, want %s", field, got, want)
		}
	}
}

// TestTaxonomiesNeedAPipeline : field names of another taxonomy mean nothing
// here until something maps them.
func TestTaxonomiesNeedAPipeline(t *testing.T) {
	other := "taxonomy: other\n" + rule("s:\n  a: x\ncondition: s")
	if _, report := Load(files(other)); len(report.Unsupported) != 1 || !strings.Contains(report.Unsupported[0].Reason, `taxonomy "other"`) {
		t.Errorf("%+v", report)
	}
	if _, report := withPipelines(other, steps("type: field_name_mapping\nmapping: {a: b}")); report.Loaded != 2 {
		t.Errorf("%+v", report)
	}
	mustLoad(t, "taxonomy: Sigma\n"+rule("s:\n  a: x\ncondition: s"))
}
