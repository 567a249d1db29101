package engine

import (
	"net/netip"
	"testing"
	"testing/fstest"

	"baize/internal/alert"
	"baize/internal/engine/enginetest"
	"baize/internal/event"
)

const lineRules = `title: Refused
id: refused-login
logsource: {product: linux, category: authentication}
detection:
  s:
    Login.Outcome: failure
  condition: s
level: medium
`

// refusedAt is a line of p's that somebody was refused.
func refusedAt(p *event.Process, from, user, service string) *event.Event {
	ev := &event.Event{
		Org: "o", Kind: event.LoginFailure, Process: p, Log: &event.Log{Source: event.LogJournald, Service: service},
		Access: &event.Access{Outcome: event.OutcomeFailure, Service: service, User: &event.Account{Name: user}},
	}
	if from != "" {
		ev.Source = &event.Endpoint{IP: netip.MustParseAddr(from), Port: 5}
	}
	return ev
}

func lineAlerts(t *testing.T, events []*event.Event) seen {
	t.Helper()
	rules, _, err := LoadRules(fstest.MapFS{"r.yml": {Data: []byte(lineRules)}})
	if err != nil {
		t.Fatal(err)
	}
	return collect(t, New(Config{Rules: rules}), events)
}

// TestStrangersAtOneDoorAreStrangers: what a daemon says of those who knock is
// not its own doing, and ties none of them together.
func TestStrangersAtOneDoorAreStrangers(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	sshd := h.Service("ssh.service", "/usr/sbin/sshd")
	said := *events
	for i, from := range []string{"203.0.113.9", "198.51.100.7", "203.0.113.9"} {
		daemon := &event.Process{Key: sshd.Key(), Context: sshd.Context(), Executable: "/usr/sbin/sshd"}
		ev := refusedAt(daemon, from, []string{"root", "admin", "root"}[i], "sshd")
		ev.Host, ev.Time = event.Host{ID: "web-1"}, w.Now
		said = append(said, ev)
	}
	s := lineAlerts(t, said)
	if len(s.alerts) != 2 || len(s.open()) != 2 {
		t.Fatalf("%d alerts in %d incidents, want 2 in 2", len(s.alerts), len(s.open()))
	}
	for _, a := range s.alerts {
		if a.Lineage != "" || !has(a, alert.EntityIP) || !has(a, alert.EntityAccount) || has(a, alert.EntityProcess) {
			t.Errorf("lineage %q, entities %+v", a.Lineage, a.Entities)
		}
	}
}

// TestATheToolsLineIsItsCallers: sudo's line belongs to the session it ran in.
func TestATheToolsLineIsItsCallers(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	sudo := h.Login().Spawn("/usr/bin/sudo", "id")
	ev := refusedAt(&event.Process{Key: sudo.Key(), Context: sudo.Context(), Executable: "/usr/bin/sudo"}, "", "root", "sudo")
	ev.Host, ev.Time = event.Host{ID: "web-1"}, w.Now
	for _, a := range lineAlerts(t, append(*events, ev)).alerts {
		if a.Lineage == "" || !has(a, alert.EntityProcess) {
			t.Errorf("lineage %q, entities %+v", a.Lineage, a.Entities)
		}
		return
	}
	t.Fatal("no alert")
}

func has(a alert.Alert, kind string) bool {
	for _, e := range a.Entities {
		if e.Type == kind {
			return true
		}
	}
	return false
}

func TestLineEntity(t *testing.T) {
	id := uint32(7)
	for want, ev := range map[string]*event.Event{
		"203.0.113.9":           {Kind: event.WebAccess, HTTP: &event.HTTP{}, Source: &event.Endpoint{IP: netip.MustParseAddr("203.0.113.9")}},
		" root ann ":            {Kind: event.LoginElevate, Access: &event.Access{User: &event.Account{Name: "root"}, By: &event.Account{Name: "ann"}}},
		"create 7 ":             {Kind: event.AccountChanged, Change: &event.AccountChange{Action: event.AccountCreate, Account: &event.Account{ID: &id}}},
		"something went wrong?": {Kind: event.LogLine, Message: "something went wrong?"},
	} {
		if got := subjectEntity(ev); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
