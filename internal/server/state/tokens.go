package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrToken reports an enrolment token that is unknown, used up or expired. The
// three are not told apart: who asks is not authenticated.
var ErrToken = errors.New("enrolment token is not valid")

// EnrolToken lets machines enrol. The token itself is never kept.
type EnrolToken struct {
	// Hash is the SHA-256 of the token, hexadecimal.
	Hash     string
	Org      string
	UsesLeft int
	Expires  time.Time
	Created  time.Time
}

// AddEnrolToken keeps a new token.
func (db *DB) AddEnrolToken(ctx context.Context, t EnrolToken) error {
	_, err := db.sql.ExecContext(ctx, `INSERT INTO enrol_tokens (hash, org, uses_left, expires, created) VALUES (?, ?, ?, ?, ?)`,
		t.Hash, t.Org, t.UsesLeft, nanos(t.Expires), nanos(t.Created))
	if err != nil {
		return fmt.Errorf("add enrolment token: %w", err)
	}
	return nil
}

// EnrolTokens returns the tokens that are good at now, oldest first.
func (db *DB) EnrolTokens(ctx context.Context, now time.Time) ([]EnrolToken, error) {
	rows, err := db.sql.QueryContext(ctx, `
		SELECT hash, org, uses_left, expires, created FROM enrol_tokens WHERE uses_left > 0 AND expires > ? ORDER BY created, hash`, nanos(now))
	if err != nil {
		return nil, fmt.Errorf("read enrolment tokens: %w", err)
	}
	return collect(rows, func(t *EnrolToken) error {
		var expires, created int64
		err := rows.Scan(&t.Hash, &t.Org, &t.UsesLeft, &expires, &created)
		t.Expires, t.Created = at(expires), at(created)
		return err
	})
}

// RemoveEnrolToken ends a token, or returns ErrNotFound.
func (db *DB) RemoveEnrolToken(ctx context.Context, hash string) error {
	result, err := db.sql.ExecContext(ctx, `DELETE FROM enrol_tokens WHERE hash = ?`, hash)
	if err == nil {
		err = expectOne(result, ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("remove enrolment token: %w", err)
	}
	return nil
}

// Enrolment is what a token bought.
type Enrolment struct {
	Host Host
	// Again says that the machine was enrolled before: it keeps its host, and
	// the certificates it had are revoked.
	Again bool
}

// Enrol spends one use of the token with that hash and makes machine a host of
// the token's organisation under newID, or returns ErrToken. A machine that is
// a host already stays that host. issue makes its certificate, in the same
// transaction: a failure spends nothing.
func (db *DB) Enrol(ctx context.Context, hash string, machine Host, now time.Time, issue func(Host) (Certificate, error)) (Enrolment, error) {
	var done Enrolment
	touched := []string{machine.ID}
	err := db.touchHosts(ctx, "enrol", touched, func(tx *sql.Tx) error {
		org, err := spendToken(ctx, tx, hash, now)
		if err != nil {
			return err
		}
		machine.Org, machine.Enrolled = org, now
		if done, err = placeHost(ctx, tx, machine); err != nil {
			return err
		}
		touched[0] = done.Host.ID
		certificate, err := issue(done.Host)
		if err != nil {
			return err
		}
		return addCertificate(ctx, tx, certificate, now)
	})
	return done, err
}

func spendToken(ctx context.Context, tx *sql.Tx, hash string, now time.Time) (org string, err error) {
	err = tx.QueryRowContext(ctx, `
		UPDATE enrol_tokens SET uses_left = uses_left - 1 WHERE hash = ? AND uses_left > 0 AND expires > ? RETURNING org`,
		hash, nanos(now)).Scan(&org)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrToken
	}
	return org, err
}

// placeHost finds the machine's host, or adds it.
func placeHost(ctx context.Context, tx *sql.Tx, machine Host) (Enrolment, error) {
	var known Host
	err := scanHost(tx.QueryRowContext(ctx, selectHosts+` WHERE org = ? AND machine_id = ? AND revoked = 0`, machine.Org, machine.MachineID).Scan, &known)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.ExecContext(ctx, `INSERT INTO hosts (id, org, machine_id, name, enrolled) VALUES (?, ?, ?, ?, ?)`,
			machine.ID, machine.Org, machine.MachineID, machine.Name, nanos(machine.Enrolled))
		return Enrolment{Host: machine}, err
	}
	if err != nil {
		return Enrolment{}, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE certificates SET revoked = 1 WHERE host = ?`, known.ID)
	return Enrolment{Host: known, Again: true}, err
}
