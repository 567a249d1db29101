package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"baize/internal/event"
	"baize/internal/wire"
)

// Message is what a reader gets at once: events that became durable together.
type Message struct {
	// Events may be none, where nothing of a message could be read.
	Events []*event.Event
	// Position after all of Events: what a reader keeps to go on from.
	Position uint64
	// Pending messages were in the log behind this one when it was read: 0
	// says that the reader has caught up.
	Pending uint64
}

// Read calls do for every event behind position after, 0 for all, up to the
// end that the log has now.
func (b *Bus) Read(ctx context.Context, after uint64, do func(*event.Event) error) error {
	last, _ := b.tail.get()
	if last == 0 || after >= End(last) {
		return nil
	}
	err := b.Follow(ctx, after, func(m Message) error {
		for _, ev := range m.Events {
			if err := do(ev); err != nil {
				return err
			}
		}
		if m.Position >= End(last) {
			return errEnd
		}
		return nil
	})
	if errors.Is(err, errEnd) {
		return nil
	}
	return err
}

// errEnd ends a Follow from within.
var errEnd = errors.New("end of log")

// Follow calls do for every message with a position above after, in order, waiting
// for new ones until ctx ends or do returns an error, which it returns.
// Messages that retention dropped before they were read are missing, and said
// so in the server's log.
func (b *Bus) Follow(ctx context.Context, after uint64, do func(Message) error) error {
	next := after >> indexBits
	if next == 0 || after == End(next) {
		next++
	}
	for {
		last, more := b.tail.get()
		for next <= last {
			m, sequence, err := b.get(ctx, next, last)
			if err != nil {
				return fmt.Errorf("read the event log at %d: %w", next, err)
			}
			if sequence > next {
				slog.Error("event log: messages were dropped by retention before they were read", "from", next, "to", sequence-1)
			}
			next = sequence + 1
			m.Events = behind(m.Events, after)
			if err := do(m); err != nil {
				return err
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("read the event log: %w", ctx.Err())
		}
	}
}

// get reads the first message from sequence on, of those up to last; where
// retention has dropped all of them, it returns an empty one at last.
func (b *Bus) get(ctx context.Context, sequence, last uint64) (Message, uint64, error) {
	msg, err := b.stream.GetMsg(ctx, sequence, jetstream.WithGetMsgSubject(subjects))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Message{Position: End(last)}, last, nil
	}
	if err != nil {
		return Message{}, 0, err
	}
	pending := uint64(0)
	if msg.Sequence < last {
		pending = last - msg.Sequence
	}
	return Message{Events: decode(msg.Sequence, msg.Header, msg.Data), Position: End(msg.Sequence), Pending: pending}, msg.Sequence, nil
}

// behind leaves out the events up to position after.
func behind(events []*event.Event, after uint64) []*event.Event {
	for len(events) > 0 && events[0].Ingest.Bus <= after {
		events = events[1:]
	}
	return events
}

// decode expands and stamps the events of a message. What cannot be read is
// logged and left out: the gateway lets nothing in that it could not read.
func decode(sequence uint64, headers nats.Header, body []byte) []*event.Event {
	h, err := parseHeader(headers)
	if err != nil {
		slog.Error("event log: message is not ours", "sequence", sequence, "error", err)
		return nil
	}
	origin := wire.Origin{Org: h.Org, Host: event.Host{ID: h.Host, Name: h.Name}, Boot: h.Boot}
	events, err := wire.Unpack(body, origin)
	if err != nil {
		slog.Error("event log: message is damaged", "sequence", sequence, "error", err)
	}
	stamps := make([]event.Ingest, len(events))
	for i, ev := range events {
		stamps[i] = event.Ingest{Bus: sequence<<indexBits | uint64(i), Received: h.Received, Skew: h.Skew}
		ev.Ingest = &stamps[i]
	}
	return events
}
