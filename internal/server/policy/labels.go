package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"baize/internal/engine"
	"baize/internal/event"
	"baize/internal/label"
	"baize/internal/server/state"
	"baize/internal/wire"
)

// maxLabelRecord bounds the labels in force together, in bytes, like
// maxExceptionRecord.
const maxLabelRecord = 512 << 10

// Labels are those in force.
func (m *Manager) Labels() *label.Set { return m.labels.Load() }

// Assign puts labels in force, instead of those that were given to the same hosts or
// images. Their id and time are given here.
func (m *Manager) Assign(ctx context.Context, a label.Assignment) (label.Assignment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a.Identify()
	a.At = m.cfg.Now().UTC()
	if err := a.Check(); err != nil {
		return a, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	all, err := m.cfg.State.Labels(ctx)
	if err != nil {
		return a, err
	}
	all = append(slices.DeleteFunc(all, func(x label.Assignment) bool { return x.ID == a.ID }), a)
	if len(all) > label.MaxAssignments {
		return a, fmt.Errorf("%w: labels are assigned %d times: remove some, or use * in a name", ErrLimit, label.MaxAssignments)
	}
	record, err := engine.LabelRecord(all, a.At)
	if err != nil {
		return a, err
	}
	if len(record.Message) > maxLabelRecord {
		return a, fmt.Errorf("%w: the labels in force have %d bytes together, at most %d", ErrLimit, len(record.Message), maxLabelRecord)
	}
	if err := m.cfg.State.PutLabels(ctx, &a); err != nil {
		return a, err
	}
	return a, m.announceLocked(context.WithoutCancel(ctx), m.View())
}

// Unassign ends labels and returns what they were, or state.ErrNotFound.
func (m *Manager) Unassign(ctx context.Context, id string) (label.Assignment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, err := m.cfg.State.DeleteLabels(ctx, id)
	if err != nil {
		return a, err
	}
	return a, m.announceLocked(context.WithoutCancel(ctx), m.View())
}

// announceLabels tells the log which labels are in force.
func (m *Manager) announceLabels(ctx context.Context) error {
	all, err := m.cfg.State.Labels(ctx)
	if err != nil {
		return err
	}
	set, err := label.NewSet(all)
	if err != nil {
		return err
	}
	m.labels.Store(set)
	record, err := engine.LabelRecord(all, m.cfg.Now().UTC())
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(record.Message))
	return m.announce(ctx, state.AnnouncedLabels, hex.EncodeToString(sum[:]), func(now time.Time) ([]byte, error) {
		record.Time = now
		return wire.Pack([]*event.Event{record})
	})
}
