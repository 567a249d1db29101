// Package history continues a trace that the engine had to end, because what
// came before had left its memory, in the stored telemetry. It reads the host's
// events anew into a graph of its own. That takes as long as it takes, so it is
// bounded by time and count and stands outside the engine; what it adds is
// marked.
package history

import (
	"context"
	"errors"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/provenance"
)

// Bounds of one continuation.
const (
	maxEvents = 2_000_000
	maxTime   = 20 * time.Second
)

// Log is the stored telemetry.
type Log interface {
	// History calls do with a host's events up to a position, as long as it
	// returns true, and returns whether older ones were cut off by retention.
	History(ctx context.Context, host string, until uint64, do func(*event.Event) bool) (cut bool, err error)
}

// Continue returns the way back of an alert with what stored telemetry has of
// it. The graph is returned as it is where nothing is missing in it, or where the
// log does not know the alert's event.
func Continue(ctx context.Context, log Log, a *alert.Alert, g provenance.Graph) (provenance.Graph, error) {
	if g.Stopped == "" || a.Event == nil || a.Event.Process == nil || a.Event.Ingest == nil {
		return g, nil
	}
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	r := reader{graph: graph.New(limits())}
	cut, err := log.History(ctx, a.Host.ID, a.Event.Ingest.Bus, r.take)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		r.stopped = "reading stored telemetry took longer than " + maxTime.String()
	case err != nil:
		return g, err
	}
	return r.join(a, g, cut), nil
}

// limits are those of one host that is read whole: nothing is left for others.
func limits() graph.Limits {
	l := graph.DefaultLimits()
	l.Hosts, l.ProcessesPerHost, l.FilesPerHost = 1, l.Processes, l.Files
	l.EdgesPerHost, l.PeersPerHost = l.Edges, l.Peers
	l.Exited = l.Silent
	return l
}

// reader builds a graph of what it reads.
type reader struct {
	graph    *graph.Graph
	events   int
	from, to time.Time
	stopped  string
}

func (r *reader) take(ev *event.Event) bool {
	if r.events == maxEvents {
		r.stopped = "there is more stored telemetry than is read for one trace"
		return false
	}
	if r.events++; r.events == 1 {
		r.from = ev.Time
	}
	r.to = ev.Time
	if ev.Coverage == nil {
		r.graph.Observe(ev, ev.Time.UnixNano())
	}
	return true
}

// join adds what was read to what the engine knew.
func (r *reader) join(a *alert.Alert, g provenance.Graph, cut bool) provenance.Graph {
	older := r.graph.Trace(a.Event, a.Intrusion)
	known := make(map[string]bool, len(g.Nodes))
	for k := range g.Nodes {
		known[g.Nodes[k].ID] = true
	}
	for k := range older.Nodes {
		older.Nodes[k].Stored = !known[older.Nodes[k].ID]
	}
	out := provenance.Merge(older, g)
	out.Alert = g.Alert
	out.Stored = &provenance.Stored{From: r.from, To: r.to, Events: r.events}
	switch {
	case older.Entry != "" && older.Stopped == "":
		out.Stopped = ""
	case r.stopped != "":
		out.Stopped = r.stopped
	case older.Stopped != "" && cut:
		out.Stopped = older.Stopped + "; stored telemetry begins at " + r.from.UTC().Format(time.RFC3339)
	case older.Stopped != "":
		out.Stopped = older.Stopped + "; it began before anything was observed"
	}
	return out
}
