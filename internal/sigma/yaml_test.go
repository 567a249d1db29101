package sigma

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func parseOne(t *testing.T, text string) *node {
	t.Helper()
	docs, err := parseYAML([]byte(text))
	if err != nil || len(docs) != 1 {
		t.Fatalf("%q: %d documents, %v", text, len(docs), err)
	}
	return docs[0]
}

func TestNodesHaveShapesAndLines(t *testing.T) {
	n := parseOne(t, "a: text\nb: 0x10\nc: 1.50\nd: true\ne: null\nf:\n  - x\n  - - y\ng: |\n  two\n  lines\nh: '12'\n1: z\n")
	for name, want := range map[string]struct {
		shape shape
		text  string
		line  int
	}{
		"a": {shapeString, "text", 1}, "b": {shapeInt, "16", 2}, "c": {shapeFloat, "1.5", 3},
		"d": {shapeBool, "true", 4}, "e": {shapeNull, "", 5}, "f": {shapeList, "", 7},
		"g": {shapeString, "two\nlines\n", 9}, "h": {shapeString, "12", 12}, "1": {shapeString, "z", 13},
	} {
		got := n.get(name)
		if got == nil || got.shape != want.shape || got.text != want.text || got.line != want.line {
			t.Errorf("%s is %+v, want %+v", name, got, want)
		}
	}
	if n.get("f").items[1].items[0].text != "y" || n.get("missing") != nil {
		t.Error("list or missing key is wrong")
	}
}

func TestAliasesAreResolved(t *testing.T) {
	n := parseOne(t, "a: &x [1, 2]\nb: *x\n")
	if len(n.get("b").items) != 2 {
		t.Errorf("b is %+v", n.get("b"))
	}
}

func TestHostileYAMLIsRefused(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'h'; c++ {
		before := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+before+",", 9) + "]\n"
	}
	for name, c := range map[string]struct{ text, want string }{
		"alias bomb":     {bomb, "more than"},
		"depth":          {strings.Repeat("[", 100) + strings.Repeat("]", 100), "nested deeper"},
		"size":           {strings.Repeat("#", maxFileSize+1), "larger than"},
		"unknown alias":  {"a: *nope\n", "no anchor"},
		"self reference": {"a: &a [*a]\n", "YAML"},
		"tag":            {"a: !!binary eA==\n", "tag"},
		"merge":          {"a: &a {x: 1}\nb:\n  <<: *a\n", "merge"},
		"map as key":     {"? {a: b}\n: c\n", "YAML"},
	} {
		_, err := parseYAML([]byte(c.text))
		var f *fault
		if !errors.As(err, &f) || !strings.Contains(f.reason, c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestSeveralDocuments(t *testing.T) {
	for text, want := range map[string][]int{
		"---\na: 1\n---\n# empty\n---\nb: 2\n":   {2, 6},
		"a: 1\n---\n---\n---\nb: 2\n":            {1, 5},
		"%YAML 1.2\n---\na: 1\n...\n---\nb: 2\n": {3, 6},
		"# head\n--- # one\na: |\n  ---\nb: 1\n": {3},
		"--- {a: 1}\n--- {b: 2}":                 {1, 2},
		"\r\n---\r\na: 1\r\n---\r\nb: 1\r\n":     {3, 5},
		"# nothing\n---\n":                       nil,
	} {
		docs, err := parseYAML([]byte(text))
		var lines []int
		for _, d := range docs {
			lines = append(lines, d.line)
		}
		if err != nil || !slices.Equal(lines, want) {
			t.Errorf("%q: documents at %v, want %v, %v", text, lines, want, err)
		}
	}
	_, err := parseYAML([]byte("a: 1\n---\nb: [\n"))
	var f *fault
	if !errors.As(err, &f) || f.line != 3 {
		t.Errorf("fault in the second document: %+v", err)
	}
}
