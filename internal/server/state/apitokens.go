package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// APIToken lets a program act for a user with at most Role.
type APIToken struct {
	ID string
	// Hash is the digest of the token, which itself is shown once.
	Hash string
	Name string
	User string
	Role string
	// Created and Expires bound its life.
	Created, Expires time.Time
}

const selectTokens = `SELECT id, hash, name, user, role, created, expires FROM api_tokens`

func scanToken(scan func(...any) error, t *APIToken) error {
	var created, expires int64
	err := scan(&t.ID, &t.Hash, &t.Name, &t.User, &t.Role, &created, &expires)
	t.Created, t.Expires = at(created), at(expires)
	return err
}

// AddAPIToken keeps a token.
func (db *DB) AddAPIToken(ctx context.Context, t APIToken) error {
	_, err := db.sql.ExecContext(ctx, `INSERT INTO api_tokens (id, hash, name, user, role, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		t.ID, t.Hash, t.Name, t.User, t.Role, nanos(t.Created), nanos(t.Expires))
	if err != nil {
		return fmt.Errorf("add token %s of %s: %w", t.Name, t.User, err)
	}
	return nil
}

// APIToken returns the token with that digest and its user, or ErrNotFound.
func (db *DB) APIToken(ctx context.Context, hash string) (APIToken, User, error) {
	var t APIToken
	err := scanToken(db.sql.QueryRowContext(ctx, selectTokens+` WHERE hash = ?`, hash).Scan, &t)
	if errors.Is(err, sql.ErrNoRows) {
		return t, User{}, fmt.Errorf("token: %w", ErrNotFound)
	}
	if err != nil {
		return t, User{}, fmt.Errorf("read token: %w", err)
	}
	user, err := db.User(ctx, t.User)
	return t, user, err
}

// APITokens returns the tokens of a user, oldest first; of all users for "".
func (db *DB) APITokens(ctx context.Context, user string) ([]APIToken, error) {
	rows, err := db.sql.QueryContext(ctx, selectTokens+` WHERE ?1 = '' OR user = ?1 ORDER BY created, id`, user)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	defer rows.Close()
	return collect(rows, func(t *APIToken) error { return scanToken(rows.Scan, t) })
}

// RemoveAPIToken ends a token of user (of anyone for ""), or returns ErrNotFound.
func (db *DB) RemoveAPIToken(ctx context.Context, id, user string) error {
	result, err := db.sql.ExecContext(ctx, `DELETE FROM api_tokens WHERE id = ?1 AND (?2 = '' OR user = ?2)`, id, user)
	if err != nil {
		return fmt.Errorf("remove token %s: %w", id, err)
	}
	return expectOne(result, fmt.Errorf("token %q: %w", id, ErrNotFound))
}
