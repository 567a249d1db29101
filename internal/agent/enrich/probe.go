package enrich

import (
	"time"

	"baize/internal/agent/procfs"
	"baize/internal/event"
)

// processStart is the hook whose arguments named word are those of a command line.
const (
	processStart = "process.start"
	word         = "command"
)

// Probe takes what a probe, or the agent of it, says of a process: the event
// has its pid, and its start as /proc tells it.
func (e *Enricher) Probe(now time.Time, ev *event.Event) {
	var b *box
	claimed := ev.Process.Key
	if p := e.procs.latest[claimed.PID]; p != nil && p.key.Start/procfs.TickNanos == claimed.Start/procfs.TickNanos {
		ev.Process, b = e.short(p), p.place.box
	}
	e.concealArguments(ev)
	e.queue(now, ev, nil, b)
}

// concealArguments takes the secrets out of what methods were called with.
func (e *Enricher) concealArguments(ev *event.Event) {
	list := ev.Probe.Arguments
	var words []string
	for i := range list {
		if ev.Probe.Hook == processStart && list[i].Name == word {
			words = append(words, list[i].Value)
		} else {
			list[i].Value, _ = e.config.Redactor.Text(list[i].Value)
		}
	}
	words, _ = e.config.Redactor.Args(words, false)
	for i := range list {
		if len(words) > 0 && ev.Probe.Hook == processStart && list[i].Name == word {
			list[i].Value, words = words[0], words[1:]
		}
	}
	for i := range ev.Probe.Breadcrumbs {
		ev.Probe.Breadcrumbs[i].Value, _ = e.config.Redactor.Text(ev.Probe.Breadcrumbs[i].Value)
	}
	if u := ev.URL; u != nil {
		u.Original, _ = e.config.Redactor.Text(u.Original)
		u.Query, _ = e.config.Redactor.Text(u.Query)
	}
}
