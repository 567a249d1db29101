package state

import (
	"errors"
	"testing"
	"time"

	"baize/internal/event"
	"baize/internal/provenance"
)

func newIntrusion(id string, revision uint64, host, into string) provenance.Intrusion {
	return provenance.Intrusion{
		ID: id, Revision: revision, Host: event.Host{ID: host}, Opened: time.Unix(int64(revision), 0), MergedInto: into, Answers: provenance.Unanswered(),
	}
}

func TestIntrusionsAreKeptAndFollowed(t *testing.T) {
	db, ctx := open(t), t.Context()
	epoch := lease(t, db)
	must(t, db.ApplyEngine(ctx, epoch, 1, Output{Intrusions: []provenance.Intrusion{newIntrusion("a", 1, "h1", ""), newIntrusion("b", 2, "h2", "")}}))
	must(t, db.ApplyEngine(ctx, epoch, 2, Output{Intrusions: []provenance.Intrusion{newIntrusion("b", 3, "h2", "a"), newIntrusion("a", 1, "h9", "")}}))
	i, err := db.Intrusion(ctx, "b")
	must(t, err)
	if i.ID != "a" || i.Host.ID != "h1" || i.Answers[provenance.Lateral].State != provenance.Unknown {
		t.Errorf("b leads to %+v", i)
	}
	if _, err := db.Intrusion(ctx, "nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown intrusion: %v", err)
	}
	for _, c := range []struct {
		filter IntrusionFilter
		want   int
	}{{IntrusionFilter{}, 1}, {IntrusionFilter{Merged: true}, 2}, {IntrusionFilter{Host: "h1"}, 1}, {IntrusionFilter{Host: "h2"}, 0}} {
		list, _, err := db.Intrusions(ctx, c.filter, Page{})
		must(t, err)
		if len(list) != c.want {
			t.Errorf("%+v: %d intrusions, want %d", c.filter, len(list), c.want)
		}
	}
	changes, err := db.Changes(ctx, 0, 10)
	must(t, err)
	if len(changes) != 3 || changes[2].Kind != KindIntrusion || changes[2].ID != "b" {
		t.Errorf("changes %+v", changes)
	}
}

func TestIntrusionsThatPointAtEachOtherEnd(t *testing.T) {
	db, ctx := open(t), t.Context()
	must(t, db.ApplyEngine(ctx, lease(t, db), 1, Output{Intrusions: []provenance.Intrusion{newIntrusion("a", 1, "h", "b"), newIntrusion("b", 1, "h", "a")}}))
	if _, err := db.Intrusion(ctx, "a"); err == nil {
		t.Error("a circle has no end, and was followed")
	}
}
