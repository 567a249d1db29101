package engine

import (
	"encoding/json"
	"fmt"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/exception"
)

// except puts a list of exceptions in force. Hits are kept of those that stay.
func (e *Engine) except(ev *event.Event) {
	list, err := ExceptionsOf(ev)
	if err != nil {
		e.problem = err.Error()
		return
	}
	if err := e.follow(list, e.hits); err != nil {
		e.problem = err.Error()
	}
}

// ExceptionRecord is the record that puts exactly list in force.
func ExceptionRecord(list []exception.Exception, now time.Time) (*event.Event, error) {
	if list == nil {
		list = []exception.Exception{}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	return &event.Event{Kind: event.EngineExceptions, Time: now, Message: string(text)}, nil
}

// ExceptionsOf is the inverse of ExceptionRecord.
func ExceptionsOf(ev *event.Event) ([]exception.Exception, error) {
	var list []exception.Exception
	if err := json.Unmarshal([]byte(ev.Message), &list); err != nil {
		return nil, fmt.Errorf("exceptions: %w", err)
	}
	if len(list) > exception.MaxActive {
		return nil, fmt.Errorf("exceptions: %d, at most %d", len(list), exception.MaxActive)
	}
	return list, nil
}

// hide counts a firing on the exception that covers it, and says whether one
// does.
func (e *Engine) hide(ev *event.Event, rule *alert.Rule, out *Output) bool {
	x := e.exceptions.Find(rule.ID, ev, time.Unix(0, e.now))
	if x == nil {
		return false
	}
	e.hits[x.ID] += ev.Repeats()
	out.Hidden = append(out.Hidden, exception.Firing{Exception: x.ID, Hits: e.hits[x.ID], Time: ev.Time, Rule: rule, Host: ev.Host, Event: ev})
	return true
}
