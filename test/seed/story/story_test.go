package story

import (
	"path/filepath"
	"testing"
	"time"

	"baize/internal/server/state"
)

// The story is consistent: every step applies, and ends in two incidents whose
// alerts are all there.
func TestStoryIsWhole(t *testing.T) {
	ctx := t.Context()
	db, err := state.Open(ctx, filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	teller, err := New(ctx, db, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if err := teller.Tell(ctx, teller.Left()); err != nil {
		t.Fatal(err)
	}
	if teller.Left() != 0 {
		t.Fatalf("%d steps left", teller.Left())
	}
	incidents, _, err := db.Incidents(ctx, state.IncidentFilter{}, state.Page{})
	if err != nil || len(incidents) != 2 {
		t.Fatalf("%d incidents, %v", len(incidents), err)
	}
	for _, inc := range incidents {
		members, _, err := db.Alerts(ctx, state.AlertFilter{Incident: inc.ID}, state.Page{})
		if err != nil || len(members) != len(inc.Alerts) {
			t.Errorf("%s has %d alerts, says %d (%v)", inc.ID, len(members), len(inc.Alerts), err)
		}
		if inc.ID == Intrusion && len(inc.Reasons) != len(inc.Alerts)-1 {
			t.Errorf("%d reasons for %d alerts", len(inc.Reasons), len(inc.Alerts))
		}
	}
	beacon, err := db.Alert(ctx, "a-0005")
	if err != nil || beacon.Count != 17 || beacon.Incident != Intrusion {
		t.Errorf("beacon %+v, %v", beacon, err)
	}
}
