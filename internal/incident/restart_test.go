package incident

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/label"
)

// step is one call of a merger, drawn once and made on two.
type step func(m *Merger)

// drawStep is any call that the engine makes, about few alerts and lineages so that they meet.
func drawStep(t *rapid.T, at int, decisions *[]Decision) step {
	n := func(name string, most int) int { return rapid.IntRange(0, most).Draw(t, name) }
	lineage := func(name string) string { return fmt.Sprintf("web_shell:0/%d", 1+n(name, 4)) }
	now := start.Add(time.Duration(at) * time.Minute).UnixNano()
	d := draw(t)
	d.org, d.minute = 0, at
	a := d.alert(at)
	if i := n("intrusion", 3); i > 0 {
		a.Intrusion = fmt.Sprintf("i%d", i)
	}
	known := fmt.Sprintf("a%02d", n("known", max(0, at-1)))
	from, to := lineage("from"), lineage("to")
	switch rapid.SampledFrom([]string{"add", "add", "add", "add", "repeat", "echo", "enrich", "advance", "flow", "came", "same", "connected", "relabel", "decide"}).Draw(t, "step") {
	case "repeat":
		a.ID = known
		return func(m *Merger) { m.Repeat(a, 2, now) }
	case "echo":
		return func(m *Merger) { m.Echo(a, known, Facts{Shell: true}, now) }
	case "enrich":
		a.ID = known
		e := alert.Entity{Type: alert.EntityHash, Value: fmt.Sprint("sha256:", n("hash", 2)), Role: RoleImage}
		return func(m *Merger) { m.Enrich(a, &e, now) }
	case "advance":
		a.ID = known
		return func(m *Merger) { m.Advance(a, now) }
	case "flow":
		return func(m *Merger) { m.Flow("0", from, to, "/opt/x", now) }
	case "came":
		with := []alert.Entity{{Type: alert.EntityIP, Value: "198.51.100.1", Role: RoleSource}, {Type: alert.EntityKey, Value: fmt.Sprint("k", n("key", 2))}}
		return func(m *Merger) { m.Came("0", from, to, with, now) }
	case "same":
		return func(m *Merger) { m.SameIntrusion("0", "i1", "i2", now) }
	case "connected":
		return func(m *Merger) { m.Connected("0", "i1", "i3", "c", now) }
	case "relabel":
		service := fmt.Sprint("s", n("service", 1))
		return func(m *Merger) {
			m.Relabel(func(string, event.Host, string) label.Labels { return label.Labels{Service: service} }, now)
		}
	case "decide":
		d := drawDecision(t, fmt.Sprint("d", at), make([]drawn, at+1))
		*decisions = append(*decisions, d)
		if n("withdraw", 3) == 0 {
			*decisions = (*decisions)[1:]
		}
		list := append([]Decision{}, *decisions...)
		return func(m *Merger) { _ = m.Decide(list, now) }
	}
	facts := Facts{Service: "app", Shell: d.lineage > 0, Command: fmt.Sprint("id ", at)}
	return func(m *Merger) { m.Add(a, facts, now) }
}

// shown is what a merger hands out.
func shown(t *rapid.T, m *Merger) string {
	var b bytes.Buffer
	for _, i := range m.Drain(true) {
		if err := json.NewEncoder(&b).Encode(i); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// TestARestoredMergerGoesOnTheSame: whatever is called in whatever order, a merger that was
// restored anywhere hands out the same from there on as the one that never stopped.
func TestARestoredMergerGoesOnTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := New(DefaultConfig(), NewBaseline(100))
		var other *Merger
		var decisions []Decision
		steps := rapid.IntRange(1, 50).Draw(rt, "steps")
		restart := rapid.IntRange(0, steps-1).Draw(rt, "restart")
		for i := range steps {
			if i == restart {
				var snapshot bytes.Buffer
				if err := m.Snapshot(gob.NewEncoder(&snapshot)); err != nil {
					rt.Fatal(err)
				}
				other = New(DefaultConfig(), NewBaseline(100))
				if err := other.Restore(gob.NewDecoder(&snapshot)); err != nil {
					rt.Fatal(err)
				}
			}
			do := drawStep(rt, i, &decisions)
			do(m)
			want := shown(rt, m)
			if other == nil {
				continue
			}
			do(other)
			if got := shown(rt, other); got != want {
				rt.Fatalf("step %d after a restart at %d:\n got %s\nwant %s", i, restart, got, want)
			}
		}
	})
}
