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
	"baize/internal/server/bus"
)

// Bounds of one continuation.
const (
	maxEvents = 2_000_000
	maxTime   = 20 * time.Second
	// firstBack is how many messages of the log are gone back at first; each time
	// that this was not enough, it is four times as many.
	firstBack = 20_000
)

// Log is the stored telemetry.
type Log interface {
	// History calls do with a host's events of a stretch as long as it returns
	// true, and returns whether the log has earlier messages, and whether retention
	// cut off earlier events of the host.
	History(ctx context.Context, s bus.Span, do func(*event.Event) bool) (earlier, cut bool, err error)
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
	best, read := g, false
	for back := uint64(firstBack); ; back *= 4 {
		r := reader{graph: graph.New(limits())}
		earlier, cut, err := log.History(ctx, bus.Span{Host: a.Host.ID, Until: a.Event.Ingest.Bus, Back: back}, r.take)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			if !read {
				best = r.join(a, g, cut)
			}
			best.Stopped = "reading stored telemetry took longer than " + maxTime.String()
			return best, nil
		case err != nil:
			return g, err
		case r.stopped != "" && read:
			best.Stopped = r.stopped
			return best, nil
		}
		best, read = r.join(a, g, cut), true
		if best.Stopped == "" || !earlier || r.stopped != "" {
			return best, nil
		}
	}
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
