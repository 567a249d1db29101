package engine

import (
	"encoding/json"
	"fmt"
	"time"

	"baize/internal/event"
	"baize/internal/incident"
)

// decide puts analysts' decisions about incidents in force.
func (e *Engine) decide(ev *event.Event) {
	list, err := DecisionsOf(ev)
	if err == nil {
		err = e.merger.Decide(list, e.now)
	}
	if err != nil {
		e.problem = err.Error()
	}
}

// DecisionRecord is the record that puts exactly list in force.
func DecisionRecord(list []incident.Decision, now time.Time) (*event.Event, error) {
	if list == nil {
		list = []incident.Decision{}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	return &event.Event{Kind: event.EngineDecisions, Time: now, Message: string(text)}, nil
}

// DecisionsOf is the inverse of DecisionRecord.
func DecisionsOf(ev *event.Event) ([]incident.Decision, error) {
	var list []incident.Decision
	if err := json.Unmarshal([]byte(ev.Message), &list); err != nil {
		return nil, fmt.Errorf("decisions: %w", err)
	}
	return list, nil
}
