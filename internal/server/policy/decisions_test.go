package policy

import (
	"errors"
	"slices"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/incident"
	"baize/internal/server/state"
)

// incidents are those that are stored, without those that became part of others.
func (s *stream) incidents() map[string]incident.Incident {
	s.t.Helper()
	s.world.Advance(time.Second)
	s.world.Tick()
	s.caughtUp()
	list, _, err := s.cfg.State.Incidents(s.t.Context(), state.IncidentFilter{}, state.Page{Limit: 100})
	must(s.t, err)
	byID := map[string]incident.Incident{}
	for _, inc := range list {
		byID[inc.ID] = inc
	}
	return byID
}

// TestDecisionsComeIntoForceByTheLog takes an alert out of an incident, puts it
// back, merges and closes, and compares with a replay of the log each time.
func TestDecisionsComeIntoForceByTheLog(t *testing.T) {
	s := startStream(t)
	_, err := s.push("local", "a.yml", ruleText("a", "/bin/a"), "b.yml", ruleText("b", "/bin/b"))
	must(t, err)
	s.shell.Spawn("/bin/a", "one")
	s.shell.Spawn("/bin/b", "two")
	var first incident.Incident
	for _, inc := range s.incidents() {
		first = inc
	}
	if len(first.Alerts) != 2 {
		t.Fatalf("%+v", first)
	}
	decide := func(w Wish) incident.Decision {
		t.Helper()
		w.By = "ann"
		d, err := s.Decide(t.Context(), w)
		must(t, err)
		return d
	}
	split := decide(Wish{Decision: incident.Decision{Kind: incident.DecideSplit, Incident: first.ID, Alerts: first.Alerts[1:]}})
	apart := s.incidents()
	if len(apart) != 2 || len(apart[first.ID].Alerts) != 1 {
		t.Fatalf("split: %+v", apart)
	}
	var second incident.Incident
	for id, inc := range apart {
		if id != first.ID {
			second = inc
		}
	}
	members, _, err := s.cfg.State.Alerts(t.Context(), state.AlertFilter{Incident: second.ID}, state.Page{Limit: 10})
	must(t, err)
	if len(members) != 1 || !slices.Equal([]string{members[0].ID}, second.Alerts) || members[0].Incident != second.ID {
		t.Errorf("members of %s: %+v", second.ID, members)
	}
	s.same()
	refused := func(why string, w Wish) {
		t.Helper()
		if _, err := s.Decide(t.Context(), w); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", why, err)
		}
	}
	merge := Wish{Decision: incident.Decision{Kind: incident.DecideMerge, Incident: first.ID}, With: second.ID}
	refused("what is split", merge)
	must(t, s.Withdraw(t.Context(), split.ID, "bob"))
	if got := s.incidents(); len(got) != 1 || len(got[first.ID].Alerts) != 2 {
		t.Fatalf("withdrawn: %+v", got)
	}
	s.same()
	refused("itself", merge)
	refused("nothing left", Wish{Decision: incident.Decision{Kind: incident.DecideSplit, Incident: first.ID, Alerts: first.Alerts}})
	refused("a stranger", Wish{Decision: incident.Decision{Kind: incident.DecideSplit, Incident: first.ID, Alerts: []string{"x"}}})
	refused("no incident", Wish{Decision: incident.Decision{Kind: incident.DecideClose, Verdict: incident.VerdictTest}})
	refused("no verdict", Wish{Decision: incident.Decision{Kind: incident.DecideClose, Incident: first.ID}})
	if _, err := s.Decide(t.Context(), Wish{Decision: incident.Decision{Kind: incident.DecideMerge, Incident: "inc-none"}}); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("no such incident: %v", err)
	}
	closed := decide(Wish{Decision: incident.Decision{Kind: incident.DecideClose, Incident: first.ID, Verdict: incident.VerdictIntrusion}})
	s.shell.Spawn("/bin/a", "three")
	got := s.incidents()
	recurs := 0
	for _, inc := range got {
		if inc.RecurrenceOf == first.ID {
			recurs++
		}
	}
	if len(got) != 2 || got[first.ID].Status != incident.StatusClosed || recurs != 1 {
		t.Errorf("closed: %+v", got)
	}
	s.same()
	refused("closed", Wish{Decision: incident.Decision{Kind: incident.DecideSplit, Incident: first.ID, Alerts: first.Alerts[1:]}})
	must(t, s.Withdraw(t.Context(), closed.ID, "bob"))
	decide(Wish{Decision: incident.Decision{Kind: incident.DecideDemote, Entity: &alert.Entity{Type: alert.EntityIP, Value: "203.0.113.9"}}})
	if got := s.incidents(); got[first.ID].Status != incident.StatusOpen {
		t.Errorf("open again: %+v", got)
	}
	s.same()
}

// A demoted address is one, in the form that alerts have.
func TestADemotedAddressIsOne(t *testing.T) {
	s := startStream(t)
	demote := func(value string) (incident.Decision, error) {
		return s.Decide(t.Context(), Wish{Decision: incident.Decision{Kind: incident.DecideDemote, Entity: &alert.Entity{Type: alert.EntityIP, Value: value}}})
	}
	for _, value := range []string{"gateway", "203.0.113.9:443", "203.0.113.0/24", "*"} {
		if _, err := demote(value); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", value, err)
		}
	}
	for value, want := range map[string]string{"2001:DB8::0001": "2001:db8::1", "::ffff:203.0.113.9": "203.0.113.9"} {
		if d, err := demote(value); err != nil || d.Entity.Value != want {
			t.Errorf("%s: %+v, %v", value, d.Entity, err)
		}
	}
}
