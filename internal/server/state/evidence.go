package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// States of evidence.
const (
	// EvidenceRequested : the host was asked, and has not answered.
	EvidenceRequested = "requested"
	// EvidenceStored : it is in the store.
	EvidenceStored = "stored"
	// EvidenceRemoved : it was, and somebody removed it.
	EvidenceRemoved = "removed"
)

// Evidence is something that was collected of a host, or that the host was
// asked for. It stays on record for ever once it was stored.
type Evidence struct {
	// ID is that of the command which collects it.
	ID   string `json:"id"`
	Host string `json:"host"`
	// What it is: file, image or process.
	What string `json:"what"`
	// Path, Inode and SHA256 are as they were asked for, and as the host has them
	// once it is stored.
	Path      string `json:"path,omitempty"`
	Container string `json:"container,omitempty"`
	Inode     string `json:"inode,omitempty"`
	Process   string `json:"process,omitempty"`
	// Alert it was asked for on behalf of.
	Alert string `json:"alert,omitempty"`
	// By is the user who asked, or "policy:" and the setting.
	By    string    `json:"by"`
	Asked time.Time `json:"asked"`
	// State is requested, stored, failed, refused or removed.
	State string `json:"state"`
	// Detail says why it is not there.
	Detail    string    `json:"detail,omitempty"`
	SHA256    string    `json:"sha256,omitempty"`
	Size      int64     `json:"size"`
	Mode      string    `json:"mode,omitempty"`
	Modified  time.Time `json:"mtime,omitzero"`
	Collected time.Time `json:"collected,omitzero"`
}

// EvidenceAccess is one use that was made of evidence.
type EvidenceAccess struct {
	Time  time.Time `json:"time"`
	Actor string    `json:"actor"`
	// Action is show, export or remove.
	Action string `json:"action"`
}

// AddEvidence records what a host is asked for, before it is.
func (db *DB) AddEvidence(ctx context.Context, e *Evidence) error {
	_, err := db.sql.ExecContext(ctx, `
		INSERT INTO evidence (id, host, what, path, container, inode, process, alert, asked_by, asked, state, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.ID, e.Host, e.What, e.Path, e.Container, e.Inode, e.Process, e.Alert, e.By, nanos(e.Asked), EvidenceRequested, e.SHA256)
	if err != nil {
		return fmt.Errorf("record evidence %s of %s: %w", e.What, e.Host, err)
	}
	return nil
}

// EndEvidence records what came of a request. It returns ErrNotFound for one
// that was not made, or has ended.
func (db *DB) EndEvidence(ctx context.Context, e *Evidence) error {
	result, err := db.sql.ExecContext(ctx, `
		UPDATE evidence SET state = ?, detail = ?, path = ?, inode = ?, sha256 = ?, size = ?, mode = ?, modified = ?, collected = ? WHERE id = ? AND state = ?`,
		e.State, e.Detail, e.Path, e.Inode, e.SHA256, e.Size, e.Mode, nanos(e.Modified), nanos(e.Collected), e.ID, EvidenceRequested)
	if err == nil {
		err = expectOne(result, ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("record the end of evidence %s: %w", e.ID, err)
	}
	return nil
}

const selectEvidence = `SELECT id, host, what, path, container, inode, process, alert, asked_by, asked, state, detail, sha256, size, mode, modified, collected FROM evidence`

func scanEvidence(scan func(...any) error, e *Evidence) error {
	var asked, modified, collected int64
	err := scan(&e.ID, &e.Host, &e.What, &e.Path, &e.Container, &e.Inode, &e.Process, &e.Alert, &e.By, &asked, &e.State, &e.Detail,
		&e.SHA256, &e.Size, &e.Mode, &modified, &collected)
	e.Asked, e.Modified, e.Collected = at(asked), at(modified), at(collected)
	return err
}

// Evidence returns one, or ErrNotFound.
func (db *DB) Evidence(ctx context.Context, id string) (Evidence, error) {
	var e Evidence
	err := scanEvidence(db.sql.QueryRowContext(ctx, selectEvidence+` WHERE id = ?`, id).Scan, &e)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Evidence{}, fmt.Errorf("evidence %q: %w", id, err)
	}
	return e, nil
}

// EvidenceKnown reports whether the same was asked for by the same before: the
// content of a host, or, where that is not given, the file. What was asked for
// once is not asked for again, whatever came of it.
func (db *DB) EvidenceKnown(ctx context.Context, e Evidence) (known bool, err error) {
	err = db.sql.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM evidence WHERE host = ?1 AND asked_by = ?2 AND (?3 <> '' AND sha256 = ?3 OR ?3 = '' AND path = ?4 AND inode = ?5))`,
		e.Host, e.By, e.SHA256, e.Path, e.Inode).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("look for evidence of %s: %w", e.Host, err)
	}
	return known, nil
}

// EvidenceFilter says which evidence is meant; what is empty means any.
type EvidenceFilter struct{ Host, Alert, SHA256 string }

// ListEvidence returns a page, ordered by when it was asked for, and the cursor
// of the next, zero after the last.
func (db *DB) ListEvidence(ctx context.Context, filter EvidenceFilter, page Page) ([]Evidence, Cursor, error) {
	q := newQuery(selectEvidence)
	q.and(filter.Host != "", "host = ?", filter.Host)
	q.and(filter.Alert != "", "alert = ?", filter.Alert)
	q.and(filter.SHA256 != "", "sha256 = ?", filter.SHA256)
	q.page(page, "asked", "id")
	rows, err := db.sql.QueryContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("list evidence: %w", err)
	}
	items, err := collect(rows, func(e *Evidence) error { return scanEvidence(rows.Scan, e) })
	if err != nil || len(items) < page.limit() {
		return items, Cursor{}, err
	}
	last := items[len(items)-1]
	return items, Cursor{Time: nanos(last.Asked), ID: last.ID}, nil
}

// AddEvidenceAccess records a use of evidence, before it is made. It returns
// ErrNotFound for evidence that is not stored.
func (db *DB) AddEvidenceAccess(ctx context.Context, id string, a EvidenceAccess) error {
	result, err := db.sql.ExecContext(ctx, `
		INSERT INTO evidence_access (evidence, time, actor, action) SELECT id, ?, ?, ? FROM evidence WHERE id = ? AND state = ?`,
		nanos(a.Time), a.Actor, a.Action, id, EvidenceStored)
	if err == nil {
		err = expectOne(result, ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("record %s of evidence %s: %w", a.Action, id, err)
	}
	return nil
}

// EvidenceAccesses returns the uses of evidence, oldest first.
func (db *DB) EvidenceAccesses(ctx context.Context, id string) ([]EvidenceAccess, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT time, actor, action FROM evidence_access WHERE evidence = ? ORDER BY id`, id)
	if err != nil {
		return nil, fmt.Errorf("uses of evidence %s: %w", id, err)
	}
	return collect(rows, func(a *EvidenceAccess) error {
		var when int64
		err := rows.Scan(&when, &a.Actor, &a.Action)
		a.Time = at(when)
		return err
	})
}

// RemoveEvidence records that stored evidence is removed, and by whom. kept says
// whether other evidence of the host has the same content.
func (db *DB) RemoveEvidence(ctx context.Context, id string, a EvidenceAccess) (kept bool, err error) {
	err = db.Tx(ctx, func(tx *sql.Tx) error {
		var host, sum string
		err := tx.QueryRowContext(ctx, `UPDATE evidence SET state = ? WHERE id = ? AND state = ? RETURNING host, sha256`,
			EvidenceRemoved, id, EvidenceStored).Scan(&host, &sum)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO evidence_access (evidence, time, actor, action) VALUES (?, ?, ?, ?)`,
			id, nanos(a.Time), a.Actor, a.Action); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM evidence WHERE host = ? AND sha256 = ? AND state = ?)`,
			host, sum, EvidenceStored).Scan(&kept)
	})
	if err != nil {
		return false, fmt.Errorf("remove evidence %s: %w", id, err)
	}
	return kept, nil
}
