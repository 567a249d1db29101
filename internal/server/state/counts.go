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

// Counts returns how many alerts and incidents there are, which triggers keep:
// it takes as long for millions as for none.
func (db *DB) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	err := db.sql.QueryRowContext(ctx, `SELECT
		(SELECT n FROM tallies WHERE name = 'alerts'),
		(SELECT n FROM tallies WHERE name = 'open'),
		(SELECT n FROM tallies WHERE name = 'closed')`).Scan(&c.Alerts, &c.Open, &c.Closed)
	if err != nil {
		return c, fmt.Errorf("count alerts and incidents: %w", err)
	}
	return c, nil
}
