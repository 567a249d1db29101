package engine

import (
	"fmt"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/graph"
)

// Silence: an agent states its coverage every 10 s, so a host of which nothing
// comes for silentAfter is cut off, its agent is stopped, or it is down. What
// is counted is the log's own ticks, at most maxTick of time for each: a server
// that was away itself does not find all its hosts silent when it comes back.
// A host is told once, and again when it has spoken in between.

const (
	// silentAfter leaves an agent time to find its way back after a server's
	// restart: it tries again after at most 30 s.
	silentAfter = 90 * time.Second
	// maxTick is what one tick counts for; they come once a second.
	maxTick = 2 * time.Second
	// maxHosts bounds the hosts that are listened for.
	maxHosts = 100_000
)

// Rules about the agent itself. Impairing defences is T1562.001.
var (
	silent = &alert.Rule{ID: "baize.host.silent", Title: "Nothing comes from a host", Level: "medium"}
	tamper = &alert.Rule{
		ID: "baize.sensor.tamper", Title: "The agent or its sensor was tampered with", Level: "high",
		Tactics: []string{"defense-evasion"}, Techniques: []string{"T1562.001"},
	}
	offline = &alert.Rule{ID: "baize.sensor.offline", Title: "An agent was without its server", Level: "low"}
)

type hostKey struct{ Org, Host string }

// heard is the last that came of a host.
type heard struct {
	// At is on the clock of the ticks.
	At int64
	// Time is the event's own, on the server's clock; Name the host's.
	Time time.Time
	Name string
	// Stopped : the agent said that it stops.
	Stopped bool
	// Skew is what its clock is taken to be ahead by, in milliseconds.
	Skew int64
}

// hear notes that an event came from an agent, and puts it on the server's clock.
func (e *Engine) hear(ev *event.Event) {
	if ev.Host.ID == "" || ev.Seq == 0 {
		return
	}
	key := hostKey{ev.Org, ev.Host.ID}
	h := e.heard.Get(key, e.ticks)
	if h == nil {
		h = e.heard.Put(key, heard{}, e.ticks)
	}
	e.labels.Saw(ev.Org, ev.Host, containerImage(ev), e.now)
	skew := corrected(h.Skew, ev)
	onOurClock(ev, skew)
	*h = heard{At: e.ticks, Time: ev.Time, Name: ev.Host.Name, Stopped: ev.Kind == event.SensorStop, Skew: skew}
}

// tick moves the clock of the ticks on and tells of hosts that are silent.
func (e *Engine) tick(ev *event.Event, out *Output) {
	at := ev.Time.UnixNano()
	if e.lastTick != 0 && at > e.lastTick {
		e.ticks += min(at-e.lastTick, int64(maxTick))
	}
	e.lastTick = max(e.lastTick, at)
	var gone []hostKey
	for key, h := range e.heard.All() {
		if e.ticks-h.At < int64(silentAfter) {
			break
		}
		e.fallSilent(key, *h, ev.Time, out)
		gone = append(gone, key)
	}
	for _, key := range gone {
		e.heard.Delete(key)
	}
}

func (e *Engine) fallSilent(key hostKey, h heard, at time.Time, out *Output) {
	message := fmt.Sprintf("nothing came since %s", h.Time.UTC().Format(time.RFC3339))
	if h.Stopped {
		message = fmt.Sprintf("the agent stopped in order at %s and did not come back", h.Time.UTC().Format(time.RFC3339))
	}
	e.raise(&event.Event{
		Org: key.Org, Host: event.Host{ID: key.Host, Name: h.Name}, Time: at, Kind: event.HostSilent, Message: message,
	}, silent, graph.Subject{}, out)
}
