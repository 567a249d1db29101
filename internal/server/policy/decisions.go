package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"baize/internal/alert"
	"baize/internal/engine"
	"baize/internal/event"
	"baize/internal/incident"
	"baize/internal/server/state"
	"baize/internal/wire"
)

// Wish is a decision as it is asked for: With is the other incident of a merge, or
// the one that alerts are moved into.
type Wish struct {
	incident.Decision
	With string
}

// Decide puts a decision about incidents in force. Its id and time are given here,
// and incidents that have been merged are followed.
func (m *Manager) Decide(ctx context.Context, w Wish) (incident.Decision, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := w.Decision
	d.ID, d.At = "d-"+randomID(), m.cfg.Now().UTC()
	active, err := m.cfg.State.ActiveDecisions(ctx)
	if err != nil {
		return d, err
	}
	if len(active) >= incident.MaxDecisions {
		return d, fmt.Errorf("%w: %d decisions are in force: withdraw one", ErrLimit, incident.MaxDecisions)
	}
	if err := m.about(ctx, &d, w.With, active); err != nil {
		return d, err
	}
	if err := d.Check(); err != nil {
		return d, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	record, err := engine.DecisionRecord(append(active, d), d.At)
	if err != nil {
		return d, err
	}
	if len(record.Message) > maxDecisionRecord {
		return d, fmt.Errorf("%w: the decisions in force have %d bytes together, at most %d", ErrLimit, len(record.Message), maxDecisionRecord)
	}
	if err := m.cfg.State.AddDecision(ctx, &d); err != nil {
		return d, err
	}
	return d, m.announceLocked(context.WithoutCancel(ctx), m.View())
}

// about finds the incidents that a decision is about, and refuses what they do not
// allow.
func (m *Manager) about(ctx context.Context, d *incident.Decision, with string, active []incident.Decision) error {
	if err := address(d.Entity); err != nil {
		return err
	}
	if d.Incident == "" {
		if d.Kind == incident.DecideDemote {
			return nil
		}
		return fmt.Errorf("%w: %s needs an incident", ErrInvalid, d.Kind)
	}
	inc, err := m.cfg.State.FollowIncident(ctx, d.Incident)
	if err != nil {
		return err
	}
	d.Incident, d.Org = inc.ID, inc.Org
	if inc.Status == incident.StatusClosed && d.Kind != incident.DecideConfirm && d.Kind != incident.DecideReject && d.Kind != incident.DecideDemote {
		return fmt.Errorf("%w: incident %s is closed: open it again first", ErrInvalid, inc.ID)
	}
	switch d.Kind {
	case incident.DecideSplit, incident.DecideMove:
		if err := members(&inc, d.Alerts); err != nil {
			return err
		}
		if d.From = nil; len(inc.Alerts) <= maxFrom {
			d.From = slices.DeleteFunc(slices.Clone(inc.Alerts), func(id string) bool { return slices.Contains(d.Alerts, id) })
		}
		if d.Kind == incident.DecideSplit && len(d.Alerts) == len(inc.Alerts) {
			return fmt.Errorf("%w: nothing of incident %s would be left", ErrInvalid, inc.ID)
		}
	case incident.DecideMerge:
		d.Alerts = []string{inc.Alerts[0]}
	default:
		return nil
	}
	if d.Kind == incident.DecideSplit {
		return nil
	}
	return m.other(ctx, d, &inc, with, active)
}

// address puts an address that is demoted into the form that alerts have, and refuses what
// is none: it would be in force and tie whatever it did before.
func address(e *alert.Entity) error {
	if e == nil || e.Type != alert.EntityIP {
		return nil
	}
	ip, err := netip.ParseAddr(e.Value)
	if err != nil {
		return fmt.Errorf("%w: %q is no IP address", ErrInvalid, e.Value)
	}
	e.Value = ip.Unmap().String()
	return nil
}

// maxFrom is up to how many alerts of an incident a decision names those that
// stay. Of a larger one the engine finds them, and a merge that it forbids is not
// refused here: it has no effect.
const maxFrom = 200

// members demands that alerts are an incident's, each named once.
func members(inc *incident.Incident, alerts []string) error {
	for i, id := range alerts {
		if !slices.Contains(inc.Alerts, id) || slices.Contains(alerts[:i], id) {
			return fmt.Errorf("%w: alert %q is none of incident %s, or named twice", ErrInvalid, id, inc.ID)
		}
	}
	return nil
}

// other finds the second incident of a decision.
func (m *Manager) other(ctx context.Context, d *incident.Decision, inc *incident.Incident, with string, active []incident.Decision) error {
	into, err := m.cfg.State.FollowIncident(ctx, with)
	if err != nil {
		return err
	}
	if into.ID == inc.ID || into.Org != inc.Org || into.Status == incident.StatusClosed {
		return fmt.Errorf("%w: incident %s is the same, closed or another organisation's", ErrInvalid, into.ID)
	}
	moved := d.Alerts
	if d.Kind == incident.DecideMerge {
		d.Alerts, moved = append(d.Alerts, into.Alerts[0]), inc.Alerts
	} else {
		d.Into = into.Alerts[0]
	}
	for i := range active {
		if x := &active[i]; apart(x, moved, into.Alerts) {
			return fmt.Errorf("%w: decision %s of %s keeps these incidents apart: withdraw it first", ErrInvalid, x.ID, x.By)
		}
	}
	return nil
}

// apart reports whether a decision keeps alerts of two lists apart.
func apart(d *incident.Decision, a, b []string) bool {
	if d.Kind != incident.DecideSplit && d.Kind != incident.DecideMove {
		return false
	}
	meet := func(list, of []string) bool {
		return slices.ContainsFunc(list, func(id string) bool { return slices.Contains(of, id) })
	}
	return meet(d.Alerts, a) && meet(d.From, b) || meet(d.Alerts, b) && meet(d.From, a)
}

// Withdraw ends a decision, or returns state.ErrNotFound.
func (m *Manager) Withdraw(ctx context.Context, id, by string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.cfg.State.WithdrawDecision(ctx, id, by, m.cfg.Now().UTC()); err != nil {
		return err
	}
	return m.announceLocked(context.WithoutCancel(ctx), m.View())
}

// maxDecisionRecord bounds the decisions in force together, in bytes, like
// maxExceptionRecord.
const maxDecisionRecord = 512 << 10

// announceDecisions tells the log which decisions are in force.
func (m *Manager) announceDecisions(ctx context.Context) error {
	active, err := m.cfg.State.ActiveDecisions(ctx)
	if err != nil {
		return err
	}
	record, err := engine.DecisionRecord(active, m.cfg.Now().UTC())
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(record.Message))
	return m.announce(ctx, state.AnnouncedDecisions, hex.EncodeToString(sum[:]), func(now time.Time) ([]byte, error) {
		record.Time = now
		return wire.Pack([]*event.Event{record})
	})
}
