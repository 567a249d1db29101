package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Defaults of Options.
const (
	DefaultQuota   = 2 << 30
	DefaultSegment = 4 << 20
	// SyncEvery is the longest that a power cut may reach back.
	SyncEvery = time.Second
)

// Options of a spool. Zero values mean the defaults.
type Options struct {
	// Quota bounds the directory, in bytes; it is at least two segments.
	Quota int64
	// Segment is the size at which a new file begins.
	Segment int64
}

// Loss is what went when the quota took a segment, or what a corrupt part held.
type Loss struct {
	Boot        string
	First, Last uint64
	From, To    time.Time
	Tally       Tally
}

// Spool is an open directory.
type Spool struct {
	dir     string
	options Options

	mu       sync.Mutex
	segments []*segment // by id; the last is written to
	file     *os.File   // of the last segment, nil before the first Append
	total    int64
	dirty    bool
	closed   bool
	grown    chan struct{} // closed and replaced when something was appended
	buffer   []byte

	stop    chan struct{}
	stopped chan struct{}
}

// Open recovers the spool in dir, which is made where it is missing. It cuts a
// torn tail off the newest segment.
func Open(dir string, options Options) (*Spool, error) {
	if options.Segment == 0 {
		options.Segment = DefaultSegment
	}
	if options.Quota == 0 {
		options.Quota = DefaultQuota
	}
	options.Quota = max(options.Quota, 2*options.Segment)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make spool: %w", err)
	}
	s := &Spool{
		dir: dir, options: options, grown: make(chan struct{}),
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := s.recover(); err != nil {
		return nil, err
	}
	go s.syncLoop()
	return s, nil
}

func (s *Spool) recover() error {
	ids, err := listSegments(s.dir)
	if err != nil {
		return err
	}
	for i, id := range ids {
		seg, torn, err := loadSegment(s.dir, id)
		if err != nil && !errors.Is(err, ErrCorrupt) {
			return err
		}
		if err != nil {
			// Without a header nothing in the file can be attributed.
			if err := os.Rename(segmentPath(s.dir, id), segmentPath(s.dir, id)+".bad"); err != nil {
				return fmt.Errorf("set corrupt segment aside: %w", err)
			}
			continue
		}
		if torn > 0 && i == len(ids)-1 {
			if err := os.Truncate(segmentPath(s.dir, id), seg.size); err != nil {
				return fmt.Errorf("cut torn tail: %w", err)
			}
		}
		s.segments = append(s.segments, seg)
		s.total += seg.size
	}
	return nil
}

// listSegments returns the ids in ascending order and removes what an
// interrupted rotation left.
func listSegments(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read spool: %w", err)
	}
	var ids []uint64
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".tmp") {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
			continue
		}
		name, found := strings.CutSuffix(entry.Name(), ".seg")
		if id, err := strconv.ParseUint(name, 16, 64); found && err == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Close syncs and closes. Readers waiting in Next return ErrClosed.
func (s *Spool) Close() error {
	close(s.stop)
	<-s.stopped
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	close(s.grown)
	if s.file == nil {
		return nil
	}
	err := s.syncLocked()
	if closeErr := s.file.Close(); err == nil {
		err = closeErr
	}
	s.file = nil
	return err
}

// Bytes is the size of what is kept.
func (s *Spool) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// NextSeq is the sequence number that follows the last one of boot, 1 for a
// boot without any.
func (s *Spool) NextSeq(boot string) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range slices.Backward(s.segments) {
		if seg.boot == boot {
			return seg.last + 1
		}
	}
	return 1
}

// Newest is the time of the newest event kept, of any boot: observation before
// this moment is on disk. It is zero for an empty spool.
func (s *Spool) Newest() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	var newest time.Time
	for _, seg := range s.segments {
		if seg.newest.After(newest) {
			newest = seg.newest
		}
	}
	return newest
}
