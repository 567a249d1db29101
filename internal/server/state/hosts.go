package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	baizev1 "baize/proto/baize/v1"
)

// Host is an enrolled machine.
type Host struct {
	ID        string
	Org       string
	MachineID string
	Name      string
	Enrolled  time.Time
	LastSeen  time.Time
	// Connected says that the gateway holds a session of it.
	Connected bool
	// Boot, Version and Kernel are those of the latest session.
	Boot    string
	Version string
	Kernel  string
	// Health is the last heartbeat; nil before the first.
	Health  *baizev1.Heartbeat
	Revoked bool
}

const selectHosts = `SELECT id, org, machine_id, name, enrolled, last_seen, connected, boot, version, kernel, health, revoked FROM hosts`

func scanHost(scan func(...any) error, h *Host) error {
	var enrolled, seen int64
	var health []byte
	err := scan(&h.ID, &h.Org, &h.MachineID, &h.Name, &enrolled, &seen, &h.Connected, &h.Boot, &h.Version, &h.Kernel, &health, &h.Revoked)
	if err != nil {
		return err
	}
	h.Enrolled, h.LastSeen = at(enrolled), at(seen)
	if health == nil {
		return nil
	}
	h.Health = &baizev1.Heartbeat{}
	return proto.Unmarshal(health, h.Health)
}

// Host returns one host, or ErrNotFound.
func (db *DB) Host(ctx context.Context, id string) (Host, error) {
	var h Host
	err := scanHost(db.sql.QueryRowContext(ctx, selectHosts+` WHERE id = ?`, id).Scan, &h)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Host{}, fmt.Errorf("read host %s: %w", id, err)
	}
	return h, nil
}

// Hosts returns all hosts, the longest enrolled first, revoked ones included.
func (db *DB) Hosts(ctx context.Context) ([]Host, error) {
	rows, err := db.sql.QueryContext(ctx, selectHosts+` ORDER BY enrolled, id`)
	if err != nil {
		return nil, fmt.Errorf("read hosts: %w", err)
	}
	return collect(rows, func(h *Host) error { return scanHost(rows.Scan, h) })
}

// touchHosts runs do in a transaction and enters a change of each host.
func (db *DB) touchHosts(ctx context.Context, what string, ids []string, do func(*sql.Tx) error) error {
	err := db.Tx(ctx, func(tx *sql.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		for _, id := range ids {
			if err := addChange(ctx, tx, KindHost, id); err != nil {
				return err
			}
		}
		return trimChanges(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if len(ids) > 0 {
		db.feed.wake()
	}
	return nil
}

// ConnectHost records that a session of host opened, with what its Hello said.
func (db *DB) ConnectHost(ctx context.Context, id string, hello *baizev1.Hello, now time.Time) error {
	return db.touchHosts(ctx, "connect host "+id, []string{id}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `
			UPDATE hosts SET connected = 1, last_seen = ?, name = ?, boot = ?, version = ?, kernel = ? WHERE id = ?`,
			nanos(now), hello.GetName(), hello.GetBoot(), hello.GetVersion(), hello.GetKernel(), id)
		if err != nil {
			return err
		}
		return expectOne(result, ErrNotFound)
	})
}

// DisconnectHost records that no session of host is left.
func (db *DB) DisconnectHost(ctx context.Context, id string, now time.Time) error {
	return db.touchHosts(ctx, "disconnect host "+id, []string{id}, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE hosts SET connected = 0, last_seen = ? WHERE id = ?`, nanos(now), id)
		return err
	})
}

// DisconnectHosts records that there are no sessions: a gateway starts.
func (db *DB) DisconnectHosts(ctx context.Context) error {
	_, err := db.sql.ExecContext(ctx, `UPDATE hosts SET connected = 0`)
	return err
}

// Health is one heartbeat to keep.
type Health struct {
	Host string
	Seen time.Time
	Beat *baizev1.Heartbeat
	// Notify enters the host in the change feed.
	Notify bool
}

// SaveHealth keeps the latest heartbeats of many hosts in one transaction.
func (db *DB) SaveHealth(ctx context.Context, all []Health) error {
	if len(all) == 0 {
		return nil
	}
	var changed []string
	for _, h := range all {
		if h.Notify {
			changed = append(changed, h.Host)
		}
	}
	return db.touchHosts(ctx, "save health", changed, func(tx *sql.Tx) error {
		for _, h := range all {
			body, err := proto.Marshal(h.Beat)
			if err != nil {
				return fmt.Errorf("host %s: %w", h.Host, err)
			}
			if _, err := tx.ExecContext(ctx, `UPDATE hosts SET last_seen = ?, health = ? WHERE id = ?`, nanos(h.Seen), body, h.Host); err != nil {
				return fmt.Errorf("host %s: %w", h.Host, err)
			}
		}
		return nil
	})
}

// RevokeHost ends a host's identity for ever: all its certificates, those it
// might still renew included.
func (db *DB) RevokeHost(ctx context.Context, id string) error {
	return db.touchHosts(ctx, "revoke host "+id, []string{id}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE hosts SET revoked = 1 WHERE id = ?`, id)
		if err != nil {
			return err
		}
		if err := expectOne(result, ErrNotFound); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE certificates SET revoked = 1 WHERE host = ?`, id)
		return err
	})
}
