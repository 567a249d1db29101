package engine

import (
	"slices"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/incident"
)

// Bounds of the entities of one alert: those of its first event, and what its
// repeats name beside them. Commands, which vary without end, leave room for
// the rest.
const (
	maxEvidence = 48
	maxCommands = 16
)

// news is what a repeat names and the alert does not. A repeat differs from the
// first event in what rotates, and that is where the second file was put, or
// the second address it came from.
func (e *Engine) news(f *firing, ev *event.Event, s *graph.Subject) []alert.Entity {
	if f.Alert.Kind == alert.KindSensor || !differs(f.Alert.Event, ev) {
		return nil
	}
	var list []alert.Entity
	for _, entity := range e.entities(ev, s) {
		if telling(&entity) && !names(f.Alert.Entities, &entity) {
			list = append(list, entity)
		}
	}
	return list
}

// gather adds to an alert what a repeat names anew. It reports false, and adds
// nothing, where there is no room for a file, a content or an address: that is
// for an alert of its own to tell.
func (e *Engine) gather(f *firing, news []alert.Entity) bool {
	if len(news) == 0 {
		return true
	}
	commands := 0
	for i := range f.Alert.Entities {
		if f.Alert.Entities[i].Type == alert.EntityCommand {
			commands++
		}
	}
	// Revisions that were handed out share the list before.
	list := slices.Clone(f.Alert.Entities)
	for i := range news {
		if news[i].Type == alert.EntityCommand {
			if commands++; commands > maxCommands {
				continue
			}
		}
		list = append(list, news[i])
	}
	if len(list) > maxEvidence {
		return false
	}
	added := list[len(f.Alert.Entities):]
	f.Alert.Entities = list
	for i := range added {
		e.merger.Enrich(&f.Alert, &added[i], e.now)
	}
	return true
}

// differs reports whether a repeat may name what the first event did not.
func differs(first, ev *event.Event) bool {
	if first == nil {
		return false
	}
	if a, b := first.File, ev.File; a != nil && b != nil && (a.Path != b.Path || a.Inode != b.Inode) {
		return true
	}
	a, b := first.Process, ev.Process
	return a != nil && b != nil && (a.CommandLine != b.CommandLine || imageOf(a) != imageOf(b) || digestOfImage(a) != digestOfImage(b))
}

func imageOf(p *event.Process) event.FileKey {
	if p.Exe == nil {
		return event.FileKey{}
	}
	return p.Exe.Inode
}

func digestOfImage(p *event.Process) string {
	if p.Hash == nil {
		return ""
	}
	return p.Hash.SHA256
}

// telling reports whether an entity is evidence of its own: processes and
// accounts repeat with the lineage, and the host's own tools tell nothing.
func telling(e *alert.Entity) bool {
	switch e.Type {
	case alert.EntityFile, alert.EntityHash:
		return e.Role != incident.RoleSystem
	case alert.EntityCommand, alert.EntityIP, alert.EntityDomain, alert.EntityURL:
		return true
	}
	return false
}

func names(list []alert.Entity, e *alert.Entity) bool {
	return slices.ContainsFunc(list, func(have alert.Entity) bool {
		return have.Type == e.Type && have.Value == e.Value && have.Role == e.Role && have.Inode == e.Inode
	})
}
