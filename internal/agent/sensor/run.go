package sensor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/cilium/ebpf/ringbuf"
)

// Run delivers records in batches until ctx ends or the sensor is closed, from
// one goroutine and in the order of the ring. emit owns the batch and its
// records; while it does not return, the ring fills. Run returns nil when ctx
// ends.
func (s *Sensor) Run(ctx context.Context, emit func([]Record)) error {
	stop := context.AfterFunc(ctx, func() { _ = s.reader.Flush() })
	defer stop()
	if s.writes != nil {
		inner, cancel := context.WithCancel(ctx)
		var writing sync.WaitGroup
		writing.Go(func() { s.writes.run(inner) })
		defer writing.Wait()
		defer cancel()
	}
	coverage := newCoverage(s)
	raw := ringbuf.Record{RawSample: make([]byte, 0, 32<<10)}
	for ctx.Err() == nil {
		batch, err := s.batch(&raw)
		if err != nil {
			return err
		}
		s.settler.settle(batch)
		batch = coverage.append(batch, time.Now())
		if len(batch) > 0 {
			emit(batch)
		}
	}
	return nil
}

// batch reads until the flush time or until the batch is full.
func (s *Sensor) batch(raw *ringbuf.Record) ([]Record, error) {
	s.reader.SetDeadline(time.Now().Add(s.options.Flush))
	var out []Record
	for len(out) < batchMax {
		err := s.reader.ReadInto(raw)
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, ringbuf.ErrFlushed) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the ring: %w", err)
		}
		r, err := decode(raw.RawSample)
		if err != nil {
			s.counts.malformed.Add(1)
			continue
		}
		if s.joiner.join(&r) {
			out = append(out, r)
		}
	}
	return out, nil
}
