package state

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// keepSnapshots is how many snapshots of a role are kept: the latest, and one
// more in case the latest cannot be read.
const keepSnapshots = 2

// Snapshot is an engine's memory at one position of its log.
type Snapshot struct {
	// Bus is the position: everything up to and including it is in the snapshot.
	Bus    uint64
	file   string
	sha256 string
}

// SaveSnapshot keeps what write writes as the engine's memory at bus. The
// content goes to a file beside the database, is made durable, and is then
// entered in one fenced transaction. Older snapshots beyond two are removed.
func (db *DB) SaveSnapshot(ctx context.Context, role string, epoch, bus uint64, write func(io.Writer) error) error {
	err := os.MkdirAll(db.snapshots, 0o700)
	if err != nil {
		return fmt.Errorf("save snapshot: %w", err)
	}
	taken := time.Now().UnixNano()
	name := fmt.Sprintf("%s-%020d-%d-%d", role, bus, epoch, taken)
	digest, size, err := writeDurably(filepath.Join(db.snapshots, name), write)
	if err != nil {
		return fmt.Errorf("save snapshot %s: %w", name, err)
	}
	var old []string
	err = db.Tx(ctx, func(tx *sql.Tx) error {
		if err := Fence(ctx, tx, role, epoch); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO snapshots (file, role, bus, epoch, sha256, size, taken) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			name, role, int64(bus), int64(epoch), digest, size, taken)
		if err != nil {
			return err
		}
		old, err = dropSnapshots(ctx, tx, role)
		return err
	})
	if err != nil {
		return fmt.Errorf("save snapshot %s: %w", name, errors.Join(err, os.Remove(filepath.Join(db.snapshots, name))))
	}
	return db.removeSnapshots(old)
}

func dropSnapshots(ctx context.Context, tx *sql.Tx, role string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, `
		DELETE FROM snapshots WHERE role = ?1 AND file NOT IN (SELECT file FROM snapshots WHERE role = ?1 ORDER BY bus DESC, epoch DESC, taken DESC LIMIT ?2)
		RETURNING file`, role, keepSnapshots)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return collect(rows, func(name *string) error { return rows.Scan(name) })
}

func (db *DB) removeSnapshots(names []string) error {
	var failed error
	for _, name := range names {
		if err := os.Remove(filepath.Join(db.snapshots, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// writeDurably writes file through a temporary one, so that a crash leaves the
// whole file or none, and returns digest and size of what was written.
func writeDurably(file string, write func(io.Writer) error) (digest string, size int64, err error) {
	temporary, err := os.CreateTemp(filepath.Dir(file), ".partial-*")
	if err != nil {
		return "", 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, temporary.Close(), os.Remove(temporary.Name()))
		}
	}()
	sum := sha256.New()
	if err := write(io.MultiWriter(temporary, sum)); err != nil {
		return "", 0, err
	}
	if size, err = temporary.Seek(0, io.SeekCurrent); err != nil {
		return "", 0, err
	}
	if err := temporary.Sync(); err != nil {
		return "", 0, err
	}
	if err := os.Rename(temporary.Name(), file); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(sum.Sum(nil)), size, errors.Join(temporary.Close(), syncDir(filepath.Dir(file)))
}

func syncDir(dir string) error {
	handle, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(handle.Sync(), handle.Close())
}

// Snapshots returns the snapshots of role, latest first.
func (db *DB) Snapshots(ctx context.Context, role string) ([]Snapshot, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT bus, file, sha256 FROM snapshots WHERE role = ? ORDER BY bus DESC, epoch DESC, taken DESC`, role)
	if err != nil {
		return nil, fmt.Errorf("list snapshots of %s: %w", role, err)
	}
	return collect(rows, func(s *Snapshot) error { return rows.Scan(&s.Bus, &s.file, &s.sha256) })
}

// ErrDamaged reports a snapshot whose content is not what was saved.
var ErrDamaged = errors.New("damaged snapshot")

// OpenSnapshot verifies the snapshot's digest and opens it for reading. It
// returns ErrDamaged where the file was changed: the reader then takes the one
// before, or replays the log from its start.
func (db *DB) OpenSnapshot(s Snapshot) (io.ReadCloser, error) {
	file, err := os.Open(filepath.Join(db.snapshots, s.file))
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return nil, errors.Join(fmt.Errorf("read snapshot %s: %w", s.file, err), file.Close())
	}
	if hex.EncodeToString(sum.Sum(nil)) != s.sha256 {
		return nil, errors.Join(fmt.Errorf("%w: %s", ErrDamaged, s.file), file.Close())
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(fmt.Errorf("read snapshot %s: %w", s.file, err), file.Close())
	}
	return file, nil
}
