package gateway

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"baize/internal/event"
	"baize/internal/identity"
	"baize/internal/server/bus"
	"baize/internal/wire"
)

const (
	// refusalWindow is how long repeats of a refusal are counted instead of
	// told. The first is told at once.
	refusalWindow = 10 * time.Second
	// maxRefusals bounds the kinds of refusal that are counted apart; the
	// rest is one kind.
	maxRefusals = 1024
	// maxReason bounds the text of a refusal, in bytes.
	maxReason = 1024
)

// refusal is something that a host was not allowed.
type refusal struct {
	// name is the host; zero where nobody was authenticated.
	name identity.Name
	boot string
	// kind groups the repeats of a host; reason says what happened.
	kind   string
	reason string
}

type refusalKey struct {
	host, kind string
}

// tally counts one kind of refusal since it was last told.
type tally struct {
	first refusal
	count uint64
	told  time.Time
}

// refusals turns refusals into gateway.refused events: at once, then a count
// per window. Nothing is left out of the counts.
type refusals struct {
	bus  *bus.Bus
	now  func() time.Time
	kick chan struct{}

	mu      sync.Mutex
	tallies map[refusalKey]*tally
}

func newRefusals(b *bus.Bus, now func() time.Time) *refusals {
	return &refusals{bus: b, now: now, kick: make(chan struct{}, 1), tallies: map[refusalKey]*tally{}}
}

func (r *refusals) add(one refusal) {
	one.reason = one.reason[:min(len(one.reason), maxReason)]
	slog.Warn("gateway: refused", "host", one.name.Host, "kind", one.kind, "reason", one.reason)
	r.mu.Lock()
	key := refusalKey{one.name.Host, one.kind}
	if r.tallies[key] == nil && len(r.tallies) >= maxRefusals {
		key = refusalKey{kind: "other"}
	}
	t := r.tallies[key]
	if t == nil {
		t = &tally{}
		r.tallies[key] = t
	}
	if t.count == 0 {
		t.first = one
	}
	t.count++
	r.mu.Unlock()
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// run publishes until ctx ends, and then what is left.
func (r *refusals) run(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-r.kick:
		case <-ticker.C:
		}
		r.publish(context.WithoutCancel(ctx), ctx.Err() != nil)
	}
}

// publish tells what is due, or all of it.
func (r *refusals) publish(ctx context.Context, all bool) {
	now := r.now()
	for _, t := range r.due(now, all) {
		if err := r.tell(ctx, t, now); err != nil {
			slog.Error("gateway: refusal is not in the event log", "host", t.first.name.Host, "count", t.count, "error", err)
		}
	}
}

// due takes the tallies to tell, and forgets those that stay at nothing.
func (r *refusals) due(now time.Time, all bool) []tally {
	r.mu.Lock()
	defer r.mu.Unlock()
	var due []tally
	for key, t := range r.tallies {
		over := all || now.Sub(t.told) >= refusalWindow
		switch {
		case over && t.count == 0:
			delete(r.tallies, key)
		case over:
			due = append(due, *t)
			*t = tally{told: now}
		}
	}
	return due
}

// reporter stands in for a host where nobody was authenticated.
const reporter = "server"

func (r *refusals) tell(ctx context.Context, t tally, now time.Time) error {
	origin := wire.Origin{Org: t.first.name.Org, Host: event.Host{ID: t.first.name.Host}, Boot: t.first.boot}
	if origin.Host.ID == "" {
		origin.Host.ID = reporter
	}
	return r.bus.PublishOf(ctx, origin, now, &event.Event{
		Kind: event.GatewayRefused, Time: now.UTC(), Count: t.count, Message: t.first.kind + ": " + t.first.reason,
	})
}
