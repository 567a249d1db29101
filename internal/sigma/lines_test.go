package sigma

import (
	"strings"
	"testing"
)

// marked splits a rule with one line that ends in "#HERE" into the text and
// that line's number.
func marked(t *testing.T, text string) (string, int) {
	t.Helper()
	before, _, found := strings.Cut(text, "#HERE")
	if !found {
		t.Fatalf("no mark in\n%s", text)
	}
	return strings.Replace(text, "#HERE", "", 1), strings.Count(before, "\n") + 1
}

// faults are rules with one fault, on the line marked.
var faults = []struct{ name, text, reason string }{
	{"title missing", "#HEREid: 1\nlevel: low\nlogsource: {product: linux}\ndetection:\n  s: {a: b}\n  condition: s\n", "no title"},
	{"after comments", "# one\n\n# two\n#HEREid: 1\nlevel: low\n", "no title"},
	{"title is a list", "title:\n  - a#HERE\n  - b\n", "title must be text"},
	{"tags are maps", "title: t\ntags:\n  - attack.execution\n  - a: b#HERE\n", "tags"},
	{"level below a block", "title: t\ndescription: |\n  one\n\n  two\n\n\nlevel: odd#HERE\n", `"odd"`},
	{"level below a folded block", "title: t\ndescription: >-\n    one\n    two\n\nlevel: odd#HERE\n", `"odd"`},
	{"level below a quoted text", "title: t\ndescription: \"one\n  two\n\n  three\"\nlevel: odd#HERE\n", `"odd"`},
	{"level below a plain text", "title: t\ndescription: one\n  two\n  three\nlevel: odd#HERE\n", `"odd"`},
	{"level below a single-quoted text", "title: t\ndescription: 'one\n  two'\nlevel: odd#HERE\n", `"odd"`},
	{"level below comments", "title: t # c\n# c\n\n  # c\nlevel: odd#HERE\n", `"odd"`},
	{"status", "title: t\nlevel: low\nstatus: odd#HERE\n", `"odd"`},
	{"logsource is text", "title: t\nlogsource: linux#HERE\ndetection:\n  s: {a: b}\n  condition: s\n", "logsource"},
	{"logsource names nothing", "title: t\nlogsource:\n  definition: x#HERE\ndetection:\n  s: {a: b}\n  condition: s\n", "names no product"},
	{"detection is a list", head + "detection:\n  - a#HERE\n", "must be a map"},
	{"no condition", head + "detection:\n  s:#HERE\n    a: b\n", "no condition"},
	{"timeframe", head + "detection:\n  s:\n    a: b\n  timeframe: 5m#HERE\n  condition: s\n", "timeframe"},
	{"empty detection", head + "detection:\n  r:\n    a: b\n  s: {}#HERE\n  condition: s\n", "empty"},
	{"null detection", head + "detection:\n  r:\n    a: b\n  s: null#HERE\n  condition: s\n", "empty"},
	{"second item", head + "detection:\n  s:\n    a: b\n    # c\n    d|odd: e#HERE\n  condition: s\n", "|odd"},
	{"third value", head + "detection:\n  s:\n    a|cidr:\n      - 10.0.0.0/8\n      # c\n      - ::/0\n      - 10.0.0#HERE\n  condition: s\n", "not a network"},
	{"value in a flow list", head + "detection:\n  s:\n    a|lt: [1,\n      2,\n      x]#HERE\n  condition: s\n", "not a number"},
	{"item of a list of maps", head + "detection:\n  s:\n    - a: b\n    - c: d\n      e|re: '('#HERE\n  condition: s\n", "regular expression"},
	{"list in a list of maps", head + "detection:\n  s:\n    - a: b\n    - - c#HERE\n  condition: s\n", "list inside"},
	{"map as a value", head + "detection:\n  s:\n    a:\n      b: c#HERE\n  condition: s\n", "a map where"},
	{"map in values", head + "detection:\n  s:\n    a:\n      - x\n      - b: c#HERE\n  condition: s\n", "a value must be"},
	{"empty values", head + "detection:\n  s:\n    a: []#HERE\n  condition: s\n", "is empty"},
	{"null among values", head + "detection:\n  s:\n    a:\n      - x\n      -#HERE\n      - y\n  condition: s\n", "null"},
	{"null with a modifier", head + "detection:\n  s:\n    a|contains: null#HERE\n  condition: s\n", "null"},
	{"|all with one value", head + "detection:\n  s:\n    a: b\n    c|all: d#HERE\n  condition: s\n", "|all"},
	{"no modifier", head + "detection:\n  s:\n    a|: b#HERE\n  condition: s\n", "without name"},
	{"two anchors", head + "detection:\n  s:\n    a|contains|endswith: b#HERE\n  condition: s\n", "does not go with"},
	{"flag before |re", head + "detection:\n  s:\n    a|i|re: b#HERE\n  condition: s\n", "|re before it"},
	{"two questions", head + "detection:\n  s:\n    a|re|cidr: b#HERE\n  condition: s\n", "exclude"},
	{"number in quotes", head + "detection:\n  s:\n    a|gt: '5'#HERE\n  condition: s\n", "not a number"},
	{"|exists with text", head + "detection:\n  s:\n    a|exists: maybe#HERE\n  condition: s\n", "true or false"},
	{"|fieldref to a number", head + "detection:\n  s:\n    a|fieldref: 5#HERE\n  condition: s\n", "name of a field"},
	{"|base64 with a wildcard", head + "detection:\n  s:\n    a|base64:\n      - x\n      - y*#HERE\n  condition: s\n", "wildcards"},
	{"|cidr of a keyword", head + "detection:\n  s:\n    '|cidr': 10.0.0.0/8#HERE\n  condition: s\n", "needs a field"},
	{"condition below the parts", head + "detection:\n  s:\n    a: b\n\n  # c\n  condition: s and#HERE\n", "ends where"},
	{"condition above the parts", head + "detection:\n  condition: t#HERE\n  s:\n    a: b\n", `"t"`},
	{"condition list", head + "detection:\n  s:\n    a: b\n  condition:\n    - s\n    - s or q#HERE\n", `"q"`},
	{"null in a condition list", head + "detection:\n  s:\n    a: b\n  condition:\n    - s\n    - null#HERE\n", "must be text"},
	{"condition is a map", head + "detection:\n  s:\n    a: b\n  condition:\n    x: y#HERE\n", "must be text"},
	{"condition without value", head + "detection:\n  s:\n    a: b\n  condition:#HERE\n", "must be text"},
	{"condition in a block", head + "detection:\n  s:\n    a: b\n  condition: >#HERE\n    s and\n    q\n", `"q"`},
	{"condition list is empty", head + "detection:\n  s:\n    a: b\n  condition: []#HERE\n", "empty"},
	{"empty condition", head + "detection:\n  s:\n    a: b\n  condition: ''#HERE\n", "empty"},
	{"words left over", head + "detection:\n  s:\n    a: b\n  condition: s s#HERE\n", `unexpected "s"`},
	{"of nothing", head + "detection:\n  s:\n    a: b\n  condition: 1 of#HERE\n", "of what"},
	{"odd quantity", head + "detection:\n  s:\n    a: b\n  condition: some of them#HERE\n", "quantity"},
	{"duplicate item", head + "detection:\n  s:\n    a: b\n    c: d\n    a: e#HERE\n  condition: s\n", "already defined"},
	{"alias without anchor", head + "detection:\n  s:\n    a: b\n    c: *q#HERE\n  condition: s\n", "anchor"},
	{"second document", head + "detection:\n  s: {a: b}\n  condition: s\n---\n# c\ntitle: u\nlevel: odd#HERE\n", `"odd"`},
	{"document behind an empty one", "---\n---\n# c\n---\ntitle: u\nlevel: odd#HERE\n", `"odd"`},
	{"after a directive", "%YAML 1.2\n---\ntitle: u\nlevel: odd#HERE\n", `"odd"`},
}

// head are the lines of a rule above its detection.
const head = "title: t\nlogsource:\n  product: linux\n"

func TestFaultsAreFoundOnTheirLine(t *testing.T) {
	for _, c := range faults {
		t.Run(c.name, func(t *testing.T) {
			text, line := marked(t, c.text)
			for ending, text := range map[string]string{"LF": text, "CRLF": strings.ReplaceAll(text, "\n", "\r\n"), "byte order mark": "\ufeff" + text} {
				_, report := Load(files(text))
				list := append(report.Invalid, report.Unsupported...)
				if len(list) != 1 || list[0].Line != line || !strings.Contains(list[0].Reason, c.reason) {
					t.Errorf("%s: want line %d, %q; got %v", ending, line, c.reason, list)
				}
			}
		})
	}
}
