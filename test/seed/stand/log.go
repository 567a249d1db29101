package stand

import (
	"context"
	"fmt"
	"time"

	"baize/internal/event"
	"baize/internal/server/bus"
	"baize/internal/wire"
)

// storyLog is the events of the story, in the real log.
type storyLog struct{ *bus.Bus }

func (l storyLog) Read(ctx context.Context, each func(*event.Event) error) error {
	return l.Bus.Read(ctx, 0, each)
}

func (l storyLog) Last(ctx context.Context) (uint64, error) {
	stats, err := l.Stats(ctx)
	return stats.Last, err
}

// append writes a step's events into the log, a batch for each host, and a tick
// behind them.
func (s *Stand) append(ctx context.Context, events []*event.Event) (uint64, error) {
	now := time.Now()
	batches := map[wire.Origin][]*event.Event{}
	for _, ev := range events {
		batches[wire.Of(ev)] = append(batches[wire.Of(ev)], ev)
	}
	for origin, batch := range batches {
		body, err := wire.Pack(batch)
		if err != nil {
			return 0, err
		}
		tail, err := s.bus.Tail(ctx, origin.Host.ID, origin.Boot)
		if err != nil {
			return 0, err
		}
		b := bus.Batch{Origin: origin, First: batch[0].Seq, Last: batch[len(batch)-1].Seq, Received: now, Body: body}
		if _, err := s.bus.Publish(ctx, b, tail.Sequence); err != nil {
			return 0, fmt.Errorf("host %s: %w", origin.Host.ID, err)
		}
	}
	tick, err := wire.Pack([]*event.Event{{Kind: event.EngineTick, Time: now}})
	if err != nil {
		return 0, err
	}
	return s.bus.Announce(ctx, now, tick)
}
