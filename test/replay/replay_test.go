package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// events is how many are replayed: ten million in the acceptance test.
func events(t *testing.T) int {
	t.Helper()
	text := os.Getenv("BAIZE_REPLAY_EVENTS")
	if text == "" {
		return 200_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("BAIZE_REPLAY_EVENTS=%q is not a number", text)
	}
	return n
}

// TestMemoryIsBoundedAndOutputIdentical : past the engine's limits five times the
// events take the same memory; the same events give the same bytes.
func TestMemoryIsBoundedAndOutputIdentical(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "baize")
	build := exec.Command("go", "build", "-o", bin, "baize/cmd/baize")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	n := events(t)
	_, small := replay(t, bin, n/5)
	once, large := replay(t, bin, n)
	again, _ := replay(t, bin, n)
	t.Logf("%d events: %d MB; %d events: %d MB", n/5, small>>20, n, large>>20)
	// The engine's own limits come to 200 MB of live data for a whole fleet, of
	// which the collector lets as much again go by before it runs.
	const bound = 640 << 20
	if large > bound {
		t.Errorf("%d events take %d MB, past %d MB", n, large>>20, bound>>20)
	}
	// Two million events, 400,000 processes with a file each, are past the limits
	// of 200,000: from there on the live heap stands still, and the resident set
	// with it but for when the collector ran.
	if n/5 >= 2_000_000 && large > small+small/4 {
		t.Errorf("five times the events take %d MB instead of %d MB", large>>20, small>>20)
	}
	for _, name := range []string{"alerts.ndjson", "incidents.ndjson"} {
		first, second := read(t, once, name), read(t, again, name)
		if !bytes.Equal(first, second) {
			t.Errorf("%s differs between two replays of the same events", name)
		}
		if name == "alerts.ndjson" && firings(t, first) < intrusions {
			t.Errorf("%s counts %d firings of %d intrusions", name, firings(t, first), intrusions)
		}
	}
}

// firings adds up the counters of alerts: a repeat is counted, not an alert.
func firings(t *testing.T, alerts []byte) int {
	t.Helper()
	sum := 0
	for line := range bytes.Lines(alerts) {
		var a struct {
			Count int `json:"count"`
		}
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		sum += a.Count
	}
	return sum
}

// replay pipes n events through baize replay and returns the directory of its
// output and its largest resident set in bytes.
func replay(t *testing.T, bin string, n int) (dir string, rss int64) {
	t.Helper()
	dir = t.TempDir()
	command := exec.Command(bin, "replay", "--out", dir, "-")
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	failed := errors.Join(generate(input, n), input.Close(), command.Wait())
	if failed != nil {
		t.Fatalf("%v\n%s", failed, output.Bytes())
	}
	return dir, command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}
