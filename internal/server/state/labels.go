package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"baize/internal/label"
)

// PutLabels keeps an assignment, in the place of one with the same id.
func (db *DB) PutLabels(ctx context.Context, a *label.Assignment) error {
	body, err := json.Marshal(a)
	if err == nil {
		_, err = db.sql.ExecContext(ctx, `
			INSERT INTO labels (id, org, kind, match, body) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO UPDATE SET body = ?5`,
			a.ID, a.Org, a.Kind, a.Match, body)
	}
	if err != nil {
		return fmt.Errorf("keep labels %s: %w", a.ID, err)
	}
	return nil
}

// DeleteLabels removes an assignment and returns it, or ErrNotFound.
func (db *DB) DeleteLabels(ctx context.Context, id string) (label.Assignment, error) {
	var a label.Assignment
	var body []byte
	err := db.sql.QueryRowContext(ctx, `DELETE FROM labels WHERE id = ? RETURNING body`, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return a, fmt.Errorf("labels %q: %w", id, ErrNotFound)
	}
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	if err != nil {
		return a, fmt.Errorf("remove labels %q: %w", id, err)
	}
	return a, nil
}

// Labels returns all assignments by kind and match.
func (db *DB) Labels(ctx context.Context) ([]label.Assignment, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT body FROM labels ORDER BY org, kind, match`)
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	return collect(rows, func(a *label.Assignment) error {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return err
		}
		return json.Unmarshal(body, a)
	})
}
