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
	info, err := b.stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("read the event log: %w", err)
	}
	last := info.State.LastSeq
	if info.State.Msgs == 0 || after >= End(last) {
		return nil
	}
	err = b.Follow(ctx, after, func(m Message) error {
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

// Follow calls do for every message behind position after, in order, waiting
// for new ones until ctx ends or do returns an error, which it returns.
// Messages that retention dropped before they were read are missing, and said
// so in the server's log.
func (b *Bus) Follow(ctx context.Context, after uint64, do func(Message) error) error {
	start := after >> indexBits
	if after == End(start) {
		start++
	}
	consumer, err := b.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(start, 1),
	})
	if err != nil {
		return fmt.Errorf("read the event log from %d: %w", start, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessagesWithBytesLimit(64, 16<<20))
	if err != nil {
		return fmt.Errorf("read the event log from %d: %w", start, err)
	}
	defer messages.Stop()
	for expected := max(start, 1); ; expected++ {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return fmt.Errorf("read the event log at %d: %w", expected, err)
		}
		m, sequence, err := b.decode(msg, after)
		if err != nil {
			return err
		}
		if sequence > expected {
			slog.Error("event log: messages were dropped by retention before they were read", "from", expected, "to", sequence-1)
		}
		if expected = sequence; len(m.Events) == 0 && m.Position <= after {
			continue
		}
		if err := do(m); err != nil {
			return err
		}
	}
}

func (b *Bus) decode(msg jetstream.Msg, after uint64) (Message, uint64, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return Message{}, 0, fmt.Errorf("read the event log: %w", err)
	}
	sequence := meta.Sequence.Stream
	events := decode(sequence, msg.Headers(), msg.Data())
	for len(events) > 0 && events[0].Ingest.Bus <= after {
		events = events[1:]
	}
	return Message{Events: events, Position: End(sequence), Pending: meta.NumPending}, sequence, nil
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
