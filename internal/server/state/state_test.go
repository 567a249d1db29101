package state

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/incident"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epochStart = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func open(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func lease(t *testing.T, db *DB) uint64 {
	t.Helper()
	epoch, err := db.TakeLease(t.Context(), RoleEngine, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	return epoch
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newAlert(id string, revision uint64, offset time.Duration) alert.Alert {
	return alert.Alert{
		ID: id, Revision: revision, Kind: alert.KindRule, Time: epochStart.Add(offset), Org: "default",
		Host: event.Host{ID: "h1", Name: "web-1"}, Rule: &alert.Rule{ID: "r1", Level: "high"}, Count: revision,
	}
}

func newIncident(id string, revision uint64, alerts ...string) incident.Incident {
	return incident.Incident{
		ID: id, Revision: revision, Org: "default", Opened: epochStart, Updated: epochStart.Add(time.Duration(revision) * time.Second),
		Status: incident.StatusOpen, Level: "high", Score: 80, Title: "t", Alerts: alerts,
	}
}

func TestDatabaseIsPrivate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.db")
	db, err := Open(t.Context(), file)
	must(t, err)
	defer db.Close()
	info, err := os.Stat(file)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, want 0600", info.Mode())
	}
}

// A database that has only the first migration, with data, gets the others and
// keeps its data.
func TestMigrationKeepsWhatWasThere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.db")
	first, err := migrations.ReadFile("migrations/0001_identity.sql")
	must(t, err)
	old, err := sql.Open("sqlite", "file:"+file)
	must(t, err)
	for _, statement := range []string{
		`CREATE TABLE migrations (name TEXT PRIMARY KEY) STRICT`,
		`INSERT INTO migrations VALUES ('0001_identity.sql')`,
		string(first),
		`INSERT INTO hosts (id, org, machine_id, name, enrolled) VALUES ('h1', 'default', 'm', 'web-1', 1)`,
	} {
		_, err := old.ExecContext(t.Context(), statement)
		must(t, err)
	}
	must(t, old.Close())

	for range 2 { // the second time nothing is left to do
		db, err := Open(t.Context(), file)
		must(t, err)
		var name string
		must(t, db.sql.QueryRowContext(t.Context(), `SELECT name FROM hosts WHERE id = 'h1'`).Scan(&name))
		if name != "web-1" {
			t.Fatalf("name %q", name)
		}
		lease(t, db)
		must(t, db.Close())
	}
}

func TestOpenNamesWhatItCannotOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.db")
	must(t, os.WriteFile(file, []byte("this is not a database, and long enough to be read as one"), 0o600))
	if _, err := Open(context.Background(), file); err == nil {
		t.Fatal("opened a text file as a database")
	}
	if _, err := Open(context.Background(), filepath.Join(t.TempDir(), "missing", "state.db")); err == nil {
		t.Fatal("opened a database in a missing directory")
	}
}

// TestCountsAreThoseOfTheRows compares the counters with a count of the rows
// after changes of every kind, in an order drawn from a fixed seed.
func TestCountsAreThoseOfTheRows(t *testing.T) {
	db := open(t)
	ctx, epoch := t.Context(), lease(t, db)
	r := rand.New(rand.NewPCG(1, 2))
	for position := range uint64(150) {
		id := fmt.Sprint(r.IntN(6))
		inc := incident.Incident{
			ID: "i" + id, Revision: position + 1, Opened: epochStart, Updated: epochStart, Alerts: []string{"a" + id},
			Status: []string{incident.StatusOpen, incident.StatusClosed}[r.IntN(2)], MergedInto: []string{"", "", "other"}[r.IntN(3)],
		}
		must(t, db.ApplyEngine(ctx, epoch, position+1, Output{Alerts: []alert.Alert{newAlert("a"+id, position+1, 0)}, Incidents: []incident.Incident{inc}}))
		if r.IntN(5) == 0 {
			_, err := db.sql.ExecContext(ctx, `DELETE FROM incidents WHERE id = ?`, inc.ID)
			must(t, err)
			_, err = db.sql.ExecContext(ctx, `DELETE FROM alerts WHERE id = ?`, "a"+id)
			must(t, err)
		}
		got, err := db.Counts(ctx)
		must(t, err)
		var want Counts
		must(t, db.sql.QueryRowContext(ctx, `SELECT
			(SELECT COUNT(*) FROM alerts),
			(SELECT COUNT(*) FROM incidents WHERE merged_into = '' AND status <> 'closed'),
			(SELECT COUNT(*) FROM incidents WHERE merged_into = '' AND status = 'closed')`).Scan(&want.Alerts, &want.Open, &want.Closed))
		if got != want {
			t.Fatalf("after %d changes: counters %+v, rows %+v", position+1, got, want)
		}
	}
}

// TestRowsOfBeforeAreCounted: the counters begin with what an earlier version
// left.
func TestRowsOfBeforeAreCounted(t *testing.T) {
	file := earlier(t, 4)
	handle, err := sql.Open("sqlite", "file:"+file)
	must(t, err)
	for i, status := range []string{"open", "open", "closed"} {
		_, err := handle.ExecContext(t.Context(), `INSERT INTO incidents (id, revision, org, status, level, score, opened, updated, body) VALUES (?, 1, '', ?, '', 0, 0, 0, X'7b7d')`, i, status)
		must(t, err)
	}
	must(t, handle.Close())
	db, err := Open(t.Context(), file)
	must(t, err)
	defer db.Close()
	if got, err := db.Counts(t.Context()); err != nil || got != (Counts{Open: 2, Closed: 1}) {
		t.Errorf("%+v, %v", got, err)
	}
}
