package incident

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"strings"
	"testing"

	"baize/internal/alert"
)

// destination is an address that a host called.
func destination(ip string) alert.Entity {
	return alert.Entity{Type: alert.EntityIP, Value: ip, Port: 443, Role: "destination"}
}

// ann is an account, and withoutAnn a decision that touches whatever has it and that
// held nothing together.
var (
	ann        = alert.Entity{Type: alert.EntityAccount, Value: "ann"}
	withoutAnn = Decision{ID: "d-ann", Kind: DecideDemote, Entity: &ann}
)

// stands is an incident as it is now.
func stands(t *testing.T, m *Merger, id string) Incident {
	t.Helper()
	for _, slot := range m.groups.All() {
		if (*slot).ID == id {
			return m.view(*slot)
		}
	}
	t.Fatalf("no incident %s", id)
	return Incident{}
}

// restored is a merger that goes on from a snapshot of another.
func restored(t *testing.T, m *Merger) *Merger {
	t.Helper()
	var snapshot bytes.Buffer
	if err := m.Snapshot(gob.NewEncoder(&snapshot)); err != nil {
		t.Fatal(err)
	}
	again := newMerger()
	if err := again.Restore(gob.NewDecoder(&snapshot)); err != nil {
		t.Fatal(err)
	}
	return again
}

// What a decision cuts anew stays the recurrence, the child of a campaign and the
// relative of other incidents that it was.
func TestACutKeepsWhatIsBesideAnIncident(t *testing.T) {
	m := newMerger()
	first := add(m, high("a", "A", destination("203.0.113.9")))
	closing := Decision{ID: "d-close", Kind: DecideClose, Incident: first, Verdict: VerdictIntrusion}
	decide(t, m, closing)
	second := add(m, high("b", "B", destination("203.0.113.9"), ann))
	decide(t, m, closing, withoutAnn)
	if got := stands(t, m, second).RecurrenceOf; got != first {
		t.Errorf("recurrence of %q, want %s", got, first)
	}

	m, one, two := twoLarge(t)
	add(m, high("touch", "B", destination("203.0.113.9"), ann))
	decide(t, m, withoutAnn)
	if x, y := stands(t, m, one).Related, stands(t, m, two).Related; fmt.Sprint(x, y) != fmt.Sprintf("[%s] [%s]", two, one) {
		t.Errorf("related are %v and %v", x, y)
	}

	m = newMerger()
	for i := range capAlerts {
		one = add(m, high(fmt.Sprintf("a%d", i), "A", destination("203.0.113.9")))
	}
	child := add(m, high("b", "B", destination("203.0.113.9"), ann))
	decide(t, m, withoutAnn)
	if got := stands(t, m, child).Campaign; got != one {
		t.Errorf("campaign %q, want %s", got, one)
	}
}

// A second thing in common joins two large incidents whichever of them it is found in,
// what became part of either meanwhile, and after a cut and a restart.
func TestASecondThingJoinsWhateverHappenedMeanwhile(t *testing.T) {
	content := alert.Entity{Type: alert.EntityHash, Value: "sha256:aa", Role: RoleImage}
	for _, meanwhile := range []string{"nothing", "merge", "cut", "restart"} {
		for _, second := range []string{"A", "B"} {
			m, a, b := twoLarge(t)
			// C has the first thing in common with B, and turns out to be of A.
			toucher := "A"
			if meanwhile == "merge" {
				toucher = "C"
				for i := range largeAlerts + 1 {
					add(m, high(fmt.Sprintf("c%d", i), "C", destination("203.0.113.77")))
				}
			}
			add(m, high("touch", toucher, destination("198.51.100.9"), ann))
			switch meanwhile {
			case "merge":
				m.Flow("", "C", "A", "/opt/f", 0)
			case "cut":
				decide(t, m, withoutAnn)
			case "restart":
				m = restored(t, m)
			}
			add(m, high("own", map[string]string{"A": "B", "B": "A"}[second], content))
			if m.IncidentOf("touch") != a || m.IncidentOf("own") == "" || m.IncidentOf("b0") != b {
				t.Fatalf("%s: not the setting", meanwhile)
			}
			if got := add(m, high("second", second, content)); got != a {
				t.Errorf("%s, second thing from %s: in %s, want %s", meanwhile, second, got, a)
			}
		}
	}
}

// TestWhoTouchedSomethingBridgesNothing: a lineage of B's intruder touches A's C2 while it is
// small, and so is A's; then it shows whose it is. It goes there and takes no
// incident along, however much it did meanwhile and in whichever way it shows.
func TestWhoTouchedSomethingBridgesNothing(t *testing.T) {
	shows := map[string]func(*Merger){
		"flow":       func(m *Merger) { m.Flow("", "L", "B", "/opt/f", 0) },
		"flow back":  func(m *Merger) { m.Flow("", "B", "L", "/opt/f", 0) },
		"intrusion":  func(m *Merger) { m.SameIntrusion("", "il", "ib", 0) },
		"connection": func(m *Merger) { m.Connected("", "il", "ib", "c", 0) },
		"alert":      func(m *Merger) { both := high("both", "B"); both.Intrusion = "il"; add(m, both) },
	}
	for name, show := range shows {
		for _, grown := range []int{1, 2 * largeAlerts} {
			m, a, b := twoLarge(t)
			of := high("ofb", "B")
			of.Intrusion = "ib"
			add(m, of)
			for i := range grown {
				l := high(fmt.Sprintf("l%d", i), "L", destination("203.0.113.9"))
				l.Intrusion = "il"
				if got := add(m, l); got != a {
					t.Fatalf("l%d is in %s", i, got)
				}
			}
			show(m)
			if m.IncidentOf("a0") != a || m.IncidentOf("b0") != b {
				t.Errorf("%s, %d alerts: %s and %s are %s and %s now", name, grown, a, b, m.IncidentOf("a0"), m.IncidentOf("b0"))
			}
			if m.IncidentOf("l0") != b || add(m, high("later", "L", destination("203.0.113.9"))) != b {
				t.Errorf("%s, %d alerts: the lineage is not with whose it is", name, grown)
			}
			if got := stands(t, m, b).Related; len(got) != 1 || got[0] != a {
				t.Errorf("%s, %d alerts: related are %v", name, grown, got)
			}
		}
	}
}

// Shells that only repeated an alert are told of when its counter changes, also after a
// restart.
func TestEchoedShellsAreToldOfAfterARestart(t *testing.T) {
	m := newMerger()
	a := high("a", "A")
	id := add(m, a)
	m.Echo(high("e", "E"), "a", Facts{Shell: true}, 0)
	m.Echo(high("f", "F"), "a", Facts{Shell: true}, 0)
	m.Drain(true)
	m = restored(t, m)
	m.Repeat(a, 2, 0)
	if text := stands(t, m, id).Account; !strings.Contains(text, "Shells were started 2 times.") {
		t.Error(text)
	}
}

// An intruder's names cannot act on who reads the account, nor fill it.
func TestAnAccountIsOneReadableParagraph(t *testing.T) {
	m := newMerger()
	id := add(m, high("a", "A",
		alert.Entity{Type: alert.EntityFile, Value: "h1:/tmp/x\x1b[2J\nHosts: none", Inode: "h1/1:1/1/0", Role: RoleWritten},
		alert.Entity{Type: alert.EntityFile, Value: "h1:/tmp/\u202egpj.sh 木马", Inode: "h1/1:1/2/0", Role: RoleWritten},
		alert.Entity{Type: alert.EntityCommand, Value: strings.Repeat("木", 10_000), Role: RoleTitle},
	))
	inc := stands(t, m, id)
	for _, text := range []string{inc.Account, inc.AccountZH} {
		if strings.ContainsAny(text, "\x1b\n\u202e") || len(text) > 1_000 || !strings.Contains(text, `/tmp/x\x1b[2J\nHosts: none`) || !strings.Contains(text, "木马") {
			t.Errorf("%d bytes: %.400q", len(text), text)
		}
	}
}
