package gateway

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"baize/internal/server/state"
	baizev1 "baize/proto/baize/v1"
)

const (
	// healthNotice is how often a host whose health does not change is
	// nevertheless told of, for the figures that always do.
	healthNotice = 15 * time.Second
	// Bounds of a heartbeat.
	maxClasses    = 64
	maxHooks      = 512
	maxLosses     = 16 // of one class
	maxHealthText = 1024
)

// health holds the latest heartbeat of each host until it is kept.
type health struct {
	mu      sync.Mutex
	pending map[string]state.Health
	told    map[string]told
	// latest is the last heartbeat of each connected host.
	latest   map[string]*baizev1.Heartbeat
	observed *observations
}

// told is what the change feed last said of a host.
type told struct {
	at   time.Time
	what string
}

func newHealth() *health {
	return &health{pending: map[string]state.Health{}, told: map[string]told{}, latest: map[string]*baizev1.Heartbeat{}, observed: newObservations()}
}

// add takes a heartbeat; an earlier one that was not kept yet is superseded.
func (h *health) add(host string, beat *baizev1.Heartbeat, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.observed.add(h.latest[host], beat)
	h.latest[host] = beat
	what := essence(beat)
	before := h.told[host]
	notify := before.what != what || now.Sub(before.at) >= healthNotice
	if notify {
		h.told[host] = told{now, what}
	}
	h.pending[host] = state.Health{Host: host, Seen: now, Beat: beat, Notify: notify || h.pending[host].Notify}
}

// forget drops what is remembered of a host that left.
func (h *health) forget(host string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.told, host)
	delete(h.latest, host)
}

// take returns what is to be kept.
func (h *health) take() []state.Health {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := slices.Collect(maps.Values(h.pending))
	clear(h.pending)
	return all
}

// essence is what of a heartbeat is news when it changes.
func essence(b *baizev1.Heartbeat) string {
	text := fmt.Sprint(b.GetTier(), b.GetArmed(), b.GetScope())
	for _, c := range b.GetClasses() {
		text += fmt.Sprint(c.GetClass(), c.GetState(), c.GetLost(), ";")
	}
	for _, k := range b.GetHooks() {
		text += fmt.Sprint(k.GetName(), k.GetAttached(), k.GetError(), ";")
	}
	return text
}

// checkHeartbeat holds a heartbeat against its bounds.
func checkHeartbeat(b *baizev1.Heartbeat) error {
	if len(b.GetClasses()) > maxClasses || len(b.GetHooks()) > maxHooks || len(b.GetScope()) > maxHealthText {
		return fmt.Errorf("heartbeat with %d classes, %d hooks, scope of %d bytes", len(b.GetClasses()), len(b.GetHooks()), len(b.GetScope()))
	}
	for _, c := range b.GetClasses() {
		if len(c.GetClass())+len(c.GetState()) > maxHealthText {
			return fmt.Errorf("heartbeat with a class of %d bytes", len(c.GetClass()))
		}
		if len(c.GetLosses()) > maxLosses {
			return fmt.Errorf("heartbeat with %d losses of one class", len(c.GetLosses()))
		}
		for _, l := range c.GetLosses() {
			if len(l.GetReason()) > maxHealthText {
				return fmt.Errorf("heartbeat with a reason of %d bytes", len(l.GetReason()))
			}
		}
	}
	if len(b.GetPrograms()) > maxHooks {
		return fmt.Errorf("heartbeat with %d programs", len(b.GetPrograms()))
	}
	for _, p := range b.GetPrograms() {
		if len(p.GetName()) > maxHealthText {
			return fmt.Errorf("heartbeat with a program of %d bytes", len(p.GetName()))
		}
	}
	for _, k := range b.GetHooks() {
		if len(k.GetName())+len(k.GetError()) > 2*maxHealthText {
			return fmt.Errorf("heartbeat with a hook of %d bytes", len(k.GetName()))
		}
	}
	return nil
}
