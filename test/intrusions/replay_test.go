package intrusions

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"baize/content"
	"baize/internal/alert"
	"baize/internal/engine"
	"baize/internal/replay"
)

// told is what the engine makes of a recording.
type told struct {
	alerts     []alert.Alert
	provenance map[string]replay.Provenance
}

func rules(t *testing.T) engine.Config {
	t.Helper()
	loaded, report, err := engine.LoadRules(content.Rules())
	if err != nil || len(report.Invalid) > 0 {
		t.Fatal(err, report.Invalid)
	}
	return engine.Config{Rules: loaded}
}

// tell replays a recording with the rules that ship.
func tell(t *testing.T, cfg engine.Config, r *Recording) *told {
	t.Helper()
	out := t.TempDir()
	_, err := replay.Run(replay.Options{
		Files: []string{r.Events}, Out: out, Temp: t.TempDir(), Engine: cfg,
		Bad: func(err error) { t.Errorf("%s: %v", r.Name, err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &told{provenance: map[string]replay.Provenance{}}
	lines(t, filepath.Join(out, "alerts.ndjson"), func(a alert.Alert) { s.alerts = append(s.alerts, a) })
	lines(t, filepath.Join(out, "provenance.ndjson"), func(p replay.Provenance) { s.provenance[p.Alert] = p })
	return s
}

// lines reads a file of one JSON value a line.
func lines[T any](t *testing.T, name string, each func(T)) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var v T
		if err := json.Unmarshal(in.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		each(v)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
}

// chains are the kill-chain alerts.
func (s *told) chains() []alert.Alert {
	var list []alert.Alert
	for _, a := range s.alerts {
		if a.Kind == alert.KindChain {
			list = append(list, a)
		}
	}
	return list
}
