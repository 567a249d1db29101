// Package policy is what people decide about detection: packs of rules, rules
// that are off, exceptions, which alerts belong together, and which service, owner and
// group hosts and images belong to. It keeps them in the state, checks every change
// before it takes effect, and tells the engine's log, which is how they come
// into force: a revision of the rules is one message of the log, and so are a
// list of exceptions, of decisions and of labels. Nothing is told to the engine past its log.
//
// One change is made at a time. A change that was stored and could not be told
// to the log is told as soon as that is possible, also after a restart.
package policy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"baize/internal/event"
	"baize/internal/label"
	"baize/internal/server/bus"
	"baize/internal/server/state"
	"baize/internal/wire"
)

// BuiltIn is the name of the pack that comes with the server. It cannot be
// pushed to, only disabled or put back to an earlier version.
const BuiltIn = "baize"

// Reasons that a change is refused.
var (
	// ErrInvalid reports files, or a wish, that cannot be.
	ErrInvalid = errors.New("refused")
	// ErrLimit reports a bound.
	ErrLimit = errors.New("over the limit")
	// ErrPending reports a change that is stored, but not in force yet.
	ErrPending = errors.New("stored, but the engine's log could not be told yet")
)

// Config of a manager.
type Config struct {
	State *state.DB
	Bus   *bus.Bus
	// BuiltIn is the content of the pack of that name, Version whose it is.
	BuiltIn fs.FS
	Version string
	// Dir holds a directory for each further pack; it may be missing.
	Dir string
	// Pipelines is a directory of processing pipelines for the rules of all
	// packs; it may be missing.
	Pipelines string
	Now       func() time.Time
	Log       *slog.Logger
}

// Manager changes what is in force. It is safe for concurrent use.
type Manager struct {
	cfg Config
	// mu is held for the whole of a change.
	mu   sync.Mutex
	view atomic.Pointer[View]
	// labels that the state has.
	labels atomic.Pointer[label.Set]
	// pending : the log does not say yet what the state does.
	pending atomic.Bool
}

// Open takes in what comes with the server and what is in Config.Dir, and
// tells the log what is in force where that has changed.
func Open(ctx context.Context, cfg Config) (*Manager, error) {
	m := &Manager{cfg: cfg}
	m.view.Store(&View{})
	if _, err := m.Reload(ctx, "baize-server "+cfg.Version); err != nil {
		return nil, fmt.Errorf("rules in force: %w", err)
	}
	return m, nil
}

// Asked are the kinds of event that the rules ask for, and their revision: what
// agents need not tell one by one is none of them.
func (m *Manager) Asked() (revision string, kinds []event.Kind) {
	v := m.view.Load()
	return v.Digest, v.Asked
}

// retryEvery is how soon a log that could not be told is told again.
const retryEvery = 5 * time.Second

// Run tells the log what it could not be told at once, until ctx ends.
func (m *Manager) Run(ctx context.Context) error {
	ticker := time.NewTicker(retryEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if !m.pending.Load() {
			continue
		}
		m.mu.Lock()
		err := m.announceLocked(ctx, m.view.Load())
		m.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			m.cfg.Log.Error("rules: the engine's log cannot be told what is in force", "error", err)
		}
	}
}

// announceLocked tells the log what is in force, as far as it does not say so.
func (m *Manager) announceLocked(ctx context.Context, v *View) error {
	m.pending.Store(true)
	err := m.announce(ctx, state.AnnouncedRules, v.Digest, v.message)
	if err == nil {
		err = m.announceExceptions(ctx)
	}
	if err == nil {
		err = m.announceDecisions(ctx)
	}
	if err == nil {
		err = m.announceLabels(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPending, err)
	}
	m.pending.Store(false)
	return nil
}

// announce appends a message to the log unless its last of that kind says the
// same. A log that ends before that message was made anew.
func (m *Manager) announce(ctx context.Context, kind, digest string, message func(now time.Time) ([]byte, error)) error {
	stats, err := m.cfg.Bus.Stats(ctx)
	if err != nil {
		return err
	}
	last, err := m.cfg.State.LastAnnouncement(ctx, kind, 1<<63-1)
	if err == nil && last.Digest == digest && last.Bus <= stats.Last {
		return nil
	}
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return err
	}
	now := m.cfg.Now().UTC()
	packed, err := message(now)
	if err != nil {
		return err
	}
	at, err := m.cfg.Bus.Announce(ctx, now, packed)
	if err != nil {
		return err
	}
	a := state.Announcement{Bus: at, Kind: kind, Digest: digest, Created: now, Body: packed}
	return m.cfg.State.AddAnnouncement(context.WithoutCancel(ctx), a, stats.First)
}

// Before returns the records that were in the log behind position after and
// are not any more, because retention cut them, as far as they say what was in
// force where the log now begins. They carry positions before its first.
func (m *Manager) Before(ctx context.Context, after uint64) ([]*event.Event, error) {
	stats, err := m.cfg.Bus.Stats(ctx)
	if err != nil {
		return nil, err
	}
	return m.before(ctx, after, stats.First)
}

// before returns what the log said between two positions and is in force at
// the second.
func (m *Manager) before(ctx context.Context, after, first uint64) ([]*event.Event, error) {
	var events []*event.Event
	for _, kind := range []string{state.AnnouncedRules, state.AnnouncedExceptions, state.AnnouncedDecisions, state.AnnouncedLabels} {
		a, err := m.cfg.State.LastAnnouncement(ctx, kind, first)
		if errors.Is(err, state.ErrNotFound) || err == nil && a.Bus <= after {
			continue
		}
		if err != nil {
			return nil, err
		}
		part, err := wire.Unpack(a.Body, wire.Origin{})
		if err != nil {
			return nil, fmt.Errorf("announcement at %d: %w", a.Bus, err)
		}
		for _, ev := range part {
			ev.Ingest = &event.Ingest{Received: a.Created}
		}
		events = append(events, part...)
	}
	for i, ev := range events {
		ev.Ingest.Bus = first - uint64(len(events)-i)
	}
	return events, nil
}
