package policy

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"baize/internal/alert"
	"baize/internal/engine"
	"baize/internal/event"
	"baize/internal/exception"
	"baize/internal/server/state"
	"baize/internal/sigma"
	"baize/internal/wire"
)

// maxScanned bounds the stored alerts that a preview, or the proposals, look
// at: the newest.
const maxScanned = 50_000

// AddException puts an exception in force. Its id and time are given here.
func (m *Manager) AddException(ctx context.Context, x exception.Exception) (exception.Exception, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.cfg.Now().UTC()
	x.ID, x.Created, x.Expires = "x-"+randomID(), now, x.Expires.UTC()
	if err := x.Check(now); err != nil {
		return x, err
	}
	active, err := m.cfg.State.ActiveExceptions(ctx, now)
	if err != nil {
		return x, err
	}
	if len(active) >= exception.MaxActive {
		return x, fmt.Errorf("%w: %d exceptions are in force: remove one", ErrLimit, exception.MaxActive)
	}
	if err := fits(append(active, x)); err != nil {
		return x, err
	}
	if err := m.cfg.State.AddException(ctx, &x); err != nil {
		return x, err
	}
	return x, m.announceLocked(context.WithoutCancel(ctx), m.View())
}

func randomID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// RemoveException ends an exception, or returns state.ErrNotFound.
func (m *Manager) RemoveException(ctx context.Context, id, by string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.cfg.State.RemoveException(ctx, id, by, m.cfg.Now().UTC()); err != nil {
		return err
	}
	return m.announceLocked(context.WithoutCancel(ctx), m.View())
}

// announceExceptions tells the log which exceptions are in force.
func (m *Manager) announceExceptions(ctx context.Context) error {
	active, err := m.cfg.State.ActiveExceptions(ctx, m.cfg.Now())
	if err != nil {
		return err
	}
	record, err := engine.ExceptionRecord(active, m.cfg.Now().UTC())
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(record.Message))
	return m.announce(ctx, state.AnnouncedExceptions, hex.EncodeToString(sum[:]), func(now time.Time) ([]byte, error) {
		record.Time = now
		return wire.Pack([]*event.Event{record})
	})
}

// fits refuses a list that is too long for one record of the log.
func fits(list []exception.Exception) error {
	record, err := engine.ExceptionRecord(list, time.Time{})
	if err == nil && len(record.Message) > maxExceptionRecord {
		err = fmt.Errorf("%w: the exceptions in force have %d bytes together, at most %d", ErrLimit, len(record.Message), maxExceptionRecord)
	}
	return err
}

// maxExceptionRecord bounds the exceptions in force together, in bytes: as a
// line of an export they may take half of eventio.MaxLine more for escapes.
const maxExceptionRecord = 512 << 10

// Preview is what an exception would have hidden of the stored alerts that
// fired between two instants, and whether there were more than are looked at.
func (m *Manager) Preview(ctx context.Context, x exception.Exception, since, until time.Time) (exception.Preview, bool, error) {
	now := m.cfg.Now().UTC()
	x.ID, x.Created = "preview", now
	if err := x.Check(now); err != nil {
		return exception.Preview{}, false, err
	}
	p, err := exception.NewPreviewer(x)
	if err != nil {
		return exception.Preview{}, false, err
	}
	more, err := m.cfg.State.ScanAlerts(ctx, state.AlertScan{Since: since, Until: until, Limit: maxScanned}, func(a *alert.Alert, _ string) error {
		p.Add(a)
		return ctx.Err()
	})
	return p.Result(), more, err
}

// Proposal is a proposal with what a person made of it.
type Proposal struct {
	exception.Proposal
	DismissedBy string    `json:"dismissed_by,omitempty"`
	Dismissed   time.Time `json:"dismissed,omitzero"`
}

// Proposals are the exceptions that the server proposes at this moment. What
// an exception in force covers already fires no more, and drops out in time.
func (m *Manager) Proposals(ctx context.Context) ([]Proposal, error) {
	now := m.cfg.Now()
	p := exception.NewProposer()
	scan := state.AlertScan{Since: now.Add(-exception.ProposalWindow), Until: now, Limit: maxScanned}
	_, err := m.cfg.State.ScanAlerts(ctx, scan, func(a *alert.Alert, level string) error {
		p.Add(a, grave(level))
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	dismissed, err := m.cfg.State.Dismissals(ctx)
	list := []Proposal{}
	for _, proposal := range p.Proposals() {
		d := dismissed[proposal.ID]
		list = append(list, Proposal{Proposal: proposal, DismissedBy: d.Author, Dismissed: d.Created})
	}
	return list, err
}

// grave says that an incident of that level is none to make exceptions from.
func grave(level string) bool {
	r := sigma.Rule{Level: level}
	most := sigma.Rule{Level: exception.MaxLevel}
	return r.Severity() > most.Severity()
}

// Accept makes a proposal an exception, or returns state.ErrNotFound where it
// is not proposed any more.
func (m *Manager) Accept(ctx context.Context, id string, x exception.Exception) (exception.Exception, error) {
	list, err := m.Proposals(ctx)
	if err != nil {
		return x, err
	}
	for _, p := range list {
		if p.ID == id {
			x.Rules, x.Selection = []string{p.Rule.ID}, p.Selection
			return m.AddException(ctx, x)
		}
	}
	return x, fmt.Errorf("proposal %q: %w", id, state.ErrNotFound)
}
