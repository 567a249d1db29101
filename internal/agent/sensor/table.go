package sensor

import (
	"time"

	"baize/internal/event"
)

const (
	// tableMax bounds the table: four times the default pid_max of a host.
	tableMax = 1 << 17
	// grace is how long an ended process is kept for reports that come late.
	grace = 10 * time.Second
)

// entry is a process as it was last seen.
type entry struct {
	task Task
	// ended is the boot time of its exit, 0 while it lives.
	ended uint64
}

// table knows the processes by pid, for reports that carry nothing else. It is
// fed by the records themselves and owned by Run.
type table struct {
	byPID map[uint32]entry
	// inner indexes processes by their number inside a pid namespace.
	inner map[inner]uint32
	// ended holds pids in the order of their exits.
	ended []uint32
	// dropped counts processes that did not fit.
	dropped uint64
}

// inner is a process number inside a pid namespace.
type inner struct{ ns, pid uint32 }

func newTable() *table {
	return &table{byPID: map[uint32]entry{}, inner: map[inner]uint32{}}
}

// learn follows one record.
func (t *table) learn(r *Record) {
	switch r.Kind {
	case event.ProcessFork:
		t.put(r.Child)
	case event.ProcessExec, event.ProcessCredentials, event.ProcessRename:
		t.put(&r.Task)
	case event.ProcessExit:
		t.end(r.Task.PID, r.Mono)
	}
}

func (t *table) put(task *Task) {
	if _, known := t.byPID[task.PID]; !known && len(t.byPID) >= tableMax {
		t.dropped++
		return
	}
	t.byPID[task.PID] = entry{task: *task}
	if task.NamespacePID != task.PID {
		t.inner[inner{task.PIDNS, task.NamespacePID}] = task.PID
	}
}

// end marks a process as ended and forgets those that ended before the grace.
func (t *table) end(pid uint32, now uint64) {
	e, ok := t.byPID[pid]
	if !ok {
		return
	}
	e.ended = now
	t.byPID[pid] = e
	t.ended = append(t.ended, pid)
	for len(t.ended) > 0 {
		first := t.byPID[t.ended[0]]
		if first.ended != 0 && now-first.ended < uint64(grace) {
			return
		}
		// A pid that lives again has a newer entry, which stays.
		if first.ended != 0 {
			t.forget(t.ended[0], &first.task)
		}
		t.ended = t.ended[1:]
	}
}

func (t *table) forget(pid uint32, task *Task) {
	delete(t.byPID, pid)
	in := inner{task.PIDNS, task.NamespacePID}
	if t.inner[in] == pid {
		delete(t.inner, in)
	}
}

// find returns the process with a number in a pid namespace; 0 stands for the
// initial one.
func (t *table) find(ns, pid uint32) (Task, bool) {
	if ns != 0 {
		outer, ok := t.inner[inner{ns, pid}]
		if !ok {
			return Task{}, false
		}
		pid = outer
	}
	e, ok := t.byPID[pid]
	return e.task, ok
}
