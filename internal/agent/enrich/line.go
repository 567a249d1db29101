package enrich

import (
	"strings"
	"time"

	"baize/internal/event"
	"baize/internal/logline"
)

// Line takes a line of a log. pid is its writer's number: verified by the
// journal, or else as the line claims, and then believed only if that process
// runs the program that the line names.
func (e *Enricher) Line(now time.Time, ev *event.Event, pid uint32, verified bool) {
	e.seen[event.ClassLog]++
	var b *box
	if p := e.procs.latest[pid]; p != nil && pid != 0 && (verified || p.calledAs(ev.Log)) {
		ev.Process, b = e.short(p), p.place.box
	}
	if s := ev.Log.Sender; s != nil && s.User != nil && ev.Process != nil {
		if u := ev.Process.User; u != nil && u.ID == s.User.ID {
			s.User = u
		}
	}
	e.conceal(ev)
	e.queue(now, ev, nil, b)
}

// calledAs reports whether p runs the program that a line says it is from.
func (p *process) calledAs(l *event.Log) bool {
	if l.Syslog == nil || p.image == nil {
		return false
	}
	name := strings.ToLower(l.Syslog.AppName)
	return name != "" && (p.image.base() == name || l.Service != "" && logline.ServiceOf(p.image.base()) == l.Service)
}

// Lines reports the completeness of lines.
func (e *Enricher) Lines(now time.Time, said *event.Coverage) { e.coverage.report(now, said) }

// LineHealth is the state of what is read from logs.
func (e *Enricher) LineHealth() ClassHealth {
	c := e.coverage.classes[event.ClassLog]
	return ClassHealth{Class: event.ClassLog, State: c.passing.state, Seen: e.seen[event.ClassLog], Lost: c.total}
}

// conceal takes the secrets out of a line and of what it says.
func (e *Enricher) conceal(ev *event.Event) {
	texts := []*string{&ev.Message}
	if a := ev.Access; a != nil {
		texts = append(texts, &a.Command)
	}
	if u := ev.URL; u != nil {
		texts = append(texts, &u.Original, &u.Path, &u.Query)
	}
	if h := ev.HTTP; h != nil {
		texts = append(texts, &h.Request.Referrer)
	}
	for _, text := range texts {
		if *text != "" {
			*text, _ = e.config.Redactor.Text(*text)
		}
	}
	for name, value := range ev.Log.Fields {
		ev.Log.Fields[name], _ = e.config.Redactor.Text(value)
	}
}
