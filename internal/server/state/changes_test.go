package state

import (
	"errors"
	"testing"

	"baize/internal/alert"
)

func TestCommitWakesFollowers(t *testing.T) {
	db, ctx := open(t), t.Context()
	epoch := lease(t, db)
	woken := db.Changed()
	must(t, db.ApplyEngine(ctx, epoch, 1, Output{}))
	select {
	case <-woken:
		t.Fatal("a commit without change woke the followers")
	default:
	}
	must(t, db.ApplyEngine(ctx, epoch, 2, Output{Alerts: []alert.Alert{newAlert("a1", 1, 0)}}))
	select {
	case <-woken:
	default:
		t.Fatal("a commit did not wake the followers")
	}
}

func TestChangesResume(t *testing.T) {
	db, ctx := open(t), t.Context()
	for _, host := range []string{"h1", "h2", "h3"} {
		must(t, db.Touch(ctx, KindHost, host))
	}
	first, err := db.Changes(ctx, 0, 2)
	must(t, err)
	rest, err := db.Changes(ctx, first[1].Cursor, 10)
	must(t, err)
	if len(rest) != 1 || rest[0].ID != "h3" || rest[0].Kind != KindHost {
		t.Fatalf("resumed with %+v", rest)
	}
	cursor, err := db.Cursor(ctx)
	must(t, err)
	if cursor != rest[0].Cursor {
		t.Errorf("cursor %d, want %d", cursor, rest[0].Cursor)
	}
	if _, err := db.Changes(ctx, cursor+1, 10); !errors.Is(err, ErrGone) {
		t.Errorf("a cursor from the future gave %v", err)
	}
}

func TestFeedIsBounded(t *testing.T) {
	db, ctx := open(t), t.Context()
	must(t, db.Touch(ctx, KindHost, "h1"))
	_, err := db.sql.ExecContext(ctx, `INSERT INTO changes (cursor, kind, ref) VALUES (?, 'host', 'h2')`, maxChanges+10)
	must(t, err)
	must(t, db.Touch(ctx, KindHost, "h3"))
	if _, err := db.Changes(ctx, 0, 10); !errors.Is(err, ErrGone) {
		t.Fatalf("a cursor before the oldest kept change gave %v", err)
	}
	kept, err := db.Changes(ctx, maxChanges+9, 10)
	must(t, err)
	if len(kept) != 2 {
		t.Fatalf("kept %+v", kept)
	}
}
