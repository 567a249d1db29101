package sigma

import (
	"testing"
	"testing/fstest"
)

// FuzzLoad feeds the loader anything. What loads must be matched, whole, and
// as the oracle does.
func FuzzLoad(f *testing.F) {
	for _, c := range semantics {
		f.Add([]byte(rule(c.detection)), "bash x", "10.0.0.1")
	}
	f.Add([]byte("a: &x [*x]\n---\n*y"), "", "")
	f.Add([]byte("{{{{"), "", "")
	f.Fuzz(func(t *testing.T, data []byte, a, b string) {
		set, report := Load(fstest.MapFS{"r.yml": {Data: data}})
		if report.Files != 1 || report.Loaded+len(report.Unsupported)+len(report.Invalid) != 1 {
			t.Fatalf("counts: %+v", report)
		}
		rec := flat{"a": a, "b": []any{b, 3, nil}}
		got, want := set.Match(rec, nil), oracle(set, rec)
		if len(got) != len(want) {
			t.Fatalf("matched %v, want %v", keys(got), keys(want))
		}
	})
}

// FuzzPipeline applies anything that reads as a pipeline to rules that use
// what pipelines change. The set that results must match as its rules say.
func FuzzPipeline(f *testing.F) {
	for _, p := range []string{
		"type: field_name_mapping\nmapping: {a: [b, c]}", "type: drop_detection_item", "type: value_placeholders", "type: wildcard_placeholders",
		"type: add_condition\nconditions: {c|contains: [x, y]}\nnegated: true", "type: nest\nitems: [{type: field_name_prefix, prefix: b}]",
		"type: replace_string\nregex: '(.)'\nreplacement: '\\g<1>*'", "type: set_value\nvalue: null", "type: hashes_fields\nvalid_hash_algos: [MD5]",
		"type: convert_type\ntarget_type: num\ndetection_item_conditions: [{type: match_string, cond: any, pattern: '\\d'}]",
		"type: map_string\nmapping: {x: ['*', '?']}\nrule_cond_expr: not (one or two)\nrule_conditions: {one: {type: tag, tag: x}, two: {type: is_sigma_correlation_rule}}",
	} {
		f.Add([]byte("vars: {p: [x, '*']}\n"+steps(p)), "x", "5")
	}
	const text = "s:\n  a|expand: ['x%p%', '%q%*y', 5, '7']\n  b|fieldref: a\nf:\n  - x*\n  - c|base64offset|contains: [abc, bcd]\ncondition: [s, not f]"
	f.Fuzz(func(t *testing.T, data []byte, a, b string) {
		set, report := withPipelines("id: r\nfields: [a, b]\ntags: [attack.x]\n"+rule(text)+"---\nid: q\n"+rule("s: {a: null}\ncondition: not s"), string(data))
		if report.Files != 2 || report.Loaded+len(report.Unsupported)+len(report.Invalid) != 2 {
			t.Fatalf("counts: %+v", report)
		}
		rec := flat{"a": a, "b": []any{b, a, nil}, "c": b}
		if got, want := set.Match(rec, nil), oracle(set, rec); len(got) != len(want) {
			t.Fatalf("matched %v, want %v", keys(got), keys(want))
		}
	})
}
