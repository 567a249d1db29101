package enrich

import (
	"slices"
	"testing"
	"time"

	"baize/internal/agent/procfs"
	"baize/internal/event"
)

// Kin are found by the forks that were seen, over those that have ended and are
// forgotten.
func TestKin(t *testing.T) {
	w := newWorld(t)
	root, _ := w.spawn(1, "/bin/sh")
	child := w.fork(root)
	grandchild, _ := w.spawn(child, "/tmp/trojan")
	later := w.fork(grandchild)
	other, _ := w.spawn(1, "/bin/other")
	id := func(pid uint32) Identity {
		return Identity{pid, w.tasks[pid].Start / procfs.TickNanos * procfs.TickNanos}
	}
	expect := func(of uint32, want ...uint32) {
		t.Helper()
		var got []uint32
		for _, k := range w.Kin([]Identity{id(of)}) {
			got = append(got, k.PID)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("kin of %d: %v, want %v", of, got, want)
		}
	}
	expect(root, child, grandchild, later)
	expect(grandchild, later)
	expect(other)
	// The child ends and is forgotten: init is the parent now, but not by the fork.
	w.record(event.ProcessExit, child, nil)
	w.now = w.now.Add(2 * grace)
	w.Tick(w.now.Add(time.Second))
	expect(root, grandchild, later)
}
