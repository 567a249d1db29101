package engine

import (
	"slices"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/graph"
)

// maxEvidence bounds the entities of one alert: those of its first event, and
// what its repeats name beside them.
const maxEvidence = 48

// gather adds to an alert what a repeat names anew. A repeat differs from the
// first event in what rotates, and that is where the second file was put, or
// the second address it came from.
func (e *Engine) gather(f *firing, ev *event.Event, s *graph.Subject) {
	if len(f.Alert.Entities) >= maxEvidence || f.Alert.Kind == alert.KindSensor || !differs(f.Alert.Event, ev) {
		return
	}
	for _, entity := range e.entities(ev, s) {
		if !telling(&entity) || len(f.Alert.Entities) >= maxEvidence || names(f.Alert.Entities, &entity) {
			continue
		}
		// Revisions that were handed out share the list before.
		f.Alert.Entities = append(slices.Clone(f.Alert.Entities), entity)
		e.merger.Enrich(&f.Alert, &entity, e.now)
	}
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
	return a != nil && b != nil && a.CommandLine != b.CommandLine
}

// telling reports whether an entity is evidence of its own: processes and
// accounts repeat with the lineage.
func telling(e *alert.Entity) bool {
	switch e.Type {
	case alert.EntityFile, alert.EntityHash, alert.EntityCommand, alert.EntityIP, alert.EntityDomain, alert.EntityURL:
		return true
	}
	return false
}

func names(list []alert.Entity, e *alert.Entity) bool {
	return slices.ContainsFunc(list, func(have alert.Entity) bool {
		return have.Type == e.Type && have.Value == e.Value && have.Role == e.Role && have.Inode == e.Inode
	})
}
