// Package state keeps what is relational: hosts, certificates, users, alerts,
// incidents and positions, in one SQL schema. SQLite is the default engine.
// One file of this package serves one subject (hosts.go, alerts.go, …).
package state

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"sort"

	_ "modernc.org/sqlite" // the default engine, registered as "sqlite"
)

// ErrNotFound reports that the named row does not exist.
var ErrNotFound = errors.New("not found")

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the state of one server. It is safe for concurrent use.
type DB struct {
	sql *sql.DB
	// snapshots is the directory of the engines' snapshots.
	snapshots string
	feed      feed
}

// Open opens the SQLite database at file, creating it with mode 0600 where it
// is missing, and brings its schema up to date. Close releases it.
func Open(ctx context.Context, file string) (*DB, error) {
	if err := createPrivate(file); err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	pragmas := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "foreign_keys(1)"}, "_txlock": {"immediate"}}
	// A URL, so that '?', '#' and '%' in the path stay a part of it.
	source := url.URL{Scheme: "file", OmitHost: true, Path: file, RawQuery: pragmas.Encode()}
	if !filepath.IsAbs(file) {
		source.Opaque, source.Path = url.PathEscape(file), ""
	}
	handle, err := sql.Open("sqlite", source.String())
	if err != nil {
		return nil, fmt.Errorf("open state %s: %w", file, err)
	}
	db := &DB{sql: handle, snapshots: filepath.Join(filepath.Dir(file), "snapshots")}
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open state %s: %w", file, err), handle.Close())
	}
	return db, nil
}

// createPrivate makes the file before SQLite does, which would let others read it.
func createPrivate(file string) error {
	handle, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return handle.Close()
}

// Close ends all use of the database.
func (db *DB) Close() error { return db.sql.Close() }

// Tx runs do in one transaction, committed when do returns nil.
func (db *DB) Tx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := db.sql.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// migrate applies, in the order of their names, the files of migrations that
// this database has not seen. A file that was applied once is never edited.
func (db *DB) migrate(ctx context.Context) error {
	if _, err := db.sql.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY) STRICT`); err != nil {
		return err
	}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	sort.Strings(names)
	for _, name := range names {
		if err := db.apply(ctx, name); err != nil {
			return fmt.Errorf("migration %s: %w", path.Base(name), err)
		}
	}
	return db.refuseLater(ctx, len(names))
}

// refuseLater refuses a database that has seen more than the known migrations:
// what this version writes would not fit its schema. They are numbered, so
// that the later ones are the last.
func (db *DB) refuseLater(ctx context.Context, known int) error {
	var name string
	err := db.sql.QueryRowContext(ctx, `SELECT name FROM migrations ORDER BY name LIMIT 1 OFFSET ?`, known).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("it was made by a later version: migration %s is unknown", name)
}

func (db *DB) apply(ctx context.Context, name string) error {
	script, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	return db.Tx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO migrations (name) VALUES (?)`, path.Base(name))
		if err != nil {
			return err
		}
		if added, err := result.RowsAffected(); err != nil || added == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, string(script))
		return err
	})
}
