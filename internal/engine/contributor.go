package engine

import (
	"encoding/json"
	"fmt"
	"time"

	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/lru"
	"baize/internal/sigma/correlate"
)

// maxContributors is how many events that feed correlations are kept for the
// alerts that may name them. Older ones an alert counts and does not show.
const maxContributors = 16_384

// contributor is an event that feeds a correlation, with what provenance knew.
type contributor struct {
	Event   *event.Event
	Subject graph.Subject
}

// keptContributor is a contributor in a snapshot: JSON is the form in which an
// event survives unchanged.
type keptContributor struct {
	Event   []byte
	Subject graph.Subject
}

// contributor is the event that a match names; of one that is not kept any
// more, as much as the match says.
func (e *Engine) contributor(m *correlate.Match) contributor {
	if c := e.contributors.Peek(m.Ref); c != nil {
		return *c
	}
	return contributor{Event: &event.Event{Org: m.Org, Host: event.Host{ID: m.Host}, Time: time.Unix(0, m.Time).UTC()}}
}

// brief is an event without what its ancestors, arguments and environment take.
func brief(ev *event.Event) *event.Event {
	out := *ev
	out.Ingest = nil
	if p := ev.Process; p != nil {
		out.Process = briefProcess(p)
		if p.Parent != nil {
			out.Process.Parent = briefProcess(p.Parent)
		}
	}
	return &out
}

func briefProcess(p *event.Process) *event.Process {
	return &event.Process{
		Key: p.Key, PID: p.PID, Name: p.Name, Executable: p.Executable, CommandLine: p.CommandLine, User: p.User,
		Hash: p.Hash, Exe: p.Exe, Session: p.Session, OldName: p.OldName, OldCommandLine: p.OldCommandLine, Context: p.Context,
	}
}

// keepCorrelations puts what correlations remember into a snapshot.
func (e *Engine) keepCorrelations(head *header) error {
	head.Observed = e.observed
	if e.machine != nil {
		head.Correlations = e.machine.Snapshot()
	}
	for _, item := range e.contributors.Snapshot() {
		body, err := json.Marshal(item.Value.Event)
		if err != nil {
			return fmt.Errorf("snapshot of a contributing event: %w", err)
		}
		head.Contributors = append(head.Contributors, lru.Item[uint64, keptContributor]{
			Key: item.Key, Value: keptContributor{Event: body, Subject: item.Value.Subject}, Used: item.Used,
		})
	}
	return nil
}

func (e *Engine) restoreCorrelations(head *header) error {
	e.observed = head.Observed
	if e.machine != nil {
		e.machine.Restore(head.Correlations)
	}
	for _, item := range head.Contributors {
		c := contributor{Event: new(event.Event), Subject: item.Value.Subject}
		if err := json.Unmarshal(item.Value.Event, c.Event); err != nil {
			return fmt.Errorf("%w: contributing event: %w", ErrSnapshot, err)
		}
		e.contributors.Put(item.Key, c, item.Used)
	}
	return nil
}
