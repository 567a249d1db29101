package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// States of a response action.
const (
	// ActionProposed : somebody asks for it, and nobody who may has approved it.
	ActionProposed = "proposed"
	// ActionSent : the host was told, and has not answered.
	ActionSent = "sent"
	// ActionDone, ActionFailed and ActionRefused are the host's answers.
	ActionDone    = "done"
	ActionFailed  = "failed"
	ActionRefused = "refused"
	// ActionExpired : no answer came in time. It may still come.
	ActionExpired = "expired"
	// ActionUndone : it was done, and is undone.
	ActionUndone = "undone"
)

// ErrActionState reports a response action that is not in the state for that.
var ErrActionState = errors.New("the response action is not in a state for that")

// ResponseAction is what a host is told to do in response to an intrusion.
type ResponseAction struct {
	ID     string `json:"id"`
	Host   string `json:"host"`
	Action string `json:"action"`
	// Subject is the process or the path.
	Subject   string            `json:"subject"`
	Arguments map[string]string `json:"arguments"`
	Reason    string            `json:"reason"`
	Incident  string            `json:"incident,omitempty"`
	// By proposed it; ApprovedBy stands for it.
	By         string    `json:"by"`
	Proposed   time.Time `json:"proposed"`
	ApprovedBy string    `json:"approved_by,omitempty"`
	// Command is the id of the order, by which the host's record goes.
	Command string    `json:"command,omitempty"`
	Sent    time.Time `json:"sent,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
	State   string    `json:"state"`
	// Detail is the host's answer: JSON of a type of package response if it is
	// done, else why it is not.
	Detail string    `json:"detail,omitempty"`
	Ended  time.Time `json:"ended,omitzero"`
	// UndoneBy asked for the undoing, which UndoDetail answers.
	UndoneBy    string    `json:"undone_by,omitempty"`
	UndoCommand string    `json:"undo_command,omitempty"`
	UndoDetail  string    `json:"undo_detail,omitempty"`
	Undone      time.Time `json:"undone,omitzero"`
}

// AddResponseAction records a proposal.
func (db *DB) AddResponseAction(ctx context.Context, a *ResponseAction) error {
	arguments, err := json.Marshal(a.Arguments)
	if err == nil {
		_, err = db.sql.ExecContext(ctx, `
			INSERT INTO response_actions (id, host, action, subject, arguments, reason, incident, proposed_by, proposed, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			a.ID, a.Host, a.Action, a.Subject, string(arguments), a.Reason, a.Incident, a.By, nanos(a.Proposed), ActionProposed)
	}
	if err != nil {
		return fmt.Errorf("record response action %s of %s: %w", a.Action, a.Host, err)
	}
	return nil
}

// SendResponseAction records that a proposal is approved and goes to its host as
// command. It returns ErrActionState if it is no proposal any more.
func (db *DB) SendResponseAction(ctx context.Context, id, by, command string, now, expires time.Time) error {
	return db.changeAction(ctx, "send", id, `UPDATE response_actions SET state = ?, approved_by = ?, command = ?, sent = ?, expires = ? WHERE id = ? AND state = ?`,
		ActionSent, by, command, nanos(now), nanos(expires), id, ActionProposed)
}

// EndResponseAction records a host's answer to a command, also one that came
// late. It returns ErrActionState for a command that is no action's, or of one
// that has ended.
func (db *DB) EndResponseAction(ctx context.Context, command, state, detail string, now time.Time) error {
	return db.changeAction(ctx, "end", command, `UPDATE response_actions SET state = ?, detail = ?, ended = ? WHERE command = ? AND state IN (?, ?)`,
		state, detail, nanos(now), command, ActionSent, ActionExpired)
}

// ExpireResponseAction records that no answer came in time.
func (db *DB) ExpireResponseAction(ctx context.Context, id string) error {
	return db.changeAction(ctx, "expire", id, `UPDATE response_actions SET state = ? WHERE id = ? AND state IN (?, ?)`, ActionExpired, id, ActionSent, ActionExpired)
}

// UndoResponseAction records that an action is being undone by a command.
func (db *DB) UndoResponseAction(ctx context.Context, id, by, command string) error {
	return db.changeAction(ctx, "undo", id, `UPDATE response_actions SET undone_by = ?, undo_command = ?, undo_detail = '' WHERE id = ? AND state IN (?, ?, ?)`,
		by, command, id, ActionDone, ActionFailed, ActionExpired)
}

// EndUndo records a host's answer to the undoing.
func (db *DB) EndUndo(ctx context.Context, command string, done bool, detail string, now time.Time) error {
	if !done {
		return db.changeAction(ctx, "undo", command, `UPDATE response_actions SET undo_detail = ? WHERE undo_command = ?`, detail, command)
	}
	return db.changeAction(ctx, "undo", command, `UPDATE response_actions SET state = ?, undo_detail = ?, undone = ? WHERE undo_command = ? AND state <> ?`,
		ActionUndone, detail, nanos(now), command, ActionUndone)
}

func (db *DB) changeAction(ctx context.Context, what, id, statement string, args ...any) error {
	result, err := db.sql.ExecContext(ctx, statement, args...)
	if err == nil {
		err = expectOne(result, ErrActionState)
	}
	if err != nil {
		return fmt.Errorf("%s response action %s: %w", what, id, err)
	}
	return nil
}

const selectActions = `SELECT id, host, action, subject, arguments, reason, incident, proposed_by, proposed, approved_by, command, sent, expires, state, detail, ended,
	undone_by, undo_command, undo_detail, undone FROM response_actions`

func scanAction(scan func(...any) error, a *ResponseAction) error {
	var arguments string
	var proposed, sent, expires, ended, undone int64
	err := scan(&a.ID, &a.Host, &a.Action, &a.Subject, &arguments, &a.Reason, &a.Incident, &a.By, &proposed, &a.ApprovedBy, &a.Command, &sent, &expires,
		&a.State, &a.Detail, &ended, &a.UndoneBy, &a.UndoCommand, &a.UndoDetail, &undone)
	if err != nil {
		return err
	}
	a.Proposed, a.Sent, a.Expires, a.Ended, a.Undone = at(proposed), at(sent), at(expires), at(ended), at(undone)
	return json.Unmarshal([]byte(arguments), &a.Arguments)
}

// expired is the state of an action as of now.
func (a *ResponseAction) expired(now time.Time) {
	if a.State == ActionSent && now.After(a.Expires) {
		a.State = ActionExpired
	}
}

// ResponseAction returns one as of now, or ErrNotFound.
func (db *DB) ResponseAction(ctx context.Context, id string, now time.Time) (ResponseAction, error) {
	var a ResponseAction
	err := scanAction(db.sql.QueryRowContext(ctx, selectActions+` WHERE id = ?`, id).Scan, &a)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return ResponseAction{}, fmt.Errorf("response action %q: %w", id, err)
	}
	a.expired(now)
	return a, nil
}

// ActionFilter says which response actions are meant; what is empty means any.
type ActionFilter struct{ Host, Incident string }

// ResponseActions returns a page as of now, ordered by when they were proposed,
// and the cursor of the next, zero after the last.
func (db *DB) ResponseActions(ctx context.Context, filter ActionFilter, page Page, now time.Time) ([]ResponseAction, Cursor, error) {
	q := newQuery(selectActions)
	q.and(filter.Host != "", "host = ?", filter.Host)
	q.and(filter.Incident != "", "incident = ?", filter.Incident)
	q.page(page, "proposed", "id")
	rows, err := db.sql.QueryContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("list response actions: %w", err)
	}
	items, err := collect(rows, func(a *ResponseAction) error { return scanAction(rows.Scan, a) })
	for i := range items {
		items[i].expired(now)
	}
	if err != nil || len(items) < page.limit() {
		return items, Cursor{}, err
	}
	last := items[len(items)-1]
	return items, Cursor{Time: nanos(last.Proposed), ID: last.ID}, nil
}

// ActedHosts are the hosts that were told to do an action since a time.
func (db *DB) ActedHosts(ctx context.Context, action string, since time.Time) ([]string, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT DISTINCT host FROM response_actions WHERE action = ? AND sent >= ? AND state <> ?`,
		action, nanos(since), ActionRefused)
	if err != nil {
		return nil, fmt.Errorf("hosts of %s: %w", action, err)
	}
	return collect(rows, func(host *string) error { return rows.Scan(host) })
}
