// Package story writes a small, realistic past into a server's state: the
// intrusion of a web service in two rounds and an unrelated finding on another
// host, step by step, as an engine would. It is for tests of what shows state.
package story

import (
	"context"
	"fmt"
	"strings"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/incident"
	"baize/internal/provenance"
	"baize/internal/server/state"
)

// Ids that tests may refer to.
const (
	WebHost      = "h-web-1"
	DatabaseHost = "h-db-1"
	Intrusion    = "inc-0001"
	KeyFinding   = "inc-0002"
	boot         = "0b5c2f6e-8a41-4c3d-9d55-3f1e2a7b9c10"
)

// Step is what becomes known at once.
type Step struct {
	Alerts    []alert.Alert
	Incidents []incident.Incident
}

// Teller writes steps into a state, holding the engine's lease.
type Teller struct {
	db    *state.DB
	epoch uint64
	bus   uint64
	steps []Step
	told  int
}

// New takes the engine's lease of db for a story that began at start.
func New(ctx context.Context, db *state.DB, start time.Time) (*Teller, error) {
	epoch, err := db.TakeLease(ctx, state.RoleEngine, "story")
	if err != nil {
		return nil, err
	}
	bus, err := db.Position(ctx, state.RoleEngine)
	return &Teller{db: db, epoch: epoch, bus: bus, steps: steps(start.UTC())}, err
}

// Left is the number of steps that are not told yet.
func (t *Teller) Left() int { return len(t.steps) - t.told }

// Tell writes the next n steps, or those that are left.
func (t *Teller) Tell(ctx context.Context, n int) error {
	for range min(n, t.Left()) {
		step := t.steps[t.told]
		t.bus += 1 << 20
		if err := t.db.ApplyEngine(ctx, t.epoch, t.bus, state.Output{Alerts: step.Alerts, Incidents: step.Incidents}); err != nil {
			return fmt.Errorf("step %d: %w", t.told, err)
		}
		t.told++
	}
	return nil
}

// narrator builds the steps: it keeps what the intrusion's incident has so far.
type narrator struct {
	start time.Time
	steps []Step
	inc   incident.Incident
}

func steps(start time.Time) []Step {
	n := &narrator{start: start, inc: openIncident(start)}
	n.firstRound()
	n.otherHost()
	n.secondRound()
	return n.steps
}

func openIncident(start time.Time) incident.Incident {
	return incident.Incident{
		ID: Intrusion, Org: "default", Opened: start, Status: incident.StatusOpen,
		Title:  "Web service java on web-1 was made to run commands",
		Hosts:  []event.Host{{ID: WebHost, Name: "web-1"}},
		Alerts: []string{}, Reasons: []incident.Reason{}, Tactics: []string{},
	}
}

// tell adds an alert of the intrusion, the reason why it belongs to the one
// before, and the incident as it is then.
func (n *narrator) tell(a alert.Alert, why incident.Reason, account, accountZH string) {
	inc := &n.inc
	if len(inc.Alerts) > 0 {
		why.A, why.B = inc.Alerts[0], a.ID
		inc.Reasons = append(clone(inc.Reasons), why)
	}
	inc.Alerts = append(clone(inc.Alerts), a.ID)
	inc.Entities = mergeEntities(inc.Entities, a.Entities)
	inc.Tactics = mergeStrings(inc.Tactics, a.Rule.Tactics)
	inc.Revision++
	inc.Count += a.Count
	inc.Updated, inc.Level, inc.Score = a.Time, "critical", min(40+10*len(inc.Alerts), 97)
	inc.Account = strings.TrimSpace(inc.Account + " " + account)
	inc.AccountZH += accountZH
	inc.Answers = map[string]provenance.Answer{
		"files":       {State: "yes", Evidence: n.brought()},
		"persistence": {State: "not_seen"},
		"deleted":     {State: "unknown", Evidence: []string{"file events were lost for 2 s"}},
	}
	a.Incident = inc.ID
	n.steps = append(n.steps, Step{Alerts: []alert.Alert{a}, Incidents: []incident.Incident{*inc}})
}

// brought are the files of the intruder that are known so far.
func (n *narrator) brought() []string {
	var paths []string
	for _, e := range n.inc.Entities {
		if path, ok := strings.CutPrefix(e.Value, WebHost+":"); ok && e.Type == alert.EntityFile && !contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

func clone[T any](s []T) []T { return append([]T{}, s...) }

func mergeStrings(into, more []string) []string {
	into = clone(into)
	for _, s := range more {
		if !contains(into, s) {
			into = append(into, s)
		}
	}
	return into
}

func mergeEntities(into, more []alert.Entity) []alert.Entity {
	into = clone(into)
	for _, e := range more {
		if !contains(into, e) {
			into = append(into, e)
		}
	}
	return into
}

func contains[T comparable](s []T, v T) bool {
	for _, have := range s {
		if have == v {
			return true
		}
	}
	return false
}
