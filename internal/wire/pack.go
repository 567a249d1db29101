package wire

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"baize/internal/event"
)

// MaxList bounds an EventList before compression, in bytes.
const MaxList = 16 << 20

// ErrTooLarge reports a list over MaxList.
var ErrTooLarge = errors.New("too large")

// The coders are safe for concurrent use of EncodeAll and DecodeAll. Memory of
// a decode is bounded by MaxList whatever the frame's header claims.
var (
	packer   = must(zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(0), zstd.WithLowerEncoderMem(true)))
	unpacker = must(zstd.NewReader(nil, zstd.WithDecoderMaxMemory(MaxList), zstd.WithDecoderConcurrency(0)))
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // constant options: cannot fail
	}
	return v
}

// Compress returns an encoded EventList as the body of a batch (zstd).
func Compress(list []byte) ([]byte, error) {
	if len(list) > MaxList {
		return nil, fmt.Errorf("event list of %d bytes, at most %d: %w", len(list), MaxList, ErrTooLarge)
	}
	return packer.EncodeAll(list, make([]byte, 0, len(list)/4+64)), nil
}

// Decompress undoes Compress, within MaxList.
func Decompress(body []byte) ([]byte, error) {
	list, err := unpacker.DecodeAll(body, nil)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, fmt.Errorf("batch body over %d bytes: %w: %w", MaxList, ErrTooLarge, ErrMalformed)
	case err != nil:
		return nil, fmt.Errorf("batch body: %w: %w", ErrMalformed, err)
	}
	return list, nil
}

// Pack encodes and compresses events.
func Pack(events []*event.Event) ([]byte, error) {
	list, err := EncodeList(events)
	if err != nil {
		return nil, err
	}
	return Compress(list)
}

// Unpack undoes Pack with the origin of the connection. Like DecodeList it
// returns what could be read beside the error.
func Unpack(body []byte, origin Origin) ([]*event.Event, error) {
	list, err := Decompress(body)
	if err != nil {
		return nil, err
	}
	return DecodeList(list, origin)
}
