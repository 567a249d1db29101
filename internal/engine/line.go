package engine

import (
	"strconv"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/incident"
)

// A line of a log speaks of somebody. Of a tool that its caller ran (sudo,
// useradd) that is the caller, and the process that wrote the line is his. A
// daemon speaks of strangers: all who try sshd's door would be one lineage, if
// its lines were its own doing.

// speaksOfOthers reports whether the process of a line is not the one whose
// doing the line tells.
func speaksOfOthers(ev *event.Event) bool {
	if event.ClassOf(ev.Kind) != event.ClassLog || ev.Process == nil {
		return false
	}
	c := ev.Process.Context
	return c == nil || c.Kind == event.ContextService || c.Kind == event.ContextBoot || c.Kind == event.ContextContainer
}

// ofLine is the subject of a line.
func ofLine(ev *event.Event, s graph.Subject) graph.Subject {
	if speaksOfOthers(ev) {
		return graph.Subject{}
	}
	return s
}

// lineEntity is what repeats of a line have in common.
func lineEntity(ev *event.Event) string {
	from := ""
	if ev.Source != nil {
		from = ev.Source.IP.String()
	}
	switch {
	case ev.HTTP != nil:
		return from
	case ev.Access != nil:
		return from + " " + accountText(ev.Access.User) + " " + accountText(ev.Access.By) + " " + incident.Template(ev.Access.Command)
	case ev.Change != nil:
		return ev.Change.Action + " " + accountText(ev.Change.Account) + " " + accountText(ev.Change.Group)
	}
	return incident.Template(ev.Message)
}

// accountText is an account's name, or else its number.
func accountText(a *event.Account) string {
	switch {
	case a == nil:
		return ""
	case a.Name == "" && a.ID != nil:
		return strconv.FormatUint(uint64(*a.ID), 10)
	}
	return a.Name
}

// lineEntities are those that a line names.
func lineEntities(list *collector, ev *event.Event) {
	if event.ClassOf(ev.Kind) != event.ClassLog {
		return
	}
	if s := ev.Source; s != nil && s.IP.IsValid() {
		list.add(alert.Entity{Type: alert.EntityIP, Value: s.IP.String(), Port: s.Port, Role: incident.RoleSource})
	}
	if a := ev.Access; a != nil {
		list.add(alert.Entity{Type: alert.EntityAccount, Value: accountText(a.User), Role: "subject"})
		list.add(alert.Entity{Type: alert.EntityAccount, Value: accountText(a.By), Role: "caller"})
		list.add(alert.Entity{Type: alert.EntityCommand, Value: a.Command, Role: "subject"})
	}
	if c := ev.Change; c != nil {
		list.add(alert.Entity{Type: alert.EntityAccount, Value: accountText(c.Account), Role: "target"})
	}
	if u := ev.URL; u != nil {
		list.add(alert.Entity{Type: alert.EntityURL, Value: u.Original})
	}
}
