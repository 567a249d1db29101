package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"baize/internal/graph"
	"baize/internal/provenance"
)

// TestNoneLeavesUntold: what an intrusion did last, or became part of, is told
// also where it has to make room for others before anybody asks.
func TestNoneLeavesUntold(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, a, b, first, second := s.two()
	a.Install("/opt/tool")
	s.graph.Changed(true, s.Now.UnixNano())
	b.Spawn("/opt/tool").Exit() // two are one
	quiet := h.Login().Spawn("/usr/bin/id")
	third := s.root("an alert")
	quiet.Write("/tmp/last")
	s.graph.Advanced() // no stage is reached from here on
	for n := range 200 {
		h.Login().Spawn("/usr/bin/id")
		s.root(fmt.Sprint("noise ", n))
	}
	if !s.graph.Advanced() {
		t.Error("those that left wait for the next beat: there may be any number of them by then")
	}
	restored := s.restored(t)
	for name, g := range map[string]*graph.Graph{"live": s.graph, "restored": restored} {
		changed := g.Changed(false, s.Now.UnixNano())
		told := func(id string) *provenance.Intrusion {
			at := slices.IndexFunc(changed, func(i provenance.Intrusion) bool { return i.ID == id })
			if at < 0 {
				t.Fatalf("%s: %s was not told among %d", name, id, len(changed))
			}
			return &changed[at]
		}
		if i := told(second); i.MergedInto != first {
			t.Errorf("%s: the younger became part of %q", name, i.MergedInto)
		}
		if i := told(third); len(i.Files) != 1 || len(i.Graph.Nodes) < 2 {
			t.Errorf("%s: %+v, a graph of %d nodes", name, i.Files, len(i.Graph.Nodes))
		}
		if again := g.Changed(true, s.Now.UnixNano()); slices.ContainsFunc(again, func(i provenance.Intrusion) bool { return i.ID == third }) {
			t.Errorf("%s: it was told twice", name)
		}
	}
}

// TestNoHostLeavesUntold: the same for hosts that make room for others.
func TestNoHostLeavesUntold(t *testing.T) {
	limits := graph.DefaultLimits()
	limits.Hosts = 2
	s := newScene(limits)
	_, web := s.web("h")
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	id := s.root("a shell")
	s.graph.Changed(true, s.Now.UnixNano())
	sh.Install("/opt/tool")
	for n := range 3 {
		s.Host(fmt.Sprint("other-", n)).Login().Spawn("/usr/bin/id")
	}
	changed := s.graph.Changed(true, s.Now.UnixNano())
	if len(changed) != 1 || changed[0].ID != id || len(changed[0].Files) != 1 {
		t.Errorf("%+v", changed)
	}
}
