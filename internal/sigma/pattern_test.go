package sigma

import (
	"slices"
	"testing"
)

func TestPatternNotation(t *testing.T) {
	for notation, want := range map[string]pattern{
		``:             nil,
		`abc`:          {{lit: "abc"}},
		`*`:            {{wild: '*'}},
		`**a**`:        {{wild: '*'}, {lit: "a"}, {wild: '*'}},
		`a?*?b`:        {{lit: "a"}, {wild: '?'}, {wild: '*'}, {wild: '?'}, {lit: "b"}},
		`\*\?`:         {{lit: "*?"}},
		`\\*`:          {{lit: `\`}, {wild: '*'}},
		`\\\*`:         {{lit: `\*`}},
		`C:\Windows\x`: {{lit: `C:\Windows\x`}},
		`\\srv\c$`:     {{lit: `\srv\c$`}},
		`\`:            {{lit: `\`}},
	} {
		if got := parsePattern(notation); !slices.Equal(got, want) {
			t.Errorf("%q is %+v, want %+v", notation, got, want)
		}
	}
}

func TestAnchoredForm(t *testing.T) {
	for notation, want := range map[string]anchored{
		`abc`:   {"abc", true, true},
		`*abc`:  {"abc", false, true},
		`abc*`:  {"abc", true, false},
		`*abc*`: {"abc", false, false},
		``:      {"", true, true},
	} {
		if got, ok := parsePattern(notation).anchored(); !ok || got != want {
			t.Errorf("%q is %+v, %t; want %+v", notation, got, ok, want)
		}
	}
	for _, notation := range []string{`*`, `a*b`, `?`, `*a?`} {
		if got, ok := parsePattern(notation).anchored(); ok {
			t.Errorf("%q is %+v, want none", notation, got)
		}
	}
}

func TestConcatJoinsLiterals(t *testing.T) {
	left := parsePattern(`a*b`)
	joined := left.concat(parsePattern(`c*`))
	if joined.String() != `a*bc*` || left.String() != `a*b` {
		t.Errorf("joined %q, left %q", joined, left)
	}
	if got := parsePattern(`*`).concat(parsePattern(`*x`)); got.String() != `*x` {
		t.Errorf("stars: %q", got)
	}
}

func TestMapLiterals(t *testing.T) {
	got := parsePattern(`a*b`).mapLiterals(func(s string) string { return s + s })
	if got.String() != `aa*bb` {
		t.Errorf("got %q", got)
	}
}

func TestGlob(t *testing.T) {
	cases := []struct {
		notation, text string
		cased, want    bool
	}{
		{"a*b*c", "aXbYc", true, true},
		{"a*b*c", "aXcYb", true, false},
		{"*ab", "aab", true, true},
		{"*aab", "aaaaab", true, true},
		{"?", "é", true, true},
		{"?", "\xff", true, true},
		{"??", "é", true, false},
		{"a", "A", true, false},
		{"a", "A", false, true},
		{"straße", "STRAßE", false, true},
		{"", "", false, true},
		{"", "x", false, false},
		{"*", "", false, true},
		{"*?*", "", false, false},
	}
	for _, c := range cases {
		if got := newGlob(parsePattern(c.notation), c.cased).match(c.text); got != c.want {
			t.Errorf("%q on %q, cased %t: %t", c.notation, c.text, c.cased, got)
		}
	}
}

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		"ABC xyz 123": "abc xyz 123",
		"\u212aelvin": "kelvin",
		"\u017fatz":   "satz",
		"É":           fold("é"),
		"Σ":           fold("ς"),
		"\xffA":       "\xffa",
		"\ufffd":      "\ufffd",
	} {
		if got := fold(text); got != want {
			t.Errorf("%q folds to %q, want %q", text, got, want)
		}
	}
	if isASCII("é") || !isASCII("abc~") {
		t.Error("isASCII is wrong")
	}
}
