package ruletest

import (
	"strings"
	"testing"
	"testing/fstest"
)

const shellRule = `title: Shell
id: shell
logsource: {product: linux, category: process_creation}
detection:
  s:
    Image: /bin/sh
  condition: s
`

const goodTest = `# a shell
event process.exec
  process.executable = /bin/sh
  process.args = ["sh","-c","a = b"]
  process.pid = 7
expect match
{"time":"2026-01-02T03:04:05Z","kind":"process.exec","process":{"executable":"/bin/ls"}}
{"logsource":{"product":"linux","category":"process_creation"},"Image":"/bin/id"}
expect none
`

func tree(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fsys
}

func TestGoodTestsPass(t *testing.T) {
	r := Run(tree("linux/shell.yml", shellRule, "linux/shell.test", goodTest))
	if r.Rules != 1 || r.Events != 3 || len(r.Failures) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestFailuresAreNamed(t *testing.T) {
	sh := "event process.exec\nprocess.executable = /bin/sh\n"
	ls := "event process.exec\nprocess.executable = /bin/ls\n"
	both := sh + "expect match\n" + ls + "expect none\n"
	cases := []struct{ name, test, want string }{
		{"missed", both + ls + "expect match\n", `shell.test:7: "Shell" does not match`},
		{"false alarm", both + ls + sh + "expect none\n", `shell.test:9: "Shell" matches`},
		{"no positive", ls + "expect none\n", "no event that the rule matches"},
		{"no negative", sh + "expect match\n", "no event that the rule leaves alone"},
		{"empty", "", "no event that the rule matches"},
		{"unknown field", both + "event process.exec\nprocess.exectuable = x\nexpect none\n", `line 9: event of line 7: json: unknown field "exectuable"`},
		{"wrong type", both + "event process.exec\nprocess.pid = x\nexpect none\n", "event of line 7"},
		{"field of nothing", "process.pid = 1\n", "line 1: no event to set process.pid of"},
		{"nonsense", both + "frobnicate\n", `line 7: "frobnicate" is not`},
		{"open end", both + sh, "without an expectation"},
		{"expectation", both + sh + "expect maybe\n", `expect "maybe"`},
		{"nothing expected", "expect none\n", "without an event before it"},
		{"value as object", both + "event process.exec\nprocess = 1\nprocess.pid = 2\n", "process is already a value"},
		{"bad json", both + "{\n", "event of line 7"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := Run(tree("shell.yml", shellRule, "shell.test", c.test))
			for _, f := range r.Failures {
				if strings.Contains(f.String(), c.want) {
					return
				}
			}
			t.Errorf("no failure with %q in %v", c.want, r.Failures)
		})
	}
}

func TestRulesWithoutTestsAreRefused(t *testing.T) {
	r := Run(tree("shell.yml", shellRule, "bad.yml", "title: [", "lost.test", goodTest))
	var all []string
	for _, f := range r.Failures {
		all = append(all, f.String())
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{"bad.yml:1:", "lost.test: no rule loaded", "shell.yml: rule has no tests"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(goodTest))
	f.Add([]byte("event x\na.b=1\na=2\n{\"kind\":\"x\"}\nexpect none"))
	f.Fuzz(func(t *testing.T, text []byte) {
		steps, err := parse(text)
		for _, s := range steps {
			if err == nil && (len(s.records) == 0 || len(s.records) != len(s.lines)) {
				t.Fatalf("step %+v", s)
			}
		}
	})
}
