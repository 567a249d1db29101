package sensor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"baize/internal/event"

	"github.com/cilium/ebpf/ringbuf"
)

// Run delivers records in batches until ctx ends or the sensor is closed, from
// one goroutine and in the order of the ring. emit owns the batch and its
// records; while it does not return, the ring fills. Run returns nil when ctx
// ends.
func (s *Sensor) Run(ctx context.Context, emit func([]Record)) error {
	defer hurry()()
	stop := context.AfterFunc(ctx, func() { _ = s.reader.Flush() })
	defer stop()
	if s.writes != nil {
		inner, cancel := context.WithCancel(ctx)
		var writing sync.WaitGroup
		writing.Go(func() { s.writes.run(inner) })
		defer writing.Wait()
		defer cancel()
	}
	inner, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	watching.Go(func() { s.measure(inner) })
	if ownPIDNamespace() == 0 { // elsewhere the programs would not know the agent
		watching.Go(func() { s.guard.flock.fly(inner) })
	}
	coverage := newCoverage(s)
	pace := &pace{orders: s.orders, most: batchLeast}
	repeats := newRepeats(s.counts)
	raw := ringbuf.Record{RawSample: make([]byte, 0, 32<<10)}
	for ctx.Err() == nil {
		batch, err := s.batch(ctx, &raw, pace)
		if err != nil {
			return err
		}
		s.settler.settle(batch)
		batch = s.joiner.settled(batch)
		batch = repeats.coalesce(writesFirst(batch))
		batch = s.guard.append(batch, time.Now())
		batch = coverage.append(batch, time.Now())
		if len(batch) > 0 {
			emit(batch)
		}
	}
	return nil
}

// batch reads for the flush time or until the batch is full, with what was written
// before. After a batch without records the first record is waited for.
func (s *Sensor) batch(ctx context.Context, raw *ringbuf.Record, p *pace) ([]Record, error) {
	out, err := s.first(raw, p)
	if err == nil && !p.idle {
		out, err = s.read(out, raw, p.most, time.Now().Add(s.options.Flush))
		p.had(len(out))
	}
	if err != nil || s.writes == nil {
		return out, err
	}
	return s.writes.place(ctx, out, s.joiner.join), nil
}

// first ends an idle time with a record.
func (s *Sensor) first(raw *ringbuf.Record, p *pace) ([]Record, error) {
	if !p.idle {
		return nil, nil
	}
	s.position.idle.Store(true)
	wait := idleWait
	if s.writes != nil && !s.writes.idle() {
		wait = 0
	}
	out, err := s.read(nil, raw, 1, time.Now().Add(wait))
	s.position.idle.Store(false)
	if err == nil && len(out) > 0 {
		err = p.busy()
	}
	return out, err
}

// read appends records until a deadline or until there are so many.
func (s *Sensor) read(out []Record, raw *ringbuf.Record, most int, deadline time.Time) ([]Record, error) {
	s.reader.SetDeadline(deadline)
	for len(out) < most {
		err := s.reader.ReadInto(raw)
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, ringbuf.ErrFlushed) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the ring: %w", err)
		}
		s.position.took(raw.RawSample)
		r, err := decode(raw.RawSample)
		if err != nil {
			s.counts.malformed.Add(1)
			continue
		}
		switch {
		case s.guard.flock.take(&r):
			s.counts.left(event.ClassProcess)
		case s.joiner.join(&r):
			out = append(out, r)
		default:
			s.counts.left(event.ClassOf(r.Kind))
		}
	}
	return out, nil
}
