package graph_test

import (
	"fmt"
	"testing"
	"time"

	"baize/internal/graph"
)

// cheap fails where something takes longer than a bound far above what it needs,
// and far below what it took when its cost was the square of what there is.
func cheap(t *testing.T, what string, bound time.Duration, do func()) {
	t.Helper()
	at := time.Now()
	do()
	if took := time.Since(at); took > bound {
		t.Errorf("%s took %s", what, took)
	} else {
		t.Logf("%s: %s", what, took)
	}
}

// TestCostOfFloods: what an intruder can make many of costs in proportion.
func TestCostOfFloods(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	_, web := s.web("h")
	p := web.Fork().Exec("/bin/sh", "-c", "x")
	id := s.root("a shell")
	for range 3000 {
		p = p.Spawn("/a")
	}
	cheap(t, "the graph of a deep chain", 300*time.Millisecond, func() { s.graph.Whole("h", id) })
	for n := range 3000 {
		web.Fork().Exec("/bin/sh", "-c", "x").Write("/var/log/all").Connect("203.0.113.9", 443).Unlink(fmt.Sprintf("/tmp/%d", n))
	}
	cheap(t, "a hundred roots at one file", time.Second, func() {
		for n := range 100 {
			web.Fork().Exec("/bin/sh", "-c", "x").Write("/var/log/all")
			s.root("a shell", fmt.Sprintf("command %d", n))
		}
	})
	cheap(t, "telling them", time.Second, func() { s.graph.Changed(true, s.Now.UnixNano()) })
}
