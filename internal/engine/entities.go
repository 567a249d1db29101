package engine

import (
	"strconv"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/incident"
)

// entities are the things that an alert on an event speaks of.
func (e *Engine) entities(ev *event.Event, s *graph.Subject) []alert.Entity {
	var list collector
	if p := ev.Process; p != nil && !speaksOfOthers(ev) {
		e.processEntities(&list, ev, p)
	}
	lineEntities(&list, ev)
	fileEntities(&list, ev)
	networkEntities(&list, ev)
	stackEntities(&list, ev)
	if s.Source != "" {
		list.add(alert.Entity{Type: alert.EntityIP, Value: s.Source, Role: incident.RoleSource})
	}
	if c := ev.Container; c != nil && c.ID != "" {
		list.add(alert.Entity{Type: alert.EntityContainer, Value: c.ID, Role: c.Name})
	}
	return list
}

type collector []alert.Entity

// add leaves out entities without a value.
func (c *collector) add(e alert.Entity) {
	if e.Value != "" {
		*c = append(*c, e)
	}
}

func (e *Engine) processEntities(list *collector, ev *event.Event, p *event.Process) {
	list.add(alert.Entity{Type: alert.EntityProcess, Value: p.Key.String(), Role: "subject"})
	if p.Parent != nil {
		list.add(alert.Entity{Type: alert.EntityProcess, Value: p.Parent.Key.String(), Role: "parent"})
	}
	e.imageEntities(list, ev, p)
	if ev.Kind == event.ProcessRename {
		list.add(alert.Entity{Type: alert.EntityCommand, Value: firstOf(p.CommandLine, p.Name), Role: incident.RoleTitle})
		list.add(alert.Entity{Type: alert.EntityCommand, Value: p.OldCommandLine, Role: "subject"})
	} else {
		list.add(alert.Entity{Type: alert.EntityCommand, Value: p.CommandLine, Role: "subject"})
	}
	if p.User != nil {
		list.add(alert.Entity{Type: alert.EntityAccount, Value: firstOf(p.User.Name, strconv.FormatUint(uint64(p.User.ID), 10)), Role: "subject"})
	}
	list.add(alert.Entity{Type: alert.EntitySession, Value: ev.LoginSession()})
}

// imageEntities name what the process runs. An image that was there before
// anything was observed is the host's own, and no tie.
func (e *Engine) imageEntities(list *collector, ev *event.Event, p *event.Process) {
	role := incident.RoleSystem
	if e.graph.Brought(ev.Host.ID, p.Exe) {
		role = incident.RoleImage
	}
	if p.Hash != nil {
		list.add(alert.Entity{Type: alert.EntityHash, Value: contentName(p.Hash), Role: role})
	}
	if p.Executable == "" {
		return
	}
	image := alert.Entity{Type: alert.EntityFile, Value: ev.Host.ID + ":" + p.Executable, Role: role}
	if p.Exe != nil {
		image.Inode = p.Exe.Inode.String()
	}
	list.add(image)
}

func fileEntities(list *collector, ev *event.Event) {
	f := ev.File
	if f == nil {
		return
	}
	role := incident.RoleWritten
	switch {
	case f.Sensitive != "" && ev.Kind == event.FileOpen:
		role = incident.RoleSensitive
	case ev.Kind == event.FileOpen, ev.Kind == event.ProbeCall && f.Access == "read":
		role = incident.RoleRead
	}
	file := alert.Entity{Type: alert.EntityFile, Role: role, Inode: f.Inode.String()}
	if f.Path != "" {
		file.Value = ev.Host.ID + ":" + f.Path
	}
	list.add(file)
	if f.Target != nil && f.Target.Path != "" {
		file.Value = ev.Host.ID + ":" + f.Target.Path
		list.add(file)
	}
	if f.Hash != nil && role == incident.RoleWritten {
		list.add(alert.Entity{Type: alert.EntityHash, Value: contentName(f.Hash), Role: incident.RoleWritten})
	}
}

func networkEntities(list *collector, ev *event.Event) {
	if ev.DNS != nil {
		list.add(alert.Entity{Type: alert.EntityDomain, Value: ev.DNS.Question.Name})
		return // the address is that of the resolver
	}
	if d := ev.Destination; d != nil && d.IP.IsValid() && ev.Kind != event.NetworkAccept {
		list.add(alert.Entity{Type: alert.EntityIP, Value: d.IP.String(), Port: d.Port, Role: "destination"})
	}
	if s := ev.Source; s != nil && s.IP.IsValid() && ev.Kind == event.NetworkAccept {
		list.add(alert.Entity{Type: alert.EntityIP, Value: s.IP.String(), Port: s.Port, Role: incident.RoleSource})
	}
}

// stackEntities are the way through the code, and the part of it that is the
// application's own, which stays the same over versions of frameworks.
func stackEntities(list *collector, ev *event.Event) {
	s := ev.Stack
	if s == nil {
		return
	}
	list.add(alert.Entity{Type: alert.EntityStack, Value: s.Hash})
	if s.BusinessHash != s.Hash {
		list.add(alert.Entity{Type: alert.EntityStack, Value: s.BusinessHash, Role: incident.RoleBusiness})
	}
	if u := ev.URL; u != nil && ev.Kind == event.ProbeCall {
		list.add(alert.Entity{Type: alert.EntityURL, Value: u.Original})
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
