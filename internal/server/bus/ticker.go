package bus

import (
	"context"
	"time"

	"baize/internal/event"
)

// Tick appends an engine.tick each interval until ctx ends, so that the
// passing of time is in the log. The times it writes never go back, whatever
// the clock does. An error of the log ends it.
func (b *Bus) Tick(ctx context.Context, interval time.Duration, now func() time.Time) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if t := now().UTC(); t.After(last) {
			last = t
		}
		err := b.PublishControl(ctx, last, &event.Event{Kind: event.EngineTick, Time: last})
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}
