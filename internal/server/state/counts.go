package state

import (
	"context"
	"fmt"
)

// Counts is how much there is.
type Counts struct {
	Alerts int64
	// Open and Closed incidents, without those that became part of another.
	Open, Closed int64
}

// Counts counts alerts and incidents.
func (db *DB) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	err := db.sql.QueryRowContext(ctx, `SELECT
		(SELECT COUNT(*) FROM alerts),
		(SELECT COUNT(*) FROM incidents WHERE merged_into = '' AND status <> 'closed'),
		(SELECT COUNT(*) FROM incidents WHERE merged_into = '' AND status = 'closed')`).Scan(&c.Alerts, &c.Open, &c.Closed)
	if err != nil {
		return c, fmt.Errorf("count alerts and incidents: %w", err)
	}
	return c, nil
}
