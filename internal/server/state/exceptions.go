package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"baize/internal/exception"
)

// maxHidden bounds the hidden firings that are kept of each exception; hits
// count all. maxExceptions bounds the exceptions, ended ones included: the
// oldest of those go first.
const (
	maxHidden     = 100
	maxExceptions = 2_000
)

// Exception is an exception with what became of it.
type Exception struct {
	exception.Exception
	// Removed is when somebody ended it before its time, RemovedBy who.
	Removed   time.Time `json:"removed,omitzero"`
	RemovedBy string    `json:"removed_by,omitempty"`
	// Hits are the firings that it hid.
	Hits    uint64    `json:"hits"`
	LastHit time.Time `json:"last_hit,omitzero"`
}

// AddException keeps a new exception.
func (db *DB) AddException(ctx context.Context, x *exception.Exception) error {
	body, err := json.Marshal(x)
	if err == nil {
		err = db.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO exceptions (id, created, expires, body) VALUES (?, ?, ?, ?)`, x.ID, nanos(x.Created), nanos(x.Expires), body)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `
				DELETE FROM exceptions WHERE (removed > 0 OR expires < ?1) AND id NOT IN
				(SELECT id FROM exceptions ORDER BY created DESC, id DESC LIMIT ?2)`, nanos(x.Created), maxExceptions)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("keep exception %s: %w", x.ID, err)
	}
	return nil
}

// RemoveException ends an exception before its time, or returns ErrNotFound.
func (db *DB) RemoveException(ctx context.Context, id, by string, now time.Time) error {
	result, err := db.sql.ExecContext(ctx, `UPDATE exceptions SET removed = ?, removed_by = ? WHERE id = ? AND removed = 0`, nanos(now), by, id)
	if err == nil {
		err = expectOne(result, fmt.Errorf("exception %q in force: %w", id, ErrNotFound))
	}
	if err != nil {
		return fmt.Errorf("remove exception: %w", err)
	}
	return nil
}

const selectExceptions = `SELECT created, id, removed, removed_by, hits, last_hit, body FROM exceptions`

// Exceptions returns a page of the exceptions, ended ones included, ordered by
// (created, id), and the cursor of the next page, zero after the last.
func (db *DB) Exceptions(ctx context.Context, page Page) ([]Exception, Cursor, error) {
	q := newQuery(selectExceptions)
	q.page(page, "created", "id")
	items, last, err := db.exceptions(ctx, q)
	if err != nil || len(items) < page.limit() {
		return items, Cursor{}, err
	}
	return items, last, nil
}

// ActiveExceptions returns those that are in force at now, in their order.
func (db *DB) ActiveExceptions(ctx context.Context, now time.Time) ([]exception.Exception, error) {
	q := newQuery(selectExceptions)
	q.and(true, "removed = 0 AND expires > ? ORDER BY created, id LIMIT ?", nanos(now), exception.MaxActive+1)
	items, _, err := db.exceptions(ctx, q)
	list := make([]exception.Exception, 0, len(items))
	for i := range items {
		list = append(list, items[i].Exception)
	}
	return list, err
}

func (db *DB) exceptions(ctx context.Context, q *query) ([]Exception, Cursor, error) {
	var last Cursor
	rows, err := db.sql.QueryContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return nil, last, fmt.Errorf("list exceptions: %w", err)
	}
	items, err := collect(rows, func(x *Exception) error {
		var removed, hits, hit int64
		var body []byte
		if err := rows.Scan(&last.Time, &last.ID, &removed, &x.RemovedBy, &hits, &hit, &body); err != nil {
			return err
		}
		x.Removed, x.Hits, x.LastHit = at(removed), uint64(hits), at(hit)
		return json.Unmarshal(body, &x.Exception)
	})
	return items, last, err
}

// putHidden counts hidden firings on their exceptions, and keeps the newest. A
// firing that was counted before changes nothing.
func putHidden(ctx context.Context, tx *sql.Tx, hidden []exception.Firing) error {
	touched := map[string]bool{}
	for i := range hidden {
		f := &hidden[i]
		body, err := json.Marshal(f)
		if err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `
			UPDATE exceptions SET hits = ?2, last_hit = MAX(last_hit, ?3) WHERE id = ?1 AND hits < ?2`, f.Exception, int64(f.Hits), nanos(f.Time))
		if err != nil {
			return err
		}
		if err := expectOne(result, ErrNotFound); err != nil {
			continue // counted before, or not ours any more
		}
		_, err = tx.ExecContext(ctx, `INSERT OR IGNORE INTO hidden_firings (exception, hits, time, body) VALUES (?, ?, ?, ?)`, f.Exception, int64(f.Hits), nanos(f.Time), body)
		if err != nil {
			return err
		}
		touched[f.Exception] = true
	}
	for id := range touched {
		_, err := tx.ExecContext(ctx, `
			DELETE FROM hidden_firings WHERE exception = ?1 AND hits <=
			(SELECT hits FROM hidden_firings WHERE exception = ?1 ORDER BY hits DESC LIMIT 1 OFFSET ?2)`, id, maxHidden)
		if err != nil {
			return err
		}
	}
	return nil
}

// Hidden returns the newest firings that an exception hid, newest first.
func (db *DB) Hidden(ctx context.Context, id string) ([]exception.Firing, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT body FROM hidden_firings WHERE exception = ? ORDER BY hits DESC LIMIT ?`, id, maxHidden)
	if err != nil {
		return nil, fmt.Errorf("list what exception %s hid: %w", id, err)
	}
	return collect(rows, func(f *exception.Firing) error {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return err
		}
		return json.Unmarshal(body, f)
	})
}

// Dismissal says that somebody does not want a proposal.
type Dismissal struct {
	ID      string
	Author  string
	Created time.Time
}

// maxDismissals bounds the dismissed proposals that are remembered.
const maxDismissals = 10_000

// Dismiss remembers that a proposal is not wanted.
func (db *DB) Dismiss(ctx context.Context, d Dismissal) error {
	_, err := db.sql.ExecContext(ctx, `INSERT OR REPLACE INTO dismissed_proposals (id, author, created) VALUES (?, ?, ?)`, d.ID, d.Author, nanos(d.Created))
	if err == nil {
		_, err = db.sql.ExecContext(ctx, `DELETE FROM dismissed_proposals WHERE id NOT IN (SELECT id FROM dismissed_proposals ORDER BY created DESC LIMIT ?)`, maxDismissals)
	}
	if err != nil {
		return fmt.Errorf("dismiss proposal %s: %w", d.ID, err)
	}
	return nil
}

// Reconsider forgets a dismissal, or returns ErrNotFound.
func (db *DB) Reconsider(ctx context.Context, id string) error {
	result, err := db.sql.ExecContext(ctx, `DELETE FROM dismissed_proposals WHERE id = ?`, id)
	if err == nil {
		err = expectOne(result, fmt.Errorf("dismissed proposal %q: %w", id, ErrNotFound))
	}
	if err != nil {
		return fmt.Errorf("reconsider: %w", err)
	}
	return nil
}

// Dismissals returns the dismissed proposals by id.
func (db *DB) Dismissals(ctx context.Context) (map[string]Dismissal, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT id, author, created FROM dismissed_proposals`)
	if err != nil {
		return nil, fmt.Errorf("list dismissed proposals: %w", err)
	}
	all := map[string]Dismissal{}
	_, err = collect(rows, func(d *Dismissal) error {
		var created int64
		err := rows.Scan(&d.ID, &d.Author, &created)
		d.Created = at(created)
		all[d.ID] = *d
		return err
	})
	return all, err
}
