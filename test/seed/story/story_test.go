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

// What the console shows of the intrusion is there: each type of node, what is
// marked, one kill chain that was advanced, answers of each state.
func TestStoryHasProvenance(t *testing.T) {
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
	found, _, err := db.Intrusions(ctx, state.IntrusionFilter{}, state.Page{})
	if err != nil || len(found) != 2 {
		t.Fatalf("%d intrusions, %v", len(found), err)
	}
	web := found[0]
	seen := map[string]bool{}
	for _, n := range web.Graph.Nodes {
		seen[n.Type] = true
		for _, r := range n.Roles {
			seen[r] = true
		}
		seen["gone"], seen["exited"], seen["collapsed"] = seen["gone"] || n.Gone, seen["exited"] || n.Exited, seen["collapsed"] || n.Count > 1
	}
	for _, want := range []string{"process", "file", "socket", "domain", "entry", "hub", "brought", "persistence", "sensitive", "peer", "gone", "exited", "collapsed"} {
		if !seen[want] {
			t.Errorf("no node is %s", want)
		}
	}
	if web.Answers["persistence"].State != "yes" || web.Answers["deleted"].State != "not_seen" || found[1].Answers["lateral"].State != "unknown" {
		t.Errorf("answers %+v", web.Answers)
	}
	chain, err := db.Alert(ctx, ChainAlert)
	if err != nil || chain.Revision < 3 || len(chain.Stages) != 12 || chain.Incident != Intrusion || chain.Intrusion != web.ID {
		t.Errorf("kill chain %+v, %v", chain, err)
	}
}
