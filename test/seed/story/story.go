// Package story writes a small, realistic past into a server's state: the
// intrusion of a web service in two rounds, what the intruder did between and
// after them, and an unrelated finding on another host, step by step, as an
// engine would. Alerts are told; provenance is what the graph makes of the
// story's events. It is for tests of what shows state.
package story

import (
	"context"
	"fmt"
	"strings"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/incident"
	"baize/internal/label"
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
	// Events that hosts saw since the step before.
	Events     []*event.Event
	Alerts     []alert.Alert
	Incidents  []incident.Incident
	Intrusions []provenance.Intrusion
}

// Teller writes steps into a state, holding the engine's lease.
type Teller struct {
	// Log appends the events of a step to an engine's log and returns the position
	// behind them; nil for a story without a log.
	Log   func(context.Context, []*event.Event) (uint64, error)
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
		if err := t.step(ctx, &t.steps[t.told]); err != nil {
			return fmt.Errorf("step %d: %w", t.told, err)
		}
		t.told++
	}
	return nil
}

func (t *Teller) step(ctx context.Context, step *Step) (err error) {
	t.bus += 1 << 20
	if t.Log != nil {
		if t.bus, err = t.Log(ctx, step.Events); err != nil {
			return err
		}
	}
	return t.db.ApplyEngine(ctx, t.epoch, t.bus, state.Output{Alerts: step.Alerts, Incidents: step.Incidents, Intrusions: step.Intrusions})
}

// narrator builds the steps: it keeps what the intrusion's incident has so far.
type narrator struct {
	start time.Time
	steps []Step
	inc   incident.Incident
	scene scene
	// chain is the kill-chain alert as it was last told.
	chain alert.Alert
	// second is the trojan of the second round.
	second *event.Process
}

func steps(start time.Time) []Step {
	n := &narrator{start: start, inc: openIncident(start), scene: newScene()}
	n.business()
	n.firstRound()
	n.otherHost()
	n.secondRound()
	n.stay()
	n.spread()
	return n.steps
}

func openIncident(start time.Time) incident.Incident {
	return incident.Incident{
		ID: Intrusion, Org: "default", Opened: start, Status: incident.StatusOpen,
		Title:  "Web service java on web-1 was made to run commands",
		Hosts:  []event.Host{{ID: WebHost, Name: "web-1"}},
		Labels: []label.Labels{shop},
		Siblings: []label.Sibling{
			{Host: event.Host{ID: "h-web-2", Name: "web-2"}, Service: shop.Service}, {Host: event.Host{ID: "h-web-3", Name: "web-3"}, Service: shop.Service},
		},
		Alerts: []string{}, Reasons: []incident.Reason{}, Tactics: []string{},
	}
}

// tell adds an alert of the intrusion, the reason why it belongs to the one
// before, and the incident as it is then. It returns the alert as it was told.
func (n *narrator) tell(a alert.Alert, why incident.Reason, account, accountZH string) alert.Alert {
	n.scene.see(a.Event)
	n.scene.root(&a)
	n.join(&a, why)
	n.account(account, accountZH)
	n.finish(a)
	return a
}

// join adds an alert to the incident.
func (n *narrator) join(a *alert.Alert, why incident.Reason) {
	inc := &n.inc
	if len(inc.Alerts) > 0 {
		why.A, why.B = inc.Alerts[0], a.ID
		inc.Reasons = append(clone(inc.Reasons), why)
	}
	inc.Alerts = append(clone(inc.Alerts), a.ID)
	inc.Entities = mergeEntities(inc.Entities, a.Entities)
	inc.Tactics = mergeStrings(inc.Tactics, a.Rule.Tactics)
	inc.Count += a.Count
	inc.Level, inc.Score = "critical", min(40+10*len(inc.Alerts), 97)
	a.Incident = inc.ID
}

func (n *narrator) account(text, zh string) {
	n.inc.Account = strings.TrimSpace(n.inc.Account + " " + text)
	n.inc.AccountZH += zh
}

// finish ends a step: its alerts, what became of the intrusion and its kill
// chain, and the incident.
func (n *narrator) finish(alerts ...alert.Alert) {
	step := Step{Alerts: alerts, Intrusions: n.scene.changed()}
	for k := range step.Intrusions {
		i := &step.Intrusions[k]
		if i.Host != webHost {
			continue
		}
		n.inc.Intrusions, n.inc.Answers = []string{i.ID}, i.Answers
		if a, told := n.advance(i); told {
			step.Alerts = append(step.Alerts, a)
		}
	}
	n.inc.Revision++
	n.inc.Updated = n.scene.now
	step.Incidents, step.Events = []incident.Incident{n.inc}, n.scene.take()
	n.steps = append(n.steps, step)
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
