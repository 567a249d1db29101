package enrich

import (
	"context"
	"time"

	"baize/internal/agent/procfs"
)

// A process may write over its arguments without any system call. So its
// command line is read again when it changes its comm, at its first network
// record, and titleDelay after an exec or a change of comm.

const (
	titleDelay = 2 * time.Second
	// maxTitles bounds the checks waiting; beyond it they are dropped.
	maxTitles = 8192
	titleJobs = 1024
)

// Title is the command line of a process at a moment.
type Title struct {
	process Identity
	args    []string
	at      time.Time
}

// Titles reads command lines off the path of the events: reading takes the
// process's memory lock, which a stuck process may hold.
type Titles struct {
	proc procfs.FS
	jobs chan Identity
	done chan Title
}

// NewTitles returns a reader that does not run yet.
func NewTitles(proc procfs.FS) *Titles {
	return &Titles{proc: proc, jobs: make(chan Identity, titleJobs), done: make(chan Title, titleJobs)}
}

// Done is where command lines arrive; it must be drained.
func (t *Titles) Done() <-chan Title { return t.done }

// Run reads until the context ends.
func (t *Titles) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-t.jobs:
			title := Title{process: id, at: time.Now().UTC()}
			args, err := t.proc.Args(id.PID)
			if err == nil && t.proc.Is(id.PID, id.Start) {
				title.args = args
			}
			select {
			case t.done <- title:
			case <-ctx.Done():
				return
			}
		}
	}
}

// titleWatch is the checks to be made.
type titleWatch struct {
	due []dueTitle // in order of time, from head
	// head is the index of the first that is not done yet.
	head    int
	dropped uint64
}

type dueTitle struct {
	process Identity
	at      time.Time
}

// check asks for the command line of p now.
func (w *titleWatch) check(e *Enricher, p *process) {
	if p.checking || p.kernel {
		return
	}
	select {
	case e.config.Titles.jobs <- p.id:
		p.checking = true
	default:
		w.dropped++
	}
}

// later asks for it after titleDelay.
func (w *titleWatch) later(now time.Time, p *process) {
	if len(w.due)-w.head >= maxTitles {
		w.dropped++
		return
	}
	w.due = append(w.due, dueTitle{p.id, now.Add(titleDelay)})
}

// tick makes the checks that are due.
func (w *titleWatch) tick(e *Enricher, now time.Time) {
	for ; w.head < len(w.due) && !w.due[w.head].at.After(now); w.head++ {
		if p := e.procs.procs[w.due[w.head].process]; p != nil && p.exited.IsZero() {
			w.check(e, p)
		}
	}
	if w.head > 1024 && w.head*2 > len(w.due) || w.head == len(w.due) {
		w.due = append(w.due[:0], w.due[w.head:]...)
		w.head = 0
	}
}
