package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// Kinds of change, which are also the event names of the API's stream.
const (
	KindIncident = "incident"
	KindAlert    = "alert"
	KindHost     = "host"
	// KindIntrusion has provenance.Intrusion behind it.
	KindIntrusion = "intrusion"
)

// maxChanges bounds the change feed. A client that was away for longer than
// that many changes reads everything again.
const maxChanges = 100_000

// ErrGone reports a cursor that is older than the change feed, or that this
// feed never gave out: the reader must start from a full read.
var ErrGone = errors.New("cursor is not in the change feed any more")

// Change says that something is new or different, not what: the reader loads
// it, and so gets its latest state however late it reads.
type Change struct {
	// Cursor rises with every change.
	Cursor uint64
	Kind   string
	ID     string
}

// feed wakes the followers of the change feed when something was committed.
type feed struct {
	mu      sync.Mutex
	waiting chan struct{}
}

// next returns a channel that is closed at the next wake.
func (f *feed) next() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting == nil {
		f.waiting = make(chan struct{})
	}
	return f.waiting
}

func (f *feed) wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting != nil {
		close(f.waiting)
		f.waiting = nil
	}
}

// Changed returns a channel that is closed when the next change is committed.
// Take it before reading Changes, so that nothing falls between the two.
func (db *DB) Changed() <-chan struct{} { return db.feed.next() }

// Touch enters a change of id in the feed: for what is not kept by ApplyEngine.
func (db *DB) Touch(ctx context.Context, kind, id string) error {
	err := db.Tx(ctx, func(tx *sql.Tx) error {
		if err := addChange(ctx, tx, kind, id); err != nil {
			return err
		}
		return trimChanges(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("note change of %s %s: %w", kind, id, err)
	}
	db.feed.wake()
	return nil
}

// Cursor is that of the latest change; 0 before the first.
func (db *DB) Cursor(ctx context.Context) (uint64, error) {
	var cursor int64
	err := db.sql.QueryRowContext(ctx, `SELECT COALESCE(MAX(cursor), 0) FROM changes`).Scan(&cursor)
	if err != nil {
		return 0, fmt.Errorf("read the feed's cursor: %w", err)
	}
	return uint64(cursor), nil
}

// Changes returns at most limit changes after the cursor, oldest first. It
// returns ErrGone where the feed cannot tell what came after it.
func (db *DB) Changes(ctx context.Context, after uint64, limit int) ([]Change, error) {
	if err := db.covers(ctx, after); err != nil {
		return nil, err
	}
	rows, err := db.sql.QueryContext(ctx, `SELECT cursor, kind, ref FROM changes WHERE cursor > ? ORDER BY cursor LIMIT ?`, int64(after), limit)
	if err != nil {
		return nil, fmt.Errorf("read changes after %d: %w", after, err)
	}
	return collect(rows, func(c *Change) error { return rows.Scan(&c.Cursor, &c.Kind, &c.ID) })
}

func (db *DB) covers(ctx context.Context, after uint64) error {
	var oldest, newest uint64
	err := db.sql.QueryRowContext(ctx, `
		SELECT COALESCE((SELECT MIN(cursor) FROM changes), 1), COALESCE((SELECT MAX(cursor) FROM changes), 0)`).Scan(&oldest, &newest)
	if err != nil {
		return fmt.Errorf("read the feed's range: %w", err)
	}
	if after > newest || after+1 < oldest {
		return fmt.Errorf("%w: %d, the feed has %d to %d", ErrGone, after, oldest, newest)
	}
	return nil
}

func addChange(ctx context.Context, tx *sql.Tx, kind, id string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO changes (kind, ref) VALUES (?, ?)`, kind, id)
	return err
}

func trimChanges(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM changes WHERE cursor <= (SELECT MAX(cursor) FROM changes) - ?`, maxChanges)
	return err
}
