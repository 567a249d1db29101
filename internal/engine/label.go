package engine

import (
	"encoding/json"
	"fmt"
	"time"

	"baize/internal/event"
	"baize/internal/label"
)

// relabel puts the labels of hosts and images in force. Alerts whose repeats are still
// counted, kill chains and incidents have them from here on.
func (e *Engine) relabel(ev *event.Event, out *Output) {
	list, err := LabelsOf(ev)
	if err != nil {
		e.problem = err.Error()
		return
	}
	changed, err := e.labels.Assign(list, e.now)
	if err != nil {
		e.problem = "labels: " + err.Error()
		return
	}
	for _, slot := range e.alerts.All() {
		f := *slot
		if l := e.labels.Of(f.Alert.Org, f.Alert.Host, f.Alert.Image); l != f.Alert.Labels {
			f.Alert.Labels = l
			e.wait(f)
		}
	}
	for _, slot := range e.chains.All() {
		a := **slot
		if l := e.labels.Of(a.Org, a.Host, a.Image); l != a.Labels {
			a.Labels = l
			a.Revision++
			*slot = &a
			out.Alerts = append(out.Alerts, a)
		}
	}
	e.merger.Relabel(e.labels.Of, e.now)
	e.merger.Resibling(changed)
}

// LabelRecord is the record that puts exactly list in force.
func LabelRecord(list []label.Assignment, now time.Time) (*event.Event, error) {
	if list == nil {
		list = []label.Assignment{}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	return &event.Event{Kind: event.EngineLabels, Time: now, Message: string(text)}, nil
}

// LabelsOf is the inverse of LabelRecord.
func LabelsOf(ev *event.Event) ([]label.Assignment, error) {
	var list []label.Assignment
	if err := json.Unmarshal([]byte(ev.Message), &list); err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	return list, nil
}

// containerImage is the image of the container that an event happened in, "" for none.
func containerImage(ev *event.Event) string {
	if ev.Container == nil || ev.Container.Image == nil {
		return ""
	}
	return ev.Container.Image.Name
}
