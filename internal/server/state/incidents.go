package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"baize/internal/incident"
)

// IncidentFilter selects incidents; a zero field selects all.
type IncidentFilter struct {
	// Status is open or closed.
	Status string
	// Merged selects also the incidents that became part of another.
	Merged bool
}

// maxRedirects bounds how long a chain of merges is followed. Merging points
// at the oldest, so a chain is as long as merges of merges happened.
const maxRedirects = 64

// Incidents returns a page of the incidents ordered by (opened, id), and the
// cursor of the next page, zero after the last.
func (db *DB) Incidents(ctx context.Context, filter IncidentFilter, page Page) ([]incident.Incident, Cursor, error) {
	q := newQuery(`SELECT opened, id, body, '' FROM incidents`)
	q.and(filter.Status != "", "status = ?", filter.Status)
	q.and(!filter.Merged, "merged_into = ''")
	q.page(page, "opened", "id")
	rows, err := db.sql.QueryContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("list incidents: %w", err)
	}
	return collectBodies(rows, page.limit(), func(*incident.Incident, string) {})
}

// Incident returns one incident as it is stored, or ErrNotFound. Where it
// became part of another, MergedInto says so.
func (db *DB) Incident(ctx context.Context, id string) (incident.Incident, error) {
	var inc incident.Incident
	var body []byte
	err := db.sql.QueryRowContext(ctx, `SELECT body FROM incidents WHERE id = ?`, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return inc, fmt.Errorf("incident %q: %w", id, ErrNotFound)
	}
	if err == nil {
		err = json.Unmarshal(body, &inc)
	}
	if err != nil {
		return inc, fmt.Errorf("read incident %q: %w", id, err)
	}
	return inc, nil
}

// FollowIncident returns the incident that id is now part of: itself, or the
// one it was merged into.
func (db *DB) FollowIncident(ctx context.Context, id string) (incident.Incident, error) {
	for range maxRedirects {
		inc, err := db.Incident(ctx, id)
		if err != nil || inc.MergedInto == "" {
			return inc, err
		}
		id = inc.MergedInto
	}
	return incident.Incident{}, fmt.Errorf("incident %q: merged more than %d times", id, maxRedirects)
}
