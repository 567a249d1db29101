package sigma

import (
	"fmt"
	"strings"
	"testing"
)

// loaded returns the keys with titles of the rules in force, and the problems.
func loaded(set *Set, report *Report) string {
	var out []string
	for _, r := range set.Rules() {
		out = append(out, r.Key()+" "+r.Title)
	}
	for _, p := range append(report.Invalid, report.Unsupported...) {
		out = append(out, p.String())
	}
	return strings.Join(out, "; ")
}

const shared = `action: global
title: shared
id: 11
logsource: {product: linux}
detection:
  condition: s
`

func TestCollections(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{
			"global goes into what follows", shared + "---\ndetection:\n  s: {a: x}\n---\ndetection:\n  s: {a: y}\n",
			"11 shared; 11 shared",
		},
		{
			"global wins over the document", shared + "---\ntitle: own\nid: 12\nlogsource: {service: z}\ndetection:\n  s: {a: x}\n  condition: not s\n",
			"11 shared",
		},
		{
			"globals add up", shared + "---\naction: global\ntitle: later\n---\ndetection:\n  s: {a: x}\n",
			"11 later",
		},
		{
			"reset forgets", shared + "---\naction: reset\n---\ntitle: own\nid: 12\n" + rule("s:\n  a: x\ncondition: s")[9:],
			"12 own",
		},
		{
			"repeat changes the document before", "id: 1\n" + rule("s:\n  a: x\ncondition: s") + "---\naction: repeat\nid: 2\ntitle: again\ndetection:\n  s: {a: y}\n---\naction: repeat\nid: 3\n",
			"1 t; 2 again; 3 again",
		},
		{"repeat of nothing", "action: repeat\ntitle: x\n", "a.yml:1: action: repeat without a rule before it"},
		{"unknown action", "action: explode\ntitle: x\n", `a.yml:1: action "explode"`},
		{"a fault lies where it is written", shared + "---\ndetection:\n  s: {a|odd: x}\n", "a.yml:9: modifier |odd"},
		{"a fault of the shared part", "action: global\ntitle: g\nlevel: huge\n---\n" + rule("s:\n  a: x\ncondition: s"), `a.yml:3: level "huge" is not one of informational, low, medium, high, critical`},
		{"global alone is no rule", shared, ""},
		{"ids of a plain file still count once", "id: 1\n" + rule("s:\n  a: x\ncondition: s") + "---\nid: 1\n" + rule("s:\n  a: y\ncondition: s"), "1 t; a.yml:10: id 1 is already that of a.yml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := loaded(Load(files(c.text))); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestRepeatMergesDeep : only the keys named change, in the rule repeated and
// not in the one before.
func TestRepeatMergesDeep(t *testing.T) {
	set, report := Load(files("id: 1\n" + rule("s:\n  a: x\n  b: y\ncondition: s") + "---\naction: repeat\nid: 2\ndetection:\n  s:\n    b: z\n"))
	if report.Loaded != 1 {
		t.Fatalf("%+v", report)
	}
	for value, want := range map[string]string{"y": "[1]", "z": "[2]", "q": "[]"} {
		if got := fmt.Sprint(keys(set.Match(flat{"a": "x", "b": value}, nil))); got != want {
			t.Errorf("b is %s: %s, want %s", value, got, want)
		}
	}
}

// TestRulesOfACollectionAreReportedOnce : they share an id, so an event that
// two of them match is one match.
func TestRulesOfACollectionAreReportedOnce(t *testing.T) {
	set, _ := Load(files(shared + "---\ndetection:\n  s: {a: x}\n---\ndetection:\n  s: {b: y}\n---\ndetection:\n  s: {c: z}\n"))
	if got := set.Match(flat{"a": "x", "b": "y"}, nil); len(got) != 1 {
		t.Errorf("%d matches", len(got))
	}
	// Rules without id are told apart, though they go by one file.
	set, _ = Load(files(rule("s:\n  a: x\ncondition: s") + "---\n" + rule("s:\n  b: y\ncondition: s")))
	if got := set.Match(flat{"a": "x", "b": "y"}, nil); len(got) != 2 {
		t.Errorf("%d matches without id", len(got))
	}
}

// TestCollectionsStayBounded : each repetition copies the one before, so a
// small file could ask for a great deal.
func TestCollectionsStayBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("id: 1\n" + rule("s:\n  a: x\ncondition: s"))
	for i := range 12_000 {
		fmt.Fprintf(&b, "---\naction: repeat\nid: x%d\nk%d: v\n", i, i)
	}
	_, report := Load(files(b.String()))
	if len(report.Invalid) != 1 || !strings.Contains(report.Invalid[0].Reason, "grows beyond") {
		t.Errorf("%.200v", fmt.Sprint(report.Invalid))
	}
}
