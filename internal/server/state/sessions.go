package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Session is a login of a person.
type Session struct {
	// Hash is the digest of the cookie's value.
	Hash string
	User string
	// Created and Seen bound its life: absolutely, and when idle.
	Created, Seen time.Time
	// Source is the address it was opened from.
	Source string
}

// maxSessions bounds the sessions of one user: the oldest ends first.
const maxSessions = 32

// AddSession opens a session, and ends the user's oldest beyond the bound.
func (db *DB) AddSession(ctx context.Context, s Session) error {
	err := db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (hash, user, created, seen, source) VALUES (?, ?, ?, ?, ?)`,
			s.Hash, s.User, nanos(s.Created), nanos(s.Seen), s.Source)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM sessions WHERE user = ?1 AND hash NOT IN
			(SELECT hash FROM sessions WHERE user = ?1 ORDER BY created DESC, hash LIMIT ?2)`, s.User, maxSessions)
		return err
	})
	if err != nil {
		return fmt.Errorf("open session of %s: %w", s.User, err)
	}
	return nil
}

// Session returns the session with that digest and its user, or ErrNotFound.
func (db *DB) Session(ctx context.Context, hash string) (Session, User, error) {
	s := Session{Hash: hash}
	var created, seen int64
	err := db.sql.QueryRowContext(ctx, `SELECT user, created, seen, source FROM sessions WHERE hash = ?`, hash).Scan(&s.User, &created, &seen, &s.Source)
	if errors.Is(err, sql.ErrNoRows) {
		return s, User{}, fmt.Errorf("session: %w", ErrNotFound)
	}
	if err != nil {
		return s, User{}, fmt.Errorf("read session: %w", err)
	}
	s.Created, s.Seen = at(created), at(seen)
	user, err := db.User(ctx, s.User)
	return s, user, err
}

// SeeSession puts off the session's idle expiry to count from now.
func (db *DB) SeeSession(ctx context.Context, hash string, now time.Time) error {
	_, err := db.sql.ExecContext(ctx, `UPDATE sessions SET seen = ? WHERE hash = ?`, nanos(now), hash)
	return err
}

// EndSession ends a session; one that is no more is no error.
func (db *DB) EndSession(ctx context.Context, hash string) error {
	_, err := db.sql.ExecContext(ctx, `DELETE FROM sessions WHERE hash = ?`, hash)
	return err
}
