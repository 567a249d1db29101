package shard

import (
	"baize/internal/alert"
	"baize/internal/engine"
	"baize/internal/exception"
	"baize/internal/incident"
	"baize/internal/provenance"
	"baize/internal/server/state"
)

// batch gathers the engine's output, of each alert and incident the newest.
type batch struct {
	alerts     []alert.Alert
	incidents  []incident.Incident
	intrusions []provenance.Intrusion
	// hidden are the newest firings that each exception hid, oldest first.
	hidden map[string][]exception.Firing
	// at is the place of an id in its list.
	alertAt, incidentAt, intrusionAt map[string]int
}

func newBatch() *batch {
	return &batch{hidden: map[string][]exception.Firing{}, alertAt: map[string]int{}, incidentAt: map[string]int{}, intrusionAt: map[string]int{}}
}

func (b *batch) size() int {
	return len(b.alerts) + len(b.incidents) + len(b.intrusions) + len(b.hidden)
}

// keptHidden bounds the hidden firings that wait of one exception: the state
// keeps no more.
const keptHidden = 100

func (b *batch) add(out engine.Output) {
	for _, a := range out.Alerts {
		b.alerts = put(b.alerts, b.alertAt, a.ID, a)
	}
	for _, i := range out.Incidents {
		b.incidents = put(b.incidents, b.incidentAt, i.ID, i)
	}
	for _, i := range out.Intrusions {
		b.intrusions = put(b.intrusions, b.intrusionAt, i.ID, i)
	}
	for _, f := range out.Hidden {
		list := append(b.hidden[f.Exception], f)
		b.hidden[f.Exception] = list[max(0, len(list)-keptHidden):]
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

// output is all of it.
func (b *batch) output() state.Output {
	return state.Output{Alerts: b.alerts, Incidents: b.incidents, Intrusions: b.intrusions, Hidden: b.hiddenFirings()}
}

// hiddenFirings are those of all exceptions, each oldest first.
func (b *batch) hiddenFirings() []exception.Firing {
	var all []exception.Firing
	for _, list := range b.hidden {
		all = append(all, list...)
	}
	return all
}

func (b *batch) reset() {
	clear(b.hidden)
	clear(b.alertAt)
	clear(b.incidentAt)
	clear(b.intrusionAt)
	b.alerts, b.incidents, b.intrusions = nil, nil, nil
}
