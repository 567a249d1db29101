package replay

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"baize/content"
	"baize/internal/alert"
	"baize/internal/engine"
	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/event/eventio"
	"baize/internal/incident"
	"baize/internal/provenance"
)

func config(t testing.TB) engine.Config {
	t.Helper()
	rules, report, err := engine.LoadRules(content.Rules())
	if err != nil || len(report.Invalid) > 0 {
		t.Fatal(err, report.Invalid)
	}
	return engine.Config{Rules: rules}
}

// lines is a log as NDJSON, a line for each event.
func lines(t testing.TB, events []*event.Event) [][]byte {
	t.Helper()
	var out bytes.Buffer
	w := eventio.NewWriter(&out)
	for _, ev := range events {
		if err := w.Write(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return bytes.SplitAfter(bytes.TrimSuffix(out.Bytes(), []byte("\n")), []byte("\n"))
}

func join(lines [][]byte) []byte {
	joined := bytes.Join(lines, nil)
	return append(bytes.TrimSuffix(joined, []byte("\n")), '\n')
}

// result is what a replay wrote.
type result struct {
	Summary
	files map[string]string
	bad   []string
}

func (r *result) equal(other *result) bool {
	for name, content := range r.files {
		if other.files[name] != content {
			return false
		}
	}
	return len(r.files) == len(other.files)
}

// replay runs contents as files, or the first as stdin.
func replay(t testing.TB, standard bool, contents ...[]byte) result {
	t.Helper()
	dir := t.TempDir()
	r := result{files: map[string]string{}}
	opts := Options{Out: filepath.Join(dir, "out"), Temp: t.TempDir(), Engine: config(t), Bad: func(err error) { r.bad = append(r.bad, err.Error()) }}
	for i, content := range contents {
		name := filepath.Join(dir, fmt.Sprintf("in%d", i))
		if standard {
			name, opts.Stdin = "-", bytes.NewReader(content)
		} else if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		opts.Files = append(opts.Files, name)
	}
	var err error
	if r.Summary, err = Run(opts); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(opts.Out)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(opts.Out, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		r.files[entry.Name()] = string(content)
	}
	if left, err := os.ReadDir(opts.Temp); err != nil || len(left) > 0 {
		t.Fatalf("temporary files left: %v, %v", left, err)
	}
	return r
}

// report is the intrusion of the report with benign work, from a log if bus is set.
func report(bus bool) []*event.Event {
	w, events := enginetest.Record()
	tick := func() {}
	if bus {
		w.Bus, tick = 1, w.Tick
	}
	h := w.Host("web-1")
	java := h.Service("jenkins.service", "/usr/bin/java", "-jar", "jenkins.war")
	enginetest.First.Round(java).Connect("203.0.113.9", 443)
	enginetest.Benign(h, 5)
	tick()
	enginetest.Second.Round(java).Connect("203.0.113.77", 443)
	w.Advance(2 * time.Second)
	tick()
	return *events
}

func decode[T any](t *testing.T, content string) []T {
	t.Helper()
	var list []T
	dec := json.NewDecoder(strings.NewReader(content))
	for dec.More() {
		var v T
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

func TestTheReportReplayed(t *testing.T) {
	events := report(false)
	r := replay(t, false, join(lines(t, events)))
	alerts, incidents := decode[alert.Alert](t, r.files["alerts.ndjson"]), decode[incident.Incident](t, r.files["incidents.ndjson"])
	if len(incidents) != 1 || len(alerts) < 8 || r.Incidents != 1 || r.Alerts != len(alerts) || r.Events != uint64(len(events)) || r.Hosts != 1 || r.Sorted {
		t.Fatalf("%d alerts, %d incidents, %+v", len(alerts), len(incidents), r.Summary)
	}
	for i, a := range alerts {
		if a.Incident != incidents[0].ID || !slices.Contains(incidents[0].Alerts, a.ID) {
			t.Errorf("alert %s (%s) is not in the incident", a.ID, a.Rule.Title)
		}
		if i > 0 && a.Time.Before(alerts[i-1].Time) {
			t.Errorf("alert %d is older than the one before", i)
		}
	}
}

func TestProvenanceReachesTheEntry(t *testing.T) {
	r := replay(t, false, join(lines(t, report(false))))
	whole := 0
	for _, p := range decode[Provenance](t, r.files["provenance.ndjson"]) {
		ids := map[string]bool{}
		for _, n := range p.Nodes {
			ids[n.ID] = true
		}
		for _, e := range p.Edges {
			if !ids[e.From] || !ids[e.To] {
				t.Errorf("alert %s: edge %+v without its node", p.Alert, e)
			}
		}
		if p.Entry != nil && strings.HasPrefix(p.Entry.Context, "web_shell:") && p.Entry.Executable == "/bin/sh" {
			whole++
		}
		if len(p.Answers) != len(provenance.Questions) || p.Answers["persistence"].State != provenance.Unknown {
			t.Errorf("answers %v", p.Answers)
		}
	}
	if whole != r.Alerts {
		t.Errorf("%d of %d alerts lead to the web-spawned shell", whole, r.Alerts)
	}
}

// TestOrderDoesNotMatter: shuffled lines, several files, compression and stdin
// give the bytes of one file in order.
func TestOrderDoesNotMatter(t *testing.T) {
	for _, bus := range []bool{false, true} {
		log := lines(t, report(bus))
		want := replay(t, false, join(log))
		for seed := range uint64(3) {
			shuffled := slices.Clone(log)
			shuffled[len(shuffled)-1] = append(slices.Clone(shuffled[len(shuffled)-1]), '\n')
			rand.New(rand.NewPCG(seed, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			half := len(shuffled) / 2
			one, two := replay(t, false, join(shuffled)), replay(t, false, join(shuffled[:half]), join(shuffled[half:]))
			if !one.Sorted || !want.equal(&one) || !want.equal(&two) {
				t.Fatalf("bus %v: shuffled input gives other bytes", bus)
			}
		}
		var gz bytes.Buffer
		z := gzip.NewWriter(&gz)
		if _, err := z.Write(join(log)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		zipped, piped := replay(t, false, gz.Bytes()), replay(t, true, join(log))
		if !want.equal(&zipped) || !want.equal(&piped) {
			t.Fatalf("bus %v: gzip or stdin gives other bytes", bus)
		}
	}
}

func TestOverlappingExportsCountOnce(t *testing.T) {
	log := join(lines(t, report(true)))
	once, twice := replay(t, false, log), replay(t, false, log, log)
	if !once.equal(&twice) || once.Events != twice.Events {
		t.Fatal("the same log twice is not the same log")
	}
}

func TestBadLinesAreNamedOnceAndTheRestReplays(t *testing.T) {
	log := lines(t, report(false))
	want := replay(t, false, join(log))
	spoiled := append([][]byte{[]byte("{]\n")}, log...)
	spoiled = slices.Insert(spoiled, 5, []byte("nonsense\n"))
	spoiled[9], spoiled[10] = spoiled[10], spoiled[9] // so that it is read again, sorted
	got := replay(t, false, join(spoiled))
	if !want.equal(&got) || len(got.bad) != 2 || got.Bad != 2 || !strings.Contains(got.bad[0], "in0: line 1: ") || !strings.Contains(got.bad[1], "line 6: ") {
		t.Fatalf("bad lines %q", got.bad)
	}
}

func TestRefusedInput(t *testing.T) {
	parquet := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(parquet, []byte("PAR1...."), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(Options{Files: []string{parquet}, Engine: config(t)}); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "Parquet") {
		t.Errorf("Parquet: %v", err)
	}
	for _, name := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if _, err := Run(Options{Files: []string{name}, Engine: config(t)}); err == nil {
			t.Errorf("%s was replayed", name)
		}
	}
	if r := replay(t, false, nil); r.Events != 0 || r.files["alerts.ndjson"] != "" {
		t.Errorf("an empty file: %+v", r.Summary)
	}
}

// TestManyAlertsSpill raises more alerts than are kept in memory.
func TestManyAlertsSpill(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	java := h.Service("a.service", "/usr/bin/java")
	for i := range maxRecent + 500 {
		java.Fork().Exec("/bin/sh", "-c", fmt.Sprintf("true job-%d", i)).Exit()
	}
	r := replay(t, false, join(lines(t, *events)))
	alerts := decode[alert.Alert](t, r.files["alerts.ndjson"])
	ids := map[string]bool{}
	for _, a := range alerts {
		ids[a.ID] = true
	}
	if len(alerts) < maxRecent+500 || len(ids) != len(alerts) {
		t.Fatalf("%d alerts, %d different", len(alerts), len(ids))
	}
}

func FuzzReplay(f *testing.F) {
	for _, line := range lines(f, report(true))[:8] {
		f.Add(line)
	}
	cfg := config(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := Run(Options{Files: []string{"-"}, Stdin: bytes.NewReader(data), Temp: t.TempDir(), Engine: cfg, Bad: func(error) {}})
		if err != nil && len(data) > 0 && data[0] == '{' {
			t.Fatal(err)
		}
	})
}
