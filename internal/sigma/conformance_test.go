package sigma

import (
	"strings"
	"testing"
)

// missing stands for a record without the field.
type missing struct{}

// with is a record whose field "f" has the value.
func with(v any) flat {
	if _, ok := v.(missing); ok {
		return flat{"other": "x"}
	}
	return flat{"f": v}
}

// itemCase is one item on field "f", with values of f that satisfy it and values
// that do not. Under "not" it is the other way round, always.
type itemCase struct {
	text    string
	yes, no []any
}

func checkItems(t *testing.T, items []itemCase) {
	t.Helper()
	for _, c := range items {
		t.Run(strings.ReplaceAll(c.text, "\n", " "), func(t *testing.T) {
			section := "s:\n  " + strings.ReplaceAll(c.text, "\n", "\n  ") + "\ncondition: "
			plain, negated := one(t, rule(section+"s")), one(t, rule(section+"not s"))
			for i, v := range append(append([]any{}, c.yes...), c.no...) {
				want := i < len(c.yes)
				if got := len(plain.Match(with(v), nil)) == 1; got != want {
					t.Errorf("%#v: %t, want %t", v, got, want)
				}
				if got := len(negated.Match(with(v), nil)) == 1; got == want {
					t.Errorf("not, with %#v: %t, want %t", v, got, !want)
				}
			}
		})
	}
}

func TestWildcardsAndEscapes(t *testing.T) {
	checkItems(t, []itemCase{
		{`f: a*b`, []any{"ab", "aXb", "a\nb", "a*b"}, []any{"a", "abc", "xab"}},
		{`f: a?b`, []any{"axb", "a?b", "aéb", "a\nb", "a\xffb"}, []any{"ab", "axxb"}},
		{`f: '*'`, []any{"", "x"}, []any{missing{}, nil}},
		{`f: '?'`, []any{"x", "世", 7}, []any{"", "xy", missing{}}},
		{`f: '?*'`, []any{"x", "xy"}, []any{"", missing{}}},
		{`f: '**a**'`, []any{"a", "xax"}, []any{"", "x"}},
		{`f: '*a*b*c*'`, []any{"abc", "1a2b3c4", "aabbcc"}, []any{"acb", "ab"}},
		{`f: 'a*bc'`, []any{"abcbc", "abbc"}, []any{"abcb"}},
		{`f: 'a\*b'`, []any{"a*b"}, []any{"axb", `a\*b`, "ab"}},
		{`f: 'a\?b'`, []any{"a?b"}, []any{"axb", `a\?b`}},
		{`f: 'a\b'`, []any{`a\b`, `A\B`}, []any{`a\\b`, "ab"}},
		{`f: 'a\\b'`, []any{`a\b`}, []any{`a\\b`}},
		{`f: 'a\\\b'`, []any{`a\\b`}, []any{`a\b`}},
		{`f: 'a\\*b'`, []any{`a\b`, `a\xb`}, []any{"a*b", "axb"}},
		{`f: 'a\\\*b'`, []any{`a\*b`}, []any{`a\xb`, "a*b"}},
		{`f: 'a\\\\*'`, []any{`a\\`, `a\\x`}, []any{`a\x`}},
		{`f: 'C:\'`, []any{`c:\`}, []any{`c:\x`, "c:"}},
		{`f: '\\*\share'`, []any{`\x\share`, `\\share`}, []any{`x\share`}},
		{`f|contains: '\*'`, []any{"*", "a*b"}, []any{"ab", `\`}},
		{`f|endswith: '*\sh'`, []any{`\sh`, `x\SH`}, []any{"sh"}},
	})
}

func TestCaseFolding(t *testing.T) {
	checkItems(t, []itemCase{
		{`f: Straße`, []any{"STRAßE", "straẞe"}, []any{"strasse"}},
		{`f: ПРИВЕТ`, []any{"привет", "Привет"}, []any{"приве"}},
		{`f|contains: 'ÉCOLE'`, []any{"une école", "ÉcOlE"}, []any{"ecole"}},
		{`f|startswith: k`, []any{"\u212aelvin", "K"}, []any{"", "x"}},
		{`f|endswith: s`, []any{"a\u017f", "aS"}, []any{"a"}},
		{`f: '?É*'`, []any{"xé", "Éé1"}, []any{"xe"}},
		{`f|cased: É`, []any{"É"}, []any{"é", "E"}},
		{`f|cased|startswith: Ab`, []any{"Abc"}, []any{"abc", "AB"}},
		{`f|endswith|cased: Ab`, []any{"xAb"}, []any{"xab", "Abx"}},
		{`f|cased: 'A?c*'`, []any{"AbcD"}, []any{"abcD", "AbC"}},
		{"f|cased:\n  - One\n  - two", []any{"One", "two"}, []any{"one", "Two"}},
		{"f|cased|contains|all:\n  - One\n  - two", []any{"One two"}, []any{"one two", "One Two", "One"}},
		{`f|cased|neq: Bash`, []any{"bash", missing{}}, []any{"Bash"}},
	})
}

func TestAnchorsAndAll(t *testing.T) {
	checkItems(t, []itemCase{
		{`f|contains: ''`, []any{"", "x"}, []any{missing{}, nil}},
		{`f|contains: 42`, []any{"x421", 1425}, []any{"4 2"}},
		{`f|startswith: /tmp/`, []any{"/tmp/", "/TMP/x"}, []any{"x/tmp/", "/tmp"}},
		{`f|startswith: 'a*c'`, []any{"ac", "abcd"}, []any{"xabc", "ab"}},
		{`f|endswith: .sh`, []any{".sh", "x.SH"}, []any{".sh ", "sh"}},
		{`f|endswith: 'a?c'`, []any{"abc", "1abc"}, []any{"abcd", "ac"}},
		{"f|startswith:\n  - a\n  - b", []any{"a", "bx"}, []any{"xa"}},
		{"f|contains|all:\n  - ab\n  - bc", []any{"abc", "bcab"}, []any{"ab", "bc", ""}},
		{"f|all|contains:\n  - a\n  - b", []any{"ba"}, []any{"a"}},
		{"f|all:\n  - a*\n  - '*b'", []any{"ab", "a b", []any{"ax", "xb"}}, []any{"ax", "xb"}},
		{"f|endswith|all:\n  - bc\n  - c", []any{"abc"}, []any{"c"}},
		{"f:\n  - a\n  - 1.5\n  - false\n  - ''", []any{"A", 1.5, "1.5", false, "FALSE", ""}, []any{"b", 1, missing{}, nil}},
		{"f:\n  - a\n  - a\n  - A", []any{"a", []any{"x", "a"}}, []any{"b", []any{}}},
	})
}

func TestNullEmptyAndMissing(t *testing.T) {
	checkItems(t, []itemCase{
		{`f: null`, []any{missing{}, nil, []any{nil}, []any{}}, []any{"", 0, false, []any{nil, "x"}}},
		{`f:`, []any{missing{}, nil}, []any{"", "null"}},
		{`f: ~`, []any{missing{}}, []any{"~"}},
		{`f|neq: null`, []any{"", 0}, []any{missing{}, nil}},
		{`f: ''`, []any{""}, []any{missing{}, nil, " "}},
		{`f|neq: ''`, []any{"x", missing{}}, []any{""}},
		{`f: 'null'`, []any{"null", "NULL"}, []any{missing{}, nil}},
		{`f|exists: true`, []any{"", 0, nil, "x"}, []any{missing{}, []any{}}},
		{`f|exists: false`, []any{missing{}}, []any{"", "x"}},
		{`f|exists|neq: true`, []any{missing{}}, []any{"x"}},
	})
}

func TestNeq(t *testing.T) {
	checkItems(t, []itemCase{
		{`f|neq: a`, []any{"b", "", missing{}, nil}, []any{"a", "A", []any{"b", "a"}}},
		{"f|neq:\n  - a\n  - b", []any{"c"}, []any{"a", "b"}},
		{`f|neq|contains: a`, []any{"b"}, []any{"xax"}},
		{"f|contains|all|neq:\n  - a\n  - b", []any{"a", "b"}, []any{"ab"}},
		{`f|neq|re: ^a+$`, []any{"b", missing{}}, []any{"aa"}},
		{`f|neq|cidr: 10.0.0.0/8`, []any{"11.0.0.1", "x"}, []any{"10.1.1.1"}},
		{`f|neq|gt: 5`, []any{5, "x"}, []any{6}},
	})
}

func TestRegularExpressions(t *testing.T) {
	checkItems(t, []itemCase{
		{`f|re: b+`, []any{"abbc", "b"}, []any{"B", "ac", missing{}}},
		{`f|re: ^$`, []any{""}, []any{"x", missing{}, nil}},
		{`f|re: ''`, []any{"", "x"}, []any{missing{}}},
		{`f|re: 'a\.b\\c'`, []any{`a.b\c`}, []any{`axb\c`}},
		{`f|re: '^(\d{1,3}\.){3}\d{1,3}$'`, []any{"10.0.0.1"}, []any{"10.0.0", "x10.0.0.1"}},
		{`f|re|i: É\w`, []any{"éA"}, []any{"ea"}},
		{`f|re: ^a$`, []any{"a"}, []any{"a\nb", "b\na"}},
		{`f|re|m: ^a$`, []any{"a", "b\na\nc"}, []any{"ba"}},
		{`f|re: a.b`, []any{"axb"}, []any{"a\nb"}},
		{`f|re|s: a.b`, []any{"a\nb", "axb"}, []any{"ab"}},
		{`f|re|i|m|s: ^a.b$`, []any{"x\nA\nB"}, []any{"xa\nb"}},
		{"f|re:\n  - ^a\n  - b$", []any{"ax", "xb"}, []any{"xa"}},
		{"f|re|all:\n  - ^a\n  - b$", []any{"ab", "axb"}, []any{"ax", "xb"}},
		{`f|re: 4\d`, []any{42, "x49"}, []any{4}},
	})
}
