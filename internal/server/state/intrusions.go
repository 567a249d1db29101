package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"baize/internal/provenance"
)

// putIntrusion stores an intrusion if it is newer, and reports whether it was.
func putIntrusion(ctx context.Context, tx *sql.Tx, i *provenance.Intrusion) (bool, error) {
	body, err := json.Marshal(i)
	if err != nil {
		return false, err
	}
	return upsert(ctx, tx, KindIntrusion, i.ID, `
		INSERT INTO intrusions (id, revision, org, host, opened, updated, merged_into, body)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
		ON CONFLICT (id) DO UPDATE SET revision = ?2, org = ?3, host = ?4, opened = ?5, updated = ?6, merged_into = ?7, body = ?8
		WHERE ?2 > revision`,
		i.ID, int64(i.Revision), i.Org, i.Host.ID, nanos(i.Opened), nanos(i.Updated), i.MergedInto, body)
}

// IntrusionFilter selects intrusions; a zero field selects all.
type IntrusionFilter struct {
	// Host is an id.
	Host string
	// Merged selects also the intrusions that became part of another.
	Merged bool
}

// Intrusions returns a page of the intrusions ordered by (opened, id), and the
// cursor of the next page, zero after the last.
func (db *DB) Intrusions(ctx context.Context, filter IntrusionFilter, page Page) ([]provenance.Intrusion, Cursor, error) {
	q := newQuery(`SELECT opened, id, body, '' FROM intrusions`)
	q.and(filter.Host != "", "host = ?", filter.Host)
	q.and(!filter.Merged, "merged_into = ''")
	q.page(page, "opened", "id")
	rows, err := db.sql.QueryContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("list intrusions: %w", err)
	}
	return collectBodies(rows, page.limit(), func(*provenance.Intrusion, string) {})
}

// Intrusion returns the intrusion that id is now part of: itself, or the one it
// was merged into. It returns ErrNotFound where there is none.
func (db *DB) Intrusion(ctx context.Context, id string) (provenance.Intrusion, error) {
	for range maxRedirects {
		var i provenance.Intrusion
		var body []byte
		err := db.sql.QueryRowContext(ctx, `SELECT body FROM intrusions WHERE id = ?`, id).Scan(&body)
		if errors.Is(err, sql.ErrNoRows) {
			return i, fmt.Errorf("intrusion %q: %w", id, ErrNotFound)
		}
		if err == nil {
			err = json.Unmarshal(body, &i)
		}
		if err != nil {
			return i, fmt.Errorf("read intrusion %q: %w", id, err)
		}
		if i.MergedInto == "" {
			return i, nil
		}
		id = i.MergedInto
	}
	return provenance.Intrusion{}, fmt.Errorf("intrusion %q: merged more than %d times", id, maxRedirects)
}
