package shard

import (
	"baize/internal/alert"
	"baize/internal/engine"
	"baize/internal/incident"
)

// batch gathers the engine's output, of each alert and incident the newest.
type batch struct {
	alerts    []alert.Alert
	incidents []incident.Incident
	// at is the place of an id in its list.
	alertAt, incidentAt map[string]int
}

func newBatch() *batch { return &batch{alertAt: map[string]int{}, incidentAt: map[string]int{}} }

func (b *batch) size() int { return len(b.alerts) + len(b.incidents) }

func (b *batch) add(out engine.Output) {
	for _, a := range out.Alerts {
		b.alerts = put(b.alerts, b.alertAt, a.ID, a)
	}
	for _, i := range out.Incidents {
		b.incidents = put(b.incidents, b.incidentAt, i.ID, i)
	}
}

// put replaces what list has of id, or appends it.
func put[T any](list []T, at map[string]int, id string, item T) []T {
	if i, ok := at[id]; ok {
		list[i] = item
		return list
	}
	at[id] = len(list)
	return append(list, item)
}

func (b *batch) reset() {
	clear(b.alertAt)
	clear(b.incidentAt)
	b.alerts, b.incidents = nil, nil
}
