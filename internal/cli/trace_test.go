package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"baize/internal/provenance"
)

// replayed is the output directory of a replay with one alert, and the alert's id.
func replayed(t *testing.T) (dir, id string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "out")
	if _, errs, status := baize(t, shmExec+"\n", "replay", "--out", dir, "-"); status != 0 {
		t.Fatal(errs)
	}
	content, err := os.ReadFile(filepath.Join(dir, "alerts.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	var a struct{ ID string }
	if err := json.Unmarshal(content, &a); err != nil {
		t.Fatal(err)
	}
	return dir, a.ID
}

func TestTraceOfAReplay(t *testing.T) {
	dir, id := replayed(t)
	out, errs, status := baize(t, "", "trace", "--from", dir, id)
	for _, want := range []string{"/dev/shm/x", "Answers", "persistence  unknown"} {
		if status != 0 || !strings.Contains(out, want) {
			t.Errorf("status %d, lacks %q: %s%s", status, want, out, errs)
		}
	}
	out, _, status = baize(t, "", "trace", "--json", "--from", dir, id)
	var got traced
	if err := json.Unmarshal([]byte(out), &got); err != nil || status != 0 || got.Alert != id || len(got.Nodes) == 0 || len(got.Answers) != len(provenance.Questions) {
		t.Errorf("status %d: %s %v", status, out, err)
	}
	out, _, status = baize(t, "", "trace", "--dot", "--from", dir, id)
	if status != 0 || !strings.HasPrefix(out, "digraph provenance {") || !strings.Contains(out, `label="/dev/shm/x"`) {
		t.Errorf("status %d: %s", status, out)
	}
}

func TestTraceSaysWhatIsWrong(t *testing.T) {
	dir, id := replayed(t)
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "provenance.ndjson"), []byte("{}\n{broken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"trace", "--from", dir, "nothing"}, 1, `has no alert "nothing"`},
		{[]string{"trace", "--from", t.TempDir(), id}, 3, "baize replay --out"},
		{[]string{"trace", "--from", broken, id}, 3, "provenance.ndjson line 2"},
		{[]string{"trace"}, 2, "1 arg"},
		{[]string{"trace", "--dot", "--json", "--from", dir, id}, 2, "dot"},
	} {
		if _, errs, status := baize(t, "", c.args...); status != c.status || !strings.Contains(errs, c.says) {
			t.Errorf("%v: status %d, %q; want %d, %q", c.args, status, errs, c.status, c.says)
		}
	}
}

func TestDOTIsSafe(t *testing.T) {
	var out strings.Builder
	printDOT(&out, &traced{Nodes: []provenance.Node{{ID: `a"b\`, Label: "x\"]; evil [\n", Type: provenance.NodeFile}}})
	if got := out.String(); !strings.Contains(got, `"a\"b\\" [label="x\"]; evil [\\n", shape=note];`) {
		t.Errorf("%s", got)
	}
}
