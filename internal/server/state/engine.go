package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"baize/internal/alert"
	"baize/internal/exception"
	"baize/internal/incident"
	"baize/internal/provenance"
)

// Output is what the engine made of its log.
type Output struct {
	Alerts     []alert.Alert
	Incidents  []incident.Incident
	Intrusions []provenance.Intrusion
	// Hidden are firings that exceptions hid.
	Hidden []exception.Firing
}

// ApplyEngine commits, in one transaction, what the engine made of its log up
// to and including bus: the alerts, incidents and intrusions that are newer than
// the stored ones, the firings that exceptions hid, the position, and an entry
// in the change feed for each alert, incident and intrusion that changed.
//
// It returns ErrFenced, having written nothing, if epoch is not the current one
// of RoleEngine. A position at or below the stored one was committed before:
// then nothing is written and nil is returned, so that an engine which replays
// its log after a restore may offer the same output again.
func (db *DB) ApplyEngine(ctx context.Context, epoch, bus uint64, out Output) error {
	changed := false
	err := db.Tx(ctx, func(tx *sql.Tx) error {
		if err := Fence(ctx, tx, RoleEngine, epoch); err != nil {
			return err
		}
		forward, err := advance(ctx, tx, RoleEngine, bus)
		if err != nil || !forward {
			return err
		}
		if err := putHidden(ctx, tx, out.Hidden); err != nil {
			return fmt.Errorf("hidden firings: %w", err)
		}
		changed, err = applyOutput(ctx, tx, &out)
		return err
	})
	if err != nil {
		return fmt.Errorf("apply engine output up to %d: %w", bus, err)
	}
	if changed {
		db.feed.wake()
	}
	return nil
}

func applyOutput(ctx context.Context, tx *sql.Tx, out *Output) (bool, error) {
	changed := false
	for i := range out.Alerts {
		newer, err := putAlert(ctx, tx, &out.Alerts[i])
		if err != nil {
			return false, fmt.Errorf("alert %s: %w", out.Alerts[i].ID, err)
		}
		changed = changed || newer
	}
	for i := range out.Intrusions {
		newer, err := putIntrusion(ctx, tx, &out.Intrusions[i])
		if err != nil {
			return false, fmt.Errorf("intrusion %s: %w", out.Intrusions[i].ID, err)
		}
		changed = changed || newer
	}
	for i := range out.Incidents {
		newer, err := putIncident(ctx, tx, &out.Incidents[i])
		if err != nil {
			return false, fmt.Errorf("incident %s: %w", out.Incidents[i].ID, err)
		}
		changed = changed || newer
	}
	if !changed {
		return false, nil
	}
	return true, trimChanges(ctx, tx)
}

// putAlert stores a if it is newer, and reports whether it was.
func putAlert(ctx context.Context, tx *sql.Tx, a *alert.Alert) (bool, error) {
	body, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	level, rule := "", ""
	if a.Rule != nil {
		level, rule = a.Rule.Level, a.Rule.ID
	}
	last := a.Last
	if last.Before(a.Time) {
		last = a.Time
	}
	return upsert(ctx, tx, KindAlert, a.ID, `
		INSERT INTO alerts (id, revision, org, host, kind, level, time, last, body, rule)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
		ON CONFLICT (id) DO UPDATE SET revision = ?2, org = ?3, host = ?4, kind = ?5, level = ?6, time = ?7, last = ?8, body = ?9, rule = ?10
		WHERE ?2 > revision`,
		a.ID, int64(a.Revision), a.Org, a.Host.ID, a.Kind, level, nanos(a.Time), nanos(last), body, rule)
}

// putIncident stores inc with its membership if it is newer, and reports
// whether it was. The list of alerts of a merged incident is history: those
// alerts belong to the incident it became part of.
func putIncident(ctx context.Context, tx *sql.Tx, inc *incident.Incident) (bool, error) {
	body, err := json.Marshal(inc)
	if err != nil {
		return false, err
	}
	newer, err := upsert(ctx, tx, KindIncident, inc.ID, `
		INSERT INTO incidents (id, revision, org, status, level, score, opened, updated, merged_into, body)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
		ON CONFLICT (id) DO UPDATE SET revision = ?2, org = ?3, status = ?4, level = ?5, score = ?6, opened = ?7, updated = ?8, merged_into = ?9, body = ?10
		WHERE ?2 > revision`,
		inc.ID, int64(inc.Revision), inc.Org, inc.Status, inc.Level, inc.Score, nanos(inc.Opened), nanos(inc.Updated), inc.MergedInto, body)
	if err != nil || !newer || inc.MergedInto != "" {
		return newer, err
	}
	return true, putMembers(ctx, tx, inc)
}

func putMembers(ctx context.Context, tx *sql.Tx, inc *incident.Incident) error {
	members, err := json.Marshal(inc.Alerts)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO incident_alerts (alert, incident) SELECT value, ?1 FROM json_each(?2) WHERE true
		ON CONFLICT (alert) DO UPDATE SET incident = ?1 WHERE incident <> ?1`, inc.ID, string(members))
	return err
}

// upsert runs a statement that writes a row only if it is newer, and enters it
// in the change feed if it did.
func upsert(ctx context.Context, tx *sql.Tx, kind, id, statement string, args ...any) (bool, error) {
	result, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, err
	}
	written, err := result.RowsAffected()
	if err != nil || written == 0 {
		return false, err
	}
	return true, addChange(ctx, tx, kind, id)
}
