package sigma

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// malformedFiles are files that are no rules, of every kind that comes to mind,
// with the line on which it is said (0: the whole file) and part of the reason.
var malformedFiles = map[string]struct {
	text string
	line int
	want string
}{
	"empty":                {"", 1, "no rule"},
	"comments":             {"# nothing\n---\n", 1, "no rule"},
	"10 MB":                {strings.Repeat("# padding\n", 1<<20), 0, "larger than"},
	"10 MB on one line":    {"title: " + strings.Repeat("x", 10<<20), 0, "larger than"},
	"text":                 {"just text\n", 1, "must be a map"},
	"list":                 {"- a\n- b\n", 1, "must be a map"},
	"number":               {"42\n", 1, "must be a map"},
	"unclosed quote":       {head + "detection:\n  s:\n    a: 'x\n  condition: s\n", 6, "YAML"},
	"unclosed list":        {"title: [a\nb: c\n", 2, "YAML"},
	"tabs":                 {"title: t\nlogsource:\n\tproduct: linux\n", 3, "YAML"},
	"indentation":          {"title: t\n  id: x\n", 1, "YAML"},
	"duplicate key":        {"title: t\ntitle: u\n", 2, "already defined"},
	"same key, quoted":     {"title: t\n'title': u\n", 2, "already defined"},
	"alias without anchor": {"title: *x\n", 1, "no anchor"},
	"alias of itself":      {"a: &a\n  b: *a\n", 0, "YAML"},
	"alias bomb":           {bomb(), 0, "more than"},
	"merge key":            {"a: &a {b: c}\nd:\n  <<: *a\n", 3, "merge"},
	"tag":                  {"title: !!python/object:os.system x\n", 1, "tag"},
	"deep lists":           {"a: " + strings.Repeat("[", 5000), 0, "YAML"},
	"deep maps":            {nestedMaps(200), 0, "nested deeper"},
	"many values":          {"a: [" + strings.Repeat("x,", 60_000) + "]", 1, "more than"},
	"NUL":                  {"title: a\x00b\n", 1, "control character"},
	"escape character":     {"title: t\n# \x1b[2J\n", 2, "control character"},
	"Latin-1":              {"title: t\n# caf\xe9\n", 2, "not UTF-8"},
	"overlong":             {"title: \xc0\xaf\n", 1, "not UTF-8"},
	"surrogate":            {"title: \xed\xa0\x80\n", 1, "not UTF-8"},
	"UTF-16":               {"\xff\xfet\x00i\x00", 1, "UTF-16"},
	"UTF-16, big endian":   {"\xfe\xff\x00t", 1, "UTF-16"},
	"binary":               {"\x7fELF\x02\x01\x01\x00\x00", 1, "control character"},
	"title is a map":       {"title: {a: b}\n", 1, "title must be text"},
	"id is a list":         {"title: t\nid: [a]\n", 2, "id must be text"},
	"name is a map":        {"title: t\nname: {a: b}\n", 2, "name must be text"},
	"tags are maps":        {"title: t\ntags: [{a: b}]\n", 2, "tags"},
	"level":                {"title: t\nlevel: urgent\n", 2, `"urgent"`},
	"logsource is a list":  {"title: t\nlogsource: [linux]\ndetection: {}\n", 2, "must be a map"},
	"category is a list":   {"title: t\nlogsource: {category: [a]}\ndetection: {}\n", 2, "category must be text"},
	"detection is text":    {head + "detection: x\n", 4, "must be a map"},
	"undefined search":     {head + "detection:\n  s: {a: b}\n  condition: s and t\n", 6, `"t"`},
	"search named like it": {head + "detection:\n  s: {a: b}\n  condition: 1 of t*\n", 6, `"t*"`},
	"condition of itself":  {head + "detection:\n  condition: condition\n", 5, `"condition"`},
	"unknown modifier":     {head + "detection:\n  s:\n    a|fuzzy: b\n  condition: s\n", 6, "|fuzzy"},
	"unknown quantity":     {head + "detection:\n  s: {a: b}\n  condition: most of s\n", 6, "quantity"},
	"parentheses":          {head + "detection:\n  s: {a: b}\n  condition: ((s)\n", 6, "not closed"},
	"deep condition":       {head + "detection:\n  s: {a: b}\n  condition: " + strings.Repeat("(", 5000) + "s" + strings.Repeat(")", 5000) + "\n", 6, "nested deeper"},
	"many negations":       {head + "detection:\n  s: {a: b}\n  condition: " + strings.Repeat("not ", 5000) + "s\n", 6, "nested deeper"},
	"regular expression":   {head + "detection:\n  s:\n    a|re: '[a'\n  condition: s\n", 6, "regular expression"},
	"repetition":           {head + "detection:\n  s:\n    a|re: '((a{100}){100}){100}'\n  condition: s\n", 6, "regular expression"},
	"hour":                 {head + "detection:\n  s:\n    a|hour: 24\n  condition: s\n", 6, "no hour is 24"},
	"base64 too short":     {head + "detection:\n  s:\n    a|base64offset: ''\n  condition: s\n", 6, "too short"},
	"order of modifiers":   {head + "detection:\n  s:\n    a|contains|base64: x\n  condition: s\n", 6, "does not go after"},
	"cased network":        {head + "detection:\n  s:\n    a|cidr|cased: 10.0.0.0/8\n  condition: s\n", 6, "does not go with"},
	"expand in a regex":    {head + "detection:\n  s:\n    a|re|expand: '%x%'\n  condition: s\n", 6, "placeholders in a regular expression"},
	"too many patterns":    {head + "detection:\n  s:\n    a|expand: '" + strings.Repeat("%many%", 12) + "'\n  condition: s\n", 6, "more than"},
	"duplicate id":         {"id: good-1\n" + rule("s:\n  a: b\ncondition: s"), 1, "already that of"},
	"duplicate name":       {"name: first\n" + rule("s:\n  a: b\ncondition: s"), 1, "already that of"},
}

// bomb is nine aliases of nine aliases of …
func bomb() string {
	text := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'i'; c++ {
		text += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 9), ","))
	}
	return text
}

func nestedMaps(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// TestMalformedFilesAreRefusedAndTheRestLoads puts each between two good rules,
// and then all of them into one directory.
func TestMalformedFilesAreRefusedAndTheRestLoads(t *testing.T) {
	good := func(id, name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("id: " + id + "\nname: " + name + "\n" + rule("s:\n  a: b\ncondition: s"))}
	}
	all := fstest.MapFS{}
	for name, c := range malformedFiles {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"a.yml": good("good-1", "first"), "m/bad.yml": {Data: []byte(c.text)}, "z.yml": good("good-2", "second"),
				"lists/many.txt": {Data: []byte(strings.Repeat("x\ny\n", 4))},
			}
			set, report := Load(fsys)
			problems := append(report.Invalid, report.Unsupported...)
			if len(problems) != 1 || problems[0].File != "m/bad.yml" || !strings.Contains(problems[0].Reason, c.want) {
				t.Fatalf("want %q, got %.300v", c.want, problems)
			}
			if c.line != 0 && problems[0].Line != c.line {
				t.Errorf("line %d, want %d: %s", problems[0].Line, c.line, problems[0])
			}
			if got := fmt.Sprint(keys(set.Match(flat{"a": "b"}, nil))); got != "[good-1 good-2]" || report.Loaded != 2 {
				t.Errorf("of the good rules %s match", got)
			}
		})
		all["bad/"+strings.ReplaceAll(name, " ", "_")+".yml"] = &fstest.MapFile{Data: []byte(c.text)}
	}
	all["a.yml"] = good("good-1", "first")
	all["lists/many.txt"] = &fstest.MapFile{Data: []byte("x\ny\nz\n1\n2\n3\n4\n5\n")}
	set, report := Load(all)
	if report.Loaded != 1 || len(set.Rules()) != 1 || report.Files != len(malformedFiles)+1 {
		t.Errorf("%d of %d files loaded, %d rules", report.Loaded, report.Files, len(set.Rules()))
	}
}

// TestSpellingsOfGoodFiles : what editors do to files is no fault.
func TestSpellingsOfGoodFiles(t *testing.T) {
	text := "title: tïtle\n" + rule("s:\n  a: b\ncondition: s")[9:]
	for name, spelled := range map[string]string{
		"byte order mark": "\ufeff" + text, "CRLF": strings.ReplaceAll(text, "\n", "\r\n"), "no end of line": strings.TrimSuffix(text, "\n"),
		"document marker": "---\n" + text + "...\n", "both": "\ufeff---\r\n" + strings.ReplaceAll(text, "\n", "\r\n"),
	} {
		if set, report := Load(files(spelled)); report.Loaded != 1 || len(set.Match(flat{"a": "b"}, nil)) != 1 {
			t.Errorf("%s: %+v", name, report)
		}
	}
}
