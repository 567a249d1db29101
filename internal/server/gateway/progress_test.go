package gateway

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"baize/internal/event"
	"baize/internal/server/bus"
	"baize/internal/server/state"
	"baize/internal/wire"
	baizev1 "baize/proto/baize/v1"
)

func openStores(t *testing.T) (*state.DB, *bus.Bus) {
	t.Helper()
	dir := t.TempDir()
	db, err := state.Open(t.Context(), filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := bus.Open(t.Context(), bus.Config{Dir: filepath.Join(dir, "bus"), MaxAge: time.Hour, MaxBytes: 1 << 26})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.Close()
		_ = db.Close()
	})
	return db, b
}

var bootOfH1 = bootKey{"h1", "b1"}

func settle(t *testing.T, p *progress, b *baizev1.Batch) error {
	t.Helper()
	in := &inbound{g: &Gateway{progress: p}, s: &session{}}
	in.s.peer.Host = "h1"
	return p.hold(t.Context(), bootOfH1, func(boot *bootProgress) error {
		return in.settle(t.Context(), bootOfH1, boot, b, time.Now())
	})
}

func count(t *testing.T, b *bus.Bus) (n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := b.Read(ctx, 0, func(*event.Event) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

// The log has the batch, state has no mark of it, nobody was told: what is
// left by a crash between the publish and everything after it.
func TestACrashBehindThePublishLosesAndDoublesNothing(t *testing.T) {
	db, b := openStores(t)
	batch := packed(t, "h1", "b1", 1, 4, numbered("h1", "b1", 1, 4))
	if err := settle(t, newProgress(db, b), batch); err != nil {
		t.Fatal(err)
	}
	if marks, err := db.Marks(t.Context(), "h1"); err != nil || len(marks) != 0 {
		t.Fatalf("%v, %v", marks, err)
	}
	after := newProgress(db, b)
	if seq, err := after.seq(t.Context(), bootOfH1); err != nil || seq != 4 {
		t.Fatalf("durable to %d, %v", seq, err)
	}
	if err := settle(t, after, packed(t, "h1", "b1", 1, 6, numbered("h1", "b1", 1, 6))); err != nil {
		t.Fatal(err)
	}
	if n := count(t, b); n != 6 {
		t.Fatalf("%d events", n)
	}
}

// A publish whose outcome nobody learnt, or another gateway, moves the log
// behind the back of what is remembered.
func TestAStaleMemoryIsFencedAndLearnsAgain(t *testing.T) {
	db, b := openStores(t)
	stale, other := newProgress(db, b), newProgress(db, b)
	if seq, err := stale.seq(t.Context(), bootOfH1); err != nil || seq != 0 {
		t.Fatal(seq, err)
	}
	batch := packed(t, "h1", "b1", 1, 4, numbered("h1", "b1", 1, 4))
	if err := settle(t, other, batch); err != nil {
		t.Fatal(err)
	}
	if err := settle(t, stale, batch); !errors.Is(err, bus.ErrFenced) {
		t.Fatal(err)
	}
	if err := settle(t, stale, batch); err != nil {
		t.Fatal(err)
	}
	if n := count(t, b); n != 4 {
		t.Fatalf("%d events", n)
	}
}

// Retention has dropped the boot's messages: state remembers the mark.
func TestStateRemembersWhatTheLogDropped(t *testing.T) {
	db, b := openStores(t)
	p := newProgress(db, b)
	if err := settle(t, p, packed(t, "h1", "b1", 1, 4, numbered("h1", "b1", 1, 4))); err != nil {
		t.Fatal(err)
	}
	if err := p.save(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, empty := openStores(t)
	after := newProgress(db, empty)
	if err := settle(t, after, packed(t, "h1", "b1", 3, 4, numbered("h1", "b1", 3, 6))); err != nil {
		t.Fatal(err)
	}
	if n := count(t, empty); n != 2 {
		t.Fatalf("%d events", n)
	}
}

func TestMarksThatCannotBeKeptAreTriedAgain(t *testing.T) {
	db, b := openStores(t)
	p := newProgress(db, b)
	if err := settle(t, p, packed(t, "h1", "b1", 1, 1, numbered("h1", "b1", 1, 1))); err != nil {
		t.Fatal(err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.save(canceled); err == nil {
		t.Fatal("kept without a context")
	}
	if err := p.save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if marks, err := db.Marks(t.Context(), "h1"); err != nil || len(marks) != 1 || marks[0].Seq != 1 {
		t.Fatalf("%v, %v", marks, err)
	}
}

func TestALeavingHostIsForgotten(t *testing.T) {
	db, b := openStores(t)
	p := newProgress(db, b)
	if _, err := p.seq(t.Context(), bootOfH1); err != nil {
		t.Fatal(err)
	}
	if p.forget("h2"); len(p.boots) != 1 {
		t.Fatal("another host was forgotten")
	}
	if p.forget("h1"); len(p.boots) != 0 {
		t.Fatal("not forgotten")
	}
}

// FuzzRead holds what a host may put into a batch to its numbers.
func FuzzRead(f *testing.F) {
	body, err := wire.Pack(numbered("h1", "b1", 1, 4))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body, uint64(1), uint32(4), uint64(2))
	f.Add([]byte("x"), uint64(1), uint32(1), uint64(0))
	origin := wire.Origin{Org: "default", Host: event.Host{ID: "h1"}, Boot: "b1"}
	f.Fuzz(func(t *testing.T, body []byte, first uint64, n uint32, mark uint64) {
		first, n = first%maxSeq+1, n%wire.MaxEvents+1
		last := first + uint64(n) - 1
		events, _ := read(&baizev1.Batch{FirstSeq: first, Count: n, Events: body}, origin, mark)
		before := max(mark, first-1)
		for _, ev := range events {
			if ev.Seq <= before || ev.Seq > last || ev.Host.ID != "h1" {
				t.Fatalf("number %d after %d in a batch up to %d", ev.Seq, before, last)
			}
			before = ev.Seq
		}
	})
}
