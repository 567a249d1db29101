package story

import (
	"context"
	"slices"
	"strings"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/incident"
	"baize/test/console"
	"baize/test/lab"
)

// Facts are what is judged: the labels on one side, what the analyst can read
// on the other.
type Facts struct {
	Labels lab.Labels
	// Services are their processes, by host; Service is the one that is attacked first.
	Services map[string]int
	Service  int

	Alerts    []alert.Alert
	Incidents []incident.Incident
	Hosts     []console.Host
	// Log is the engine's log, exported; nil while it has not been read, which
	// Gather leaves to Settled.
	Log   []*event.Event
	Watch *Watch
	// Aftermath is what was seen after each of its steps; nil where it was not
	// played.
	Aftermath []Observation
	// Response is what came of acting on the hosts; nil where nobody did.
	Response *Response
	// Probing is what came of looking into the services; nil where nobody did.
	Probing *Probing
	// within is how soon a shell's alert must be on the screen.
	within time.Duration
}

// Gather reads all facts as of now, but the log.
func (s *Stage) Gather(ctx context.Context) (Facts, error) {
	f := Facts{Labels: s.Lab.Labels(), Services: s.Lab.Services(), Watch: s.Watch, within: time.Second}
	f.Service = f.Services[lab.Web]
	var err error
	if f.Alerts, err = s.Console.Alerts(ctx); err != nil {
		return f, err
	}
	if f.Incidents, err = s.Console.Incidents(ctx); err != nil {
		return f, err
	}
	f.Hosts, err = s.Console.Hosts(ctx)
	return f, err
}

// ours reports whether the process belongs to the intrusion: an exploited
// service, a shell it was made to start, or anything below.
func (f *Facts) ours(p *event.Process) bool {
	if p == nil {
		return false
	}
	if f.labelled(p.PID) || f.ours(p.Parent) {
		return true
	}
	return slices.ContainsFunc(p.Ancestors, func(a event.Process) bool { return f.labelled(a.PID) })
}

func (f *Facts) labelled(pid uint32) bool {
	return f.service(pid) || slices.Contains(f.Labels.Shells, int(pid)) || f.trojan(pid) != nil
}

func (f *Facts) service(pid uint32) bool {
	for _, service := range f.Services {
		if int(pid) == service {
			return true
		}
	}
	return false
}

func (f *Facts) trojan(pid uint32) *lab.Trojan {
	for i := range f.Labels.Trojans {
		if f.Labels.Trojans[i].PID == int(pid) {
			return &f.Labels.Trojans[i]
		}
	}
	return nil
}

// Intrusion are the alerts whose evidence is the intrusion's.
func (f *Facts) Intrusion() []alert.Alert {
	var mine []alert.Alert
	for _, a := range f.Alerts {
		if a.Event != nil && f.ours(a.Event.Process) {
			mine = append(mine, a)
		}
	}
	return mine
}

// Chains are the kill-chain alerts of the intrusion.
func (f *Facts) Chains() []alert.Alert {
	var mine []alert.Alert
	for _, a := range f.Alerts {
		if f.chain(&a) {
			mine = append(mine, a)
		}
	}
	return mine
}

// chain reports whether an alert is the kill chain of a lineage that began with
// one of the intrusion's processes.
func (f *Facts) chain(a *alert.Alert) bool {
	if a.Kind != alert.KindChain {
		return false
	}
	_, text, _ := strings.Cut(a.Lineage, ":")
	key, err := event.ParseProcessKey(text)
	return err == nil && f.labelled(key.PID)
}

// on are the alerts of one host.
func on(host string, alerts []alert.Alert) []alert.Alert {
	return slices.DeleteFunc(slices.Clone(alerts), func(a alert.Alert) bool { return a.Host.Name != host })
}

// Others are all other alerts.
func (f *Facts) Others() []alert.Alert {
	var others []alert.Alert
	for _, a := range f.Alerts {
		if !f.chain(&a) && (a.Event == nil || !f.ours(a.Event.Process)) {
			others = append(others, a)
		}
	}
	return others
}

// find returns the first alert of the intrusion whose event has that property.
func (f *Facts) find(holds func(a alert.Alert, e *event.Event) bool) *alert.Alert {
	for _, a := range f.Intrusion() {
		if holds(a, a.Event) {
			return &a
		}
	}
	return nil
}

func count(a alert.Alert) uint64 { return max(a.Count, 1) }
