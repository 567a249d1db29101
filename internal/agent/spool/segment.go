package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"time"
)

// segment is one file and what it holds.
type segment struct {
	id   uint64
	boot string
	// base is the sequence number the segment was opened for; last is the
	// newest in it, base-1 while it is empty.
	base, last uint64
	size       int64
	tally      Tally
	count      uint64
	oldest     time.Time
	newest     time.Time
}

const segmentMagic = "BZSPOOL3"

func segmentPath(dir string, id uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%016x.seg", id))
}

// encodeHeader is magic, base, boot and a checksum over them. It is written
// under another name and renamed, so that a segment has a whole header or does
// not exist.
func encodeHeader(boot string, base uint64) []byte {
	head := append([]byte(segmentMagic), binary.LittleEndian.AppendUint64(nil, base)...)
	head = append(head, byte(len(boot)))
	head = append(head, boot...)
	return binary.LittleEndian.AppendUint32(head, crc32.Checksum(head, castagnoli))
}

// readHeader returns what encodeHeader wrote and its size.
func readHeader(r io.Reader) (boot string, base uint64, size int64, err error) {
	fixed := make([]byte, len(segmentMagic)+9)
	if _, err := io.ReadFull(r, fixed); err != nil {
		return "", 0, 0, fmt.Errorf("%w: header: %w", ErrCorrupt, err)
	}
	rest := make([]byte, int(fixed[len(fixed)-1])+4)
	if _, err := io.ReadFull(r, rest); err != nil {
		return "", 0, 0, fmt.Errorf("%w: header: %w", ErrCorrupt, err)
	}
	head := append(fixed, rest...)
	sum := binary.LittleEndian.Uint32(head[len(head)-4:])
	if string(head[:len(segmentMagic)]) != segmentMagic || crc32.Checksum(head[:len(head)-4], castagnoli) != sum {
		return "", 0, 0, fmt.Errorf("%w: header", ErrCorrupt)
	}
	return string(rest[:len(rest)-4]), binary.LittleEndian.Uint64(fixed[len(segmentMagic):]), int64(len(head)), nil
}

// readRecord reads the record at off and returns the offset behind it. At the
// clean end of the file it returns io.EOF, for anything torn or altered
// ErrCorrupt.
func readRecord(r io.ReaderAt, off int64) (Batch, int64, error) {
	var frame [frameSize]byte
	n, err := r.ReadAt(frame[:], off)
	if n == 0 && errors.Is(err, io.EOF) {
		return Batch{}, off, io.EOF
	}
	if n < frameSize {
		return Batch{}, off, fmt.Errorf("%w at %d: torn frame", ErrCorrupt, off)
	}
	size := binary.LittleEndian.Uint32(frame[:])
	if size > MaxRecord {
		return Batch{}, off, fmt.Errorf("%w at %d: length %d", ErrCorrupt, off, size)
	}
	body := make([]byte, size)
	if n, _ := r.ReadAt(body, off+frameSize); n < int(size) {
		return Batch{}, off, fmt.Errorf("%w at %d: torn body", ErrCorrupt, off)
	}
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(frame[4:]) {
		return Batch{}, off, fmt.Errorf("%w at %d: checksum", ErrCorrupt, off)
	}
	b, err := decodeBody(body)
	if err != nil {
		return Batch{}, off, fmt.Errorf("at %d: %w", off, err)
	}
	return b, off + frameSize + int64(size), nil
}

// add accounts for a stored batch.
func (s *segment) add(b *Batch, end int64) {
	if s.count == 0 || b.Oldest.Before(s.oldest) {
		s.oldest = b.Oldest
	}
	if b.Newest.After(s.newest) {
		s.newest = b.Newest
	}
	s.last, s.size = b.Last(), end
	s.count += uint64(b.Count)
	for i, n := range b.Tally {
		s.tally[i] += n
	}
}

// accepts reports whether b goes on where the segment ends.
func (s *segment) accepts(b *Batch) bool { return b.Boot == s.boot && b.First > s.last }

// loadSegment reads a segment whole. Bytes behind the last good record are
// reported by torn; the file is left as it is.
func loadSegment(dir string, id uint64) (seg *segment, torn int64, err error) {
	f, err := os.Open(segmentPath(dir, id))
	if err != nil {
		return nil, 0, fmt.Errorf("open segment: %w", err)
	}
	defer f.Close()
	boot, base, off, err := readHeader(f)
	if err != nil {
		return nil, 0, fmt.Errorf("segment %s: %w", f.Name(), err)
	}
	seg = &segment{id: id, boot: boot, base: base, last: base - 1, size: off}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("stat segment: %w", err)
	}
	for {
		b, end, err := readRecord(f, off)
		if err != nil || !seg.accepts(&b) {
			return seg, info.Size() - off, nil
		}
		seg.add(&b, end)
		off = end
	}
}
