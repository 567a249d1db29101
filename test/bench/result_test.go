package bench

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for want, values := range map[float64][]float64{0: nil, 2: {3, 1, 2}, 2.5: {4, 1, 3, 2}, 7: {7}} {
		if got := median(values); got != want {
			t.Errorf("median of %v is %v", values, got)
		}
	}
	runs := []Run{
		{"off", map[string]float64{"x": 100}},
		{"on", map[string]float64{"x": 90}},
		{"off", map[string]float64{"x": 110, "y": 1}},
		{"on", map[string]float64{"x": 99}},
	}
	if got := ratio(runs, "on", "off", "x"); got != 94.5/105 {
		t.Errorf("ratio %v", got)
	}
	if got := ratio(runs, "on", "off", "z"); got != 0 {
		t.Errorf("ratio %v of nothing", got)
	}
}

func TestAMissIsPrintedAsAMiss(t *testing.T) {
	r := Result{Line: 4, Name: "lost", Value: 3, Unit: "events", Target: "0", Peer: &Peer{Name: "auditd", Absent: "it is not installed"}}
	if got := r.String(); !strings.Contains(got, "MISSED") || !strings.Contains(got, "not installed") {
		t.Error(got)
	}
	r.Met, r.Peer = true, &Peer{Name: "auditd", Value: 9}
	if got := r.String(); strings.Contains(got, "MISSED") || !strings.Contains(got, "auditd in the same run: 9 events") {
		t.Error(got)
	}
}

func TestResultsOfALineReplaceThoseBefore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results", "latest.json")
	first := Result{Line: 4, Name: "a", Value: 1, Runs: []Run{{"on", map[string]float64{"x": 1}}}}
	if err := save(file, first, Result{Line: 5, Name: "b"}); err != nil {
		t.Fatal(err)
	}
	first.Value = 2
	if err := save(file, Result{Line: 1, Name: "c"}, first); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 3 || all[0]["line"] != 1.0 || all[1]["value"] != 2.0 || all[2]["line"] != 5.0 {
		t.Errorf("%v", all)
	}
	for _, key := range []string{"line", "name", "value", "unit", "target", "met", "peer", "runs"} {
		if _, ok := all[1][key]; !ok {
			t.Errorf("%q is missing", key)
		}
	}
}

func TestBusy(t *testing.T) {
	got, err := parseBusy("cpu  100 20 30 4000 500 6 7 8 9 10\ncpu0 1 2 3\n")
	if want := (100 + 20 + 30 + 6 + 7) * jiffy; err != nil || got != want {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if _, err := parseBusy("intr 1"); err == nil {
		t.Error("no processor's line, and no error")
	}
	if now, peak, err := resident(os.Getpid()); err != nil || now == 0 || peak < now {
		t.Errorf("%d, %d, %v", now, peak, err)
	}
}

func TestAuditIsLeftAsItWas(t *testing.T) {
	got := strings.Join(auditSettings("enabled 0\nfailure 1\npid 0\nrate_limit 0\nbacklog_limit 64\nlost 3\n"), " ")
	if got != "-e 0 -f 1 -b 64" {
		t.Error(got)
	}
}

// A paced load does what it says, and nothing at a negative rate.
func TestLoad(t *testing.T) {
	done, err := load{execs: 50, files: -1 << 20, workers: 1, dir: t.TempDir()}.run(400 * time.Millisecond)
	if err != nil || done.execs == 0 || done.execs > 22 || done.files != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	done, err = load{execs: -1 << 20, files: 400, workers: 2, dir: t.TempDir()}.run(400 * time.Millisecond)
	if err != nil || done.files == 0 || done.files > 180 || done.execs != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if _, err := (load{execs: -1 << 20, workers: 1, dir: "/proc/nowhere"}).run(time.Second); err == nil {
		t.Error("files that cannot be made, and no error")
	}
}
