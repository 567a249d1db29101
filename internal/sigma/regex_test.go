package sigma

import (
	"errors"
	"regexp/syntax"
	"slices"
	"testing"
)

func TestRequiredLiterals(t *testing.T) {
	for text, want := range map[string][]string{
		"abc":           {"abc"},
		"x+abcd[0-9]*":  {"abcd"},
		"(?i)ABC":       {"abc"},
		"(foo|barn)x?":  {"foo", "barn"},
		"a{2,}b":        {"a"},
		"(curl|wget).*": {"curl", "wget"},
		"(curl|.*)":     nil,
		"[ab]?":         nil,
		".*":            nil,
		"x*":            nil,
		"-(W|R)[0-9]":   {"-r", "-w"},
		"a[bc]?d":       {"a"},
		"^[xy]z$":       {"xz", "yz"},
		"ab[cd](e|fg)":  {"abce", "abcfg", "abde", "abdfg"},
		"[a-z]+[A]":     {"a"},
		"(a|b|)c":       {"ac", "bc", "c"},
		"x.y":           {"x"},
		"[\ufffd]a":     nil,
		"[\ufffdx]a":    {"a"},
		"(ab){3}":       {"ababab"},
		"(a|.)b":        {"b"},
		"\ufffd":        nil,
	} {
		parsed, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if got := required(parsed.Simplify()); !slices.Equal(got, want) {
			t.Errorf("%q needs %q, want %q", text, got, want)
		}
	}
}

func TestRegexpFaults(t *testing.T) {
	for text, unsupported := range map[string]bool{
		`a(?!b)`: true, `a(?<=b)`: true, `(a)\1`: true, `(?>a)`: true, `a++`: true, `x{5000}`: true,
		`a(`: false, `[z-a]`: false, `*a`: false,
	} {
		_, _, err := compileRegexp(text, "", "", 7)
		var f *fault
		if !errors.As(err, &f) || f.unsupported != unsupported || f.line != 7 {
			t.Errorf("%q: %+v, want unsupported %t", text, err, unsupported)
		}
	}
}
