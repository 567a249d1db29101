package state

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/exception"
	"baize/internal/incident"
)

func version(pack string, number int) PackVersion {
	return PackVersion{Pack: pack, Number: number, Digest: fmt.Sprint("d", number), Source: "push", Author: "ann", Created: epochStart, Report: []byte("{}"), Body: []byte("zip")}
}

func TestPackVersionsAreKeptAndDropped(t *testing.T) {
	db, ctx := open(t), t.Context()
	for n := 1; n <= 5; n++ {
		pack := Pack{Name: "p", Enabled: true, Current: min(n, 2), Origin: "o"}
		must(t, db.ChangePolicy(ctx, PolicyChange{Packs: []Pack{pack}, Versions: []PackVersion{version("p", n)}, Keep: 2}))
	}
	versions, err := db.PackVersions(ctx, "p")
	must(t, err)
	if len(versions) != 3 || versions[0].Number != 5 || versions[1].Number != 4 || versions[2].Number != 2 || versions[0].Body != nil {
		t.Errorf("kept %+v", versions)
	}
	got, err := db.PackVersion(ctx, "p", 2)
	if err != nil || string(got.Body) != "zip" || got.Author != "ann" || !got.Created.Equal(epochStart) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := db.PackVersion(ctx, "p", 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("a version that was dropped: %v", err)
	}
	packs, err := db.Packs(ctx)
	if err != nil || len(packs) != 1 || packs[0] != (Pack{Name: "p", Enabled: true, Current: 2, Origin: "o"}) {
		t.Errorf("%+v, %v", packs, err)
	}
}

// A change of packs is made whole or not at all.
func TestAPolicyChangeIsOne(t *testing.T) {
	db, ctx := open(t), t.Context()
	off := []DisabledRule{{Rule: "r1", Author: "ann", Created: epochStart}, {Rule: "r2", Author: "ann", Created: epochStart}}
	must(t, db.ChangePolicy(ctx, PolicyChange{Disable: off}))
	must(t, db.ChangePolicy(ctx, PolicyChange{Enable: []string{"r1", "none"}}))
	broken := PolicyChange{Packs: []Pack{{Name: "p"}}, Versions: []PackVersion{version("other", 1)}, Enable: []string{"r2"}}
	if err := db.ChangePolicy(ctx, broken); err == nil {
		t.Fatal("a version of no pack was kept")
	}
	rules, err := db.DisabledRules(ctx)
	must(t, err)
	packs, err := db.Packs(ctx)
	if err != nil || len(packs) != 0 || len(rules) != 1 || rules[0] != off[1] {
		t.Errorf("%+v %+v %v", packs, rules, err)
	}
}

func TestAnnouncementsThatNobodyNeedsGo(t *testing.T) {
	db, ctx := open(t), t.Context()
	for n := range 5 {
		kind := []string{AnnouncedRules, AnnouncedExceptions}[n%2]
		must(t, db.AddAnnouncement(ctx, Announcement{Bus: uint64(n+1) * 10, Kind: kind, Digest: fmt.Sprint(n), Created: epochStart, Body: []byte("b")}, 35))
	}
	for _, c := range []struct {
		kind   string
		before uint64
		bus    uint64
	}{{AnnouncedRules, 1000, 50}, {AnnouncedRules, 35, 30}, {AnnouncedRules, 30, 0}, {AnnouncedExceptions, 35, 20}, {AnnouncedExceptions, 1000, 40}} {
		got, err := db.LastAnnouncement(ctx, c.kind, c.before)
		if got.Bus != c.bus || (c.bus == 0) != errors.Is(err, ErrNotFound) {
			t.Errorf("%s before %d: %+v, %v", c.kind, c.before, got, err)
		}
	}
}

func anException(id string, life time.Duration) *exception.Exception {
	return &exception.Exception{ID: id, Owner: "ann", Reason: "r", Created: epochStart, Expires: epochStart.Add(life), Rules: []string{"r1"}}
}

func TestExceptionsEndAndAreKept(t *testing.T) {
	db, ctx := open(t), t.Context()
	must(t, db.AddException(ctx, anException("x1", time.Hour)))
	must(t, db.AddException(ctx, anException("x2", time.Minute)))
	must(t, db.AddException(ctx, anException("x3", time.Hour)))
	must(t, db.RemoveException(ctx, "x3", "bob", epochStart.Add(time.Second)))
	for _, id := range []string{"x3", "none"} {
		if err := db.RemoveException(ctx, id, "bob", epochStart); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
	active, err := db.ActiveExceptions(ctx, epochStart.Add(time.Minute))
	if err != nil || len(active) != 1 || active[0].ID != "x1" {
		t.Errorf("%+v, %v", active, err)
	}
	first, next, err := db.Exceptions(ctx, Page{Limit: 2})
	must(t, err)
	rest, end, err := db.Exceptions(ctx, Page{Limit: 2, After: next})
	must(t, err)
	if len(first) != 2 || len(rest) != 1 || end != (Cursor{}) || rest[0].RemovedBy != "bob" || rest[0].Removed.IsZero() || rest[0].Owner != "ann" {
		t.Errorf("%+v then %+v", first, rest)
	}
}

func firing(exceptionID string, hits uint64) exception.Firing {
	return exception.Firing{Exception: exceptionID, Hits: hits, Time: epochStart.Add(time.Duration(hits) * time.Second), Rule: &alert.Rule{ID: "r1"}, Host: event.Host{ID: "h1"}, Event: &event.Event{Kind: event.ProcessExec, Time: epochStart}}
}

// What the engine repeats after a restore counts once.
func TestHiddenFiringsCountOnce(t *testing.T) {
	db, ctx := open(t), t.Context()
	epoch := lease(t, db)
	must(t, db.AddException(ctx, anException("x1", time.Hour)))
	var all []exception.Firing
	for n := range maxHidden + 20 {
		all = append(all, firing("x1", uint64(n+1)))
	}
	must(t, db.ApplyEngine(ctx, epoch, 1, Output{Hidden: all}))
	must(t, db.ApplyEngine(ctx, epoch, 2, Output{Hidden: []exception.Firing{firing("x1", 5), firing("unknown", 1)}}))
	list, _, err := db.Exceptions(ctx, Page{})
	must(t, err)
	if list[0].Hits != maxHidden+20 || !list[0].LastHit.Equal(all[len(all)-1].Time) {
		t.Errorf("%+v", list[0])
	}
	hidden, err := db.Hidden(ctx, "x1")
	if err != nil || len(hidden) != maxHidden || hidden[0].Hits != maxHidden+20 || hidden[0].Rule.ID != "r1" {
		t.Errorf("%d kept, first %+v, %v", len(hidden), hidden[0], err)
	}
}

func TestDismissals(t *testing.T) {
	db, ctx := open(t), t.Context()
	want := Dismissal{ID: "p1", Author: "ann", Created: epochStart}
	must(t, db.Dismiss(ctx, want))
	got, err := db.Dismissals(ctx)
	if err != nil || len(got) != 1 || got["p1"] != want {
		t.Errorf("%+v, %v", got, err)
	}
	must(t, db.Reconsider(ctx, "p1"))
	if err := db.Reconsider(ctx, "p1"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestScanAndHits(t *testing.T) {
	db, ctx := open(t), t.Context()
	var alerts []alert.Alert
	for n := range 5 {
		a := newAlert(fmt.Sprint("a", n), 1, time.Duration(n)*time.Minute)
		a.Rule = &alert.Rule{ID: fmt.Sprint("r", n%2), Level: "low"}
		alerts = append(alerts, a)
	}
	grave := newIncident("i1", 1, "a4")
	grave.Level = "critical"
	must(t, db.ApplyEngine(ctx, lease(t, db), 1, Output{Alerts: alerts, Incidents: []incident.Incident{grave}}))
	var seen []string
	more, err := db.ScanAlerts(ctx, AlertScan{Since: alerts[1].Time, Until: alerts[4].Time, Limit: 3}, func(a *alert.Alert, level string) error {
		seen = append(seen, a.ID+level)
		return nil
	})
	if err != nil || !more || fmt.Sprint(seen) != "[a4critical a3 a2]" {
		t.Errorf("%v, more %v, %v", seen, more, err)
	}
	hits, err := db.RuleHits(ctx, alerts[1].Time)
	if err != nil || fmt.Sprint(hits) != "map[r0:2 r1:2]" {
		t.Errorf("%v, %v", hits, err)
	}
}

// The rule of alerts that an earlier version stored is found.
func TestRulesOfEarlierAlerts(t *testing.T) {
	file := earlier(t, 3)
	addEarlierAlert(t, file)
	db, err := Open(t.Context(), file)
	must(t, err)
	defer db.Close()
	hits, err := db.RuleHits(t.Context(), time.Time{})
	if err != nil || hits["r1"] != 1 {
		t.Errorf("%v, %v", hits, err)
	}
}

func addEarlierAlert(t *testing.T, file string) {
	t.Helper()
	handle, err := sql.Open("sqlite", "file:"+file)
	must(t, err)
	defer handle.Close()
	_, err = handle.ExecContext(t.Context(), `INSERT INTO alerts (id, revision, org, host, kind, level, time, last, body) VALUES ('a', 1, '', 'h', 'rule', 'low', 5, 5, ?)`,
		[]byte(`{"id":"a","rule":{"id":"r1"}}`))
	must(t, err)
}

func TestDecisionsAreKeptAndWithdrawn(t *testing.T) {
	db, ctx := open(t), t.Context()
	for i, id := range []string{"d1", "d2", "d3"} {
		must(t, db.AddDecision(ctx, &incident.Decision{ID: id, Kind: incident.DecideClose, By: "ann", At: epochStart.Add(time.Duration(i) * time.Second), Incident: "inc-" + id[1:], Verdict: incident.VerdictTest}))
	}
	must(t, db.WithdrawDecision(ctx, "d2", "bob", epochStart.Add(time.Hour)))
	for _, id := range []string{"d2", "none"} {
		if err := db.WithdrawDecision(ctx, id, "bob", epochStart); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
	active, err := db.ActiveDecisions(ctx)
	if err != nil || len(active) != 2 || active[0].ID != "d1" || active[1].ID != "d3" {
		t.Errorf("%+v, %v", active, err)
	}
	first, next, err := db.Decisions(ctx, "", Page{Limit: 2})
	must(t, err)
	rest, end, err := db.Decisions(ctx, "", Page{Limit: 2, After: next})
	must(t, err)
	if len(first) != 2 || len(rest) != 1 || end != (Cursor{}) || first[1].WithdrawnBy != "bob" || first[1].Withdrawn.IsZero() || rest[0].By != "ann" {
		t.Errorf("%+v then %+v", first, rest)
	}
	about, _, err := db.Decisions(ctx, "inc-3", Page{Limit: 2})
	if err != nil || len(about) != 1 || about[0].ID != "d3" {
		t.Errorf("%+v, %v", about, err)
	}
}

// TestDecisionsFollowAMerge: what was decided about an incident is about the one that
// it became part of, however often that happened again.
func TestDecisionsFollowAMerge(t *testing.T) {
	db, ctx := open(t), t.Context()
	into := func(id, other string) incident.Incident {
		inc := newIncident(id, 1, "a-"+id)
		inc.MergedInto = other
		return inc
	}
	must(t, db.ApplyEngine(ctx, lease(t, db), 1, Output{Incidents: []incident.Incident{newIncident("i1", 1, "a-i1"), into("i2", "i1"), into("i3", "i2"), into("i4", "i4")}}))
	for i := 1; i <= 5; i++ {
		must(t, db.AddDecision(ctx, &incident.Decision{ID: fmt.Sprint("d", i), Kind: incident.DecideClose, At: epochStart.Add(time.Duration(i) * time.Second), Incident: fmt.Sprint("i", i)}))
	}
	for about, want := range map[string][]string{"i1": {"d1", "d2", "d3"}, "i2": {"d2", "d3"}, "i4": {"d4"}, "i5": {"d5"}, "i6": nil} {
		list, _, err := db.Decisions(ctx, about, Page{})
		must(t, err)
		var got []string
		for i := range list {
			got = append(got, list[i].ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("about %s: %v, want %v", about, got, want)
		}
	}
}
