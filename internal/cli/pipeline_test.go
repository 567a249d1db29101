package cli

import (
	"path/filepath"
	"strings"
	"testing"
)

const toProgram = "transformations:\n  - type: field_name_mapping\n    mapping: {Image: program}\n"

func TestPipelinesOfTheCommandLine(t *testing.T) {
	dir := rulesDir(t, "c.yml", curlRule, "map.txt", toProgram, "bad.txt", "transformations: 5\n")
	mapping, bad := filepath.Join(dir, "map.txt"), filepath.Join(dir, "bad.txt")
	input := `{"logsource":{"product":"linux"},"program":"/usr/bin/curl"}
{"logsource":{"product":"linux"},"Image":"/usr/bin/curl"}
`
	out, complain, status := run(t, input, "rules", "match", "--rules", dir, "--pipeline", mapping, "-")
	if want := `{"rule":"c.yml","event":0}` + "\n"; out != want || status != 0 {
		t.Errorf("status %d: %s%s", status, out, complain)
	}
	out, _, status = run(t, "", "rules", "check", "--pipeline", mapping, dir)
	if status != 0 || !strings.Contains(out, "2 files: 2 loaded") {
		t.Errorf("status %d: %s", status, out)
	}
	// A pipeline that cannot be used stops the command: without it the rules
	// would mean something else.
	for _, args := range [][]string{
		{"rules", "match", "--rules", dir, "--pipeline", bad, "-"},
		{"rules", "check", "--pipeline", bad, dir},
		{"rules", "check", "--pipeline", filepath.Join(dir, "missing.yml"), dir},
		{"replay", "--rules", dir, "--pipeline", bad, "-"},
	} {
		if out, _, status := run(t, "", args...); status != 3 || out != "" {
			t.Errorf("%v: status %d, %q", args, status, out)
		}
	}
}

// TestReplayThroughAPipeline : the same event raises an alert only where the
// pipeline maps the rule onto it, and the summary names other rules.
func TestReplayThroughAPipeline(t *testing.T) {
	dir := rulesDir(t, "c.yml", strings.Replace(curlRule, "Image", "program", 1), "map.yml.txt",
		"transformations:\n  - type: field_name_mapping\n    mapping: {program: Image}\n")
	event := `{"host":{"id":"h1"},"time":"2026-01-02T03:04:05Z","kind":"process.exec","process":{"key":"h1/b/1/2","pid":1,"executable":"/usr/bin/curl"}}` + "\n"
	without, complain, status := run(t, event, "replay", "--rules", dir, "--json", "-")
	if status != 0 || !strings.Contains(without, `"alerts":0`) {
		t.Fatalf("status %d: %s%s", status, without, complain)
	}
	with, complain, status := run(t, event, "replay", "--rules", dir, "--pipeline", filepath.Join(dir, "map.yml.txt"), "--json", "-")
	if status != 0 || !strings.Contains(with, `"alerts":1`) {
		t.Fatalf("status %d: %s%s", status, with, complain)
	}
	digest := func(s string) string { _, after, _ := strings.Cut(s, `"rules":`); return after[:20] }
	if digest(with) == digest(without) {
		t.Error("the pipeline is not part of the revision of the rules")
	}
}
