package sensor

import (
	"slices"
	"testing"

	"baize/internal/event"
)

func forked(pid uint32, start uint64) *Record {
	return &Record{Kind: event.ProcessFork, Child: &Task{PID: pid, Start: start, NamespacePID: pid}}
}

func exited(pid uint32, at uint64) *Record {
	return &Record{Kind: event.ProcessExit, Task: Task{PID: pid}, Mono: at}
}

func TestTableKeepsTheEndedForAWhile(t *testing.T) {
	tb := newTable()
	tb.learn(forked(1, 10))
	tb.learn(forked(2, 20))
	tb.learn(exited(1, 100))
	if task, ok := tb.find(0, 1); !ok || task.Start != 10 {
		t.Error("a process is forgotten at once")
	}
	tb.learn(exited(2, 100+uint64(grace)))
	if _, ok := tb.find(0, 1); ok {
		t.Error("a process is kept past the grace")
	}
	if _, ok := tb.find(0, 2); !ok {
		t.Error("the wrong process is forgotten")
	}
}

func TestTableFollowsReuse(t *testing.T) {
	tb := newTable()
	tb.learn(forked(1, 10))
	tb.learn(exited(1, 100))
	tb.learn(forked(1, 200))
	tb.learn(forked(2, 300))
	tb.learn(exited(2, 100+2*uint64(grace)))
	if task, ok := tb.find(0, 1); !ok || task.Start != 200 {
		t.Errorf("pid 1 is %+v", task)
	}
}

func TestTableInsideNamespaces(t *testing.T) {
	tb := newTable()
	tb.learn(&Record{Kind: event.ProcessExec, Task: Task{PID: 500, Start: 5, PIDNS: 77, NamespacePID: 1}})
	if task, ok := tb.find(77, 1); !ok || task.PID != 500 {
		t.Errorf("inner pid 1 is %+v", task)
	}
	if _, ok := tb.find(78, 1); ok {
		t.Error("found in another namespace")
	}
	tb.learn(exited(500, 1))
	tb.learn(forked(2, 0))
	tb.learn(exited(2, 1+uint64(grace)))
	if len(tb.inner) != 0 {
		t.Errorf("%d inner pids are left", len(tb.inner))
	}
}

func TestTableIsBounded(t *testing.T) {
	tb := newTable()
	for pid := range uint32(tableMax + 10) {
		tb.learn(forked(pid, 1))
	}
	if len(tb.byPID) != tableMax || tb.dropped != 10 {
		t.Errorf("%d processes, %d dropped", len(tb.byPID), tb.dropped)
	}
	// Whoever is known is still followed.
	tb.learn(forked(1, 2))
	if task, _ := tb.find(0, 1); task.Start != 2 {
		t.Error("a known process is not updated when the table is full")
	}
	for pid := range uint32(tableMax) {
		tb.learn(exited(pid, uint64(pid)*uint64(grace)))
	}
	if len(tb.byPID) > 2 || len(tb.ended) > 2 {
		t.Errorf("%d processes, %d ended are left", len(tb.byPID), len(tb.ended))
	}
}

func TestJoiner(t *testing.T) {
	counts := &counters{}
	j := &joiner{table: newTable(), watches: Watches, counts: counts, mounted: func(uint32) {}}
	j.join(forked(9, 90))
	written := &Record{Kind: event.FileCloseWrite, File: &File{}, targetPID: 9}
	if !j.join(written) || written.Task.Start != 90 {
		t.Errorf("written by %+v", written.Task)
	}
	stranger := Record{Kind: event.FileCloseWrite, File: &File{}, targetPID: 10}
	if j.join(&stranger) || counts.writesLost.Load() != 1 {
		t.Error("a stranger's write is not counted")
	}
	j.limited = true
	if j.join(&stranger) || counts.writesLost.Load() != 1 {
		t.Error("a write outside the scope is counted")
	}
	reach := &Record{Kind: event.ProcessPtrace, Task: Task{PIDNS: pidnsInitial}, targetPID: 9}
	if !j.join(reach) || reach.Child == nil || reach.Child.Start != 90 {
		t.Errorf("target %+v", reach.Child)
	}
}

// A close waits for what was in the ring when it was told, unless its file is
// executed before.
func TestWritesWaitForTheirPlace(t *testing.T) {
	write := func(ino, due uint64) written {
		return written{Record{Kind: event.FileCloseWrite, File: &File{FileRef: FileRef{Inode: ino}}}, due}
	}
	w := &writes{counts: &counters{}, waiting: []written{write(1, 100), write(2, 200), write(3, 300), write(4, 50)}}
	known := func(r *Record) bool { return r.File.Inode != 4 }
	var got []uint64
	for _, at := range []uint64{100, 250, 300} {
		var batch []Record
		if at == 100 {
			batch = []Record{{Kind: event.ProcessExec, Exec: &Exec{Image: FileRef{Inode: 3}}}}
		}
		for _, r := range w.placeLocked(batch, at, known)[len(batch):] {
			got = append(got, at, r.File.Inode)
		}
	}
	if want := []uint64{100, 1, 100, 3, 250, 2}; !slices.Equal(got, want) || len(w.waiting) != 0 {
		t.Errorf("placed %v, want %v; %d wait", got, want, len(w.waiting))
	}
}

func TestWritesComeBeforeExecs(t *testing.T) {
	exec := func(ino, at uint64) Record {
		return Record{Kind: event.ProcessExec, Mono: at, Exec: &Exec{Image: FileRef{Inode: ino}}}
	}
	write := func(ino, at uint64) Record {
		return Record{Kind: event.FileCloseWrite, Mono: at, File: &File{FileRef: FileRef{Inode: ino}}}
	}
	got := writesFirst([]Record{exec(1, 100), exec(2, 110), exec(1, 120), write(1, 130), write(3, 140), write(2, 150), write(1, 90)})
	want := []struct {
		kind event.Kind
		ino  uint64
		mono uint64
	}{
		{event.FileCloseWrite, 1, 99},
		{event.FileCloseWrite, 1, 90},
		{event.ProcessExec, 1, 100},
		{event.FileCloseWrite, 2, 109},
		{event.ProcessExec, 2, 110},
		{event.ProcessExec, 1, 120},
		{event.FileCloseWrite, 3, 140},
	}
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i, w := range want {
		var ino uint64
		if got[i].Exec != nil {
			ino = got[i].Exec.Image.Inode
		} else {
			ino = got[i].File.Inode
		}
		if got[i].Kind != w.kind || ino != w.ino || got[i].Mono != w.mono {
			t.Errorf("%d: %s of %d at %d, want %+v", i, got[i].Kind, ino, got[i].Mono, w)
		}
	}
}
