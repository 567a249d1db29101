package replay

import (
	"io"
	"runtime"
	"testing"
	"time"

	"baize/content"
	"baize/internal/alert"
	"baize/internal/engine"
	"baize/internal/event"
	"baize/internal/graph"
	files "baize/internal/replay"
)

// gauge measures the live heap each time so many more events were matched.
type gauge struct {
	engine.Rules
	every, seen int
	live        []uint64
}

func (g *gauge) Match(ev *event.Event, dst []*alert.Rule) []*alert.Rule {
	if g.seen++; g.seen%g.every == 0 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		g.live = append(g.live, m.HeapAlloc)
	}
	return g.Rules.Match(ev, dst)
}

// TestTheHeapStandsStillBeyondTheLimits: with limits that are a fiftieth of the
// default, reached within 20,000 events, what is live after 40,000 is live after
// 200,000. Each process of the telemetry has one file with a name of its own.
func TestTheHeapStandsStillBeyondTheLimits(t *testing.T) {
	rules, _, err := engine.LoadRules(content.Rules())
	if err != nil {
		t.Fatal(err)
	}
	g := &gauge{Rules: rules, every: 40_000}
	limits := graph.Limits{
		Hosts: 400, ProcessesPerHost: 320, FilesPerHost: 160, Processes: 4_000, Files: 4_000, Contexts: 2_000,
		Exited: 2 * time.Hour, Silent: 30 * 24 * time.Hour,
	}
	in, out := io.Pipe()
	go func() { out.CloseWithError(generate(out, 5*g.every)) }()
	_, err = files.Run(files.Options{
		Files: []string{"-"}, Stdin: in, Out: t.TempDir(), Engine: engine.Config{Rules: g, Limits: limits},
		Bad: func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	first, last := g.live[0], g.live[len(g.live)-1]
	t.Logf("live heap every %d events: %v", g.every, g.live)
	if last > first+first/10 {
		t.Errorf("%d events keep %d KB, five times as many %d KB", g.every, first>>10, last>>10)
	}
}
