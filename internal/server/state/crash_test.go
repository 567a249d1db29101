package state

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"baize/internal/alert"
	"baize/internal/incident"
)

// crashFile names, in the environment of a second process, the database that it
// is to be killed over.
const crashFile = "BAIZE_TEST_CRASH"

// committed is how much is committed before the process is killed.
const committed = 5

// TestACrashLeavesNothingOfATransaction kills a process in the middle of one,
// after its rows were written and before they were committed.
func TestACrashLeavesNothingOfATransaction(t *testing.T) {
	if file := os.Getenv(crashFile); file != "" {
		crash(t, file)
	}
	file := filepath.Join(t.TempDir(), "state.db")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestACrashLeavesNothingOfATransaction$")
	child.Env = append(os.Environ(), crashFile+"="+file)
	out, err := child.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || !exit.Sys().(syscall.WaitStatus).Signaled() {
		t.Fatalf("the second process was not killed: %v\n%s", err, out)
	}
	db, err := Open(t.Context(), file)
	must(t, err)
	defer db.Close()
	position, err := db.Position(t.Context(), RoleEngine)
	must(t, err)
	counts, err := db.Counts(t.Context())
	must(t, err)
	if position != committed || counts != (Counts{Alerts: committed, Open: committed}) {
		t.Errorf("position %d, %+v, want those of %d commits", position, counts, committed)
	}
	var whole string
	must(t, db.sql.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&whole))
	if whole != "ok" {
		t.Errorf("the database is damaged: %s", whole)
	}
	// The same is offered again after a restart, by the next owner.
	must(t, db.ApplyEngine(t.Context(), lease(t, db), committed+1, Output{Alerts: outputAlerts(committed + 1), Incidents: outputIncidents(committed + 1)}))
}

func outputAlerts(n uint64) []alert.Alert { return []alert.Alert{newAlert(fmt.Sprint("a", n), 1, 0)} }

func outputIncidents(n uint64) []incident.Incident {
	return []incident.Incident{newIncident(fmt.Sprint("i", n), 1, fmt.Sprint("a", n))}
}

// crash commits some output, writes more, and does not live to commit it.
func crash(t *testing.T, file string) {
	db, err := Open(t.Context(), file)
	must(t, err)
	epoch := lease(t, db)
	for n := range uint64(committed) {
		must(t, db.ApplyEngine(t.Context(), epoch, n+1, Output{Alerts: outputAlerts(n + 1), Incidents: outputIncidents(n + 1)}))
	}
	must(t, db.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := advance(t.Context(), tx, RoleEngine, committed+1)
		must(t, err)
		_, err = applyOutput(t.Context(), tx, &Output{Alerts: outputAlerts(committed + 1), Incidents: outputIncidents(committed + 1)})
		must(t, err)
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}))
}

// written is one commit that was accepted.
type written struct{ position, epoch uint64 }

// TestTwoWritersAreNeverBothAccepted: two processes' worth of writers take the
// lease from one another again and again, each writing until it is fenced. No
// write of an older owner lands behind one of a newer, and every position is
// written once.
func TestTwoWritersAreNeverBothAccepted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.db")
	var mu sync.Mutex
	var accepted []written
	fenced := 0
	write := func(db *DB, name string) error {
		for turn := range 5 {
			epoch, err := db.TakeLease(t.Context(), RoleEngine, name)
			if err != nil {
				return err
			}
			for n := range 10 {
				position, err := db.Position(t.Context(), RoleEngine)
				if err != nil {
					return err
				}
				id := fmt.Sprintf("%s-%d-%d", name, turn, n)
				err = db.ApplyEngine(t.Context(), epoch, position+1, Output{Alerts: []alert.Alert{newAlert(id, 1, 0)}})
				mu.Lock()
				if errors.Is(err, ErrFenced) {
					fenced++
				} else if err == nil {
					accepted = append(accepted, written{position + 1, epoch})
				}
				mu.Unlock()
				if errors.Is(err, ErrFenced) {
					break
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	}
	var writers sync.WaitGroup
	for _, name := range []string{"one", "two"} {
		db, err := Open(t.Context(), file)
		must(t, err)
		defer db.Close()
		writers.Go(func() {
			if err := write(db, name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	writers.Wait()
	slices.SortFunc(accepted, func(a, b written) int {
		return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(a.epoch, b.epoch))
	})
	for i := 1; i < len(accepted); i++ {
		if accepted[i].epoch < accepted[i-1].epoch {
			t.Errorf("position %d was written by owner %d after owner %d had written %d", accepted[i].position, accepted[i].epoch, accepted[i-1].epoch, accepted[i-1].position)
		}
	}
	last, err := Open(t.Context(), file)
	must(t, err)
	defer last.Close()
	counts, err := last.Counts(t.Context())
	must(t, err)
	position, err := last.Position(t.Context(), RoleEngine)
	must(t, err)
	t.Logf("%d accepted, %d fenced", len(accepted), fenced)
	if uint64(counts.Alerts) != position || position == 0 {
		t.Errorf("%d alerts at position %d", counts.Alerts, position)
	}
}
