package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Reader goes through a spool from its oldest batch, and waits at its end.
type Reader struct {
	spool *Spool
	// after is the durable mark of boot: batches at or below it are skipped.
	boot  string
	after uint64

	file    *os.File
	id      uint64
	started bool
	offset  int64
	// Corrupt counts segments whose rest could not be read.
	Corrupt int
}

// NewReader returns a reader of everything but what is durable already: the
// batches of boot up to and including after. Close it.
func (s *Spool) NewReader(boot string, after uint64) *Reader {
	return &Reader{spool: s, boot: boot, after: after}
}

// Close releases the reader.
func (r *Reader) Close() {
	if r.file != nil {
		_ = r.file.Close()
		r.file = nil
	}
}

// Next returns the next batch, waiting for it to be appended. It ends with the
// context's error or ErrClosed.
func (r *Reader) Next(ctx context.Context) (Batch, error) {
	for {
		b, grown, err := r.step()
		switch {
		case err != nil:
			return Batch{}, err
		case grown == nil && (b.Count == 0 || b.Boot == r.boot && b.Last() <= r.after):
			continue
		case grown == nil:
			return b, nil
		}
		select {
		case <-ctx.Done():
			return Batch{}, ctx.Err()
		case <-grown:
		}
	}
}

// step reads one batch or moves on by one segment (a batch of count 0). At the
// end of the spool it returns the channel that closes when there is more.
func (r *Reader) step() (Batch, <-chan struct{}, error) {
	if r.file == nil {
		grown, err := r.openNext()
		if grown != nil || err != nil {
			return Batch{}, grown, err
		}
	}
	limit, grown, err := r.spool.limit(r.id)
	if err != nil {
		return Batch{}, nil, err
	}
	if r.offset >= limit {
		if grown == nil {
			r.Close()
		}
		return Batch{}, grown, nil
	}
	b, end, err := readRecord(io.NewSectionReader(r.file, 0, limit), r.offset)
	if err != nil {
		r.Corrupt++
		r.Close()
		return Batch{}, nil, nil //nolint:nilerr // what cannot be read is counted and passed over
	}
	r.offset = end
	return b, nil, nil
}

// limit is the end of the good records of a segment, and for the one being
// written to the channel that closes when it grows.
func (s *Spool) limit(id uint64) (int64, <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, nil, ErrClosed
	}
	for i, seg := range s.segments {
		if seg.id == id && i == len(s.segments)-1 {
			return seg.size, s.grown, nil
		}
		if seg.id == id {
			return seg.size, nil, nil
		}
	}
	return 0, nil, nil // deleted meanwhile: nothing more to be read here
}

// openNext opens the oldest segment that was not read yet.
func (r *Reader) openNext() (<-chan struct{}, error) {
	s := r.spool
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	for _, seg := range s.segments {
		if r.started && seg.id <= r.id {
			continue
		}
		return nil, r.open(seg.id)
	}
	return s.grown, nil
}

func (r *Reader) open(id uint64) error {
	f, err := os.Open(segmentPath(r.spool.dir, id))
	if err != nil {
		return fmt.Errorf("read spool: %w", err)
	}
	_, _, off, err := readHeader(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	r.file, r.id, r.started, r.offset = f, id, true, off
	return nil
}
