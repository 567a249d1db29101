package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// RoleEngine is the role of the engine and of the merger within it.
const RoleEngine = "engine"

// ErrFenced reports a write by a former owner of a role: another has taken the
// lease since. The writer must stop; it may not take the lease back by itself.
var ErrFenced = errors.New("fenced: the role has a newer owner")

// TakeLease makes owner the one writer of role and returns its epoch, which is
// higher than that of every owner before. Whoever held the lease is fenced
// from here on. Who ought to hold it is decided elsewhere (by the bus's pinned
// consumer); this only makes a wrong decision harmless.
func (db *DB) TakeLease(ctx context.Context, role, owner string) (uint64, error) {
	var epoch int64
	err := db.Tx(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `
			INSERT INTO leases (role, owner, epoch, taken) VALUES (?1, ?2, 1, ?3)
			ON CONFLICT (role) DO UPDATE SET owner = ?2, epoch = epoch + 1, taken = ?3
			RETURNING epoch`, role, owner, time.Now().UnixNano()).Scan(&epoch)
	})
	if err != nil {
		return 0, fmt.Errorf("take lease of %s for %s: %w", role, owner, err)
	}
	return uint64(epoch), nil
}

// Fence returns ErrFenced, within tx, unless epoch is the current one of role.
func Fence(ctx context.Context, tx *sql.Tx, role string, epoch uint64) error {
	var current int64
	err := tx.QueryRowContext(ctx, `SELECT epoch FROM leases WHERE role = ?`, role).Scan(&current)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: nobody holds %s", ErrFenced, role)
	}
	if err != nil {
		return fmt.Errorf("read lease of %s: %w", role, err)
	}
	if epoch != uint64(current) {
		return fmt.Errorf("%w: %s is at epoch %d, the write carries %d", ErrFenced, role, current, epoch)
	}
	return nil
}

// Position is how far the engine's log is in this database; 0 before the first write.
func (db *DB) Position(ctx context.Context, role string) (uint64, error) {
	var bus int64
	err := db.sql.QueryRowContext(ctx, `SELECT bus FROM positions WHERE role = ?`, role).Scan(&bus)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read position of %s: %w", role, err)
	}
	return uint64(bus), nil
}

// advance moves the position of role to bus and reports whether that is
// forward; if not, that part of the log was committed before.
func advance(ctx context.Context, tx *sql.Tx, role string, bus uint64) (bool, error) {
	result, err := tx.ExecContext(ctx, `
		INSERT INTO positions (role, bus) VALUES (?1, ?2)
		ON CONFLICT (role) DO UPDATE SET bus = ?2 WHERE ?2 > bus`, role, int64(bus))
	if err != nil {
		return false, fmt.Errorf("advance position of %s: %w", role, err)
	}
	moved, err := result.RowsAffected()
	return moved > 0, err
}
