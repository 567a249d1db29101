// Package definition says what changed in the files that define what a host
// will run or whom it lets in: crontabs, units, start files of shells,
// authorized_keys. It keeps the last lines of each, reads a file again when it
// was changed, and compares. All of that is off the path of the events, by one
// worker, so that the changes of a file are compared in the order they came.
//
// What is compared is what is there when the file is read, right after: of two
// changes within milliseconds the first may carry both. What is kept has no
// secrets, and is bounded; what is over a bound is said (see event.Diff).
package definition

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"baize/internal/agent/digest"
	"baize/internal/agent/procfs"
	"baize/internal/event"
	"baize/internal/redact"
)

const (
	// queueSize bounds the changes waiting; one more is refused, and counted.
	queueSize = 1024
	// openFor is when a file that was opened to be written is looked at, if it
	// was not closed before: what is in it may be acted upon while it is open.
	openFor = 2 * time.Second
	// maxOpen bounds the files to be looked at then; one more is not.
	maxOpen = 1024
)

// How a file was changed.
type How int

// Ways to change a file.
const (
	// Written : its content, or what has its name, is another.
	Written How = iota
	// Created : it is new and empty. There is no answer, but see Opened.
	Created
	// Opened : it may be written. There is an answer only if, a while later, it
	// is open still and has changed.
	Opened
	// Removed : it has no name any more, or one that defines nothing.
	Removed
)

// Change is one change of a file.
type Change struct {
	How How
	// Box is the container that the path is of, empty for the host.
	Box string
	// File is the file after the change, and the ways to reach it.
	File digest.File
	// From is the name that it had before, if that is forgotten.
	From string
	// Unsure says that the kernel was asked for the change, and the outcome is
	// not known.
	Unsure bool
}

// Done is the answer to one change.
type Done struct {
	Token any
	Diff  event.Diff
}

type request struct {
	change Change
	token  any
	due    time.Time
}

// Keeper keeps the lines. Make it with New, run it with Run.
type Keeper struct {
	proc     procfs.FS
	redactor *redact.Redactor
	seeds    Seeds
	log      *slog.Logger
	requests chan request
	done     chan Done
	refused  atomic.Uint64

	// These belong to Run.
	files *files
	open  []request // in the order of due
}

// New returns a keeper that does not run yet. It begins with what seeds name.
func New(proc procfs.FS, redactor *redact.Redactor, seeds Seeds, log *slog.Logger) *Keeper {
	return &Keeper{
		proc: proc, redactor: redactor, seeds: seeds, log: log, files: newFiles(),
		requests: make(chan request, queueSize), done: make(chan Done, queueSize),
	}
}

// Done is where answers arrive, in the order of the changes but for those of
// files held open; it must be drained.
func (k *Keeper) Done() <-chan Done { return k.done }

// Refused counts the changes that met a full queue.
func (k *Keeper) Refused() uint64 { return k.refused.Load() }

// Submit tells of a change and never blocks; false means that the queue is full.
func (k *Keeper) Submit(change Change, token any) bool {
	select {
	case k.requests <- request{change: change, token: token}:
		return true
	default:
		k.refused.Add(1)
		return false
	}
}

// Run works until the context ends.
func (k *Keeper) Run(ctx context.Context) {
	k.seed(ctx)
	timer := time.NewTimer(openFor)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-k.requests:
			k.take(ctx, r)
		case now := <-timer.C:
			k.look(ctx, now)
		}
		if len(k.open) > 0 {
			timer.Reset(time.Until(k.open[0].due))
		}
	}
}

// take answers a change.
func (k *Keeper) take(ctx context.Context, r request) {
	c := &r.change
	switch c.How {
	case Created:
		k.files.put(c.key(), nil)
		k.later(r)
	case Opened:
		k.later(r)
	default:
		k.answer(ctx, r.token, k.compare(c))
	}
}

func (k *Keeper) later(r request) {
	if len(k.open) < maxOpen && r.token != nil {
		r.due = time.Now().Add(openFor)
		k.open = append(k.open, r)
	}
}

// look compares the files that were opened a while ago, and tells of those that
// differ from what was last told.
func (k *Keeper) look(ctx context.Context, now time.Time) {
	for len(k.open) > 0 && !k.open[0].due.After(now) {
		r := k.open[0]
		k.open = k.open[1:]
		if before := k.files.get(r.change.key()); before == nil {
			continue // removed, or not known: nothing to compare with
		}
		if diff := k.compare(&r.change); diff.State == event.DiffOK && len(diff.Added)+len(diff.Removed) > 0 {
			k.answer(ctx, r.token, diff)
		}
	}
}

func (k *Keeper) answer(ctx context.Context, token any, diff event.Diff) {
	select {
	case k.done <- Done{Token: token, Diff: diff}:
	case <-ctx.Done():
	}
}

// key of a file by its name: what replaces it has another inode.
func (c *Change) key() key { return key{c.Box, c.File.Path} }

// compare reads the file again and says what is different.
func (k *Keeper) compare(c *Change) event.Diff {
	if c.From != "" {
		k.files.drop(key{c.Box, c.From})
	}
	before := k.files.get(c.key())
	if c.How == Removed {
		return k.removed(c, before)
	}
	now, state := k.read(&c.File)
	if state != event.DiffOK {
		if state != event.DiffFailed {
			k.files.drop(c.key())
		}
		return event.Diff{State: state}
	}
	k.files.put(c.key(), now)
	if before == nil {
		whole := difference(nil, now)
		whole.State = event.DiffWhole
		return whole
	}
	return difference(before, now)
}

// removed forgets a file. Where it is not sure that it was removed, it is looked
// for.
func (k *Keeper) removed(c *Change, before []string) event.Diff {
	if c.Unsure {
		if f := k.find(&c.File); f != nil {
			_ = f.Close()
			return event.Diff{State: event.DiffFailed}
		}
	}
	k.files.drop(c.key())
	if before == nil {
		return event.Diff{State: event.DiffFailed}
	}
	return difference(before, nil)
}
