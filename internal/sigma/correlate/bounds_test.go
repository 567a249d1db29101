package correlate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"baize/internal/sigma"
)

// flooded plays a log in order of time, far larger than a group may remember,
// and returns what the machine finds and what a machine without bounds finds.
func flooded(t *testing.T, q question, events []happening) (got, want []int, m *Machine) {
	t.Helper()
	set := load(t, q.yaml())
	m = New(set, Limits{GroupEvents: 64})
	exact := New(set, Limits{GroupEvents: 1 << 20, Events: 1 << 24})
	return matched(play(m, events, 0), "asked"), matched(play(exact, events, 0), "asked"), m
}

// flood repeats some of the rules and values again and again, and hides a rare
// one here and there.
func flood(seed uint64, n, rules int) []happening {
	r := rand.New(rand.NewPCG(seed, 2))
	var events []happening
	for i := range n {
		h := happening{at: int64(i / 40), group: "g", text: fmt.Sprint(r.IntN(3)), num: 1, rules: []int{r.IntN(2)}}
		if r.IntN(200) == 0 {
			h.text, h.rules = fmt.Sprint("rare", r.IntN(8)), []int{r.IntN(rules)}
		}
		events = append(events, h)
	}
	return events
}

// TestAFloodHidesNothing : with values and rules repeated far beyond what a
// group remembers, these types stay exact for events in order.
func TestAFloodHidesNothing(t *testing.T) {
	for _, q := range []question{
		{kind: "value_count", rules: 2, bounds: []bound{{"gte", 9}}},
		{kind: "temporal", rules: 6, bounds: []bound{{"gte", 6}}},
		{kind: "temporal_ordered", rules: 6, bounds: []bound{{"gte", 6}}},
		{kind: "temporal_ordered", rules: 6, bounds: []bound{{"gte", 4}}},
	} {
		found := 0
		for seed := range uint64(4) {
			q.span, q.percent, q.grouped = 60, -1, true
			got, want, m := flooded(t, q, flood(seed, 2500, q.rules))
			if !slices.Equal(got, want) {
				t.Errorf("%s: %d matches, want %d", q.section("asked", nil), len(got), len(want))
			}
			if m.Stats().Thinned == 0 {
				t.Fatal("no group was thinned")
			}
			found += len(want)
		}
		if found == 0 || found == 4*2500 {
			t.Errorf("%s: %d matches in all decide nothing", q.kind, found)
		}
	}
}

// TestThinnedTotals : counts and sums beyond what a group remembers are kept,
// as exactly as the steps of time allow.
func TestThinnedTotals(t *testing.T) {
	for _, kind := range []string{"event_count", "value_sum"} {
		// 40 events a second in windows of 60 s and both ends: 2,440.
		for threshold, want := range map[float64]bool{2000: true, 2400: true, 2800: false} {
			q := question{kind: kind, rules: 2, span: 60, bounds: []bound{{"gte", threshold}}, percent: -1, grouped: true}
			got, _, m := flooded(t, q, flood(1, 6_000, 2))
			if (len(got) > 0) != want {
				t.Errorf("%s: %d matches of %v", kind, len(got), threshold)
			}
			if s := m.Stats(); s.Events > 64 {
				t.Errorf("%s: %d events in memory", kind, s.Events)
			}
		}
	}
}

// TestAFloodOfGroupsCostsItsOwnHost : one host makes groups without end; those
// of others stay, and the loss is told.
func TestAFloodOfGroupsCostsItsOwnHost(t *testing.T) {
	q := question{kind: "event_count", rules: 1, span: 3600, bounds: []bound{{"gte", 2}}, percent: -1, grouped: true}
	m := New(load(t, q.yaml()), Limits{Groups: 100})
	send := func(ref int, group, host string) []Match {
		return m.Process(&Input{Records: []sigma.Record{fields{"R0": "1", "Group": group}}, Time: start, Now: start, Ref: uint64(ref), Org: "o", Host: host}, nil)
	}
	for i := range 20 {
		send(i, fmt.Sprint("quiet", i), fmt.Sprint("host", i))
	}
	for i := range 10_000 {
		send(100+i, fmt.Sprint("flood", i), "attacked")
	}
	for i := range 20 {
		if len(send(20_000+i, fmt.Sprint("quiet", i), fmt.Sprint("host", i))) != 1 {
			t.Fatalf("the first event of host%d was forgotten", i)
		}
	}
	s := m.Stats()
	if s.Groups != 100 || s.Evicted != 20+10_000-100 {
		t.Errorf("%+v", s)
	}
	losses := m.TakeLosses()
	if len(losses) != 1 || losses[0].Owner != "o/attacked" || losses[0].Rule != "asked" || m.TakeLosses() != nil {
		t.Errorf("%+v", losses)
	}
}

// TestEventsAreBounded over all groups of a rule.
func TestEventsAreBounded(t *testing.T) {
	q := question{kind: "event_count", rules: 1, span: 3600, bounds: []bound{{"gte", 1e6}}, percent: -1, grouped: true}
	m := New(load(t, q.yaml()), Limits{Events: 500, GroupEvents: 50})
	for i := range 5000 {
		h := happening{at: int64(i), group: fmt.Sprint(i % 37), rules: []int{0}}
		m.Process(h.input(i, start+h.at*second), nil)
		if s := m.Stats(); s.Events > 500 {
			t.Fatalf("%+v", s)
		}
	}
	if s := m.Stats(); s.Evicted == 0 || s.Bytes == 0 {
		t.Errorf("%+v", s)
	}
}

// TestIdleGroupsGo : what no window reaches any more takes no memory.
func TestIdleGroupsGo(t *testing.T) {
	q := question{kind: "value_count", rules: 1, span: 60, bounds: []bound{{"gte", 3}}, percent: -1, grouped: true}
	m := New(load(t, q.yaml()), Limits{})
	for i := range 100 {
		h := happening{at: int64(i), group: fmt.Sprint(i), text: "x", rules: []int{0}}
		m.Process(h.input(i, start+h.at*second), nil)
	}
	if s := m.Stats(); s.Groups != 100 {
		t.Fatalf("%+v", s)
	}
	m.Advance(start+(99+3660)*second, nil)
	if s := m.Stats(); s.Groups != 1 {
		t.Fatalf("%+v", s)
	}
	m.Advance(start+(99+3661)*second, nil)
	if s := m.Stats(); s.Groups != 0 || s.Bytes != 0 || len(m.rules[0].byHost) != 0 || len(m.rules[0].hosts) != 0 {
		t.Fatalf("%+v", s)
	}
}

// TestValuesAreForgotten : a group through which new values pass for ever does
// not keep their texts.
func TestValuesAreForgotten(t *testing.T) {
	q := question{kind: "value_count", rules: 1, span: 1, bounds: []bound{{"gte", 300}}, percent: -1, grouped: true}
	m := New(load(t, q.yaml()), Limits{})
	for i := range 5000 {
		h := happening{at: int64(i), group: "g", text: fmt.Sprint(i), rules: []int{0}}
		m.Process(h.input(i, start+h.at*second), nil)
	}
	for _, g := range m.rules[0].groups {
		if len(g.texts) > 300 || len(g.numbers) != len(g.texts) {
			t.Fatalf("%d texts of %d events", len(g.texts), len(g.items))
		}
	}
}

// TestLongValuesAreToldApart though only their digest is kept.
func TestLongValuesAreToldApart(t *testing.T) {
	long := make([]byte, 10_000)
	for i := range long {
		long[i] = 'a'
	}
	a, b := short(string(long)), short(string(long)+"b")
	if a == b || len(a) > maxText || short("x") != "x" {
		t.Errorf("%q %q", a, b)
	}
}

// TestContributionsShowEachValue, not only the flood behind them.
func TestContributionsShowEachValue(t *testing.T) {
	q := question{kind: "temporal", rules: 2, span: 60, bounds: []bound{{"gte", 2}}, percent: -1, grouped: true}
	events := []happening{{at: 0, group: "g", rules: []int{1}}}
	for range 100 {
		events = append(events, happening{at: 1, group: "g", rules: []int{0}})
	}
	got := play(New(load(t, q.yaml()), Limits{}), events, 0)
	last := got[len(got)-1]
	if len(last.Refs) != MaxRefs || last.Refs[0] != 0 || last.Refs[MaxRefs-1] != 100 || last.Total != 101 {
		t.Fatalf("%+v", last)
	}
}

// TestLateEventsLookAtFewWindows : the work for one late event is bounded.
func TestLateEventsLookAtFewWindows(t *testing.T) {
	q := question{kind: "event_count", rules: 1, span: 50, bounds: []bound{{"gte", 1001}}, percent: -1, grouped: true}
	var events []happening
	for i := range 1000 {
		events = append(events, happening{at: 10 + int64(i/25), group: "g", rules: []int{0}})
	}
	events = append(events, happening{at: 5, group: "g", rules: []int{0}})
	if got := matched(play(New(load(t, q.yaml()), Limits{}), events, 0), "asked"); !slices.Equal(got, []int{1000}) {
		t.Fatalf("%v", got)
	}
}
