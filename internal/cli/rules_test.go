package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// run runs the command line and returns what it printed and its exit status.
func run(t *testing.T, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, complain bytes.Buffer
	cmd := New()
	cmd.SetArgs(args)
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&out)
	cmd.SetErr(&complain)
	status = ExitStatus(cmd.Execute())
	return out.String(), complain.String(), status
}

// rulesDir is a directory with the given files.
func rulesDir(t *testing.T, pairs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(pairs); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, pairs[i]), []byte(pairs[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	curlRule = "title: c\nlogsource: {product: linux}\ndetection:\n  s:\n    Image|endswith: /curl\n  condition: s\n"
	oddRule  = "title: f\nlogsource: {product: linux}\ndetection:\n  s: {a|odd: b}\n  condition: s\n"
	anyRule  = "title: a\nid: any\nlogsource: {category: process_creation}\ndetection:\n  s:\n    Image: '*'\n  condition: s\n"
)

func TestRulesCheck(t *testing.T) {
	dir := rulesDir(t, "c.yml", curlRule, "f.yml", oddRule)
	out, _, status := run(t, "", "rules", "check", dir, "--json")
	want := `{"files":2,"loaded":1,"unsupported":[{"file":"f.yml","line":4,"reason":"modifier |odd"}],"invalid":[],"rules":1,"evaluable":1,"needs":[{"rule":"c.yml",`
	if !strings.HasPrefix(out, want) || status != 0 {
		t.Errorf("status %d\n%s\n%s", status, out, want)
	}
	dir = rulesDir(t, "c.yml", curlRule, "bad.yml", "title: f\n\nlogsource: 5\ndetection: {}\n")
	out, _, status = run(t, "", "rules", "check", dir)
	if status != 1 || !strings.Contains(out, "bad.yml:3: logsource must be a map") || !strings.Contains(out, "2 files: 1 loaded, 0 unsupported, 1 invalid") {
		t.Errorf("status %d\n%s", status, out)
	}
}

func TestRulesMatch(t *testing.T) {
	dir := rulesDir(t, "c.yml", curlRule, "a.yml", anyRule, "f.yml", oddRule)
	input := `{"time":"2026-01-02T03:04:05Z","kind":"process.exec","process":{"executable":"/usr/bin/curl"}}
not json
{"logsource":{"category":"process_creation"},"Image":"/bin/ls"}

{"logsource":{"product":"linux"},"Image":["x","/curl"]}
`
	out, complain, status := run(t, input, "rules", "match", "--rules", dir, "-")
	want := `{"rule":"any","event":0}
{"rule":"c.yml","event":0}
{"rule":"any","event":2}
{"rule":"c.yml","event":4}
`
	if out != want || status != 0 {
		t.Errorf("status %d\n%s\nwant\n%s", status, out, want)
	}
	if !strings.Contains(complain, "unsupported: f.yml:4: modifier |odd") || !strings.Contains(complain, "line 2: ") {
		t.Errorf("stderr %q", complain)
	}
}

func TestRulesTest(t *testing.T) {
	good := rulesDir(t, "c.yml", curlRule, "c.test",
		"event process.exec\nprocess.executable = /usr/bin/curl\nexpect match\nevent process.exec\nexpect none\n")
	if out, _, status := run(t, "", "rules", "test", good); status != 0 || out != "1 rules, 2 events, 0 failures\n" {
		t.Errorf("status %d\n%s", status, out)
	}
	if out, _, status := run(t, "", "rules", "test", rulesDir(t, "c.yml", curlRule), "--json"); status != 1 || !strings.Contains(out, "c.test is missing") {
		t.Errorf("status %d\n%s", status, out)
	}
}

func TestRulesNeedWhatTheyRead(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for want, args := range map[int][]string{
		2: {"rules", "check"},
		3: {"rules", "check", missing},
	} {
		if _, _, status := run(t, "", args...); status != want {
			t.Errorf("%v: status %d, want %d", args, status, want)
		}
	}
	if _, _, status := run(t, "", "rules", "match", "--rules", t.TempDir(), missing); status != 3 {
		t.Errorf("missing events: status %d", status)
	}
	if _, _, status := run(t, "", "rules", "match", missing); status != 2 {
		t.Errorf("missing --rules: status %d", status)
	}
}

func TestRulesExplain(t *testing.T) {
	dir := rulesDir(t, "c.yml", "title: c\nlogsource: {category: process_creation}\ndetection:\n  s:\n    Image|endswith|expand: '%tools%'\n  f:\n    User: root\n  condition: s and not f\n")
	lists := filepath.Join(dir, "lists")
	if err := os.Mkdir(lists, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(lists, "tools.txt"), []byte("/curl\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	event := `{"logsource":{"category":"process_creation"},"Image":"/bin/curl","User":"root"}`
	out, _, status := run(t, "", "rules", "explain", "--rule", filepath.Join(dir, "c.yml"), event)
	want := `c (c.yml)
NO   and
yes    s: Image is "*/curl"   (line 5; seen: "/bin/curl")
NO     not
yes      f: User is "root"   (line 7; seen: "root")
`
	if out != want || status != 0 {
		t.Errorf("status %d\n%s\nwant\n%s", status, out, want)
	}
	out, _, status = run(t, `{"logsource":{"product":"x"}}`, "rules", "explain", "--rule", filepath.Join(dir, "c.yml"), "-", "--json")
	if status != 0 || !strings.Contains(out, `"applies":false`) {
		t.Errorf("status %d\n%s", status, out)
	}
	for want, args := range map[int][]string{
		1: {filepath.Join(dir, "c.yml"), "{}"},
		3: {filepath.Join(dir, "missing.yml"), event},
		2: {filepath.Join(dir, "c.yml")},
	} {
		if _, _, status := run(t, "", append([]string{"rules", "explain", "--rule"}, args...)...); status != want {
			t.Errorf("%v: status %d, want %d", args, status, want)
		}
	}
}
