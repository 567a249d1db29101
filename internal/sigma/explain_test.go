package sigma

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestExplainNamesPartsAndValues(t *testing.T) {
	set := one(t, rule(`sel:
  a|endswith: /sh
  b|re: '^x'
filter:
  c|exists: true
condition: sel and not filter`))
	e := set.Rules()[0].Explain(flat{"a": "/bin/sh", "b": "y", "c": nil})
	if e.Part != "and" || e.Holds || len(e.Parts) != 2 {
		t.Fatalf("%+v", e)
	}
	sel, not := e.Parts[0], e.Parts[1]
	if sel.Detection != "sel" || sel.Holds || !sel.Parts[0].Holds || sel.Parts[1].Holds {
		t.Errorf("sel: %+v", sel)
	}
	if got := sel.Parts[0]; got.Part != `a is "*/sh"` || strings.Join(got.Values, " ") != "/bin/sh" || got.Line != 6 {
		t.Errorf("first part: %+v", got)
	}
	if not.Part != "not" || not.Holds || !not.Parts[0].Holds || not.Parts[0].Detection != "filter" || not.Parts[0].Values[0] != "null" {
		t.Errorf("not: %+v", not)
	}
}

func TestExplainSaysWhatIsAsked(t *testing.T) {
	for detection, want := range map[string]string{
		"s:\n  a|re: '^x$'\ncondition: s":            "a matches /^x$/",
		"s:\n  a|cidr: 10.0.0.0/8\ncondition: s":     "a in 10.0.0.0/8",
		"s:\n  a|gte: 5\ncondition: s":               "a >= 5",
		"s:\n  a|hour|lt: 5\ncondition: s":           "hour of a < 5",
		"s:\n  a|exists: true\ncondition: s":         "a is there",
		"s:\n  a: null\ncondition: s":                "a is null or not there",
		"s:\n  a|fieldref: b\ncondition: s":          "a equals b",
		"s:\n  a|fieldref|contains: b\ncondition: s": "a contains b",
		"s:\n  - word\ncondition: s":                 `any text is "*word*"`,
	} {
		if got := one(t, rule(detection)).Rules()[0].Explain(flat{}).Part; got != want {
			t.Errorf("%q is explained as %q, want %q", detection, got, want)
		}
	}
}

func TestExplainAgreesWithMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, report := Load(files(drawRule(t, 0)))
		if report.Loaded != 1 {
			t.Fatalf("%+v", report)
		}
		rec := drawnRecord.Draw(t, "record")
		if got, want := set.Rules()[0].Explain(rec).Holds, len(set.Match(rec, nil)) == 1; got != want {
			t.Fatalf("record %v: explained as %t, matched %t", fmt.Sprint(rec), got, want)
		}
	})
}
