// Package eventio reads and writes events as NDJSON, one object a line, the
// form of docs/event-schema.md. Input may be compressed with gzip or zstd and
// may be anyone's: memory is bounded by the line limit, and a line that is not
// an event is reported by its number while the rest is read.
package eventio

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"baize/internal/event"
)

// MaxLine bounds a line, in bytes. The longest event that a sensor makes (an
// exec with all its arguments) is an eighth of it.
const MaxLine = 1 << 20

// maxWindow bounds what a zstd frame may make the decoder hold, in bytes.
const maxWindow = 128 << 20

// Reasons that a line is not an event.
var (
	// ErrTooLong : over MaxLine.
	ErrTooLong = errors.New("line too long")
	// ErrMissing : an event without time or kind.
	ErrMissing = errors.New("not an event")
)

// LineError is a line that was skipped. Reading may go on after it.
type LineError struct {
	// Line is its number, from 1.
	Line int
	Err  error
}

// Error names the line and the reason.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the reason.
func (e *LineError) Unwrap() error { return e.Err }

// Reader reads events from a stream. It is not safe for concurrent use.
type Reader struct {
	lines *bufio.Reader
	line  int
	buf   []byte
	close func()
}

// NewReader reads NDJSON from r, which may be gzip or zstd, told by its first
// bytes. Close releases the decompressor, not r.
func NewReader(r io.Reader) (*Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	magic, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	plain, closer, err := decompress(in, magic)
	if err != nil {
		return nil, err
	}
	return &Reader{lines: bufio.NewReaderSize(plain, 64<<10), close: closer}, nil
}

func decompress(in io.Reader, magic []byte) (io.Reader, func(), error) {
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, fmt.Errorf("gzip: %w", err)
		}
		return z, func() {}, nil
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
		return z, z.Close, nil
	}
	return in, func() {}, nil
}

// Close releases what decompression holds.
func (r *Reader) Close() error {
	r.close()
	return nil
}

// Line is the number of the line that Next read last, from 1.
func (r *Reader) Line() int { return r.line }

// Next returns the next event. A *LineError tells of one bad line, after which
// Next may be called again; io.EOF is the end, and any other error ends the
// input too.
func (r *Reader) Next() (*event.Event, error) {
	for {
		line, err := r.next()
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			continue
		}
		ev, err := Parse(line)
		if err != nil {
			return nil, &LineError{Line: r.line, Err: err}
		}
		return ev, nil
	}
}

// NextLine returns the next line without the blanks around it, for NDJSON of
// other things than events; errors are those of Next. The bytes are valid
// until the next call.
func (r *Reader) NextLine() ([]byte, error) { return r.next() }

// next returns the next line without the blanks around it. The bytes are valid
// until the next call.
func (r *Reader) next() ([]byte, error) {
	r.buf = r.buf[:0]
	r.line++
	var dropped bool
	for {
		piece, err := r.lines.ReadSlice('\n')
		if len(r.buf)+len(piece) > MaxLine+1 {
			dropped, r.buf = true, r.buf[:0]
		}
		if !dropped {
			r.buf = append(r.buf, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (len(r.buf) > 0 || dropped):
		case err != nil:
			return nil, err
		}
		if dropped {
			return nil, &LineError{Line: r.line, Err: fmt.Errorf("%w: over %d bytes", ErrTooLong, MaxLine)}
		}
		return bytes.TrimSpace(r.buf), nil
	}
}

// Parse reads one event. It keeps nothing of line.
func Parse(line []byte) (*event.Event, error) {
	ev := &event.Event{}
	if err := json.Unmarshal(line, ev); err != nil {
		return nil, err
	}
	if ev.Kind == "" || ev.Time.IsZero() {
		return nil, fmt.Errorf("%w: kind and time are required", ErrMissing)
	}
	if ev.Time = ev.Time.UTC(); ev.Time.Year() > 9999 {
		return nil, fmt.Errorf("%w: its time cannot be written", ErrMissing)
	}
	return ev, nil
}
