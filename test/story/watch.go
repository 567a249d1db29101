package story

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"baize/internal/alert"
	"baize/internal/incident"
	"baize/test/console"
)

// Watch is what somebody before the console has seen arrive, without a reload.
type Watch struct {
	mu sync.Mutex
	// alerts and incidents by id: when each first arrived, and the newest form.
	alerts map[string]arrival[alert.Alert]
	// joined says when an alert's id was first in a pushed incident.
	joined    map[string]time.Time
	incidents map[string]arrival[incident.Incident]
	// named says when an incident first named a host or an address: see Named.
	named  map[[2]string]time.Time
	merges []Merge
	// problems are things that must not happen on a stream.
	problems []string
	streams  int
}

// Merge is the announcement that an incident became part of another.
type Merge struct {
	From    string            `json:"from"`
	Into    string            `json:"into"`
	Reasons []incident.Reason `json:"reasons"`
	Arrived time.Time         `json:"-"`
}

type arrival[T any] struct {
	first time.Time
	// oldest is the form in which it first arrived.
	oldest, newest T
}

func newWatch() *Watch {
	return &Watch{alerts: map[string]arrival[alert.Alert]{}, joined: map[string]time.Time{}, named: map[[2]string]time.Time{}, incidents: map[string]arrival[incident.Incident]{}}
}

// follow keeps a stream open until ctx ends, resuming where it broke off, as a
// browser does.
func (w *Watch) follow(ctx context.Context, client *console.Client) {
	last := ""
	for ctx.Err() == nil {
		w.opened()
		_ = client.Stream(ctx, last, func(c console.Change) {
			if c.ID != "" {
				last = c.ID
			}
			w.take(c)
		})
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (w *Watch) opened() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.streams++
}

func (w *Watch) take(c console.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch c.Name {
	case "alert":
		var a alert.Alert
		if w.decode(c, &a) {
			w.alerts[a.ID] = seen(w, c, w.alerts[a.ID], a, a.ID, a.Revision, w.alerts[a.ID].newest.Revision)
		}
	case "incident":
		var i incident.Incident
		if w.decode(c, &i) {
			w.incidents[i.ID] = seen(w, c, w.incidents[i.ID], i, i.ID, i.Revision, w.incidents[i.ID].newest.Revision)
			for _, id := range i.Alerts {
				first(w.joined, id, c.Arrived)
			}
			for _, h := range i.Hosts {
				first(w.named, [2]string{i.ID, h.Name}, c.Arrived)
			}
			for _, e := range i.Entities {
				first(w.named, [2]string{i.ID, e.Value}, c.Arrived)
			}
		}
	case "merge":
		m := Merge{Arrived: c.Arrived}
		if w.decode(c, &m) {
			w.merges = append(w.merges, m)
		}
	}
}

func first[K comparable](seen map[K]time.Time, key K, now time.Time) {
	if _, known := seen[key]; !known {
		seen[key] = now
	}
}

// seen replaces what was known by what has arrived.
func seen[T any](w *Watch, c console.Change, before arrival[T], now T, id string, revision, known uint64) arrival[T] {
	if before.first.IsZero() {
		before.first, before.oldest = c.Arrived, now
	} else if revision < known {
		w.problems = append(w.problems, fmt.Sprintf("%s %s went back from revision %d to %d", c.Name, id, known, revision))
	}
	before.newest = now
	return before
}

func (w *Watch) decode(c console.Change, v any) bool {
	err := json.Unmarshal(c.Data, v)
	if err != nil {
		w.problems = append(w.problems, fmt.Sprintf("%s event: %v", c.Name, err))
	}
	return err == nil
}

// FirstAlert is when the alert first arrived on the stream; zero if it did not.
func (w *Watch) FirstAlert(id string) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.alerts[id].first
}

// Advance returns an alert as it first arrived on the stream and as it last did.
func (w *Watch) Advance(id string) (first, last alert.Alert) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.alerts[id].oldest, w.alerts[id].newest
}

// Grown returns an incident as it first arrived on the stream and as it last did.
func (w *Watch) Grown(id string) (first, last incident.Incident) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.incidents[id].oldest, w.incidents[id].newest
}

// Joined is when an incident with the alert first arrived on the stream.
func (w *Watch) Joined(id string) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.joined[id]
}

// Named is when an incident first named a host, or had an entity of that value; zero
// if it did not.
func (w *Watch) Named(incident, value string) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.named[[2]string{incident, value}]
}

// Merges are those that were announced.
func (w *Watch) Merges() []Merge {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.merges)
}

// Problems are what must not have happened.
func (w *Watch) Problems() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.problems...)
}
