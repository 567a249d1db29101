package bus

import (
	"context"
	"fmt"

	"baize/internal/event"
)

// Span is a stretch of the log that ends with an event.
type Span struct {
	Host string
	// Until is the position of its last event, Back how many messages of the log,
	// of any host, before that it begins.
	Until, Back uint64
}

// History calls do with a host's events in a stretch of the log, in order, as
// long as do returns true. It returns whether the log has earlier messages than
// those, and whether the host's events before them were cut off by retention, as
// far as their numbers tell.
func (b *Bus) History(ctx context.Context, s Span, do func(*event.Event) bool) (earlier, cut bool, err error) {
	if !token(s.Host) {
		return false, false, fmt.Errorf("host %q: %w", s.Host, ErrPlace)
	}
	info, err := b.stream.Info(ctx)
	if err != nil {
		return false, false, fmt.Errorf("event log: %w", err)
	}
	last, _ := b.tail.get()
	l := &look{bus: b, subject: batchSubject(s.Host, "*"), first: info.State.FirstSeq, last: min(last, s.Until>>indexBits)}
	if l.last > s.Back && l.last-s.Back > l.first {
		l.first, earlier = l.last-s.Back, true
	}
	first := true
	for at := l.first; ; {
		m, err := l.next(ctx, at)
		if err != nil {
			return earlier, cut, fmt.Errorf("history of host %s: %w", s.Host, err)
		}
		if m == nil {
			return earlier, cut, nil
		}
		for _, ev := range m.events {
			if first {
				first, cut = false, ev.Seq > 1 && !earlier
			}
			if ev.Ingest.Bus > s.Until || !do(ev) {
				return earlier, cut, nil
			}
		}
		at = m.sequence + 1
	}
}
