package incident

import (
	"bytes"
	"cmp"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"baize/internal/alert"
)

// decide puts decisions in force.
func decide(t interface {
	Helper()
	Fatal(...any)
}, m *Merger, list ...Decision,
) {
	t.Helper()
	if err := m.Decide(list, start.UnixNano()); err != nil {
		t.Fatal(err)
	}
}

// drawDecision is one about alerts that may be there.
func drawDecision(t *rapid.T, id string, alerts []drawn) Decision {
	// Later than all alerts: what a verdict teaches is not for them.
	d := Decision{ID: id, Org: "0", At: start.AddDate(1, 0, 0), Kind: rapid.SampledFrom([]string{DecideDemote, DecideReject, DecideSplit, DecideMove, DecideMerge}).Draw(t, "kind")}
	some := func() string { return fmt.Sprintf("a%02d", rapid.IntRange(0, len(alerts)-1).Draw(t, "alert")) }
	switch d.Kind {
	case DecideDemote:
		d.Entity = rapid.SampledFrom([]*alert.Entity{
			{Type: alert.EntityIP, Value: "203.0.113.1"},
			{Type: alert.EntityIP, Value: "198.51.100.1"},
			{Type: alert.EntityFile, Value: "h1:/opt/f1", Inode: "h1/1:1/1/0"},
			{Type: alert.EntityCommand, Value: "tool1 --fetch 203.0.113.7 --into /dev/shm/x9"},
		}).Draw(t, "entity")
	case DecideReject:
		d.Reason = rapid.SampledFrom([]string{ReasonLineage, ReasonAddress, ReasonService}).Draw(t, "reason")
		d.Of = map[string]string{ReasonLineage: "web_shell:0/1", ReasonAddress: "203.0.113.2", ReasonService: "service:0/1"}[d.Reason]
	case DecideMerge:
		d.Alerts = []string{some(), some()}
		if d.Alerts[0] == d.Alerts[1] {
			d.Alerts = []string{"a00", "a99"}
		}
	default:
		d.Alerts = []string{some()}
		if more := some(); more != d.Alerts[0] {
			d.Alerts = append(d.Alerts, more)
		}
		if d.Into = some(); slices.Contains(d.Alerts, d.Into) {
			d.Into = "a99"
		}
	}
	return d
}

// partition is which of the alerts are together, as the first of each incident.
func partition(m *Merger, ids []string) []string {
	first := map[string]string{}
	out := make([]string, len(ids))
	for i, id := range ids {
		g := m.IncidentOf(id)
		if g == "" {
			continue
		}
		if first[g] == "" {
			first[g] = id
		}
		out[i] = first[g]
	}
	return out
}

// TestACutIsAMergeFromScratch: what a decision leads to is what the alerts of the
// incidents it touches come to, merged anew with the decision in force from the
// beginning. Withdrawing it leads back. Both survive a restart.
func TestACutIsAMergeFromScratch(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		list := make([]drawn, rapid.IntRange(2, most).Draw(rt, "alerts"))
		for i := range list {
			list[i] = draw(rt)
			list[i].org = 0
		}
		slices.SortStableFunc(list, func(a, b drawn) int { return cmp.Compare(a.minute, b.minute) })
		fill := func(m *Merger) (ids []string) {
			for _, last := range []bool{false, true} {
				for i := range list {
					a := list[i].alert(i)
					if m.hand.moved[a.ID] == last {
						m.Add(a, Facts{}, a.Time.UnixNano())
						ids = append(ids, a.ID)
					}
				}
			}
			return ids
		}
		m := New(DefaultConfig(), NewGiven(nil))
		ids := fill(m)
		before := partition(m, ids)
		var decisions []Decision
		for i := range rapid.IntRange(1, 3).Draw(rt, "decisions") {
			decisions = append(decisions, drawDecision(rt, fmt.Sprintf("d%d", i), list))
			decide(rt, m, decisions...)
			m.Drain(true)
		}
		m = reborn(rt, m)
		scratch := New(DefaultConfig(), NewGiven(nil))
		decide(rt, scratch, m.Decisions()...)
		fill(scratch)
		if got, want := partition(m, ids), partition(scratch, ids); !slices.Equal(got, want) {
			rt.Fatalf("cut %q, from scratch %q, before %q: %+v", got, want, before, m.Decisions())
		}
		checkIncidents(rt, m.Drain(true))
		decide(rt, m)
		if got := partition(m, ids); !slices.Equal(got, before) {
			rt.Fatalf("withdrawn %q, before %q: %+v", got, before, decisions)
		}
		checkIncidents(rt, m.Drain(true))
	})
}

// ours is the address that many share.
var ours = alert.Entity{Type: alert.EntityIP, Value: "203.0.113.200", Role: "destination"}

func TestADemotedEntityTiesNothing(t *testing.T) {
	m := newMerger()
	one, two := add(m, high("a", "A", ours)), add(m, high("b", "B", ours))
	if one != two {
		t.Fatal("they were not one")
	}
	m.Drain(true)
	demoted := Decision{ID: "d", Kind: DecideDemote, Entity: &ours}
	decide(t, m, demoted)
	out := m.Drain(true)
	if len(out) != 2 || m.IncidentOf("a") == m.IncidentOf("b") || m.IncidentOf("a") != one {
		t.Fatalf("%+v", out)
	}
	for _, inc := range out {
		if inc.MergedInto != "" || len(inc.Alerts) != 1 || inc.Revision <= 1 {
			t.Errorf("%+v", inc)
		}
	}
	if got := add(m, high("c", "C", ours)); got == m.IncidentOf("a") || got == m.IncidentOf("b") {
		t.Error("it ties a later alert")
	}
	second := m.IncidentOf("b")
	decide(t, m)
	if m.IncidentOf("b") != one || m.IncidentOf("c") != one {
		t.Error("withdrawn, it does not tie again")
	}
	ended := false
	for _, inc := range m.Drain(true) {
		ended = ended || inc.ID == second && inc.MergedInto == one
	}
	if !ended {
		t.Error("the younger incident did not say where it went")
	}
}

func TestSplitAndMovedAlertsStayWhereTheyWerePut(t *testing.T) {
	m := newMerger()
	for _, id := range []string{"a", "b", "c"} {
		add(m, high(id, "A"))
	}
	other := add(m, high("x", "X"))
	split := Decision{ID: "d1", Kind: DecideSplit, Alerts: []string{"b"}}
	decide(t, m, split)
	if m.IncidentOf("a") != m.IncidentOf("c") || m.IncidentOf("a") == m.IncidentOf("b") {
		t.Fatal("it was not split off")
	}
	// Another of the lineage goes to one of them and does not glue them.
	add(m, high("d", "A"))
	if m.IncidentOf("a") == m.IncidentOf("b") || m.IncidentOf("d") == "" {
		t.Error("a later alert glues what was split")
	}
	move := Decision{ID: "d2", Kind: DecideMove, Alerts: []string{"c"}, Into: "x"}
	decide(t, m, split, move)
	if m.IncidentOf("c") != other || m.IncidentOf("a") == other {
		t.Errorf("moved into %s, want %s", m.IncidentOf("c"), other)
	}
	chain := m.Explain("c", "x")
	if len(chain) != 1 || chain[0].Reason != ReasonAnalyst {
		t.Errorf("explained by %+v", chain)
	}
	add(m, high("y", "Y"))
	merge := Decision{ID: "d3", Kind: DecideMerge, Alerts: []string{"y", "x"}}
	decide(t, m, split, move, merge)
	if m.IncidentOf("y") != other {
		t.Error("they were not merged")
	}
	apart := Decision{ID: "d4", Kind: DecideMerge, Alerts: []string{"b", "x"}}
	decide(t, m, split, move, merge, apart)
	if m.IncidentOf("b") == other {
		t.Error("a merge glues alerts that are split")
	}
}

func TestAClosedIncidentRecurs(t *testing.T) {
	m := newMerger()
	first := add(m, high("a", "A"))
	decide(t, m, Decision{ID: "d", Kind: DecideClose, Incident: first, Verdict: VerdictIntrusion})
	out := m.Drain(true)
	if len(out) != 1 || out[0].Status != StatusClosed || out[0].Verdict != VerdictIntrusion {
		t.Fatalf("%+v", out)
	}
	if m.Known("a") {
		t.Error("what goes on is counted on an alert of a closed incident")
	}
	again := add(m, high("b", "A"))
	add(m, high("c", "A"))
	out = m.Drain(true)
	if again == first || len(out) != 1 || out[0].RecurrenceOf != first || len(out[0].Alerts) != 2 {
		t.Fatalf("%+v", out)
	}
	m.Flow("", "B", "A", "/tmp/x", 0)
	if add(m, high("d", "B")) == first {
		t.Error("a file flow joined a closed incident")
	}
	decide(t, m)
	if out := m.Drain(true); !slices.ContainsFunc(out, func(i Incident) bool { return i.ID == first && i.Status == StatusOpen && i.Verdict == "" }) {
		t.Errorf("not open again: %+v", out)
	}
}

// Two verdicts against reasons of a name make it one that needs a second.
func TestVerdictsTeach(t *testing.T) {
	address := func(n int) alert.Entity {
		return alert.Entity{Type: alert.EntityIP, Value: fmt.Sprintf("203.0.113.%d", n), Role: "destination"}
	}
	reject := func(n int) Decision {
		return Decision{ID: fmt.Sprint(n), Kind: DecideReject, Reason: ReasonAddress, Of: address(n).Value}
	}
	joined := func(list ...Decision) bool {
		m := newMerger()
		decide(t, m, list...)
		return add(m, high("a", "A", address(9))) == add(m, high("b", "B", address(9)))
	}
	if !joined() || !joined(reject(1)) || joined(reject(1), reject(2)) {
		t.Error("one verdict does too much, or two too little")
	}
	for n, want := range map[time.Duration]bool{-time.Minute: false, time.Hour: true} {
		late := []Decision{reject(1), reject(2)}
		late[1].At = start.Add(n)
		if joined(late...) != want {
			t.Errorf("the second verdict is given %v after the alerts", n)
		}
	}
	confirm := Decision{ID: "c", Kind: DecideConfirm, Reason: ReasonAddress, Of: "203.0.113.3"}
	lessons := Lessons([]Decision{reject(1), confirm}, "")
	if len(lessons) != 1 || lessons[0] != (Taught{Reason: ReasonAddress, Confirmed: 1, Rejected: 1, Weight: 0.811, Was: 0.85}) {
		t.Errorf("%+v", lessons)
	}
}

func TestDecisionsThatCannotBe(t *testing.T) {
	m := newMerger()
	for _, d := range []Decision{
		{},
		{ID: "d", Kind: "burn"},
		{Kind: DecideDemote, Entity: &ours},
		{ID: "d", Kind: DecideDemote, Entity: &alert.Entity{Type: alert.EntityIP}},
		{ID: "d", Kind: DecideReject, Reason: "moon", Of: "x"},
		{ID: "d", Kind: DecideReject, Reason: ReasonAnalyst, Of: "x"},
		{ID: "d", Kind: DecideConfirm, Reason: ReasonHash},
		{ID: "d", Kind: DecideSplit},
		{ID: "d", Kind: DecideMove, Alerts: []string{"a"}},
		{ID: "d", Kind: DecideMerge, Alerts: []string{"a", "a"}},
		{ID: "d", Kind: DecideClose, Incident: "i", Verdict: "perhaps"},
	} {
		if err := m.Decide([]Decision{d}, 0); err == nil || len(m.Decisions()) != 0 {
			t.Errorf("%+v is taken", d)
		}
	}
	if err := m.Decide(make([]Decision, MaxDecisions+1), 0); err == nil {
		t.Error("any number is taken")
	}
}

// A worm on a thousand hosts is one campaign, told of once.
func TestAWormIsOneCampaign(t *testing.T) {
	m := New(DefaultConfig(), NewGiven(nil))
	worm := alert.Entity{Type: alert.EntityHash, Value: "sha256:00"}
	const hosts = 1_000
	for i := range hosts {
		for n := range 5 {
			a := high(fmt.Sprintf("%d-%d", i, n), fmt.Sprint("L", i), worm)
			a.Host.ID = fmt.Sprint("h", i)
			a.Time = start.Add(time.Duration(i) * time.Second)
			add(m, a)
		}
	}
	campaigns, heads := map[string]int{}, 0
	for _, inc := range m.Drain(true) {
		if inc.MergedInto == "" {
			campaigns[inc.Campaign]++
		}
		if inc.ID == inc.Campaign {
			heads++
		}
	}
	if len(campaigns) != 1 || campaigns[""] != 0 || heads != 1 {
		t.Errorf("campaigns %v, %d heads", campaigns, heads)
	}
}

// What does not suffice is told, on both sides.
func TestRelatedIncidentsAreTold(t *testing.T) {
	m := newMerger()
	shared := alert.Entity{Type: alert.EntitySession, Value: "s1"}
	one, two := add(m, high("a", "A", shared)), add(m, high("b", "B", shared))
	if one == two {
		t.Fatal("a session alone suffices")
	}
	for _, inc := range m.Drain(true) {
		want := map[string]string{one: two, two: one}[inc.ID]
		if !slices.Equal(inc.Related, []string{want}) {
			t.Errorf("%s is related to %v, want %s", inc.ID, inc.Related, want)
		}
	}
}

// Decisions come by the log and go into snapshots.
func TestDecisionsAreKept(t *testing.T) {
	d := Decision{ID: "d", Kind: DecideMove, By: "li", At: start, Note: "n", Alerts: []string{"a"}, From: []string{"b"}, Into: "c"}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back Decision
	if err := json.Unmarshal(text, &back); err != nil || fmt.Sprint(back) != fmt.Sprint(d) {
		t.Errorf("%+v, %v", back, err)
	}
	m := newMerger()
	decide(t, m, d)
	var b bytes.Buffer
	if err := m.Snapshot(gob.NewEncoder(&b)); err != nil {
		t.Fatal(err)
	}
	again := newMerger()
	if err := again.Restore(gob.NewDecoder(&b)); err != nil || fmt.Sprint(again.Decisions()) != fmt.Sprint(m.Decisions()) {
		t.Errorf("%+v, %v", again.Decisions(), err)
	}
}
