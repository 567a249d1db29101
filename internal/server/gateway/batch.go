package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"baize/internal/event"
	"baize/internal/identity"
	"baize/internal/server/bus"
	"baize/internal/wire"
	baizev1 "baize/proto/baize/v1"
)

const (
	// maxSeq leaves room above every number; no host counts that far.
	maxSeq = 1 << 62
	// maxBoots bounds the boots that one session sends events of.
	maxBoots = 16
	// attempts at a batch whose progress turned out to be another.
	attempts = 3
)

// batch settles a run of numbers: what is new in it goes to the log, what is
// missing is said to be lost, and the host is told the mark. A batch that does
// not even say which numbers it is about is refused and settles nothing.
func (in *inbound) batch(ctx context.Context, b *baizev1.Batch) error {
	now := in.g.deps.Now()
	if kind, err := in.check(b); err != nil {
		in.refuse(kind, err.Error())
		return in.enough()
	}
	in.skew.add(b.GetSent(), now)
	key := bootKey{in.s.peer.Host, b.Boot}
	var seq uint64
	var err error
	for range attempts {
		err = in.g.progress.hold(ctx, key, func(p *bootProgress) error {
			err := in.settle(ctx, key, p, b, now)
			seq = p.seq
			return err
		})
		if !errors.Is(err, bus.ErrFenced) {
			break
		}
	}
	if err != nil {
		return internal("batch of "+in.s.peer.Host, err)
	}
	if err := in.enough(); err != nil {
		return err
	}
	return in.send(ctx, &baizev1.ConnectResponse{Message: &baizev1.ConnectResponse_Mark{Mark: &baizev1.Mark{Boot: b.Boot, Seq: seq}}})
}

// check holds a batch against what it may claim.
func (in *inbound) check(b *baizev1.Batch) (kind string, err error) {
	switch {
	case b.GetHost() != in.s.peer.Host:
		return "host", fmt.Errorf("batch of host %q in the session of %s, from %s", printable(b.GetHost()), in.s.peer.Host, in.s.peer.addr)
	case !identity.Valid(b.GetBoot()):
		return "batch", fmt.Errorf("batch of boot %q", printable(b.GetBoot()))
	case b.GetCount() == 0 || b.GetCount() > wire.MaxEvents:
		return "batch", fmt.Errorf("batch of %d events, want 1 to %d", b.GetCount(), wire.MaxEvents)
	case b.GetFirstSeq() == 0 || b.GetFirstSeq() > maxSeq:
		return "batch", fmt.Errorf("batch from number %d", b.GetFirstSeq())
	case len(b.GetEvents()) > bus.MaxBody:
		return "batch", fmt.Errorf("batch of %d bytes, at most %d", len(b.GetEvents()), bus.MaxBody)
	}
	if in.boots == nil {
		in.boots = map[string]bool{}
	}
	if in.boots[b.Boot] = true; len(in.boots) > maxBoots {
		return "batch", fmt.Errorf("batches of more than %d boots", maxBoots)
	}
	return "", nil
}

// settle appends what of b is above the mark. The caller holds p.
func (in *inbound) settle(ctx context.Context, key bootKey, p *bootProgress, b *baizev1.Batch, now time.Time) error {
	last := b.FirstSeq + uint64(b.Count) - 1
	if last <= p.seq {
		return nil // all of it was sent before
	}
	origin := wire.Origin{Org: in.s.peer.Org, Host: event.Host{ID: key.host, Name: in.name}, Boot: key.boot}
	events, problem := read(b, origin, p.seq)
	if problem != nil {
		in.refuse("event", fmt.Sprintf("batch from number %d: %v", b.FirstSeq, problem))
	}
	out := bus.Batch{Origin: origin, First: p.seq + 1, Last: last, Received: now, Skew: in.skew.estimate(), Body: b.Events}
	if lost := last - p.seq - uint64(len(events)); lost > 0 || problem != nil || len(events) < int(b.Count) {
		body, err := wire.Pack(withLoss(events, p.seq, last, lost, now))
		if err != nil {
			return err // what was decoded encodes
		}
		out.Body = body
	}
	return in.g.progress.append(ctx, key, p, out)
}

// read decodes the events of b that are above the mark and rightly numbered.
// The error says what of the rest was wrong.
func read(b *baizev1.Batch, origin wire.Origin, mark uint64) ([]*event.Event, error) {
	events, problem := wire.Unpack(b.Events, origin)
	last := b.FirstSeq + uint64(b.Count) - 1
	kept := events[:0]
	before := b.FirstSeq - 1
	for i, ev := range events {
		if ev.Seq <= before || ev.Seq > last {
			problem = errors.Join(problem, fmt.Errorf("event %d: number %d after %d in a batch up to %d: %w", i, ev.Seq, before, last, wire.ErrMalformed))
			break
		}
		if before = ev.Seq; ev.Seq > mark {
			kept = append(kept, ev)
		}
	}
	if problem == nil && len(events) != int(b.Count) {
		problem = fmt.Errorf("%d events in a batch of %d: %w", len(events), b.Count, wire.ErrMalformed)
	}
	return kept, problem
}

// withLoss puts a record of the numbers that are missing before the events: a
// reader must not take what was lost for what did not happen.
func withLoss(events []*event.Event, mark, last, lost uint64, now time.Time) []*event.Event {
	if lost == 0 {
		return events
	}
	from := now
	if len(events) > 0 {
		from = events[0].Time
	}
	return append([]*event.Event{{
		Kind: event.SensorCoverage, Time: from,
		Coverage: &event.Coverage{
			Class: event.ClassAll, From: from, To: from, State: event.CoverageLost, Lost: lost,
			Reason: fmt.Sprintf("%d of the events %d to %d never arrived, or could not be read", lost, mark+1, last),
		},
	}}, events...)
}
