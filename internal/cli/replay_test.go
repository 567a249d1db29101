package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"baize/internal/replay"
)

// baize runs a command line and returns what it printed and its exit status.
func baize(t *testing.T, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	root := New()
	root.SetArgs(args)
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&errs)
	err := root.Execute()
	if err != nil {
		errs.WriteString(err.Error())
	}
	return out.String(), errs.String(), ExitStatus(err)
}

const shmExec = `{"host":{"id":"h1"},"boot":"b","seq":1,"time":"2026-01-02T03:04:05Z","kind":"process.exec","process":{"key":"h1/b/9/9","executable":"/dev/shm/x","command_line":"/dev/shm/x","exe":{"tmpfs":true,"deleted":false,"memfd":false}}}`

func TestReplayCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	out, errs, status := baize(t, shmExec+"\n", "replay", "--json", "--out", dir, "-")
	var s replay.Summary
	if err := json.Unmarshal([]byte(out), &s); err != nil || status != 0 || s.Events != 1 || s.Alerts != 1 || s.Incidents != 1 {
		t.Fatalf("status %d: %s %s", status, out, errs)
	}
	for _, name := range []string{"alerts", "incidents", "provenance"} {
		content, err := os.ReadFile(filepath.Join(dir, name+".ndjson"))
		if err != nil || bytes.Count(content, []byte("\n")) != 1 {
			t.Errorf("%s: %s %v", name, content, err)
		}
	}
}

func TestReplayWithOwnRules(t *testing.T) {
	dir := t.TempDir()
	rule := "title: Any\nid: 11111111-0000-4000-8000-000000000001\nlevel: low\nlogsource: {product: linux, category: process_creation}\ndetection:\n  s: {Image|startswith: /}\n  condition: s\n"
	for name, content := range map[string]string{"any.yml": rule, "bad.yml": "title: [\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, errs, status := baize(t, shmExec, "replay", "--rules", dir, "-")
	if status != 0 || !strings.Contains(out, "1 alerts in 0 incidents") || !strings.Contains(errs, "bad.yml") {
		t.Fatalf("status %d: %s %s", status, out, errs)
	}
}

func TestReplayRefuses(t *testing.T) {
	parquet := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(parquet, []byte("PAR1"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status int
		says   string
		stdin  string
		args   []string
	}{
		{exitUsage, "Parquet", "", []string{"replay", parquet}},
		{exitUsage, "", "", []string{"replay"}},
		{exitUnreachable, "none", "", []string{"replay", filepath.Join(t.TempDir(), "none")}},
		{exitUnreachable, "none", "", []string{"replay", "--rules", filepath.Join(t.TempDir(), "none"), "-"}},
		{0, "stdin: line 1: ", "nonsense\n" + shmExec, []string{"replay", "-"}},
		{exitNo, "stdin: line 1: ", "nonsense\n", []string{"replay", "-"}},
		{0, "-: line 2: ", `{"id":"a","time":"2026-01-02T03:04:05Z","host":{"id":"h"}}` + "\n{\n", []string{"incidents", "merge", "-"}},
		{exitUnreachable, "none", "", []string{"incidents", "merge", filepath.Join(t.TempDir(), "none")}},
	} {
		_, errs, status := baize(t, c.stdin, c.args...)
		if status != c.status || !strings.Contains(errs, c.says) {
			t.Errorf("%v: status %d, want %d: %s", c.args, status, c.status, errs)
		}
	}
}

func TestIncidentsMergeCommand(t *testing.T) {
	baseline := filepath.Join(t.TempDir(), "baseline")
	if err := os.WriteFile(baseline, []byte(`{"type":"ip","value":"203.0.113.9"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	alerts := `{"id":"a","time":"2026-01-02T03:04:05Z","host":{"id":"h1"},"entities":[{"type":"ip","value":"203.0.113.9"}]}
{"id":"b","time":"2026-01-02T03:04:06Z","host":{"id":"h2"},"entities":[{"type":"ip","value":"203.0.113.9"}]}
`
	for incidents, args := range map[int][]string{1: {"incidents", "merge", "-"}, 2: {"incidents", "merge", "--baseline", baseline, "-"}} {
		out, errs, status := baize(t, alerts, args...)
		seen := map[string]bool{}
		for line := range strings.Lines(out) {
			var l struct{ Incident string }
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			seen[l.Incident] = true
		}
		if status != 0 || len(seen) != incidents {
			t.Errorf("%v: status %d, %d incidents, want %d: %s%s", args, status, len(seen), incidents, out, errs)
		}
	}
}

// TestIncidentsMergeBytes: what other makers' alerts come to, to the byte: poor
// ones alone, one that repeats, two that a third ties to the older, and lines
// that are no alerts left out by name.
func TestIncidentsMergeBytes(t *testing.T) {
	const input = `{"id":"poor","time":"2026-01-02T03:04:05Z","host":{"id":"h1"},"unheard_of":{"x":[1]}}
{"id":"one","time":"2026-01-02T03:04:06Z","host":{"id":"h1"},"lineage":"A","entities":[{"type":"domain","value":"<x>.c2.example"}]}
{"id":"two","time":"2026-01-02T03:04:07+00:00","host":{"id":"h2"},"lineage":"B"}
not json
{"id":"","time":"2026-01-02T03:04:07Z","host":{"id":"h2"}}
{"id":"one","time":"2026-01-02T03:05:06Z","host":{"id":"h1"},"lineage":"A","count":7}

{"id":"bridge","time":"2026-01-02T03:04:08Z","host":{"id":"h2"},"lineage":"B","entities":[{"type":"domain","value":"y.c2.example"},{"type":"process","value":"bash"}]}`
	const want = `{"alert":"poor","incident":"inc-149d8bd90901bea0388a","reasons":[]}
{"alert":"one","incident":"inc-d0d7360ab79f58ab1e1e","reasons":[]}
{"alert":"two","incident":"inc-d0d7360ab79f58ab1e1e","reasons":[]}
{"alert":"one","incident":"inc-d0d7360ab79f58ab1e1e","reasons":[]}
{"alert":"bridge","incident":"inc-d0d7360ab79f58ab1e1e","reasons":[{"with":"two","type":"lineage","entity":"B","weight":1},{"with":"one","type":"domain","entity":"c2.example","weight":0.85}]}
`
	out, errs, status := baize(t, input, "incidents", "merge", "-")
	if status != 0 || out != want {
		t.Errorf("status %d\n%s", status, out)
	}
	for _, line := range []string{"-: line 4: ", "-: line 5: not an alert: id, time and host.id are required", "2 lines were not an alert and were left out"} {
		if !strings.Contains(errs, line) {
			t.Errorf("stderr lacks %q:\n%s", line, errs)
		}
	}
}
