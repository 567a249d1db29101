package state

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// RuleRevision is one state of the rules, as the engine's log refers to it.
type RuleRevision struct {
	Revision uint64
	// Digest is the SHA-256 of Body, hexadecimal.
	Digest  string
	Body    []byte
	Author  string
	Created time.Time
}

// AddRules keeps body as a revision and returns its number. The same body
// again is the same revision.
func (db *DB) AddRules(ctx context.Context, body []byte, author string) (uint64, error) {
	sum := sha256.Sum256(body)
	var revision uint64
	err := db.sql.QueryRowContext(ctx, `
		INSERT INTO rule_revisions (digest, body, author, created) VALUES (?, ?, ?, ?)
		ON CONFLICT (digest) DO UPDATE SET digest = digest RETURNING revision`,
		hex.EncodeToString(sum[:]), body, author, time.Now().UnixNano()).Scan(&revision)
	if err != nil {
		return 0, fmt.Errorf("add rules: %w", err)
	}
	return revision, nil
}

// Rules returns one revision of the rules, or ErrNotFound.
func (db *DB) Rules(ctx context.Context, revision uint64) (RuleRevision, error) {
	r := RuleRevision{Revision: revision}
	var created int64
	err := db.sql.QueryRowContext(ctx, `SELECT digest, body, author, created FROM rule_revisions WHERE revision = ?`, int64(revision)).
		Scan(&r.Digest, &r.Body, &r.Author, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("rules revision %d: %w", revision, ErrNotFound)
	}
	if err != nil {
		return r, fmt.Errorf("read rules revision %d: %w", revision, err)
	}
	r.Created = at(created)
	return r, nil
}
