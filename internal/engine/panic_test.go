package engine

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"baize/internal/alert"
	"baize/internal/engine/enginetest"
	"baize/internal/sigma"
)

// fragile rules panic at some events.
type fragile struct{ Rules }

func (f fragile) Named(r *sigma.Rule) *alert.Rule {
	if r.Title == "Poison" {
		panic("poisoned")
	}
	return f.Rules.Named(r)
}

func fragileRules(t *testing.T) Rules {
	t.Helper()
	files := maps.Clone(rulesForTests)
	files["poison.yml"] = &fstest.MapFile{Data: []byte("title: Poison\nlogsource: {product: linux}\ndetection:\n  s: {CommandLine|contains: --poison}\n  condition: s\n")}
	rules, report, err := LoadRules(files)
	if err != nil || report.Loaded != report.Files {
		t.Fatalf("%v %+v", err, report)
	}
	return fragile{rules}
}

// TestAPanicEndsOneEvent: the rest of the log is processed, the event is named,
// and a second run of the log gives the same bytes.
func TestAPanicEndsOneEvent(t *testing.T) {
	w, events := enginetest.Record()
	w.Bus = 1
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	enginetest.First.Round(java)
	whole := len(run(t, *events).alerts)
	java.Spawn("/usr/bin/true", "--poison").Exit()
	enginetest.Second.Round(java)
	w.Tick()
	cfg := Config{Rules: fragileRules(t)}
	e := New(cfg)
	first := feed(t, e, *events)
	count, last := e.Panics()
	at := 0
	for i, ev := range *events {
		if ev.Process != nil && strings.Contains(ev.Process.CommandLine, "--poison") {
			at = i + 1
		}
	}
	// Both its exec and its exit are poisoned.
	if count != 2 || !strings.Contains(last, fmt.Sprintf("position %d of the log (process.exit", at)) || !strings.Contains(last, "poisoned") || !strings.Contains(last, "panic_test.go") {
		t.Fatalf("%d panics, the last: %s", count, last)
	}
	if s := collect(t, New(cfg), *events); len(s.alerts) < whole+3 || len(s.open()) != 1 {
		t.Errorf("%d alerts of %d incidents after the panic, want more than the %d before", len(s.alerts), len(s.open()), whole)
	}
	if again := feed(t, New(cfg), *events); !bytes.Equal(first, again) {
		t.Error("two runs of a log with a panic differ")
	}
}
