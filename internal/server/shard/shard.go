// Package shard runs the engine on the server's log: it reads the bus, and
// commits what the engine makes of it, with the position, in one transaction
// of the state. So each alert is stored once, whatever dies when.
//
// There is one active writer. Whoever starts takes the lease, and a former
// owner that still runs is fenced: its next write fails and it stops. The
// engine's memory is saved now and then; after a restart it goes on from there
// and repeats the log since, which gives the output that was committed already.
package shard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"baize/internal/engine"
	"baize/internal/event"
	"baize/internal/server/bus"
	"baize/internal/server/state"
)

const (
	// commitAfter bounds how long output waits for more of a backlog. Without
	// a backlog it does not wait.
	commitAfter = 50 * time.Millisecond
	// commitOutputs bounds how much output is committed at once.
	commitOutputs = 2_000
	// idleCommit is how long the position alone may wait: what is lost of it
	// is only read again.
	idleCommit = 2 * time.Second
	// endTimeout bounds the last commit and snapshot.
	endTimeout = 30 * time.Second
	// backoff after an error, doubled up to its limit.
	minBackoff, maxBackoff = 100 * time.Millisecond, 5 * time.Second
)

// Defaults of Config.
const (
	defaultSnapshotEvery    = time.Minute
	defaultSnapshotMessages = 20_000
)

// Config of a shard.
type Config struct {
	State *state.DB
	Bus   *bus.Bus
	// Engine makes a new engine for every attempt.
	Engine engine.Config
	// Before returns what the log said behind a position, of rules and exceptions
	// in force, where retention has cut it off since. Nil for nothing.
	Before func(ctx context.Context, after uint64) ([]*event.Event, error)
	// Committed is told what was committed, before more is; it must not block. Nil
	// for nobody.
	Committed func(state.Output)
	// Owner names this process in the lease.
	Owner string
	// SnapshotEvery and SnapshotMessages say after how long, or how many
	// messages, the engine's memory is saved; time alone is no reason while no
	// host is heard of. Zero is the default.
	SnapshotEvery    time.Duration
	SnapshotMessages int
	Log              *slog.Logger
}

// Shard runs one engine. Make it with New, then Run it once.
type Shard struct {
	cfg      Config
	position atomic.Uint64
	pending  atomic.Uint64
	events   atomic.Uint64
}

// New returns a shard that does not run yet.
func New(cfg Config) *Shard {
	if cfg.SnapshotEvery == 0 {
		cfg.SnapshotEvery = defaultSnapshotEvery
	}
	if cfg.SnapshotMessages == 0 {
		cfg.SnapshotMessages = defaultSnapshotMessages
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Shard{cfg: cfg}
}

// Status says how far a shard is.
type Status struct {
	// Position up to which all output is committed.
	Position uint64 `json:"position"`
	// Pending messages were in the log behind the last one that was read.
	Pending uint64 `json:"pending"`
	// Events processed since the start.
	Events uint64 `json:"events"`
}

// Status may be called at any time.
func (s *Shard) Status() Status {
	return Status{Position: s.position.Load(), Pending: s.pending.Load(), Events: s.events.Load()}
}

// Run reads the log until ctx ends, then commits and saves what it has and
// returns nil. After an error it starts over from the last snapshot; only
// being fenced ends it, with state.ErrFenced.
func (s *Shard) Run(ctx context.Context) error {
	epoch, err := s.cfg.State.TakeLease(ctx, state.RoleEngine, s.cfg.Owner)
	if err != nil {
		if ctx.Err() != nil {
			err = nil // ended before it began
		}
		return err
	}
	for wait := minBackoff; ; wait = min(2*wait, maxBackoff) {
		began := time.Now()
		err := s.attempt(ctx, epoch)
		if ctx.Err() != nil || errors.Is(err, state.ErrFenced) {
			return err
		}
		s.cfg.Log.Error("engine: starting over from the last snapshot", "error", err)
		if time.Since(began) > time.Minute {
			wait = minBackoff
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// attempt goes on from the last snapshot until something fails or ctx ends.
func (s *Shard) attempt(ctx context.Context, epoch uint64) error {
	e, from, err := s.restore(ctx)
	if err == nil {
		err = s.before(ctx, e, from)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = nil // ended before it began
		}
		return err
	}
	w := &writer{Shard: s, engine: e, epoch: epoch, position: from, committed: from, saved: from, snapshot: time.Now(), commit: time.Now(), batch: newBatch()}
	err = s.cfg.Bus.Follow(ctx, from, func(m bus.Message) error { return w.take(ctx, m) })
	if ctx.Err() == nil {
		return err
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	return w.save(end)
}

// restore makes an engine from the newest snapshot that can be used, or an
// empty one, and returns the position to go on from.
func (s *Shard) restore(ctx context.Context) (*engine.Engine, uint64, error) {
	snapshots, err := s.cfg.State.Snapshots(ctx, state.RoleEngine)
	if err != nil {
		return nil, 0, err
	}
	for _, snapshot := range snapshots {
		e := engine.New(s.cfg.Engine)
		if err := s.load(e, snapshot); err != nil {
			s.cfg.Log.Error("engine: snapshot is left out", "position", snapshot.Bus, "error", err)
			continue
		}
		return e, snapshot.Bus, nil
	}
	return engine.New(s.cfg.Engine), 0, nil
}

// before tells an engine what the log does not say any more.
func (s *Shard) before(ctx context.Context, e *engine.Engine, from uint64) error {
	if s.cfg.Before == nil {
		return nil
	}
	events, err := s.cfg.Before(ctx, from)
	for _, ev := range events {
		e.Process(ev)
	}
	return err
}

func (s *Shard) load(e *engine.Engine, snapshot state.Snapshot) (err error) {
	r, err := s.cfg.State.OpenSnapshot(snapshot)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return e.Restore(r)
}

// writer is one attempt.
type writer struct {
	*Shard
	engine *engine.Engine
	epoch  uint64
	// position up to which the engine has seen the log, committed up to which
	// the state has its output, saved up to which a snapshot has its memory.
	position, committed, saved uint64
	commit, snapshot           time.Time
	messages                   int
	// observed : a host was heard of since the last snapshot.
	observed bool
	// problem of the engine that was reported last.
	problem string
	// panics of the engine that were reported.
	panics uint64
	batch  *batch
}

// take feeds one message to the engine, and commits when the log has no more,
// or enough has gathered.
func (w *writer) take(ctx context.Context, m bus.Message) error {
	for _, ev := range m.Events {
		w.batch.add(w.engine.Process(ev))
		w.report()
		w.observed = w.observed || !ev.Kind.IsControl()
	}
	if problem := w.engine.Problem(); problem != w.problem {
		w.problem = problem
		w.cfg.Log.Error("engine: a record of the log was not followed", "problem", problem)
	}
	w.position = m.Position
	w.messages++
	w.events.Add(uint64(len(m.Events)))
	w.pending.Store(m.Pending)
	waited := time.Since(w.commit)
	if w.batch.size() >= commitOutputs || w.batch.size() > 0 && (m.Pending == 0 || waited >= commitAfter) || waited >= idleCommit {
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	if w.batch.size() == 0 {
		w.Shard.position.Store(w.position)
	}
	if w.messages >= w.cfg.SnapshotMessages || w.observed && time.Since(w.snapshot) >= w.cfg.SnapshotEvery {
		return w.save(ctx)
	}
	return nil
}

// report logs an event that the engine left halfway.
func (w *writer) report() {
	if count, last := w.engine.Panics(); count != w.panics {
		w.panics = count
		w.cfg.Log.Error("engine: an event was left out after a panic", "panics", count, "at", last)
	}
}

// flush commits the output so far and the position.
func (w *writer) flush(ctx context.Context) error {
	if w.position == w.committed {
		return nil
	}
	out := w.batch.output()
	if err := w.cfg.State.ApplyEngine(ctx, w.epoch, w.position, out); err != nil {
		return err
	}
	if w.cfg.Committed != nil {
		w.cfg.Committed(out)
	}
	w.batch.reset()
	w.committed, w.commit = w.position, time.Now()
	return nil
}

// save keeps the engine's memory. What it would repeat is committed first.
func (w *writer) save(ctx context.Context) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	w.messages, w.snapshot, w.observed = 0, time.Now(), false
	if w.position == w.saved {
		return nil
	}
	err := w.cfg.State.SaveSnapshot(ctx, state.RoleEngine, w.epoch, w.position, func(out io.Writer) error { return w.engine.Snapshot(out) })
	if err != nil {
		return fmt.Errorf("save the engine's memory: %w", err)
	}
	w.saved = w.position
	return nil
}
