package state

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func writer(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func readSnapshot(t *testing.T, db *DB, s Snapshot) string {
	t.Helper()
	file, err := db.OpenSnapshot(s)
	must(t, err)
	body, err := io.ReadAll(file)
	must(t, errors.Join(err, file.Close()))
	return string(body)
}

func TestSnapshotsKeepTheLastTwo(t *testing.T) {
	db, ctx := open(t), t.Context()
	epoch := lease(t, db)
	for bus, text := range []string{"zero", "one", "two"} {
		must(t, db.SaveSnapshot(ctx, RoleEngine, epoch, uint64(bus), writer(text)))
	}
	kept, err := db.Snapshots(ctx, RoleEngine)
	must(t, err)
	if len(kept) != 2 || kept[0].Bus != 2 || readSnapshot(t, db, kept[0]) != "two" || readSnapshot(t, db, kept[1]) != "one" {
		t.Fatalf("kept %+v", kept)
	}
	files, err := os.ReadDir(db.snapshots)
	must(t, err)
	if len(files) != 2 {
		t.Errorf("%d files are left, want 2", len(files))
	}
}

func TestFencedSnapshotLeavesNothing(t *testing.T) {
	db, ctx := open(t), t.Context()
	former := lease(t, db)
	lease(t, db)
	if err := db.SaveSnapshot(ctx, RoleEngine, former, 1, writer("x")); !errors.Is(err, ErrFenced) {
		t.Fatalf("want ErrFenced, got %v", err)
	}
	failed := errors.New("disk on fire")
	if err := db.SaveSnapshot(ctx, RoleEngine, former+1, 1, func(io.Writer) error { return failed }); !errors.Is(err, failed) {
		t.Fatalf("want the writer's error, got %v", err)
	}
	files, err := os.ReadDir(db.snapshots)
	must(t, err)
	if len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestDamagedSnapshotIsNoticed(t *testing.T) {
	db, ctx := open(t), t.Context()
	must(t, db.SaveSnapshot(ctx, RoleEngine, lease(t, db), 1, writer("engine")))
	kept, err := db.Snapshots(ctx, RoleEngine)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(db.snapshots, kept[0].file), []byte("engima"), 0o600))
	if _, err := db.OpenSnapshot(kept[0]); !errors.Is(err, ErrDamaged) {
		t.Fatalf("want ErrDamaged, got %v", err)
	}
}
