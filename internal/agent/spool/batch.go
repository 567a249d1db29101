package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// Classes is the number of counters in a Tally.
const Classes = 6

// Tally counts the events of a batch by class; the caller gives the indexes
// their meaning.
type Tally [Classes]uint32

// Batch is a run of events of one boot with consecutive sequence numbers.
type Batch struct {
	// Boot id the events belong to, at most 255 bytes.
	Boot string
	// First sequence number, and how many follow it, itself included.
	First uint64
	Count uint32
	// Oldest and Newest bound the events' times.
	Oldest, Newest time.Time
	Tally          Tally
	// Payload as it goes on the wire.
	Payload []byte
}

// Last is the sequence number of the last event.
func (b *Batch) Last() uint64 { return b.First + uint64(b.Count) - 1 }

// MaxRecord bounds one encoded batch, in bytes.
const MaxRecord = 8 << 20

// ErrCorrupt reports bytes that are not what was appended.
var ErrCorrupt = errors.New("corrupt spool record")

const (
	frameSize = 8 // length and checksum of the body
	fixedSize = 8 + 4 + 8 + 8 + 4*Classes
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendRecord encodes b as length, CRC-32C and body, all little endian.
func appendRecord(dst []byte, b *Batch) ([]byte, error) {
	if len(b.Boot) > 255 || b.Count == 0 || b.First == 0 {
		return nil, fmt.Errorf("batch of boot %q, first %d, count %d cannot be stored", b.Boot, b.First, b.Count)
	}
	size := 1 + len(b.Boot) + fixedSize + len(b.Payload)
	if size > MaxRecord {
		return nil, fmt.Errorf("batch of %d bytes is over the limit of %d", size, MaxRecord)
	}
	start := len(dst)
	dst = append(dst, make([]byte, frameSize)...)
	dst = append(dst, byte(len(b.Boot)))
	dst = append(dst, b.Boot...)
	le := binary.LittleEndian
	dst = le.AppendUint64(dst, b.First)
	dst = le.AppendUint32(dst, b.Count)
	dst = le.AppendUint64(dst, uint64(b.Oldest.UnixNano()))
	dst = le.AppendUint64(dst, uint64(b.Newest.UnixNano()))
	for _, n := range b.Tally {
		dst = le.AppendUint32(dst, n)
	}
	dst = append(dst, b.Payload...)
	body := dst[start+frameSize:]
	le.PutUint32(dst[start:], uint32(len(body)))
	le.PutUint32(dst[start+4:], crc32.Checksum(body, castagnoli))
	return dst, nil
}

// decodeBody is the inverse of appendRecord for a body whose checksum held.
// The payload aliases body.
func decodeBody(body []byte) (Batch, error) {
	if len(body) < 1 || len(body) < 1+int(body[0])+fixedSize {
		return Batch{}, fmt.Errorf("%w: body of %d bytes is too short", ErrCorrupt, len(body))
	}
	boot, rest := body[1:1+int(body[0])], body[1+int(body[0]):]
	le := binary.LittleEndian
	b := Batch{
		Boot:    string(boot),
		First:   le.Uint64(rest),
		Count:   le.Uint32(rest[8:]),
		Oldest:  time.Unix(0, int64(le.Uint64(rest[12:]))).UTC(),
		Newest:  time.Unix(0, int64(le.Uint64(rest[20:]))).UTC(),
		Payload: rest[fixedSize:],
	}
	for i := range b.Tally {
		b.Tally[i] = le.Uint32(rest[28+4*i:])
	}
	if b.Count == 0 || b.First == 0 {
		return Batch{}, fmt.Errorf("%w: first %d, count %d", ErrCorrupt, b.First, b.Count)
	}
	return b, nil
}
