package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"baize/internal/incident"
)

// maxDecisions bounds the decisions, withdrawn ones included: the oldest of those
// go first.
const maxDecisions = 10_000

// Decision is a decision with what became of it.
type Decision struct {
	incident.Decision
	// Withdrawn is when somebody took it back, WithdrawnBy who.
	Withdrawn   time.Time `json:"withdrawn,omitzero"`
	WithdrawnBy string    `json:"withdrawn_by,omitempty"`
}

// AddDecision keeps a new decision.
func (db *DB) AddDecision(ctx context.Context, d *incident.Decision) error {
	body, err := json.Marshal(d)
	if err == nil {
		err = db.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO decisions (id, created, incident, body) VALUES (?, ?, ?, ?)`, d.ID, nanos(d.At), d.Incident, body)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `
				DELETE FROM decisions WHERE withdrawn > 0 AND id NOT IN
				(SELECT id FROM decisions ORDER BY created DESC, id DESC LIMIT ?)`, maxDecisions)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("keep decision %s: %w", d.ID, err)
	}
	return nil
}

// WithdrawDecision ends a decision, or returns ErrNotFound.
func (db *DB) WithdrawDecision(ctx context.Context, id, by string, now time.Time) error {
	result, err := db.sql.ExecContext(ctx, `UPDATE decisions SET withdrawn = ?, withdrawn_by = ? WHERE id = ? AND withdrawn = 0`, nanos(now), by, id)
	if err == nil {
		err = expectOne(result, fmt.Errorf("decision %q in force: %w", id, ErrNotFound))
	}
	if err != nil {
		return fmt.Errorf("withdraw decision: %w", err)
	}
	return nil
}

const selectDecisions = `SELECT created, id, withdrawn, withdrawn_by, body FROM decisions`

// aboutIncident holds for decisions about an incident or what became part of it.
const aboutIncident = `incident IN (
	WITH RECURSIVE whole (id) AS (
		VALUES (?) UNION SELECT incidents.id FROM whole JOIN incidents ON incidents.merged_into = whole.id AND incidents.merged_into <> ''
	) SELECT id FROM whole)`

// Decisions returns a page of the decisions about an incident ("" for any) and those
// that became part of it, withdrawn ones included, ordered by (created, id), and the
// cursor of the next page, zero after the last.
func (db *DB) Decisions(ctx context.Context, about string, page Page) ([]Decision, Cursor, error) {
	q := newQuery(selectDecisions)
	q.and(about != "", aboutIncident, about)
	q.page(page, "created", "id")
	items, last, err := db.decisions(ctx, q)
	if err != nil || len(items) < page.limit() {
		return items, Cursor{}, err
	}
	return items, last, nil
}

// ActiveDecisions returns those in force, in their order.
func (db *DB) ActiveDecisions(ctx context.Context) ([]incident.Decision, error) {
	q := newQuery(selectDecisions)
	q.and(true, "withdrawn = 0 ORDER BY created, id LIMIT ?", incident.MaxDecisions+1)
	items, _, err := db.decisions(ctx, q)
	list := make([]incident.Decision, 0, len(items))
	for i := range items {
		list = append(list, items[i].Decision)
	}
	return list, err
}

func (db *DB) decisions(ctx context.Context, q *query) ([]Decision, Cursor, error) {
	var last Cursor
	rows, err := db.sql.QueryContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return nil, last, fmt.Errorf("list decisions: %w", err)
	}
	items, err := collect(rows, func(d *Decision) error {
		var withdrawn int64
		var body []byte
		if err := rows.Scan(&last.Time, &last.ID, &withdrawn, &d.WithdrawnBy, &body); err != nil {
			return err
		}
		d.Withdrawn = at(withdrawn)
		return json.Unmarshal(body, &d.Decision)
	})
	return items, last, err
}
