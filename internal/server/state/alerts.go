package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"baize/internal/alert"
)

// AlertFilter selects alerts; a zero field selects all.
type AlertFilter struct {
	// Since selects alerts that fired, or fired again, at or after it.
	Since time.Time
	// Host is an id.
	Host string
	// Incident is an id.
	Incident string
}

const selectAlerts = `SELECT a.time, a.id, a.body, COALESCE(m.incident, '') FROM alerts a LEFT JOIN incident_alerts m ON m.alert = a.id`

// Alerts returns a page of the alerts ordered by (time, id), and the cursor of
// the next page, zero after the last.
func (db *DB) Alerts(ctx context.Context, filter AlertFilter, page Page) ([]alert.Alert, Cursor, error) {
	q := newQuery(selectAlerts)
	q.and(!filter.Since.IsZero(), "a.last >= ?", nanos(filter.Since))
	q.and(filter.Host != "", "a.host = ?", filter.Host)
	q.and(filter.Incident != "", "a.id IN (SELECT alert FROM incident_alerts WHERE incident = ?)", filter.Incident)
	q.page(page, "a.time", "a.id")
	rows, err := db.sql.QueryContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("list alerts: %w", err)
	}
	return collectBodies(rows, page.limit(), setIncident)
}

// AlertScan selects the alerts that fired between Since and Until, at most
// Limit of them.
type AlertScan struct {
	Since, Until time.Time
	Limit        int
}

// ScanAlerts calls do for each alert, newest first, with the level of its
// incident ("" for none), and reports whether there were more than Limit.
func (db *DB) ScanAlerts(ctx context.Context, scan AlertScan, do func(a *alert.Alert, incidentLevel string) error) (more bool, err error) {
	rows, err := db.sql.QueryContext(ctx, `
		SELECT a.body, COALESCE(i.level, '') FROM alerts a
		LEFT JOIN incident_alerts m ON m.alert = a.id LEFT JOIN incidents i ON i.id = m.incident
		WHERE a.last >= ? AND a.time <= ? ORDER BY a.time DESC, a.id DESC LIMIT ?`, nanos(scan.Since), nanos(scan.Until), scan.Limit+1)
	if err != nil {
		return false, fmt.Errorf("scan alerts: %w", err)
	}
	seen := 0
	_, err = collect(rows, func(*struct{}) error {
		var body []byte
		var level string
		if err := rows.Scan(&body, &level); err != nil {
			return err
		}
		if seen++; seen > scan.Limit {
			more = true
			return nil
		}
		var a alert.Alert
		if err := json.Unmarshal(body, &a); err != nil {
			return fmt.Errorf("stored alert: %w", err)
		}
		return do(&a, level)
	})
	return more, err
}

// Alert returns one alert, or ErrNotFound.
func (db *DB) Alert(ctx context.Context, id string) (alert.Alert, error) {
	var a alert.Alert
	var time int64
	var body []byte
	var in string
	err := db.sql.QueryRowContext(ctx, selectAlerts+` WHERE a.id = ?`, id).Scan(&time, &id, &body, &in)
	if errors.Is(err, sql.ErrNoRows) {
		return a, fmt.Errorf("alert %q: %w", id, ErrNotFound)
	}
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	if err != nil {
		return a, fmt.Errorf("read alert %q: %w", id, err)
	}
	setIncident(&a, in)
	return a, nil
}

// setIncident lets membership as the merger left it overrule what the alert
// said when it was raised.
func setIncident(a *alert.Alert, incident string) {
	if incident != "" {
		a.Incident = incident
	}
}
