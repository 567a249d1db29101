package state

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/incident"
)

func TestApplyEngineKeepsTheNewest(t *testing.T) {
	db, ctx := open(t), t.Context()
	epoch := lease(t, db)
	must(t, db.ApplyEngine(ctx, epoch, 1, Output{Alerts: []alert.Alert{newAlert("a1", 2, 0)}, Incidents: []incident.Incident{newIncident("i1", 2, "a1")}}))
	must(t, db.ApplyEngine(ctx, epoch, 2, Output{Alerts: []alert.Alert{newAlert("a1", 1, 0)}, Incidents: []incident.Incident{newIncident("i1", 1, "a1")}}))

	a, err := db.Alert(ctx, "a1")
	must(t, err)
	if a.Revision != 2 || a.Incident != "i1" || a.Count != 2 {
		t.Errorf("alert is %+v", a)
	}
	inc, err := db.Incident(ctx, "i1")
	must(t, err)
	if inc.Revision != 2 || len(inc.Alerts) != 1 {
		t.Errorf("incident is %+v", inc)
	}
	changes, err := db.Changes(ctx, 0, 10)
	must(t, err)
	if len(changes) != 2 {
		t.Errorf("older revisions are in the feed: %+v", changes)
	}
}

func TestApplyEngineIsExactlyOnce(t *testing.T) {
	db, ctx := open(t), t.Context()
	epoch := lease(t, db)
	must(t, db.ApplyEngine(ctx, epoch, 7, Output{Alerts: []alert.Alert{newAlert("a1", 1, 0)}}))
	must(t, db.ApplyEngine(ctx, epoch, 7, Output{Alerts: []alert.Alert{newAlert("a2", 1, 0)}}))
	must(t, db.ApplyEngine(ctx, epoch, 6, Output{Alerts: []alert.Alert{newAlert("a2", 1, 0)}}))
	if _, err := db.Alert(ctx, "a2"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a position was committed twice: %v", err)
	}
	bus, err := db.Position(ctx, RoleEngine)
	must(t, err)
	if bus != 7 {
		t.Errorf("position %d, want 7", bus)
	}
}

func TestStaleEpochIsRefused(t *testing.T) {
	db, ctx := open(t), t.Context()
	former := lease(t, db)
	must(t, db.ApplyEngine(ctx, former, 1, Output{Alerts: []alert.Alert{newAlert("a1", 1, 0)}}))
	current := lease(t, db)
	if current <= former {
		t.Fatalf("epoch %d after %d", current, former)
	}
	err := db.ApplyEngine(ctx, former, 2, Output{Alerts: []alert.Alert{newAlert("a1", 9, 0)}, Incidents: []incident.Incident{newIncident("i1", 1, "a1")}})
	if !errors.Is(err, ErrFenced) {
		t.Fatalf("the former owner wrote: %v", err)
	}
	a, err := db.Alert(ctx, "a1")
	must(t, err)
	if a.Revision != 1 {
		t.Errorf("the refused write left a trace: %+v", a)
	}
	must(t, db.ApplyEngine(ctx, current, 2, Output{Alerts: []alert.Alert{newAlert("a1", 2, 0)}}))
}

func TestWriteWithoutLeaseIsRefused(t *testing.T) {
	if err := open(t).ApplyEngine(t.Context(), 1, 1, Output{}); !errors.Is(err, ErrFenced) {
		t.Fatalf("want ErrFenced, got %v", err)
	}
}

func TestMergeMovesAlertsAndLeavesARedirect(t *testing.T) {
	db, ctx := open(t), t.Context()
	epoch := lease(t, db)
	alerts := []alert.Alert{newAlert("a1", 1, 0), newAlert("a2", 1, time.Second)}
	must(t, db.ApplyEngine(ctx, epoch, 1, Output{Alerts: alerts, Incidents: []incident.Incident{newIncident("i1", 1, "a1"), newIncident("i2", 1, "a2")}}))
	gone := newIncident("i2", 2, "a2")
	gone.MergedInto = "i1"
	must(t, db.ApplyEngine(ctx, epoch, 2, Output{Incidents: []incident.Incident{newIncident("i1", 2, "a1", "a2"), gone}}))

	members, _, err := db.Alerts(ctx, AlertFilter{Incident: "i1"}, Page{})
	must(t, err)
	if len(members) != 2 || members[1].Incident != "i1" {
		t.Errorf("members of i1: %+v", members)
	}
	followed, err := db.FollowIncident(ctx, "i2")
	must(t, err)
	if followed.ID != "i1" {
		t.Errorf("i2 leads to %s", followed.ID)
	}
	listed, _, err := db.Incidents(ctx, IncidentFilter{}, Page{})
	must(t, err)
	all, _, err := db.Incidents(ctx, IncidentFilter{Merged: true}, Page{})
	must(t, err)
	if len(listed) != 1 || len(all) != 2 {
		t.Errorf("listed %d and %d with the merged, want 1 and 2", len(listed), len(all))
	}
}

func TestRedirectLoopEnds(t *testing.T) {
	db, ctx := open(t), t.Context()
	loop := newIncident("i1", 1)
	loop.MergedInto = "i1"
	must(t, db.ApplyEngine(ctx, lease(t, db), 1, Output{Incidents: []incident.Incident{loop}}))
	if _, err := db.FollowIncident(ctx, "i1"); err == nil || errors.Is(err, ErrNotFound) {
		t.Fatalf("a loop of merges gave %v", err)
	}
}

func TestPagesAreCompleteAndOrdered(t *testing.T) {
	db, ctx := open(t), t.Context()
	var alerts []alert.Alert
	for i := range 25 { // five alerts share each time: the id breaks the tie
		alerts = append(alerts, newAlert(fmt.Sprintf("a%02d", 24-i), 1, time.Duration(i/5)*time.Second))
	}
	must(t, db.ApplyEngine(ctx, lease(t, db), 1, Output{Alerts: alerts}))
	for _, newest := range []bool{false, true} {
		var seen []alert.Alert
		page := Page{Limit: 4, Newest: newest}
		for {
			items, next, err := db.Alerts(ctx, AlertFilter{}, page)
			must(t, err)
			seen = append(seen, items...)
			if next == (Cursor{}) {
				break
			}
			page.After = next
		}
		if len(seen) != 25 {
			t.Fatalf("newest=%v: %d alerts, want 25", newest, len(seen))
		}
		for i := 1; i < len(seen); i++ {
			before := seen[i-1].Time.Before(seen[i].Time) || seen[i-1].Time.Equal(seen[i].Time) && seen[i-1].ID < seen[i].ID
			if before == newest {
				t.Errorf("newest=%v: %s and %s are out of order", newest, seen[i-1].ID, seen[i].ID)
			}
		}
	}
}

func TestAlertFilters(t *testing.T) {
	db, ctx := open(t), t.Context()
	early, repeated, other := newAlert("a1", 1, 0), newAlert("a2", 1, 0), newAlert("a3", 1, time.Minute)
	repeated.Last = epochStart.Add(time.Hour)
	other.Host.ID = "h2"
	must(t, db.ApplyEngine(ctx, lease(t, db), 1, Output{Alerts: []alert.Alert{early, repeated, other}, Incidents: []incident.Incident{newIncident("i1", 1, "a1")}}))
	for _, c := range []struct {
		filter AlertFilter
		want   string
	}{
		{AlertFilter{}, "[a1 a2 a3]"},
		{AlertFilter{Since: epochStart.Add(time.Second)}, "[a2 a3]"},
		{AlertFilter{Host: "h2"}, "[a3]"},
		{AlertFilter{Incident: "i1"}, "[a1]"},
		{AlertFilter{Host: "h2", Incident: "i1"}, "[]"},
	} {
		items, _, err := db.Alerts(ctx, c.filter, Page{})
		must(t, err)
		ids := []string{}
		for _, a := range items {
			ids = append(ids, a.ID)
		}
		if got := fmt.Sprint(ids); got != c.want {
			t.Errorf("%+v gave %s, want %s", c.filter, got, c.want)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(Cursor{Time: 5, ID: "a:b"}.String())
	f.Add("%%%")
	f.Fuzz(func(t *testing.T, text string) {
		cursor, err := ParseCursor(text)
		if err != nil {
			if !errors.Is(err, ErrCursor) {
				t.Fatalf("error is not ErrCursor: %v", err)
			}
			return
		}
		again, err := ParseCursor(cursor.String())
		if err != nil || again != cursor {
			t.Fatalf("%q -> %+v -> %+v, %v", text, cursor, again, err)
		}
	})
}
