package state

import (
	"context"
	"database/sql"
	"fmt"
)

// MaxBoots bounds the marks kept of one host: a spool holds a few boots at
// most, and what a host calls its boots is its own say.
const MaxBoots = 64

// Mark says that a host's events of one boot up to Seq are on the bus.
type Mark struct {
	Host string
	Boot string
	Seq  uint64
	// Bus is the bus position of the batch that Seq came in.
	Bus uint64
}

// Marks returns the marks of one host.
func (db *DB) Marks(ctx context.Context, host string) ([]Mark, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT host, boot, seq, bus FROM marks WHERE host = ? ORDER BY bus`, host)
	if err != nil {
		return nil, fmt.Errorf("read marks of %s: %w", host, err)
	}
	return collect(rows, func(m *Mark) error {
		var seq, bus int64
		err := rows.Scan(&m.Host, &m.Boot, &seq, &bus)
		m.Seq, m.Bus = uint64(seq), uint64(bus)
		return err
	})
}

// SaveMarks keeps marks, in one transaction; a mark never goes back. A host
// with more than MaxBoots loses those that are furthest back on the bus.
func (db *DB) SaveMarks(ctx context.Context, marks []Mark) error {
	return db.Tx(ctx, func(tx *sql.Tx) error {
		for _, m := range marks {
			if err := saveMark(ctx, tx, m); err != nil {
				return fmt.Errorf("save mark of %s boot %s: %w", m.Host, m.Boot, err)
			}
		}
		return nil
	})
}

func saveMark(ctx context.Context, tx *sql.Tx, m Mark) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO marks (host, boot, seq, bus) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (host, boot) DO UPDATE SET seq = ?3, bus = ?4 WHERE seq < ?3`, m.Host, m.Boot, int64(m.Seq), int64(m.Bus))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		DELETE FROM marks WHERE host = ?1 AND boot IN (SELECT boot FROM marks WHERE host = ?1 ORDER BY bus DESC LIMIT -1 OFFSET ?2)`,
		m.Host, MaxBoots)
	return err
}
