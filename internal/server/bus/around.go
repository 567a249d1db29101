package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"baize/internal/event"
)

const (
	// maxNear bounds the messages that are read on each side of a place.
	maxNear = 2_000
	// maxNearEvents bounds the events that are looked at on each side.
	maxNearEvents = 200_000
)

// ErrPlace reports a place in the log that cannot be looked for.
var ErrPlace = errors.New("not a place in a host's events")

// Place is where a host's numbered events are looked at.
type Place struct {
	// Host and Boot whose events they are; an empty Boot is any.
	Host, Boot string
	// Seq is the number of an event of Boot; 0 for the first event at Time or
	// after, by the host's clock.
	Seq  uint64
	Time time.Time
	// Before and After are how many events are wanted on either side.
	Before, After int
	// Keep selects events; nil for all.
	Keep func(*event.Event) bool
}

// Near are the events around a place, in the order of the log.
type Near struct {
	Events []*event.Event
	// At is how many of them come before the place.
	At int
	// Earlier and Later : there may be more on that side.
	Earlier, Later bool
}

// Around returns the events of one host next to a place. What it reads is bounded:
// where few events are kept it may return fewer than were wanted and say that
// there may be more.
func (b *Bus) Around(ctx context.Context, p Place) (Near, error) {
	if !token(p.Host) || p.Boot != "" && !token(p.Boot) || p.Seq > 0 && p.Boot == "" {
		return Near{}, fmt.Errorf("host %q boot %q event %d: %w", p.Host, p.Boot, p.Seq, ErrPlace)
	}
	info, err := b.stream.Info(ctx)
	if err != nil {
		return Near{}, fmt.Errorf("event log: %w", err)
	}
	if p.Boot == "" {
		p.Boot = "*"
	}
	last, _ := b.tail.get()
	l := &look{bus: b, place: p, subject: batchSubject(p.Host, p.Boot), first: info.State.FirstSeq, last: last}
	near, err := l.around(ctx)
	if err != nil {
		return Near{}, fmt.Errorf("events of host %s: %w", p.Host, err)
	}
	return near, nil
}

// token reports whether text is one part of a subject, and selects no other.
func token(text string) bool { return text != "" && !strings.ContainsAny(text, ".*> \t\r\n") }

// look is one search of a host's messages, from first to last.
type look struct {
	bus         *Bus
	place       Place
	subject     string
	first, last uint64
}

// batchAt is a message of the host, with the last number that it settles.
type batchAt struct {
	sequence uint64
	last     uint64
	events   []*event.Event
}

func (l *look) around(ctx context.Context) (Near, error) {
	start, err := l.find(ctx)
	if err != nil {
		return Near{}, err
	}
	after, within, later, err := l.forward(ctx, start)
	if err != nil {
		return Near{}, err
	}
	before, earlier, err := l.backward(ctx, start, within)
	return Near{Events: append(before, after...), At: len(before), Earlier: earlier, Later: later}, err
}

// next is the host's first message from a sequence on; nil where there is none.
func (l *look) next(ctx context.Context, from uint64) (*batchAt, error) {
	if from > l.last {
		return nil, nil
	}
	msg, err := l.bus.stream.GetMsg(ctx, from, jetstream.WithGetMsgSubject(l.subject))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if msg.Sequence > l.last {
		return nil, nil
	}
	m := &batchAt{sequence: msg.Sequence, events: decode(msg.Sequence, msg.Header, msg.Data)}
	if h, err := parseHeader(msg.Header); err == nil {
		m.last = h.Last
	}
	return m, nil
}

// find is the sequence of the first message that reaches the place. Within one
// boot numbers and, but for what the host's clock was set back, times rise.
func (l *look) find(ctx context.Context) (uint64, error) {
	low, high := l.first, l.last+1
	for low < high {
		middle := low + (high-low)/2
		m, err := l.next(ctx, middle)
		switch {
		case err != nil:
			return 0, err
		case m == nil || l.reaches(m):
			high = middle
		default:
			low = m.sequence + 1
		}
	}
	return low, nil
}

func (l *look) reaches(m *batchAt) bool {
	if l.place.Seq > 0 {
		return m.last >= l.place.Seq
	}
	return slices.ContainsFunc(m.events, l.reached)
}

// reached reports whether an event is at the place or behind it.
func (l *look) reached(ev *event.Event) bool {
	if l.place.Seq > 0 {
		return ev.Seq >= l.place.Seq
	}
	return !ev.Time.Before(l.place.Time)
}

func (l *look) keeps(ev *event.Event) bool { return l.place.Keep == nil || l.place.Keep(ev) }

// forward collects what comes from the place on, and what its first message has
// before it.
func (l *look) forward(ctx context.Context, from uint64) (after, within []*event.Event, later bool, err error) {
	behind := false
	var read spent
	for {
		m, err := l.next(ctx, from)
		if err != nil || m == nil {
			return after, within, false, err
		}
		if !read.one(m) {
			return after, within, true, nil
		}
		for _, ev := range m.events {
			behind = behind || l.reached(ev)
			switch {
			case !l.keeps(ev):
			case !behind:
				within = append(within, ev)
			case len(after) == l.place.After:
				return after, within, true, nil
			default:
				after = append(after, ev)
			}
		}
		from = m.sequence + 1
	}
}

// spent is what was read on one side of a place.
type spent struct{ messages, events int }

// one adds a message, and reports whether that was within bounds.
func (s *spent) one(m *batchAt) bool {
	s.messages, s.events = s.messages+1, s.events+len(m.events)
	return s.messages <= maxNear && s.events <= maxNearEvents
}

// backward collects what comes before the place, nearest first, in stretches of
// the log that double: there is no way to read a subject backwards.
func (l *look) backward(ctx context.Context, start uint64, within []*event.Event) (before []*event.Event, earlier bool, err error) {
	before = within
	var read spent
	for high, step := start, uint64(1); high > l.first && len(before) <= l.place.Before; step *= 2 {
		low := l.first
		if high-l.first > step {
			low = high - step
		}
		part, whole, err := l.stretch(ctx, low, high, &read)
		if err != nil {
			return nil, false, err
		}
		if !whole {
			earlier = true
			break
		}
		before, high = append(part, before...), low
	}
	if over := len(before) - l.place.Before; over > 0 {
		return before[over:], true, nil
	}
	return before, earlier, nil
}

// stretch collects the kept events of the messages from low up to high; whole is
// false where that was too much.
func (l *look) stretch(ctx context.Context, low, high uint64, read *spent) (kept []*event.Event, whole bool, err error) {
	for {
		m, err := l.next(ctx, low)
		if err != nil {
			return nil, false, err
		}
		if m == nil || m.sequence >= high {
			return kept, true, nil
		}
		if !read.one(m) {
			return nil, false, nil
		}
		for _, ev := range m.events {
			if l.keeps(ev) {
				kept = append(kept, ev)
			}
		}
		low = m.sequence + 1
	}
}
