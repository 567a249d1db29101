package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// RuleRevision is one state of the rules.
type RuleRevision struct {
	// Digest names the content, as the engine's log does.
	Digest string
	// Body is the rule files, a zip archive.
	Body    []byte
	Author  string
	Created time.Time
}

// AddRules keeps a revision. One that is kept already stays as it is.
func (db *DB) AddRules(ctx context.Context, r RuleRevision) error {
	_, err := db.sql.ExecContext(ctx, `INSERT OR IGNORE INTO rule_revisions (digest, body, author, created) VALUES (?, ?, ?, ?)`,
		r.Digest, r.Body, r.Author, nanos(r.Created))
	if err != nil {
		return fmt.Errorf("keep rules %s: %w", r.Digest, err)
	}
	return nil
}

// Rules returns one revision of the rules, or ErrNotFound.
func (db *DB) Rules(ctx context.Context, digest string) (RuleRevision, error) {
	r := RuleRevision{Digest: digest}
	var created int64
	err := db.sql.QueryRowContext(ctx, `SELECT body, author, created FROM rule_revisions WHERE digest = ?`, digest).Scan(&r.Body, &r.Author, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("rules %q: %w", digest, ErrNotFound)
	}
	if err != nil {
		return r, fmt.Errorf("read rules %q: %w", digest, err)
	}
	r.Created = at(created)
	return r, nil
}
