package sigma

import (
	"math/bits"
	"strings"
	"testing"
)

// lettered is a detection section in which the part named after each letter
// of names asks for the field of that name.
func lettered(names, condition string) string {
	var b strings.Builder
	for _, name := range strings.Fields(names) {
		b.WriteString(name + ":\n  " + name + ": 1\n")
	}
	return b.String() + "condition: " + condition
}

// TestConditionsAgainstTruthTables evaluates each condition for every
// combination of its parts.
func TestConditionsAgainstTruthTables(t *testing.T) {
	for _, c := range []struct {
		condition string
		want      func(a, b, c bool) bool
	}{
		{"a", func(a, _, _ bool) bool { return a }},
		{"not a", func(a, _, _ bool) bool { return !a }},
		{"not not a", func(a, _, _ bool) bool { return a }},
		{"not (not a)", func(a, _, _ bool) bool { return a }},
		{"a and b and c", func(a, b, c bool) bool { return a && b && c }},
		{"a or b or c", func(a, b, c bool) bool { return a || b || c }},
		{"a and b or c", func(a, b, c bool) bool { return a && b || c }},
		{"a or b and c", func(a, b, c bool) bool { return a || b && c }},
		{"a and (b or c)", func(a, b, c bool) bool { return a && (b || c) }},
		{"(a or b) and c", func(a, b, c bool) bool { return (a || b) && c }},
		{"not a and b", func(a, b, _ bool) bool { return !a && b }},
		{"not a or b", func(a, b, _ bool) bool { return !a || b }},
		{"not (a or b)", func(a, b, _ bool) bool { return !a && !b }},
		{"not (a and b)", func(a, b, _ bool) bool { return !a || !b }},
		{"a and not (b or not c)", func(a, b, c bool) bool { return a && !b && c }},
		{"a or not b and not c", func(a, b, c bool) bool { return a || !b && !c }},
		{"not a and not b and not c", func(a, b, c bool) bool { return !a && !b && !c }},
		{"((a)) and ((b) or ((c)))", func(a, b, c bool) bool { return a && (b || c) }},
		{"a AND NOT b OR c", func(a, b, c bool) bool { return a && !b || c }},
		{"(a)and(b)", func(a, b, _ bool) bool { return a && b }},
		{"1 of them", func(a, b, c bool) bool { return a || b || c }},
		{"any of them", func(a, b, c bool) bool { return a || b || c }},
		{"all of them", func(a, b, c bool) bool { return a && b && c }},
		{"not 1 of them", func(a, b, c bool) bool { return !(a || b || c) }},
		{"not all of them", func(a, b, c bool) bool { return !(a && b && c) }},
		{"a and not 1 of them", func(_, _, _ bool) bool { return false }},
		{"a and not all of them", func(a, b, c bool) bool { return a && !(b && c) }},
		{"1 of a*", func(a, _, _ bool) bool { return a }},
		{"all of *", func(a, b, c bool) bool { return a && b && c }},
		{"c and 1 of b* or a", func(a, b, c bool) bool { return c && b || a }},
		{"\n    - a and b\n    - c", func(a, b, c bool) bool { return a && b || c }},
		{"\n    - not a\n    - not b", func(a, b, _ bool) bool { return !a || !b }},
		{">\n    a and\n    not b", func(a, b, _ bool) bool { return a && !b }},
		{"a and a or a", func(a, _, _ bool) bool { return a }},
		{"a and not a", func(_, _, _ bool) bool { return false }},
		{"a or not a", func(_, _, _ bool) bool { return true }},
	} {
		set := one(t, rule(lettered("a b c", c.condition)))
		for n := range uint(8) {
			rec := flat{}
			for i, name := range []string{"a", "b", "c"} {
				if n&(1<<i) != 0 {
					rec[name] = 1
				}
			}
			want := c.want(n&1 != 0, n&2 != 0, n&4 != 0)
			if got := len(set.Match(rec, nil)) == 1; got != want {
				t.Errorf("%q with %v: %t, want %t", c.condition, rec, got, want)
			}
		}
	}
}

// TestQuantitiesSelectByName : names that share beginnings and endings, and
// names that "them" leaves out.
func TestQuantitiesSelectByName(t *testing.T) {
	names := "sel_1 sel_2 selx filter_sel _sel_3"
	for _, c := range []struct {
		condition, needs string
		all              bool
	}{
		{"1 of sel_*", "sel_1 sel_2", false},
		{"all of sel_*", "sel_1 sel_2", true},
		{"1 of sel*", "sel_1 sel_2 selx", false},
		{"all of *sel", "filter_sel", true},
		{"1 of *_sel*", "filter_sel", false},
		{"all of *", "sel_1 sel_2 selx filter_sel", true},
		{"all of _sel*", "_sel_3", true},
		{"all of sel*x", "selx", true},
		{"any of selx", "selx", false},
		{"1 of _*", "_sel_3", false},
		{"1 of them", "sel_1 sel_2 selx filter_sel", false},
		{"all of them", "sel_1 sel_2 selx filter_sel", true},
		{"ALL OF THEM", "sel_1 sel_2 selx filter_sel", true},
	} {
		set := one(t, rule(lettered(names, c.condition)))
		all := strings.Fields(names)
		needs := 0
		for i, name := range all {
			if strings.Contains(" "+c.needs+" ", " "+name+" ") {
				needs |= 1 << i
			}
		}
		for n := range 1 << len(all) {
			rec := flat{}
			for i, name := range all {
				if n&(1<<i) != 0 {
					rec[name] = 1
				}
			}
			want := n&needs == needs || !c.all && bits.OnesCount(uint(n&needs)) > 0
			if got := len(set.Match(rec, nil)) == 1; got != want {
				t.Errorf("%q with %v: %t, want %t", c.condition, rec, got, want)
			}
		}
	}
}

func TestShapesOfDetections(t *testing.T) {
	for _, c := range []struct {
		name, detection string
		yes, no         []flat
	}{
		{
			"map of lists: all items, any value", "s:\n  a: [x, y]\n  b|endswith: [1, 2]\ncondition: s",
			[]flat{{"a": "y", "b": "z2"}},
			[]flat{{"a": "y"}, {"b": "z2"}, {"a": "z", "b": 1}},
		},
		{
			"list of maps", "s:\n  - a: x\n    b: y\n  - a: z\n  - c|contains|all: [p, q]\ncondition: s",
			[]flat{{"a": "x", "b": "y"}, {"a": "z"}, {"c": "qp"}},
			[]flat{{"a": "x"}, {"b": "y"}, {"c": "p"}, {}},
		},
		{
			"negated list of maps", "s:\n  - a: x\n  - b: y\ncondition: not s",
			[]flat{{}, {"a": "y", "b": "x"}},
			[]flat{{"a": "x"}, {"b": "y"}, {"a": "x", "b": "z"}},
		},
		{
			"keywords", "k:\n  - Failed password\n  - 'inv?lid*user'\n  - 4625\n  - '\\*'\ncondition: k",
			[]flat{{"q": "sshd: FAILED password for"}, {"q": "an INVALID x user y"}, {"q": "id 4625."}, {"q": "a*b"}},
			[]flat{{"q": "failed"}, {"q": "password"}, {"failed password": "x"}, {}},
		},
		{"one keyword", "k: Oops\ncondition: k", []flat{{"q": "x oops y"}}, []flat{{"q": "oop"}}},
		{
			"keywords |all", "k:\n  '|all':\n    - one\n    - t*o\ncondition: k",
			[]flat{{"p": "ONE", "q": "xt1oy"}, {"p": "one to"}},
			[]flat{{"p": "one"}, {"p": "to"}},
		},
		{
			"keywords |contains|all", "k:\n  '|contains|all':\n    - one\n    - two\ncondition: k",
			[]flat{{"p": "twone"}, {"p": "one two"}},
			[]flat{{"p": "one"}},
		},
		{"keywords |re", "k:\n  '|re': '^a+$'\ncondition: k", []flat{{"p": "x", "q": "aa"}}, []flat{{"q": "AA"}, {"q": "ab"}}},
		{"keywords |cased", "k:\n  '|cased':\n    - Root\n    - admin\ncondition: k", []flat{{"p": "x Root"}}, []flat{{"p": "root Admin"}}},
		{"keywords |neq", "k:\n  '|neq':\n    - a\n    - b\ncondition: k", []flat{{"p": "c"}, {}}, []flat{{"p": "xa"}, {"p": "c", "q": "b"}}},
		{
			"keywords and fields", "k:\n  - word\n  - a: x\ncondition: k",
			[]flat{{"q": "a word"}, {"a": "x"}},
			[]flat{{"a": "y"}},
		},
		{"not keywords", "k:\n  - a\nf:\n  f: 1\ncondition: f and not k", []flat{{"f": 1}}, []flat{{"f": 1, "q": "xax"}, {}}},
		{"a part nobody names", "s:\n  a: x\nunused:\n  a: y\ncondition: s", []flat{{"a": "x"}}, []flat{{"a": "y"}}},
		{
			"one field, several modifiers", "s:\n  a|startswith: x\n  a|endswith: y\n  a: '*z*'\ncondition: s",
			[]flat{{"a": "x z y"}},
			[]flat{{"a": "x y"}, {"a": "xz"}},
		},
	} {
		set := one(t, rule(c.detection))
		for i, rec := range append(append([]flat{}, c.yes...), c.no...) {
			if got := len(set.Match(rec, nil)) == 1; got != (i < len(c.yes)) {
				t.Errorf("%s: %v %t", c.name, rec, got)
			}
		}
	}
}

// TestFieldNamesMindCase : only values are folded.
func TestFieldNamesMindCase(t *testing.T) {
	if set := one(t, rule("s:\n  Image: x\ncondition: s")); len(set.Match(flat{"image": "x"}, nil)) != 0 {
		t.Error("image is taken for Image")
	}
}
