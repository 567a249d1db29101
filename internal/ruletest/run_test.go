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
		{"alert missed", both + ls + "expect alert\n", "shell.test:9: no alert was raised"},
		{"alert too much", both + sh + "expect no alert\n", "shell.test:9: an alert was raised"},
		{"alert of nobody", both + sh + "expect alert nobody\n", `shell.test:9: no rule "nobody"`},
		{"no pause", both + "advance soon\n", `line 7: advance "soon"`},
		{"back in time", both + "advance -5m\n", `line 7: advance "-5m"`},
		{"open pause", both + "advance 5m\n", "without an expectation"},
		{"no event for an alert", "expect no alert\n", "without an event before it"},
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

const pairRule = `---
title: Two shells
name: pair
correlation:
  type: event_count
  rules: [shell]
  group-by: [User]
  timespan: 5m
  condition: {gte: 2}
---
title: A lonely shell
name: lonely
correlation:
  type: event_count
  rules: [shell]
  group-by: [User]
  timespan: 5m
  condition: {lt: 2}
`

// shellOf is a shell of a user.
func shellOf(user string) string {
	return "event process.exec\n  process.executable = /bin/sh\n  process.user.name = " + user + "\n"
}

func TestCorrelationsAreTestedOverTime(t *testing.T) {
	good := shellOf("a") + "advance 4m\n" + shellOf("b") + "expect no alert\n" +
		shellOf("a") + "expect alert Two shells\n" +
		shellOf("a") + "expect no alert lonely\n" +
		"advance 10m\nexpect alert lonely\n" +
		shellOf("c") + "expect match\n" +
		`{"logsource":{"product":"linux","category":"process_creation"},"Image":"/bin/sh","User":"c"}` + "\nexpect alert pair\nadvance 1h\nexpect no alert\n"
	r := Run(tree("linux/shell.yml", shellRule+pairRule, "linux/shell.test", good))
	if len(r.Failures) != 0 || r.Rules != 3 || r.Events != 6 {
		t.Fatalf("%+v", r)
	}
	lonely := "title: c\nid: c\ncorrelation: {type: event_count, rules: [shell], timespan: 5m, condition: {gte: 2}}\n"
	r = Run(tree("shell.yml", shellRule, "shell.test", goodTest, "pair.yml", lonely, "pair.test", shellOf("a")+"expect none\n"+shellOf("a")+"expect alert\n"))
	if len(r.Failures) != 1 || !strings.Contains(r.Failures[0].String(), "not about one event") {
		t.Fatalf("%+v", r)
	}
	r = Run(tree("shell.yml", shellRule, "shell.test", shellOf("a")+"expect alert shell\nadvance 1m\nexpect no alert\n", "pair.yml", lonely, "pair.test", shellOf("a")+"expect no alert\n"+shellOf("a")+"expect alert\n"))
	if len(r.Failures) != 2 || !strings.Contains(r.Failures[0].String(), `no rule "shell" that raises alerts`) {
		t.Fatalf("%+v", r)
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
	f.Add([]byte("event x\nadvance 5m\nexpect no alert x\n{\"logsource\":{}}\nexpect alert"))
	f.Add([]byte("event x\na.b=1\na=2\n{\"kind\":\"x\"}\nexpect none"))
	f.Fuzz(func(t *testing.T, text []byte) {
		steps, err := parse(text)
		for _, s := range steps {
			if err == nil && (s.what == process) != (len(s.records) > 0) {
				t.Fatalf("step %+v", s)
			}
		}
	})
}
