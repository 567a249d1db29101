package sigma

import (
	"slices"
	"strings"
	"testing"
)

// TestPipelineFaults : what is wrong with a pipeline is said on its line, and
// the rules stay as written.
func TestPipelineFaults(t *testing.T) {
	mapping := "type: field_name_mapping\nmapping: {a: b}\n"
	for _, c := range []struct {
		name, text, want string
		line             int
	}{
		{"not a map", "- a\n", "must be a map", 1},
		{"unknown key", "name: x\nsteps: []\n", `no "steps"`, 2},
		{"priority", "priority: high\n", "must be a number", 1},
		{"vars", "vars: [a]\n", "must be a map", 1},
		{"value of a variable", "vars:\n  a: {b: c}\n", "list of texts", 2},
		{"transformations", "transformations: {a: b}\n", "must be a list", 1},
		{"a transformation that is text", "transformations:\n  - x\n", "must be a map", 2},
		{"two documents", "name: a\n---\nname: b\n", "one pipeline", 3},
		{"no type", steps("id: x"), "no type", 2},
		{"unknown type", steps(mapping, "id: x\ntype: odd"), `"odd"`, 5},
		{"queries", steps("type: query_expression_placeholders"), "not turned into queries", 2},
		{"functions", steps("type: field_name_transform"), "takes a function", 2},
		{"postprocessing", "name: x\npostprocessing:\n  - type: embed\n", "not turned into queries", 2},
		{"finalizers", "finalizers: [{type: json}]\n", "not turned into queries", 1},
		{"parameter missing", steps("type: field_name_prefix"), "needs prefix", 2},
		{"unknown parameter", steps(mapping + "odd: 1"), `no parameter "odd"`, 4},
		{"wrong parameter", steps("type: field_name_mapping\nmapping: [a]"), "must be a map", 3},
		{"wrong mapping", steps("type: field_name_mapping\nmapping:\n  a: {b: c}"), "list of texts", 4},
		{"both lists", steps("type: value_placeholders\ninclude: [a]\nexclude: [b]"), "exclude each other", 2},
		{"expression broken", steps("type: replace_string\nregex: '('\nreplacement: x"), "regular expression", 3},
		{"method", steps("type: case\nmethod: odd"), `"odd" is not one of`, 3},
		{"snake case", steps("type: case\nmethod: snake_case"), "snake_case", 3},
		{"flag", steps(mapping + "rule_cond_not: maybe"), "true or false", 4},
		{"not a number", steps("type: set_value\nvalue: x\nforce_type: num"), "not a number", 3},
		{"name of two words", steps("type: add_condition\nname: a b\nconditions: {c: d}"), "one word", 3},
		{"condition broken", steps("type: add_condition\nconditions:\n  c|odd: d"), "|odd", 4},
		{"log source empty", steps("type: change_logsource"), "names no product", 2},
		{"condition without type", steps(mapping + "rule_conditions:\n  - product: x"), "needs type", 5},
		{"unknown condition", steps(mapping + "rule_conditions:\n  - type: odd"), `"odd"`, 5},
		{"condition of another kind", steps(mapping + "rule_conditions:\n  - type: is_null"), `rule condition "is_null"`, 5},
		{"parameter of a condition", steps(mapping + "rule_conditions:\n  - type: tag\n    tag: x\n    odd: 1"), `"odd"`, 7},
		{"cond missing", steps(mapping + "detection_item_conditions:\n  - type: is_null"), "needs cond", 5},
		{"negation of nothing", steps(mapping + "rule_cond_not: true"), "conditions are missing", 2},
		{"expression without names", steps(mapping + "rule_cond_expr: a\nrule_conditions:\n  - type: is_sigma_rule"), "named conditions", 4},
		{"expression with an unknown name", steps(mapping + "rule_cond_expr: a and b\nrule_conditions:\n  a: {type: is_sigma_rule}"), `"b"`, 4},
		{"level", steps(mapping + "rule_conditions:\n  - {type: rule_attribute, attribute: level, value: huge}"), `"huge"`, 5},
		{"nested fault", steps("type: nest\nitems:\n  - type: odd"), `"odd"`, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, report := withPipelines(rule(plainRule), c.text)
			problems := append(report.Invalid, report.Unsupported...)
			if len(problems) != 1 || problems[0].File != "pipelines/0.yml" || problems[0].Line != c.line || !strings.Contains(problems[0].Reason, c.want) {
				t.Errorf("want line %d, %q; got %v", c.line, c.want, problems)
			}
			if len(set.Match(flat{"a": "x", "b": "y"}, nil)) != 1 {
				t.Error("the rule is not in force")
			}
		})
	}
}

// TestPipelinesRefuseRules : a rule that a pipeline cannot do justice to is
// named with the reason, at the place in the rule.
func TestPipelinesRefuseRules(t *testing.T) {
	for _, c := range []struct {
		name, pipeline, want string
		line                 int
	}{
		{"rule_failure", steps("type: rule_failure\nmessage: not here"), "not here", 1},
		{"detection_item_failure", steps("type: detection_item_failure\nmessage: not here\nfield_name_conditions: [{type: include_fields, fields: [b]}]"), "b: not here", 7},
		{"nothing left", steps("type: drop_detection_item"), "left nothing", 1},
		{"no number", steps("type: convert_type\ntarget_type: num"), "is not a number", 6},
		{"no hash", steps("type: hashes_fields\nvalid_hash_algos: [MD5]"), "no hash of MD5", 6},
		{"strict mapping", steps("type: field_name_mapping\nmapping: {a: aa}", "type: strict_field_mapping_failure"), "field b", 7},
		{"condition twice", steps("type: add_condition\nname: s\nconditions: {c: d}"), `"s", which the rule has`, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, report := withPipelines(rule(plainRule), c.pipeline)
			list := report.Unsupported
			if len(list) != 1 || list[0].File != "r.yml" || list[0].Line != c.line || !strings.Contains(list[0].Reason, c.want) {
				t.Errorf("want line %d, %q; got %v, %v", c.line, c.want, list, report.Invalid)
			}
			if len(set.Rules()) != 0 || report.Loaded != 1 {
				t.Errorf("%d rules, %+v", len(set.Rules()), report)
			}
		})
	}
}

// TestPipelinesStayBounded : small files that would make a great deal of a
// rule are refused for that rule.
func TestPipelinesStayBounded(t *testing.T) {
	repeat := func(step string, n int) string { return steps(slices.Repeat([]string{step}, n)...) }
	for name, pipeline := range map[string]string{
		"fields":      repeat("type: field_name_mapping\nmapping: {a: [a, a]}", 40),
		"names":       "priority: 1\n" + repeat("type: field_name_mapping\nmapping: {z: [z, z]}", 40),
		"values":      repeat("type: map_string\nmapping: {x: [x, x]}", 40),
		"texts":       repeat("type: replace_string\nregex: '.'\nreplacement: '\\g<0>\\g<0>'", 40),
		"one long":    steps("type: replace_string\nregex: ''\nreplacement: '" + strings.Repeat("long", 200_000) + "'"),
		"conditions":  repeat("type: add_condition\nconditions: {c: d}", 6000),
		"a long rule": repeat("type: regex", 6000),
	} {
		t.Run(name, func(t *testing.T) {
			text := "fields: [z]\n" + rule("s:\n  a: x\n  b|contains: y\n  c: "+strings.Repeat("v", 20)+"\ncondition: s")
			if name == "a long rule" {
				text = rule("s:\n  a: [" + strings.Repeat("x, ", 100) + "x]\ncondition: s")
			}
			set, report := withPipelines(text, pipeline)
			list := append(report.Unsupported, report.Invalid...)
			if len(list) != 1 || !strings.Contains(list[0].Reason, "too much of the rule") && !strings.Contains(list[0].Reason, "nested deeper") {
				t.Errorf("%d rules, %.300v", len(set.Rules()), list)
			}
		})
	}
}
