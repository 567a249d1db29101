package incident

import (
	"bytes"
	"cmp"
	"encoding/gob"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"baize/internal/alert"
	"baize/internal/event"
)

// drawn is an alert as the oracle sees it: small numbers, 0 for what is missing.
type drawn struct {
	org, level, lineage, service, command, source, address, file, path int
	// host, of an alert without a lineage, see on.
	host int
	// written : the file was written, otherwise it is the image.
	written bool
	minute  int
}

func draw(t *rapid.T) drawn {
	n := func(name string, most int) int { return rapid.IntRange(0, most).Draw(t, name) }
	return drawn{
		org: n("org", 1), level: n("level", 3), lineage: n("lineage", 5), service: n("service", 2), command: n("command", 2), source: n("source", 2),
		address: n("address", 4), file: n("file", 3), path: n("path", 2), written: rapid.Bool().Draw(t, "written"), minute: n("minute", 1_000), host: n("host", 4),
	}
}

// on is the host: a lineage is on one.
func (d *drawn) on() int {
	if d.lineage > 0 {
		return d.lineage % 5
	}
	return d.host
}

// labelled is the service that the host is of, 0 for none: two hosts are of each.
func (d *drawn) labelled() int { return (d.on() + 1) / 2 }

// alert writes it out in full.
func (d *drawn) alert(id int) *alert.Alert {
	a := &alert.Alert{
		ID: fmt.Sprintf("a%02d", id), Time: start.Add(time.Duration(d.minute) * time.Minute), Org: strconv.Itoa(d.org), Host: event.Host{ID: fmt.Sprintf("h%d", d.on())},
		Context: "somewhere", Rule: &alert.Rule{Title: "T", Level: []string{"low", "medium", "high", "critical"}[d.level]},
	}
	entity := func(n int, e alert.Entity) {
		if n > 0 {
			a.Entities = append(a.Entities, e)
		}
	}
	if s := d.labelled(); s > 0 {
		a.Labels.Service = fmt.Sprintf("shop%d", s)
	}
	if d.lineage > 0 {
		a.Lineage = fmt.Sprintf("web_shell:%d/%d", d.org, d.lineage)
	}
	if d.service > 0 {
		a.Service = fmt.Sprintf("service:%d/%d", d.org, d.service)
	}
	entity(d.command, alert.Entity{Type: alert.EntityCommand, Value: fmt.Sprintf("tool%d --fetch 203.0.113.%d --into /dev/shm/x%d", d.command, d.minute%250, d.minute)})
	entity(d.source, alert.Entity{Type: alert.EntityIP, Value: fmt.Sprintf("198.51.100.%d", d.source), Role: RoleSource})
	entity(d.address, alert.Entity{Type: alert.EntityIP, Value: fmt.Sprintf("203.0.113.%d", d.address), Role: "destination"})
	role := RoleImage
	if d.written {
		role = RoleWritten
	}
	entity(d.file, alert.Entity{Type: alert.EntityFile, Value: fmt.Sprintf("h1:/opt/f%d", d.file), Inode: fmt.Sprintf("h1/1:1/%d/0", d.file), Role: role})
	entity(d.path, alert.Entity{Type: alert.EntityFile, Value: fmt.Sprintf("h1:/tmp/dir%d/name%d", d.path, id), Inode: fmt.Sprintf("h1/1:2/%d/0", id), Role: RoleWritten})
	return a
}

// tie is how two alerts belong together.
type tie struct {
	with   int
	weight float64
	// touched : without an address that they have in common it would not suffice.
	touched bool
}

// part is what one family of reasons says.
type part struct {
	of     string
	weight float64
}

// chance is that what parts say is chance.
func chance(parts []part) float64 {
	miss := 1.0
	for _, p := range parts {
		miss *= 1 - p.weight
	}
	return miss
}

// enough : something that always joins, an address, or two that make 0.8.
func enough(parts []part) bool {
	alone := slices.ContainsFunc(parts, func(p part) bool { return p.of == "always" || p.of == "address" })
	return alone || len(parts) > 1 && 1-chance(parts) >= 0.8-1e-9
}

// without leaves one of the parts out.
func without(parts []part, of string) []part {
	return slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return p.of == of })
}

// belong is the written rule for two alerts within a day of one another, told
// anew: a reason that always joins, one that suffices alone, or two of
// different families that make 0.8, each weighing less the further they are apart. That
// hosts are of one service counts beside a source and a command or a path.
func belong(a, b *drawn) (t tie, ok bool) {
	same := func(x, y int) bool { return x == y && x > 0 }
	hours := math.Abs(float64(a.minute-b.minute)) / 60
	var parts []part
	say := func(of string, weights ...float64) bool {
		most := slices.Max(weights)
		if most > 0 {
			parts = append(parts, part{of, most})
		}
		return most > 0
	}
	when := func(holds bool, weight float64) float64 {
		if holds {
			return weight * (1 - 0.3*hours/24)
		}
		return 0
	}
	if a.org != b.org {
		return t, false
	}
	flows := same(a.file, b.file) && a.written != b.written
	always := same(a.lineage, b.lineage) || flows
	if always {
		say("always", 1)
	}
	if same(a.address, b.address) {
		say("address", 0.85*(1-(1-0.8/0.85)*hours/24/7))
	}
	say("service", when(same(a.service, b.service), 0.65))
	source := say("source", when(same(a.source, b.source), 0.55))
	command, path := when(same(a.command, b.command), 0.6), when(same(a.path, b.path), 0.5)
	say("template", command, path, when(same(a.file, b.file) && a.written == b.written, 0.5))
	if source && (command > 0 || path > 0) {
		say("sibling", when(a.on() != b.on() && same(a.labelled(), b.labelled()), 0.4))
	}
	t = tie{weight: round(1 - chance(parts)), touched: !enough(without(parts, "address"))}
	return t, enough(parts) && (always || a.level > 0 && b.level > 0)
}

// components are the sets that alerts make as they come, each compared with all
// before it: those that belong together are one, the strongest tie first, but two
// sets of five or more are not made one by an address alone. The result is the number
// of a set's first alert, -1 where none of the set opens an incident.
func components(list []drawn) []int {
	set := make([]int, len(list))
	size := func(of int) (n int) {
		for _, s := range set {
			if s == of {
				n++
			}
		}
		return n
	}
	for i := range list {
		set[i] = -2
	}
	for i := range list {
		set[i] = i
		var ties []tie
		for j := range i {
			if t, ok := belong(&list[i], &list[j]); ok {
				t.with = j
				ties = append(ties, t)
			}
		}
		slices.SortStableFunc(ties, func(x, y tie) int { return cmp.Compare(y.weight, x.weight) })
		for _, t := range ties {
			from, to := set[i], set[t.with]
			if from == to || t.touched && size(from) >= 5 && size(to) >= 5 {
				continue
			}
			for k := range set {
				if set[k] == from || set[k] == to {
					set[k] = min(from, to)
				}
			}
		}
	}
	opens := map[int]bool{}
	for i := range list {
		opens[set[i]] = opens[set[i]] || list[i].level > 0
	}
	for i := range list {
		if !opens[set[i]] {
			set[i] = -1
		}
	}
	return set
}

// most alerts of one case: fewer than are kept for one entity.
const most = postings

// TestTheMergerAgainstEachWithEach: what the index, the representatives of a
// lineage and the order of arrival come to is what comparing each alert with
// each other gives; and it survives a restart anywhere.
func TestTheMergerAgainstEachWithEach(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { against(rt, draw) })
}

// TestTwoLargeIncidentsAgainstEachWithEach: few lineages, addresses and commands, so
// that incidents become large before they have something in common.
func TestTwoLargeIncidentsAgainstEachWithEach(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		against(rt, func(t *rapid.T) drawn {
			n := func(name string, least, most int) int { return rapid.IntRange(least, most).Draw(t, name) }
			d := drawn{level: n("level", 1, 3), lineage: n("lineage", 1, 2), minute: n("minute", 0, 1_000)}
			if n("touches", 0, 7) == 7 {
				d.address = n("address", 1, 2)
			}
			if n("types", 0, 7) == 7 {
				d.command = n("command", 1, 2)
			}
			return d
		})
	})
}

// against compares the merger with components on alerts that are drawn.
func against(rt *rapid.T, draw func(*rapid.T) drawn) {
	list := make([]drawn, rapid.IntRange(1, most).Draw(rt, "alerts"))
	for i := range list {
		list[i] = draw(rt)
	}
	slices.SortStableFunc(list, func(a, b drawn) int { return cmp.Compare(a.minute, b.minute) })
	restart := rapid.IntRange(0, len(list)).Draw(rt, "restart")
	m, now := New(DefaultConfig(), NewGiven(nil)), int64(0)
	for i := range list {
		if i == restart {
			m = reborn(rt, m)
		}
		a := list[i].alert(i)
		now = max(now, a.Time.UnixNano())
		m.Add(a, Facts{}, now)
	}
	want := components(list)
	for i := range list {
		for j := range i {
			a, b := m.IncidentOf(list[i].alert(i).ID), m.IncidentOf(list[j].alert(j).ID)
			if (a == "") != (want[i] < 0) || (a == b) != (want[i] == want[j]) {
				rt.Fatalf("alert %d of set %d is in %q, alert %d of set %d in %q:\n%+v\n%+v", i, want[i], a, j, want[j], b, list[i], list[j])
			}
		}
	}
	checkIncidents(rt, m.Drain(true))
}

// checkIncidents demands of what is shown that the reasons make a tree of the
// alerts, and that an incident which ended says where it went.
func checkIncidents(t *rapid.T, list []Incident) {
	stands := map[string]bool{}
	for _, i := range list {
		if i.MergedInto == "" {
			stands[i.ID] = true
		}
	}
	for _, i := range list {
		if i.MergedInto != "" {
			if stands[i.ID] {
				t.Fatalf("%s ended and stands", i.ID)
			}
			continue
		}
		if len(i.Reasons) != len(i.Alerts)-1 {
			t.Fatalf("%d reasons for %d alerts", len(i.Reasons), len(i.Alerts))
		}
		joined := map[string]bool{i.Alerts[0]: true}
		for range i.Alerts {
			for _, r := range i.Reasons {
				if joined[r.A] || joined[r.B] {
					joined[r.A], joined[r.B] = true, true
				}
			}
		}
		if len(joined) != len(i.Alerts) {
			t.Fatalf("the reasons reach %d of %d alerts", len(joined), len(i.Alerts))
		}
	}
}

// reborn is a merger restored from a snapshot.
func reborn(t *rapid.T, m *Merger) *Merger {
	var snapshot bytes.Buffer
	if err := m.Snapshot(gob.NewEncoder(&snapshot)); err != nil {
		t.Fatal(err)
	}
	other := New(m.cfg, NewGiven(nil))
	if err := other.Restore(gob.NewDecoder(&snapshot)); err != nil {
		t.Fatal(err)
	}
	return other
}

// TestAtTheLimitsTheLongestQuietLeaves: whatever comes, no more is kept than
// the limits say, what is forgotten is no incident's any more, and a restored
// merger forgets the same.
func TestAtTheLimitsTheLongestQuietLeaves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := Config{OpenLevel: "medium", Alerts: 5, Keys: 7}
		m, restart := New(cfg, NewGiven(nil)), rapid.IntRange(0, 60).Draw(rt, "restart")
		var other *Merger
		n := rapid.IntRange(1, 80).Draw(rt, "alerts")
		for i := range n {
			if i == restart {
				other = reborn(rt, m)
			}
			d := draw(rt)
			a, now := d.alert(i), start.Add(time.Duration(i)*time.Minute).UnixNano()
			id, _ := m.Add(a, Facts{}, now)
			if other != nil {
				if again, _ := other.Add(a, Facts{}, now); again != id {
					rt.Fatalf("alert %d is in %q, and after a restart in %q", i, id, again)
				}
			}
			if m.nodes > cfg.Alerts || m.byID.Len() > cfg.Alerts || m.groups.Len() > cfg.Alerts || m.index.Len() > cfg.Keys || m.echoes.Len() > cfg.Keys {
				rt.Fatalf("%d alerts, %d by id, %d groups, %d keys", m.nodes, m.byID.Len(), m.groups.Len(), m.index.Len())
			}
			held := 0
			for _, g := range m.groups.All() {
				held += len((*g).Nodes) + int((*g).Unlisted)
			}
			if held != m.nodes {
				rt.Fatalf("%d alerts are held, %d counted", held, m.nodes)
			}
		}
	})
}
