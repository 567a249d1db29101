package spool

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// ErrClosed reports the use of a closed spool.
var ErrClosed = errors.New("spool is closed")

// Append stores b. It returns what the quota took to make room. On an error
// nothing of b is kept and its sequence numbers are free.
func (s *Spool) Append(b *Batch) ([]Loss, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	record, err := appendRecord(s.buffer[:0], b)
	if err != nil {
		return nil, err
	}
	s.buffer = record
	if err := s.rotateLocked(b, int64(len(record))); err != nil {
		return nil, err
	}
	lost := s.enforceQuotaLocked(int64(len(record)))
	for {
		err := s.writeLocked(b, record)
		if err == nil {
			return lost, nil
		}
		if !errors.Is(err, unix.ENOSPC) || len(s.segments) < 2 {
			return lost, err
		}
		lost = append(lost, s.dropOldestLocked())
	}
}

func (s *Spool) writeLocked(b *Batch, record []byte) error {
	seg := s.segments[len(s.segments)-1]
	if !seg.accepts(b) {
		return fmt.Errorf("append batch %d of boot %q behind %d of %q", b.First, b.Boot, seg.last, seg.boot)
	}
	if _, err := s.file.WriteAt(record, seg.size); err != nil {
		_ = s.file.Truncate(seg.size)
		return fmt.Errorf("append to spool: %w", err)
	}
	seg.add(b, seg.size+int64(len(record)))
	s.total += int64(len(record))
	s.dirty = true
	close(s.grown)
	s.grown = make(chan struct{})
	return nil
}

// rotateLocked makes the last segment one that b fits in.
func (s *Spool) rotateLocked(b *Batch, size int64) error {
	var next uint64
	if n := len(s.segments); n > 0 {
		last := s.segments[n-1]
		if last.boot == b.Boot && (last.size+size <= s.options.Segment || last.count == 0) {
			return s.openLastLocked()
		}
		next = last.id + 1
	}
	if err := s.retireLocked(); err != nil {
		return err
	}
	return s.beginLocked(next, b.Boot, b.First)
}

func (s *Spool) beginLocked(id uint64, boot string, base uint64) error {
	head := encodeHeader(boot, base)
	if err := createSegment(s.dir, id, head); err != nil {
		return err
	}
	s.segments = append(s.segments, &segment{id: id, boot: boot, base: base, last: base - 1, size: int64(len(head))})
	s.total += int64(len(head))
	return s.openLastLocked()
}

// retireLocked closes the file written to, durably.
func (s *Spool) retireLocked() error {
	if s.file == nil {
		return nil
	}
	if err := s.syncLocked(); err != nil {
		return err
	}
	_ = s.file.Close()
	s.file = nil
	return nil
}

// Skip makes NextSeq of boot at least seq+1. It is for a spool that was lost
// while the server remembers more than is here.
func (s *Spool) Skip(boot string, seq uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var id uint64
	if n := len(s.segments); n > 0 {
		last := s.segments[n-1]
		if last.boot == boot && last.last >= seq {
			return nil
		}
		id = last.id + 1
	}
	if err := s.retireLocked(); err != nil {
		return err
	}
	return s.beginLocked(id, boot, seq+1)
}

func createSegment(dir string, id uint64, head []byte) error {
	path := segmentPath(dir, id)
	if err := os.WriteFile(path+".tmp", head, 0o600); err != nil {
		return fmt.Errorf("create segment: %w", err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("create segment: %w", err)
	}
	return nil
}

func (s *Spool) openLastLocked() error {
	if s.file != nil {
		return nil
	}
	f, err := os.OpenFile(segmentPath(s.dir, s.segments[len(s.segments)-1].id), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open segment: %w", err)
	}
	s.file = f
	return nil
}

func (s *Spool) enforceQuotaLocked(incoming int64) []Loss {
	var lost []Loss
	for s.total+incoming > s.options.Quota && len(s.segments) > 1 {
		lost = append(lost, s.dropOldestLocked())
	}
	return lost
}

func (s *Spool) dropOldestLocked() Loss {
	seg := s.segments[0]
	s.removeLocked(0)
	return Loss{
		Boot: seg.boot, First: seg.base, Last: seg.last,
		From: seg.oldest, To: seg.newest, Tally: seg.tally,
	}
}

func (s *Spool) removeLocked(i int) {
	seg := s.segments[i]
	_ = os.Remove(segmentPath(s.dir, seg.id))
	s.total -= seg.size
	s.segments = append(s.segments[:i:i], s.segments[i+1:]...)
}

// Trim deletes the segments of boot that end at or before seq, save the newest
// segment of all.
func (s *Spool) Trim(boot string, seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 0; i < len(s.segments)-1; {
		if seg := s.segments[i]; seg.boot == boot && seg.last <= seq {
			s.removeLocked(i)
			continue
		}
		i++
	}
}

// Sync makes everything appended durable.
func (s *Spool) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	return s.syncLocked()
}

func (s *Spool) syncLocked() error {
	if !s.dirty {
		return nil
	}
	if err := unix.Fdatasync(int(s.file.Fd())); err != nil {
		return fmt.Errorf("sync spool: %w", err)
	}
	s.dirty = false
	return nil
}

// syncLoop bounds what a power cut takes to SyncEvery. It syncs a duplicate of
// the descriptor, so that a slow disk does not hold up Append.
func (s *Spool) syncLoop() {
	defer close(s.stopped)
	ticker := time.NewTicker(SyncEvery)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
			s.syncAside()
		}
	}
}

func (s *Spool) syncAside() {
	s.mu.Lock()
	if !s.dirty || s.file == nil {
		s.mu.Unlock()
		return
	}
	fd, err := unix.FcntlInt(s.file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	s.dirty = err != nil
	s.mu.Unlock()
	if err != nil {
		return
	}
	if err := unix.Fdatasync(fd); err != nil {
		s.mu.Lock()
		s.dirty = true
		s.mu.Unlock()
	}
	_ = unix.Close(fd)
}
