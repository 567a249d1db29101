package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"baize/internal/event"
	"baize/internal/wire"
)

// ErrFenced reports a batch that is not the next of its host and boot: another
// publisher, or an earlier attempt, was there first. Ask Tail, then go on.
var ErrFenced = errors.New("not behind the last batch of its boot")

// headerName is the one header of a message, a header as JSON.
const headerName = "Baize"

type header struct {
	Org  string `json:"org,omitempty"`
	Host string `json:"host,omitempty"`
	Name string `json:"name,omitempty"`
	Boot string `json:"boot,omitempty"`
	// First and Last number the events; 0 where they have no numbers.
	First    uint64    `json:"first,omitempty"`
	Last     uint64    `json:"last,omitempty"`
	Received time.Time `json:"received"`
	Skew     int64     `json:"skew_ms,omitempty"`
}

// Batch is a run of one boot's events, as it goes to the log.
type Batch struct {
	Origin wire.Origin
	// First and Last are the run of numbers that the batch settles: what is
	// missing in between is lost for good, and said so by an event within.
	First, Last uint64
	// Received is the server's clock; Skew is host clock minus server clock.
	Received time.Time
	Skew     time.Duration
	// Body is wire.Pack of the events.
	Body []byte
}

// Tail is the newest batch of a host's boot in the log.
type Tail struct {
	// Sequence of the message; 0 where the log has none.
	Sequence uint64
	// Seq is the last number that it settled.
	Seq uint64
}

// Publish appends batch behind the message with sequence after, the tail of
// its host and boot (0 for the first), and returns its own sequence once it is
// durable. After an error other than ErrFenced it may be in the log or not.
func (b *Bus) Publish(ctx context.Context, batch Batch, after uint64) (uint64, error) {
	h := header{
		Org: batch.Origin.Org, Host: batch.Origin.Host.ID, Name: batch.Origin.Host.Name, Boot: batch.Origin.Boot,
		First: batch.First, Last: batch.Last, Received: batch.Received.UTC(), Skew: batch.Skew.Milliseconds(),
	}
	ack, err := b.publish(ctx, batchSubject(h.Host, h.Boot), h, batch.Body, jetstream.WithExpectLastSequencePerSubject(after))
	if fenced(err) {
		return 0, fmt.Errorf("%w: host %s boot %s from %d", ErrFenced, h.Host, h.Boot, h.First)
	}
	return ack, err
}

func fenced(err error) bool {
	refusal, ok := errors.AsType[*jetstream.APIError](err)
	return ok && refusal.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}

func batchSubject(host, boot string) string { return subjectHost + host + "." + boot }

// PublishOf appends what the server has to say of a host: events without numbers.
func (b *Bus) PublishOf(ctx context.Context, origin wire.Origin, now time.Time, events ...*event.Event) error {
	h := header{Org: origin.Org, Host: origin.Host.ID, Name: origin.Host.Name, Boot: origin.Boot, Received: now.UTC()}
	return b.pack(ctx, subjectServer+h.Host, h, events)
}

// PublishControl appends records for the engine that are of no host.
func (b *Bus) PublishControl(ctx context.Context, now time.Time, events ...*event.Event) error {
	return b.pack(ctx, subjectControl, header{Received: now.UTC()}, events)
}

// ErrTooLarge reports a body over MaxBody.
var ErrTooLarge = errors.New("too large for one message of the log")

// Announce appends control records that wire.Pack has packed, as one message,
// and returns the position of its end once it is durable.
func (b *Bus) Announce(ctx context.Context, now time.Time, body []byte) (uint64, error) {
	if len(body) > MaxBody {
		return 0, fmt.Errorf("%d bytes, at most %d: %w", len(body), MaxBody, ErrTooLarge)
	}
	sequence, err := b.publish(ctx, subjectControl, header{Received: now.UTC()}, body)
	return End(sequence), err
}

func (b *Bus) pack(ctx context.Context, subject string, h header, events []*event.Event) error {
	body, err := wire.Pack(events)
	if err != nil {
		return err
	}
	_, err = b.publish(ctx, subject, h, body)
	return err
}

func (b *Bus) publish(ctx context.Context, subject string, h header, body []byte, opts ...jetstream.PublishOpt) (uint64, error) {
	value, err := json.Marshal(h)
	if err != nil {
		return 0, err
	}
	msg := &nats.Msg{Subject: subject, Header: nats.Header{headerName: {string(value)}}, Data: body}
	ack, err := b.js.PublishMsg(ctx, msg, append(opts, jetstream.WithRetryAttempts(0))...)
	if err != nil {
		return 0, fmt.Errorf("append to the event log: %w", err)
	}
	b.tail.advance(ack.Sequence)
	return ack.Sequence, nil
}

// Tail returns the newest batch of a host's boot.
func (b *Bus) Tail(ctx context.Context, host, boot string) (Tail, error) {
	msg, err := b.stream.GetLastMsgForSubject(ctx, batchSubject(host, boot))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Tail{}, nil
	}
	if err != nil {
		return Tail{}, fmt.Errorf("tail of host %s boot %s: %w", host, boot, err)
	}
	h, err := parseHeader(msg.Header)
	if err != nil {
		return Tail{}, fmt.Errorf("tail of host %s boot %s: %w", host, boot, err)
	}
	return Tail{Sequence: msg.Sequence, Seq: h.Last}, nil
}

func parseHeader(headers nats.Header) (header, error) {
	var h header
	if err := json.Unmarshal([]byte(headers.Get(headerName)), &h); err != nil {
		return header{}, fmt.Errorf("message header: %w", err)
	}
	return h, nil
}
