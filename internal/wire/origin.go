package wire

import (
	"errors"
	"fmt"

	"baize/internal/event"
)

// ErrMalformed reports bytes, or an event, that the wire form does not allow.
// The error's text names the event by its index and the field by its path.
var ErrMalformed = errors.New("malformed")

// Origin is what a connection knows of the events that arrive on it.
type Origin struct {
	Org  string
	Host event.Host
	Boot string
}

// Of is the origin that an event names itself.
func Of(ev *event.Event) Origin {
	return Origin{Org: ev.Org, Host: ev.Host, Boot: ev.Boot}
}

// EventError is one event of a list that could not be read or written.
type EventError struct {
	// Index within the list, from 0.
	Index int
	// Field is the path of the field, for example "process.hash.sha256".
	Field string
	// Err says what is wrong with it.
	Err error
}

// Error names the place and the reason.
func (e *EventError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("event %d: %v", e.Index, e.Err)
	}
	return fmt.Sprintf("event %d: %s: %v", e.Index, e.Field, e.Err)
}

// Unwrap makes every EventError an ErrMalformed as well as its cause.
func (e *EventError) Unwrap() []error { return []error{ErrMalformed, e.Err} }
