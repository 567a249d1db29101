package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Certificate is a host certificate that the authority issued.
type Certificate struct {
	// Serial in hexadecimal.
	Serial   string
	Host     string
	NotAfter time.Time
	Revoked  bool
}

// Certificate returns an issued certificate, or ErrNotFound. One of a revoked
// host is revoked.
func (db *DB) Certificate(ctx context.Context, serial string) (Certificate, error) {
	c := Certificate{Serial: serial}
	var notAfter int64
	err := db.sql.QueryRowContext(ctx, `SELECT host, not_after, revoked FROM certificates WHERE serial = ?`, serial).
		Scan(&c.Host, &notAfter, &c.Revoked)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Certificate{}, fmt.Errorf("read certificate %s: %w", serial, err)
	}
	c.NotAfter = at(notAfter)
	return c, nil
}

// maxCertificates bounds those of one host. Beyond it the oldest are forgotten,
// and so not good any more: no honest host has more than two.
const maxCertificates = 16

// AddCertificate records an issued certificate before it is handed out, and
// forgets those of the host that expired before now, or are too many.
func (db *DB) AddCertificate(ctx context.Context, c Certificate, now time.Time) error {
	err := db.Tx(ctx, func(tx *sql.Tx) error { return addCertificate(ctx, tx, c, now) })
	if err != nil {
		return fmt.Errorf("record certificate %s of %s: %w", c.Serial, c.Host, err)
	}
	return nil
}

func addCertificate(ctx context.Context, tx *sql.Tx, c Certificate, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM certificates WHERE host = ? AND not_after < ?`, c.Host, nanos(now)); err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, `
		INSERT INTO certificates (serial, host, not_after) SELECT ?, id, ? FROM hosts WHERE id = ? AND revoked = 0`,
		c.Serial, nanos(c.NotAfter), c.Host)
	if err != nil {
		return err
	}
	if err := expectOne(result, ErrNotFound); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		DELETE FROM certificates WHERE host = ?1 AND serial <> ?2 AND serial NOT IN
			(SELECT serial FROM certificates WHERE host = ?1 ORDER BY not_after DESC, serial LIMIT ?3)`, c.Host, c.Serial, maxCertificates)
	return err
}
