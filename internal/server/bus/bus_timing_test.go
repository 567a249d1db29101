package bus

import (
	"fmt"
	"testing"
	"time"

	"baize/internal/event"
	"baize/internal/wire"
)

// BenchmarkRead is what a reader that catches up pays per event, with batches
// as a busy and as a quiet host send them.
func BenchmarkRead(b *testing.B) {
	for _, size := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			log, messages := filled(b, size)
			defer log.Close()
			for b.Loop() {
				if err := log.Read(b.Context(), 0, func(*event.Event) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*messages*size), "ns/event")
		})
	}
}

func filled(b *testing.B, size int) (*Bus, int) {
	b.Helper()
	log, err := Open(b.Context(), Config{Dir: b.TempDir(), MaxAge: time.Hour, MaxBytes: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	const messages = 200
	var last uint64
	for i := range uint64(messages) {
		last = appendBatch(b, log, i*uint64(size)+1, size, last)
	}
	return log, messages
}

func appendBatch(b *testing.B, log *Bus, first uint64, size int, after uint64) uint64 {
	b.Helper()
	var events []*event.Event
	for i := range uint64(size) {
		events = append(events, &event.Event{Seq: first + i, Time: start, Kind: event.FileOpen, File: &event.File{Path: fmt.Sprint("/srv/", i)}})
	}
	body, err := wire.Pack(events)
	if err != nil {
		b.Fatal(err)
	}
	sequence, err := log.Publish(b.Context(), Batch{Origin: origin, First: first, Last: first + uint64(size) - 1, Received: start, Body: body}, after)
	if err != nil {
		b.Fatal(err)
	}
	return sequence
}

// BenchmarkPublish is the way to durable: one write and one fsync.
func BenchmarkPublish(b *testing.B) {
	log, err := Open(b.Context(), Config{Dir: b.TempDir(), MaxAge: time.Hour, MaxBytes: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	var last, next uint64
	for b.Loop() {
		last = appendBatch(b, log, next*1000+1, 1000, last)
		next++
	}
}
