package engine

import (
	"slices"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/incident"
)

// Bounds of what waits for digests: images, and alerts on each.
const (
	maxAwaited      = 4_096
	maxAlertsOnFile = 16
)

// await notes that an alert lacks the digest of its image, which the host is
// still computing.
func (e *Engine) await(ev *event.Event, key alertKey) {
	p := ev.Process
	if p == nil || p.Hash == nil || p.Hash.State != event.HashPending || p.Exe == nil || p.Exe.Inode.IsZero() {
		return
	}
	var keys []alertKey
	if slot := e.awaited.Get(p.Exe.Inode, e.now); slot != nil {
		keys = *slot
	}
	if len(keys) < maxAlertsOnFile && !slices.Contains(keys, key) {
		e.awaited.Put(p.Exe.Inode, append(keys, key), e.now)
	}
}

// digest gives the alerts that waited for it the content of their image, by
// which they may turn out to belong with others.
func (e *Engine) digest(ev *event.Event, s *graph.Subject) {
	if ev.File == nil || ev.File.Hash == nil || ev.File.Hash.SHA256 == "" {
		return
	}
	name := contentName(ev.File.Hash)
	e.saw(incident.Subject{Org: ev.Org, Name: name}, ev, s)
	slot := e.awaited.Peek(ev.File.Inode)
	if slot == nil {
		return
	}
	for _, key := range *slot {
		if f := e.alerts.Peek(key); f != nil {
			e.content(*f, ev.File.Inode.String(), name)
		}
	}
	e.awaited.Delete(ev.File.Inode)
}

// content adds a digest to an alert, in the role that the image has there.
func (e *Engine) content(f *firing, inode, name string) {
	hash := alert.Entity{Type: alert.EntityHash, Value: name, Role: incident.RoleSystem}
	for _, have := range f.Alert.Entities {
		if have.Type == alert.EntityHash && have.Value == name {
			return
		}
		if have.Type == alert.EntityFile && have.Inode == inode && have.Role != incident.RoleSystem {
			hash.Role = incident.RoleImage
		}
	}
	// Revisions that were handed out share the list before.
	f.Alert.Entities = append(slices.Clone(f.Alert.Entities), hash)
	e.merger.Enrich(&f.Alert, &hash, e.now)
	e.wait(f)
}
