package replay

import (
	"bytes"
	"io"
	"runtime"
	"testing"
	"time"

	"baize/content"
	"baize/internal/engine"
	"baize/internal/graph"
	files "baize/internal/replay"
)

// gauge measures the live heap each time so many more events went through it.
type gauge struct {
	to          io.Writer
	every, seen int
	live        []uint64
}

func (g *gauge) Write(p []byte) (int, error) {
	for range bytes.Count(p, []byte{'\n'}) {
		if g.seen++; g.seen%g.every == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			g.live = append(g.live, m.HeapAlloc)
		}
	}
	return g.to.Write(p)
}

// TestTheHeapStandsStillBeyondTheLimits: with limits that are a fiftieth of the
// default, reached within 20,000 events, what is live after 40,000 is live after
// 200,000. Each process of the telemetry has one file with a name of its own.
func TestTheHeapStandsStillBeyondTheLimits(t *testing.T) {
	rules, _, err := engine.LoadRules(content.Rules())
	if err != nil {
		t.Fatal(err)
	}
	limits := graph.Limits{
		Hosts: 400, ProcessesPerHost: 320, FilesPerHost: 160, Processes: 4_000, Files: 4_000, Contexts: 2_000,
		PeersPerHost: 40, Peers: 4_000, EdgesPerHost: 3_000, BonesPerHost: 600, Edges: 20_000, Bones: 10_000, KeptPerHost: 80, Sides: 2_000,
		Exited: 2 * time.Hour, Silent: 30 * 24 * time.Hour,
	}
	in, out := io.Pipe()
	g := &gauge{to: out, every: 40_000}
	go func() { out.CloseWithError(generate(g, 5*g.every)) }()
	_, err = files.Run(files.Options{
		Files: []string{"-"}, Stdin: in, Out: t.TempDir(), Engine: engine.Config{Rules: rules, Limits: limits},
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
