package sigma

import (
	"strings"
	"testing"
)

const filtered = "id: r1\nname: first\ntitle: t\nlogsource: {product: linux, category: process_creation}\ndetection:\n  selection:\n    a: x\n  condition: selection\n"

func filterText(rules, rest string) string {
	return "title: admins\nid: f1\nlogsource: {product: linux, category: process_creation}\nfilter:\n  rules: " + rules + "\n" + indent(rest)
}

// TestFilters : which rules a filter is for, and what it lets through.
func TestFilters(t *testing.T) {
	const adm = "selection:\n  user|startswith: adm_\ncondition: not selection"
	for _, c := range []struct {
		name, filter string
		// Matches of a record without and with the user adm_x.
		plain, admin int
	}{
		{"by id", filterText("[r1]", adm), 1, 0},
		{"by name", filterText("[first]", adm), 1, 0},
		{"one rule, no list", filterText("r1", adm), 1, 0},
		{"any", filterText("any", adm), 1, 0},
		{"ALL", filterText("ALL", adm), 1, 0},
		{"what it lets through", filterText("[r1]", "selection:\n  user|startswith: adm_\ncondition: selection"), 0, 1},
		{"its names are its own", filterText("[r1]", "selection:\n  a: nothing\ncondition: not selection"), 1, 1},
		{"several selections", filterText("any", "one:\n  user: adm_x\ntwo:\n  a: x\ncondition: not (one and two)"), 1, 0},
		{"by pattern", filterText("any", "one:\n  user: adm_x\ntwo:\n  user: y\ncondition: not 1 of them"), 1, 0},
		{"any, of another log source", strings.Replace(filterText("any", adm), "process_creation", "file_event", 1), 1, 1},
		{"any, of a wider log source", strings.Replace(filterText("any", adm), ", category: process_creation", "", 1), 1, 0},
		{"any, of a narrower log source", strings.Replace(filterText("any", adm), "process_creation", "process_creation, service: s", 1), 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			// The filter comes first and last: order of files does not matter.
			for _, set := range []*Set{mustLoad(t, c.filter, filtered), mustLoad(t, filtered, c.filter), mustLoad(t, filtered+"---\n"+c.filter)} {
				source := Logsource{"linux", "process_creation", ""}
				plain := set.Match(sourced{flat{"a": "x", "user": "u"}, source}, nil)
				admin := set.Match(sourced{flat{"a": "x", "user": "ADM_x"}, source}, nil)
				if len(plain) != c.plain || len(admin) != c.admin {
					t.Errorf("plain %d, admin %d; want %d, %d", len(plain), len(admin), c.plain, c.admin)
				}
			}
		})
	}
}

// mustLoad loads texts that must be without fault.
func mustLoad(t *testing.T, texts ...string) *Set {
	t.Helper()
	set, report := Load(files(texts...))
	if report.Loaded != len(texts) {
		t.Fatalf("%+v", report)
	}
	return set
}

func TestFiltersAddUp(t *testing.T) {
	set := mustLoad(t, filtered,
		filterText("any", "s:\n  user: one\ncondition: not s"),
		strings.Replace(filterText("any", "s:\n  user: two\ncondition: not s"), "f1", "f2", 1))
	for user, want := range map[string]int{"one": 0, "two": 0, "three": 1} {
		if got := set.Match(sourced{flat{"a": "x", "user": user}, Logsource{"linux", "process_creation", ""}}, nil); len(got) != want {
			t.Errorf("%s: %d matches", user, len(got))
		}
	}
	if e := set.Rules()[0].Explain(flat{"a": "x", "user": "one"}); e.Holds || e.Parts[1].Detection != "filter admins" || e.Parts[1].Holds {
		t.Errorf("explained as %+v", e)
	}
}

func TestFilterFaults(t *testing.T) {
	const body = "selection:\n  user: x\ncondition: not selection"
	for _, c := range []struct{ name, text, want string }{
		{"rules missing", "title: t\nlogsource: {product: linux}\nfilter:\n  s: {a: b}\n  condition: s\n", "names no rules"},
		{"rules null", filterText("null", body), "names no rules"},
		{"rules empty", filterText("[]", body), "names no rules"},
		{"rules a map", filterText("{a: b}", body), "list of texts"},
		{"no condition", filterText("any", "selection:\n  user: x"), "no condition"},
		{"list of conditions", filterText("any", "s:\n  user: x\ncondition: [s, not s]"), "one text"},
		{"no selection", filterText("any", "condition: not s"), "no selection"},
		{"unknown selection", filterText("any", "s:\n  user: x\ncondition: not q"), `"q"`},
		{"no title", strings.Replace(filterText("any", body), "title: admins\n", "", 1), "no title"},
		{"no log source", strings.Replace(filterText("any", body), "logsource", "logsourc", 1), "no logsource"},
		{"filter is text", "title: t\nlogsource: {product: linux}\nfilter: x\n", "must be a map"},
		{"unknown modifier", filterText("any", "s:\n  user|odd: x\ncondition: s"), "|odd"},
		{"placeholder", filterText("any", "s:\n  user|expand: '%x%'\ncondition: s"), "%x%"},
		{"unknown rule", filterText("[r1, r9]", body), "r9, which is not loaded"},
		{"rule of another log source", strings.Replace(filterText("[r1]", body), "process_creation", "file_event", 1), "filter is for linux/file_event/*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, report := Load(files(c.text, filtered))
			problems := append(report.Invalid, report.Unsupported...)
			if len(problems) == 0 || !strings.Contains(problems[0].Reason, c.want) || problems[0].Line == 0 {
				t.Errorf("want %q, got %v", c.want, problems)
			}
			if len(set.Rules()) != 1 {
				t.Errorf("the rule is gone: %v", problems)
			}
		})
	}
}
