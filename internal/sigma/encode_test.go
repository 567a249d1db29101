package sigma

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	_ "baize/test/rapidseed" // the same cases each time
)

func TestEncodeUTF16(t *testing.T) {
	for _, c := range []struct {
		bigEndian, bom bool
		want           string
	}{
		{false, false, "a\x00\xe9\x00=\xd8\x00\xde"},
		{true, false, "\x00a\x00\xe9\xd8=\xde\x00"},
		{false, true, "\xff\xfea\x00\xe9\x00=\xd8\x00\xde"},
	} {
		if got := encodeUTF16("aé😀", c.bigEndian, c.bom); got != c.want {
			t.Errorf("big endian %t, mark %t: %q, want %q", c.bigEndian, c.bom, got, c.want)
		}
	}
}

// Whatever stands before and behind, one of the three texts is in the data.
func TestBase64OffsetsAreFoundAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(3, 20, -1).Draw(t, "text")
		before := rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "before")
		after := rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "after")
		data := base64.StdEncoding.EncodeToString(slices.Concat(before, []byte(text), after))
		want := base64Offsets(text)[len(before)%3]
		if !strings.Contains(data, want) {
			t.Fatalf("%q is not in %q", want, data)
		}
	})
}

func TestDashVariants(t *testing.T) {
	got, ok := dashVariants("a -f /x b-c -")
	if !ok || len(got) != 25 {
		t.Fatalf("%d variants, %t", len(got), ok)
	}
	for _, want := range []string{"a -f /x b-c -", "a /f -x b-c -", "a \u2015f \u2013x b-c -"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if _, ok := dashVariants("-a -b -c -d -e"); ok {
		t.Error("five dashes were expanded")
	}
	if got, ok := dashVariants("plain"); !ok || !slices.Equal(got, []string{"plain"}) {
		t.Errorf("without dash: %v", got)
	}
}

func TestEncodingsRefuseWhatTheyCannot(t *testing.T) {
	for detection, want := range map[string]string{
		"s:\n  a|base64: 'x*'\ncondition: s":                          "wildcards",
		"s:\n  a|base64offset: 'x?'\ncondition: s":                    "wildcards",
		"s:\n  a|base64offset: ''\ncondition: s":                      "too short",
		"s:\n  a|windash: '-a -b -c -d -e'\ncondition: s":             "more than 4 dashes",
		"s:\n  a|base64|re: 'x'\ncondition: s":                        "does not go with",
		"s:\n  a|contains|startswith: 'x'\ncondition: s":              "does not go with",
		"s:\n  a|i: 'x'\ncondition: s":                                "without |re",
		"s:\n  a|re|cidr: 'x'\ncondition: s":                          "exclude each other",
		"s:\n  a|exists: maybe\ncondition: s":                         "true or false",
		"s:\n  a|fieldref: 5\ncondition: s":                           "name of a field",
		"s:\n  a|contains: null\ncondition: s":                        "null does not go",
		"s:\n  a|: x\ncondition: s":                                   "modifier without name",
		"s:\n  '|cidr': 10.0.0.0/8\ncondition: s":                     "needs a field",
		"s:\n  a: {b: c}\ncondition: s":                               "a map where a value",
		"s:\n  a: []\ncondition: s":                                   "is empty",
		"s:\n  a: [[b]]\ncondition: s":                                "a value must be",
		"s: []\ncondition: s":                                         "detection is empty",
		"s: {}\ncondition: s":                                         "detection is empty",
		"s:\ncondition: s":                                            "detection is empty",
		"s: [[a]]\ncondition: s":                                      "list inside a list",
		"s:\n  a: b":                                                  "no condition",
		"s:\n  a: b\ntimeframe: 5m\ncondition: s":                     "timeframe",
		"s:\n  a: b\ncondition: []":                                   "condition is empty",
		"s:\n  a: b\ncondition: ''":                                   "condition is empty",
		"s:\n  a: b\ncondition: {}":                                   "condition must be text",
		"s:\n  a: b\ncondition: s and":                                "condition ends",
		"s:\n  a: b\ncondition: s s":                                  "unexpected",
		"s:\n  a: b\ncondition: 2 of s*":                              `"2" of a pattern`,
		"s:\n  a: b\ncondition: some of s*":                           "not a quantity",
		"s:\n  a: b\ncondition: 1 of":                                 "of what?",
		"s:\n  a: b\ncondition: 1 of s* | count() > 2":                "aggregation",
		"s:\n  a: b\ncondition: near s":                               "aggregation",
		"s:\n  a: b\ncondition: " + strings.Repeat("not ", 200) + "s": "nested deeper",
	} {
		_, report := Load(files(rule(detection)))
		problems := slices.Concat(report.Invalid, report.Unsupported)
		if len(problems) != 1 || !strings.Contains(problems[0].Reason, want) || problems[0].Line == 0 {
			t.Errorf("%q: want %q, got %+v", detection, want, problems)
		}
	}
}
