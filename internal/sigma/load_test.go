package sigma

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// rule wraps a detection in the rest of a rule.
func rule(detection string) string {
	return "title: t\nlogsource:\n  product: linux\ndetection:\n" + indent(detection)
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") + "\n"
}

func files(contents ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i, c := range contents {
		fsys[fileName(i)] = &fstest.MapFile{Data: []byte(c)}
	}
	return fsys
}

func fileName(i int) string {
	if i >= 26 {
		return fmt.Sprintf("z%05d.yml", i)
	}
	return string(rune('a'+i)) + ".yml"
}

// one loads a single rule that must load.
func one(t *testing.T, text string) *Set {
	t.Helper()
	set, report := Load(files(text))
	if report.Loaded != 1 || len(set.Rules()) != 1 {
		t.Fatalf("not loaded: %+v\n%s", report, text)
	}
	return set
}

// corpus is the public Linux rules: below $BAIZE_TEST_DATA, or in a directory
// "shared" beside the repository. The test is skipped where there are none.
func corpus(t testing.TB) string {
	t.Helper()
	const rules = "sigma-linux/rules"
	for _, dir := range []string{os.Getenv("BAIZE_TEST_DATA"), "../../../shared/data", "../../../../shared/data"} {
		if _, err := os.Stat(filepath.Join(dir, rules)); dir != "" && err == nil {
			return filepath.Join(dir, rules)
		}
	}
	t.Skip("the public Sigma rules are not at hand (set BAIZE_TEST_DATA)")
	return ""
}

func TestPublicCorpusLoads(t *testing.T) {
	_, report := Load(os.DirFS(corpus(t)))
	if report.Loaded+len(report.Unsupported)+len(report.Invalid) != report.Files || report.Files < 200 {
		t.Errorf("counts do not add up: %+v", report)
	}
	for _, p := range append(report.Unsupported, report.Invalid...) {
		t.Errorf("%s", p)
	}
}

func TestProblemsAreNamedWithTheirLine(t *testing.T) {
	cases := []struct {
		name, text  string
		line        int
		unsupported bool
		reason      string
	}{
		{"no title", "logsource:\n  product: linux\n", 1, false, "no title"},
		{"no detection", "title: t\nlogsource:\n  product: linux\n", 1, false, "no detection"},
		{"syntax", "title: t\nbad: [\n", 2, false, "YAML"},
		{"duplicate key", "title: t\ntitle: u\n", 2, false, "already defined"},
		{"level", "title: t\nlevel: huge\n" + rule("s:\n  a: b\ncondition: s")[9:], 2, false, `"huge"`},
		{"unknown name", rule("s:\n  a: b\ncondition: s and x"), 7, false, `"x"`},
		{"unknown modifier", rule("s:\n  a|soundex: b\ncondition: s"), 6, true, "|soundex"},
		{"null in list", rule("s:\n  a:\n    - b\n    - null\ncondition: s"), 8, false, "null"},
		{"all of one", rule("s:\n  a|contains|all: b\ncondition: s"), 6, false, "|all"},
		{"look-ahead", rule("s:\n  a|re: 'x(?=y)'\ncondition: s"), 6, true, "(?="},
		{"broken expression", rule("s:\n  a|re: 'x('\ncondition: s"), 6, false, "regular expression"},
		{"network", rule("s:\n  a|cidr: 10.0.0.0/99\ncondition: s"), 6, false, "not a network"},
		{"aggregation", rule("s:\n  a: b\ncondition: s | count() > 5"), 7, true, "aggregation"},
		{"correlation", "title: t\ncorrelation:\n  type: event_count\n", 3, false, "no rules"},
		{"filter", "title: t\nfilter:\n  rules: any\n", 1, false, "filter has no logsource"},
		{"placeholder", rule("s:\n  a|expand: '%x%'\ncondition: s"), 6, true, "%x%"},
		{"parenthesis", rule("s:\n  a: b\ncondition: (s"), 7, false, "not closed"},
		{"nothing alike", rule("s:\n  a: b\ncondition: 1 of q*"), 7, false, `"q*"`},
		{"contradiction", rule("s:\n  a|re|windash: b\ncondition: s"), 6, false, "does not go with"},
		{"empty", "# nothing\n", 1, false, "no rule"},
		{"number", rule("s:\n  a|lt: many\ncondition: s"), 6, false, "not a number"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, report := Load(files(c.text))
			list := report.Invalid
			if c.unsupported {
				list = report.Unsupported
			}
			if len(list) != 1 || list[0].Line != c.line || !strings.Contains(list[0].Reason, c.reason) {
				t.Errorf("want line %d, unsupported %t, %q; got %+v", c.line, c.unsupported, c.reason, report)
			}
		})
	}
}

func TestGoodRulesSurviveBadNeighbours(t *testing.T) {
	good := rule("s:\n  a: b\ncondition: s")
	set, report := Load(files("id: 1\n"+good, "title: [", "id: 2\n"+good+"---\ntitle: u\n", "id: 1\n"+good))
	if report.Files != 4 || report.Loaded != 1 || len(report.Invalid) != 3 || report.Rules != 2 {
		t.Errorf("report = %+v", report)
	}
	if len(set.Rules()) != 2 || set.Rules()[0].ID != "1" || set.Rules()[1].ID != "2" {
		t.Errorf("rules = %v", set.Rules())
	}
}

func TestDescriptionIsRead(t *testing.T) {
	set := one(t, `title: Shell
id: 5e5f3a7e-0000-4000-8000-000000000001
level: high
status: test
tags:
  - attack.execution
  - attack.defense_impairment
  - attack.t1059.004
  - attack.g0032
  - cve.2022-1
`+rule("s:\n  a: b\ncondition: s")[9:])
	r := set.Rules()[0]
	if strings.Join(r.Tactics, " ") != "execution defense-impairment" || strings.Join(r.Techniques, " ") != "T1059.004" {
		t.Errorf("tactics %v, techniques %v", r.Tactics, r.Techniques)
	}
	if r.Severity() != 3 || r.Key() != r.ID || r.Logsource.Product != "linux" {
		t.Errorf("rule = %+v", r)
	}
}

func TestListsBecomePlaceholders(t *testing.T) {
	fsys := files(rule("s:\n  a|expand: '%name%.%tld%'\ncondition: s"))
	fsys["lists/name.txt"] = &fstest.MapFile{Data: []byte("# names\nx\n\ny*\n")}
	fsys["lists/tld.txt"] = &fstest.MapFile{Data: []byte("org\nnet\n")}
	set, report := Load(fsys)
	if report.Loaded != 1 {
		t.Fatalf("%+v", report)
	}
	for value, want := range map[string]bool{"x.org": true, "y*.net": true, "yy.net": true, "x.com": false, "xx.org": false} {
		if got := len(set.Match(flat{"a": value}, nil)) == 1; got != want {
			t.Errorf("%q: %t, want %t", value, got, want)
		}
	}
}
