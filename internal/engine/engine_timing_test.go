package engine

import (
	"fmt"
	"testing"

	"baize/content"
	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/wire"
)

// ordinary makes n events of benign work on several hosts.
func ordinary(n int) []*event.Event {
	w, events := enginetest.Record()
	w.Bus = 1
	for i := 0; len(*events) < n; i++ {
		enginetest.Benign(w.Host(fmt.Sprint(i)), 200)
	}
	return (*events)[:n]
}

// BenchmarkEvent is the cost of one ordinary event, decoded from the wire, with
// the rules that come with Baize, and in parts.
func BenchmarkEvent(b *testing.B) {
	rules, _, err := LoadRules(content.Rules())
	if err != nil {
		b.Fatal(err)
	}
	const size = 100
	events := ordinary(20_000)
	var batches [][]byte
	for i := 0; i < len(events); i += size {
		body, err := wire.Pack(events[i : i+size])
		if err != nil {
			b.Fatal(err)
		}
		batches = append(batches, body)
	}
	for name, cfg := range map[string]Config{"whole": {Rules: rules}, "provenance": {}} {
		b.Run(name, func(b *testing.B) {
			e := New(cfg)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if name == "provenance" {
					e.Process(events[i%len(events)])
					continue
				}
				if i%size != 0 {
					continue
				}
				unpacked, err := wire.Unpack(batches[i/size%len(batches)], wire.Of(events[0]))
				if err != nil {
					b.Fatal(err)
				}
				for _, ev := range unpacked {
					e.Process(ev)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
