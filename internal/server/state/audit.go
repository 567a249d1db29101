package state

import (
	"context"
	"fmt"
	"time"
)

// AuditEntry is one call that changes something, or reads raw evidence.
type AuditEntry struct {
	ID   int64     `json:"id"`
	Time time.Time `json:"time"`
	// Actor is a user's name, "local:UID" on the unix socket, "" before login.
	Actor  string `json:"actor"`
	Source string `json:"source"`
	// Action is the operation's id, Target what it was done to.
	Action string `json:"action"`
	Target string `json:"target,omitempty"`
	// Status is the HTTP status of the answer; 0 for a call that was begun and
	// not answered, because the server stopped meanwhile.
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// maxAudit bounds the audit log by rows, for whatever its retention is.
const maxAudit = 1_000_000

// BeginAudit enters a call before it takes effect and returns the entry's id:
// what cannot be logged is not done.
func (db *DB) BeginAudit(ctx context.Context, e AuditEntry) (int64, error) {
	result, err := db.sql.ExecContext(ctx, `INSERT INTO audit (time, actor, source, action, target, status, detail) VALUES (?, ?, ?, ?, ?, 0, ?)`,
		nanos(e.Time), e.Actor, e.Source, e.Action, e.Target, e.Detail)
	if err != nil {
		return 0, fmt.Errorf("audit %s by %s: %w", e.Action, e.Actor, err)
	}
	return result.LastInsertId()
}

// EndAudit adds how the call ended. Target and detail replace what was entered
// where they are not empty.
func (db *DB) EndAudit(ctx context.Context, id int64, status int, target, detail string) error {
	_, err := db.sql.ExecContext(ctx, `
		UPDATE audit SET status = ?2, target = IIF(?3 = '', target, ?3), detail = IIF(?4 = '', detail, ?4) WHERE id = ?1`,
		id, status, target, detail)
	if err != nil {
		return fmt.Errorf("audit: end of %d: %w", id, err)
	}
	return nil
}

// Audit returns a page of the audit log, ordered by id, and the cursor of the
// next page, zero after the last.
func (db *DB) Audit(ctx context.Context, page Page) ([]AuditEntry, Cursor, error) {
	q := newQuery(`SELECT id, time, actor, source, action, target, status, detail FROM audit`)
	q.page(page, "id", "'a'")
	rows, err := db.sql.QueryContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("list audit log: %w", err)
	}
	items, err := collect(rows, func(e *AuditEntry) error {
		var when int64
		err := rows.Scan(&e.ID, &when, &e.Actor, &e.Source, &e.Action, &e.Target, &e.Status, &e.Detail)
		e.Time = at(when)
		return err
	})
	if err != nil || len(items) < page.limit() {
		return items, Cursor{}, err
	}
	return items, Cursor{Time: items[len(items)-1].ID, ID: "a"}, nil
}

// Expiry says what Prune removes: everything of a kind before its time.
type Expiry struct {
	// Audit entries made before it.
	Audit time.Time
	// Sessions opened before SessionCreated, or idle since before SessionSeen.
	SessionCreated, SessionSeen time.Time
	// Tokens whose expiry is before it.
	Tokens time.Time
}

// Prune removes what has expired, so that nothing here grows for ever.
func (db *DB) Prune(ctx context.Context, e Expiry) error {
	for _, s := range []struct {
		statement string
		args      []any
	}{
		{`DELETE FROM audit WHERE time < ? OR id <= (SELECT MAX(id) FROM audit) - ?`, []any{nanos(e.Audit), maxAudit}},
		{`DELETE FROM sessions WHERE created < ? OR seen < ?`, []any{nanos(e.SessionCreated), nanos(e.SessionSeen)}},
		// What was never stored is of no use longer than the audit log is.
		{`DELETE FROM evidence WHERE asked < ? AND state NOT IN (?, ?)`, []any{nanos(e.Audit), EvidenceStored, EvidenceRemoved}},
		{`DELETE FROM api_tokens WHERE expires < ?`, []any{nanos(e.Tokens)}},
	} {
		if _, err := db.sql.ExecContext(ctx, s.statement, s.args...); err != nil {
			return fmt.Errorf("prune: %w", err)
		}
	}
	return nil
}
