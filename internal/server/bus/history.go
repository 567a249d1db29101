package bus

import (
	"context"
	"fmt"

	"baize/internal/event"
)

// History calls do with a host's events from the oldest that are kept up to and
// including the position until, in order, as long as do returns true. It returns
// whether something of the host was in the log before retention cut it off, as
// far as the numbers of the events tell.
func (b *Bus) History(ctx context.Context, host string, until uint64, do func(*event.Event) bool) (cut bool, err error) {
	if !token(host) {
		return false, fmt.Errorf("host %q: %w", host, ErrPlace)
	}
	info, err := b.stream.Info(ctx)
	if err != nil {
		return false, fmt.Errorf("event log: %w", err)
	}
	last, _ := b.tail.get()
	l := &look{bus: b, subject: batchSubject(host, "*"), first: info.State.FirstSeq, last: min(last, until>>indexBits)}
	first := true
	for at := l.first; ; {
		m, err := l.next(ctx, at)
		if err != nil {
			return cut, fmt.Errorf("history of host %s: %w", host, err)
		}
		if m == nil {
			return cut, nil
		}
		for _, ev := range m.events {
			if first {
				first, cut = false, ev.Seq > 1
			}
			if ev.Ingest.Bus > until || !do(ev) {
				return cut, nil
			}
		}
		at = m.sequence + 1
	}
}
