package correlate

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"baize/internal/sigma"
	_ "baize/test/rapidseed" // the same cases each time
)

const second = int64(1e9)

// fields is a flat record.
type fields map[string]any

func (f fields) Logsource() sigma.Logsource { return sigma.Logsource{Product: "test"} }
func (f fields) Schema() *sigma.Schema      { return nil }
func (f fields) Strings(*sigma.Values)      {}
func (f fields) Field(_ int, name string, out *sigma.Values) {
	switch v := f[name].(type) {
	case string:
		out.NonEmpty(v)
	case float64:
		out.Float(v)
	case []string:
		for _, s := range v {
			out.String(s)
		}
	}
}

func (h happening) record() fields {
	f := fields{"Group": h.group, "Text": h.text, "Num": h.num}
	for _, r := range h.rules {
		f[fmt.Sprintf("R%d", r)] = "1"
	}
	return f
}

func load(t rapid.TB, text string) *sigma.Set {
	t.Helper()
	set, report := sigma.Load(fstest.MapFS{"r.yml": {Data: []byte(text)}})
	if report.Loaded != 1 {
		t.Fatalf("%+v\n%s", report, text)
	}
	return set
}

// start is where the tests' time begins, far from any window's edge at zero.
const start = 1_000_000 * second

func (h happening) input(index int, now int64) *Input {
	return &Input{Records: []sigma.Record{h.record()}, Time: start + h.at*second, Now: now, Ref: uint64(index), Org: h.org, Host: "h-" + h.group}
}

// play feeds events from an index on and returns the matches.
func play(m *Machine, events []happening, from int) []Match {
	var out []Match
	now := int64(0)
	for _, h := range events[:from] {
		now = max(now, start+h.at*second)
	}
	for i := from; i < len(events); i++ {
		now = max(now, start+events[i].at*second)
		out = m.Process(events[i].input(i, now), out)
	}
	return out
}

// matched are the events at which a rule matched, in order.
func matched(matches []Match, name string) []int {
	var out []int
	for _, match := range matches {
		if match.Rule.Title == name {
			out = append(out, int(match.Ref))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// saved is a machine restored from another one's snapshot.
func saved(t rapid.TB, m *Machine, set *sigma.Set, limits Limits) *Machine {
	t.Helper()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(m.Snapshot()); err != nil {
		t.Fatal(err)
	}
	var state State
	if err := gob.NewDecoder(&b).Decode(&state); err != nil {
		t.Fatal(err)
	}
	out := New(set, limits)
	out.Restore(state)
	return out
}

var kinds = []string{"event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile"}

// draw makes a question and a log of events for it.
func draw(t *rapid.T, kind string) (question, []happening) {
	q := question{kind: kind, rules: rapid.IntRange(1, 4).Draw(t, "rules"), span: rapid.Int64Range(1, 90).Draw(t, "span"), percent: -1, grouped: rapid.Bool().Draw(t, "grouped")}
	limit := 4
	if kind == "value_sum" || kind == "value_avg" {
		limit = 12
	}
	if kind == "value_percentile" {
		limit = 100
		if rapid.Bool().Draw(t, "numeric") {
			q.percent, limit = float64(rapid.SampledFrom([]int{0, 25, 50, 90, 100}).Draw(t, "percentile")), 9
		}
	}
	ops := [][]string{{"gte"}, {"gt"}, {"gte", "gt"}, {"lt"}, {"lte"}, {"eq"}, {"neq"}, {"gte", "lte"}, {"gt", "lt", "neq"}}
	for _, op := range rapid.SampledFrom(ops).Draw(t, "ops") {
		q.bounds = append(q.bounds, bound{op, float64(rapid.IntRange(0, limit).Draw(t, op))})
	}
	// What is late by more than is promised is left to the machine only where
	// nothing waits for the end of a window.
	late := 60
	if q.rising() {
		late = 100
	}
	return q, drawEvents(t, q.rules, late)
}

func drawEvents(t *rapid.T, rules, late int) []happening {
	now := int64(0)
	var events []happening
	for range rapid.IntRange(0, 30).Draw(t, "events") {
		now += rapid.SampledFrom([]int64{0, 0, 1, 1, 2, 5, 20, 60, 61, 89, 200}).Draw(t, "pause")
		h := happening{
			at: now, org: rapid.SampledFrom([]string{"a", "a", "b"}).Draw(t, "org"),
			group: rapid.SampledFrom([]string{"", "g", "g", "h"}).Draw(t, "group"),
			text:  rapid.SampledFrom([]string{"", "x", "y", "z", "w"}).Draw(t, "text"),
			num:   float64(rapid.IntRange(-2, 9).Draw(t, "num")),
		}
		if rapid.IntRange(0, 4).Draw(t, "delayed") == 0 {
			h.at = max(0, now-int64(rapid.IntRange(0, late).Draw(t, "late")))
		}
		for r := range rules {
			if rapid.IntRange(0, 2).Draw(t, "satisfies") == 0 {
				h.rules = append(h.rules, r)
			}
		}
		events = append(events, h)
		if rapid.IntRange(0, 5).Draw(t, "again") == 0 {
			events = append(events, h) // a duplicate
		}
	}
	return events
}

// TestEveryTypeAgainstTheOracle compares the machine with the plain meaning,
// also where it is saved and restored in the middle, and where ticks come.
func TestEveryTypeAgainstTheOracle(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				q, events := draw(t, kind)
				set := load(t, q.yaml())
				m := New(set, Limits{})
				cut := rapid.IntRange(0, len(events)).Draw(t, "cut")
				got := play(m, events[:cut], 0)
				m = saved(t, m, set, Limits{})
				if rapid.Bool().Draw(t, "tick") {
					got = m.Advance(m.now, got)
				}
				got = m.Finish(append(got, play(m, events, cut)...))
				if want := q.oracle(events); !slices.Equal(matched(got, "asked"), want) {
					t.Fatalf("matches at %v, want %v\n%s\n%+v", matched(got, "asked"), want, q.section("asked", nil), events)
				}
				for _, match := range got {
					if match.Rule.Title != "asked" {
						t.Fatalf("%s raises an alert of its own", match.Rule.Title)
					}
				}
				if len(m.due) != 0 {
					t.Fatalf("%d groups are left behind endless silence", len(m.due))
				}
			})
		})
	}
}

// TestRestoredMachinesGoOnAlike compares everything that comes out, order and
// contributions too, under limits that make every bound felt.
func TestRestoredMachinesGoOnAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, events := draw(t, rapid.SampledFrom(kinds).Draw(t, "kind"))
		set := load(t, q.yaml())
		limits := Limits{Groups: rapid.IntRange(1, 3).Draw(t, "groups"), Events: rapid.IntRange(1, 20).Draw(t, "limit"), GroupEvents: rapid.IntRange(4, 10).Draw(t, "group limit")}
		whole, part := New(set, limits), New(set, limits)
		cut := rapid.IntRange(0, len(events)).Draw(t, "cut")
		want := fmt.Sprintf("%+v", play(whole, events[:cut], 0))
		got := fmt.Sprintf("%+v", play(part, events[:cut], 0))
		part = saved(t, part, set, limits)
		want += fmt.Sprintf("%+v %+v", whole.Finish(play(whole, events, cut)), whole.Stats().counters)
		got += fmt.Sprintf("%+v %+v", part.Finish(play(part, events, cut)), part.Stats().counters)
		if got != want {
			t.Fatalf("restored at %d\n got %s\nwant %s", cut, got, want)
		}
	})
}

// TestChains : a correlation of a correlation sees its matches as events.
func TestChains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inner := question{kind: "event_count", span: rapid.Int64Range(1, 30).Draw(t, "inner span"), bounds: []bound{{"gte", float64(rapid.IntRange(1, 3).Draw(t, "n"))}}, grouped: rapid.Bool().Draw(t, "inner grouped"), percent: -1}
		outer := question{kind: rapid.SampledFrom(kinds[:6]).Draw(t, "kind"), span: rapid.Int64Range(1, 90).Draw(t, "outer span"), grouped: true, percent: -1}
		outer.bounds = []bound{{rapid.SampledFrom([]string{"gte", "lte"}).Draw(t, "op"), float64(rapid.IntRange(1, 3).Draw(t, "m"))}}
		set := load(t, question{kind: "event_count", rules: 2, span: 1, bounds: []bound{{"gte", 99}}, percent: -1}.yaml()+
			"---\n"+inner.section("inner", []string{"r0"})+"---\n"+outer.section("outer", []string{"inner", "r1"}))
		events := drawEvents(t, 2, 60)
		m := New(set, Limits{})
		got := matched(m.Finish(play(m, events, 0)), "outer")

		feed := make([]happening, len(events))
		only := make([]happening, len(events))
		for i, h := range events {
			only[i], feed[i] = h, h
			only[i].rules, feed[i].rules = nil, nil
			for _, r := range h.rules {
				if r == 0 {
					only[i].rules = []int{0}
				} else {
					feed[i].rules = []int{1}
				}
			}
		}
		for _, i := range inner.oracle(only) {
			feed[i].rules = append([]int{0}, feed[i].rules...)
		}
		if want := outer.oracle(feed); !slices.Equal(got, want) {
			t.Fatalf("matches at %v, want %v\n%+v\n%+v\n%+v", got, want, inner, outer, events)
		}
	})
}

// script runs events of the form "SECOND FIELD=VALUE…" or "SECOND" for a tick.
func script(t *testing.T, rules, text string) []Match {
	t.Helper()
	m := New(load(t, rules), Limits{})
	var out []Match
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var at int64
		parts := strings.Fields(line)
		if _, err := fmt.Sscan(parts[0], &at); err != nil {
			t.Fatal(err)
		}
		record := fields{}
		for _, part := range parts[1:] {
			name, value, _ := strings.Cut(part, "=")
			record[name] = value
		}
		if len(record) == 0 {
			out = m.Advance(start+at*second, out)
			continue
		}
		out = m.Process(&Input{Records: []sigma.Record{record}, Time: start + at*second, Now: max(m.now, start+at*second), Ref: uint64(i), Host: "h"}, out)
	}
	return out
}

const twoRules = `title: fail
name: fail
logsource: {product: test}
detection: {s: {R: fail}, condition: s}
---
title: ok
name: ok
logsource: {product: test}
detection: {s: {R: ok}, condition: s}
---
`

func TestAliasesJoinFieldsOfDifferentNames(t *testing.T) {
	rules := twoRules + `title: both
correlation:
  type: temporal
  rules: [fail, ok]
  group-by: [peer]
  timespan: 10s
  aliases:
    peer: {fail: From, ok: To}
`
	got := script(t, rules, `0 R=fail From=a To=b
1 R=ok To=b From=a
2 R=ok To=a`)
	if !slices.Equal(matched(got, "both"), []int{2}) || got[0].Group[0] != "a" || !slices.Equal(got[0].Refs, []uint64{0, 2}) {
		t.Fatalf("%+v", got)
	}
}

// TestSilenceFeedsTheCorrelationAbove : a window that ended by silence goes on
// with the fields of its last event.
func TestSilenceFeedsTheCorrelationAbove(t *testing.T) {
	rules := twoRules + `title: few
name: few
correlation:
  type: event_count
  rules: [ok]
  group-by: [Host]
  timespan: 60s
  condition: {lt: 3}
---
title: gone
correlation:
  type: temporal_ordered
  rules: [fail, few]
  group-by: [User]
  timespan: 10m
`
	got := script(t, rules, `0 R=fail User=u
1 R=ok Host=x User=u
2 R=ok Host=x User=u
3 R=ok Host=y User=u
4 R=ok Host=y User=u
5 R=ok Host=y User=u
120
122`)
	if !slices.Equal(matched(got, "gone"), []int{2}) || len(got) != 1 {
		t.Fatalf("%+v", got)
	}
}

func TestGenerateKeepsTheAlertsOfTheRules(t *testing.T) {
	for _, generate := range []string{"true", "false"} {
		got := script(t, twoRules+"title: c\ngenerate: "+generate+"\ncorrelation:\n  type: event_count\n  rules: [fail]\n  timespan: 1s\n  condition: {gte: 2}\n", "0 R=fail\n1 R=fail\n2 R=ok")
		if n := len(matched(got, "fail")); (n == 2) != (generate == "true") || len(matched(got, "ok")) != 1 || len(matched(got, "c")) != 1 {
			t.Errorf("generate %s: %+v", generate, got)
		}
	}
}

func TestValuesOfListsCountEach(t *testing.T) {
	m := New(load(t, twoRules+"title: c\ncorrelation:\n  type: value_count\n  rules: [fail]\n  timespan: 1s\n  condition: {field: V, gte: 3}\n"), Limits{})
	got := m.Process(&Input{Records: []sigma.Record{fields{"R": "fail", "V": []string{"a", "b", "a", "c"}}}, Time: start, Now: start, Ref: 7}, nil)
	if len(got) != 1 || got[0].Total != 1 || !slices.Equal(got[0].Refs, []uint64{7}) {
		t.Fatalf("%+v", got)
	}
}

func TestTuplesOfFields(t *testing.T) {
	got := script(t, twoRules+"title: c\ncorrelation:\n  type: value_count\n  rules: [fail]\n  timespan: 9s\n  condition: {field: [A, B], gte: 3}\n", `0 R=fail A=1 B=2
1 R=fail A=1 B=2
2 R=fail A=12 B=
3 R=fail A=2 B=1
4 R=fail A=1 B=1`)
	if !slices.Equal(matched(got, "c"), []int{4}) {
		t.Fatalf("%+v", got)
	}
}

// TestObservationsCount : an event may stand for many.
func TestObservationsCount(t *testing.T) {
	m := New(load(t, twoRules+"title: c\ncorrelation:\n  type: event_count\n  rules: [fail]\n  timespan: 1s\n  condition: {gte: 50}\n"), Limits{})
	in := Input{Records: []sigma.Record{fields{"R": "fail"}}, Time: start, Now: start, Ref: 1, Count: 50}
	if got := m.Process(&in, nil); len(got) != 1 || got[0].Total != 50 {
		t.Fatalf("%+v", got)
	}
}

// TestAClockAheadDeafensNobody : an event from the future counts as happening
// now; otherwise all that follow would be late.
func TestAClockAheadDeafensNobody(t *testing.T) {
	m := New(load(t, twoRules+"title: c\ncorrelation:\n  type: event_count\n  rules: [fail]\n  timespan: 10s\n  condition: {gte: 3}\n"), Limits{})
	var got []Match
	for i := range int64(3) {
		at := start + i*second
		if i == 0 {
			at += 1e6 * second
		}
		got = m.Process(&Input{Records: []sigma.Record{fields{"R": "fail"}}, Time: at, Now: start + i*second, Ref: uint64(i)}, got)
	}
	if len(got) != 1 || m.Stats().Late != 0 {
		t.Fatalf("%+v %+v", got, m.Stats())
	}
}
