package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Kinds of announcement.
const (
	AnnouncedRules      = "rules"
	AnnouncedExceptions = "exceptions"
	AnnouncedDecisions  = "decisions"
	AnnouncedLabels     = "labels"
)

// Announcement is a message of the engine's log that puts rules, exceptions,
// decisions or labels in force.
type Announcement struct {
	// Bus is its position in the log.
	Bus     uint64
	Kind    string
	Digest  string
	Created time.Time
	// Body is its events, as wire.Pack made them.
	Body []byte
}

// AddAnnouncement keeps what the log was told, and drops what nobody needs: of
// each kind what another had replaced where the log begins.
func (db *DB) AddAnnouncement(ctx context.Context, a Announcement, first uint64) error {
	err := db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO announcements (bus, kind, digest, created, body) VALUES (?, ?, ?, ?, ?)`,
			int64(a.Bus), a.Kind, a.Digest, nanos(a.Created), a.Body)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			DELETE FROM announcements AS old WHERE EXISTS
			(SELECT 1 FROM announcements AS new WHERE new.kind = old.kind AND new.bus > old.bus AND new.bus < ?)`, int64(first))
		return err
	})
	if err != nil {
		return fmt.Errorf("note what the engine's log was told: %w", err)
	}
	return nil
}

// LastAnnouncement returns the newest of a kind with a position below before,
// or ErrNotFound.
func (db *DB) LastAnnouncement(ctx context.Context, kind string, before uint64) (Announcement, error) {
	a := Announcement{Kind: kind}
	var bus, created int64
	err := db.sql.QueryRowContext(ctx, `SELECT bus, digest, created, body FROM announcements WHERE kind = ? AND bus < ? ORDER BY bus DESC LIMIT 1`,
		kind, int64(before)).Scan(&bus, &a.Digest, &created, &a.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return a, fmt.Errorf("announcement of %s: %w", kind, ErrNotFound)
	}
	if err != nil {
		return a, fmt.Errorf("read announcement of %s: %w", kind, err)
	}
	a.Bus, a.Created = uint64(bus), at(created)
	return a, nil
}
