// Package rulestream puts lines of events through a set of rules as the engine
// would: with the lineage that provenance knows, and with correlations over what
// came before. The operator's command line and the tests beside the rules use
// it; it raises no alerts and merges nothing.
package rulestream

import (
	"time"

	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/sigma"
	"baize/internal/sigma/correlate"
	"baize/internal/taxonomy"
)

// Stream is a set of rules in the middle of a log. Make one with New.
type Stream struct {
	machine *correlate.Machine
	graph   *graph.Graph
	// now is the newest time that any event had.
	now     int64
	matches []correlate.Match
}

// New returns a stream that has seen nothing.
func New(set *sigma.Set) *Stream {
	return &Stream{machine: correlate.New(set, correlate.Limits{}), graph: graph.New(graph.DefaultLimits())}
}

// Raises reports whether a rule raises alerts of its own.
func (s *Stream) Raises(r *sigma.Rule) bool { return s.machine.Raises(r) }

// Now is the newest time of the log, zero where no event had one.
func (s *Stream) Now() time.Time {
	if s.now == 0 {
		return time.Time{}
	}
	return time.Unix(0, s.now).UTC()
}

// Process returns what the next event satisfies and completes, and before that
// what its time ended. The records are the event as each of its log sources has
// it, ref names it and rises. The result is good until the next call.
func (s *Stream) Process(records []sigma.Record, ref uint64) []correlate.Match {
	in := correlate.Input{Records: records, Ref: ref, Time: s.now}
	if r, ours := records[0].(*taxonomy.Record); ours {
		s.place(r.Event(), &in)
	} else if at, ok := timeOf(records[0]); ok {
		in.Time = at
	}
	s.now = max(s.now, in.Time)
	in.Now = s.now
	s.matches = s.machine.Process(&in, s.matches[:0])
	return s.matches
}

// place fills in what an event of ours says.
func (s *Stream) place(ev *event.Event, in *correlate.Input) {
	in.Org, in.Host, in.Count = ev.Org, ev.Host.ID, ev.Repeats()
	if at, ok := nanoseconds(ev.Time); ok {
		in.Time = at
	}
	lineage := s.graph.Observe(ev, max(s.now, in.Time)).Lineage
	for _, rec := range in.Records {
		if r, ours := rec.(*taxonomy.Record); ours {
			r.Place(lineage)
		}
	}
}

// Advance lets time pass without events, and returns what that ended.
func (s *Stream) Advance(to time.Time) []correlate.Match {
	if at, ok := nanoseconds(to); ok {
		s.now = max(s.now, at)
	}
	s.matches = s.machine.Advance(s.now, s.matches[:0])
	return s.matches
}

// Finish returns what endless silence ends.
func (s *Stream) Finish() []correlate.Match {
	s.matches = s.machine.Finish(s.matches[:0])
	return s.matches
}

// Years whose instants fit in 64 bits of nanoseconds.
const minYear, maxYear = 1678, 2261

func nanoseconds(t time.Time) (int64, bool) {
	if year := t.Year(); t.IsZero() || year < minYear || year > maxYear {
		return 0, false
	}
	return t.UnixNano(), true
}

// timeFields are where foreign records have their time.
var timeFields = []string{"@timestamp", "timestamp", "Timestamp", "time", "_time", "UtcTime", "TimeCreated", "EventTime", "event.created"}

// layouts of times that are texts.
var layouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999"}

// milliseconds is the number from which on an instant is in milliseconds since
// 1970 rather than seconds: the year 5138 in seconds.
const milliseconds = 1e11

// timeOf is the time of a foreign record: a text, or a number since 1970.
func timeOf(rec sigma.Record) (int64, bool) {
	for _, name := range timeFields {
		var values sigma.Values
		rec.Field(-1, name, &values)
		if values.Len() == 0 {
			continue
		}
		v := values.At(0)
		if n, ok := v.Number(); ok {
			if n >= milliseconds {
				n /= 1e3
			}
			return nanoseconds(time.Unix(0, 0).Add(time.Duration(n * 1e9)).UTC())
		}
		for _, layout := range layouts {
			if at, err := time.Parse(layout, v.Text()); err == nil {
				return nanoseconds(at)
			}
		}
	}
	return 0, false
}
