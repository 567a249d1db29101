package incident

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// BenchmarkSaw is the cost of one more use of something that all hosts use.
func BenchmarkSaw(b *testing.B) {
	f := fleetOf(5_000)
	f.everybody(named("mirror.example"), 5_000)
	uses := make([]Use, 5_000)
	for i := range uses {
		uses[i] = Use{Host: fmt.Sprintf("host-%d", i), Carrier: fmt.Sprintf("session:host-%d/boot/12345/67890", i)}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f.Saw(named("mirror.example"), uses[i%len(uses)], f.now+int64(i)*int64(time.Millisecond))
	}
}

// BenchmarkEntities tells what an entity costs in memory, of which one host uses
// most, a fiftieth is used by all of 200, and names are digests.
func BenchmarkEntities(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		f := NewBaseline(200_000)
		for i := range 100_000 {
			users := 1
			if i%50 == 0 {
				users = 200
			}
			for u := range users {
				host := (i + u) % 1_000
				f.Saw(named(fmt.Sprintf("sha256:%064d", i)), Use{Host: fmt.Sprintf("host-%d", host), Carrier: fmt.Sprintf("session:%d:%d", i, u)}, 0)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(f.seen.Len()), "B/entity")
		runtime.KeepAlive(f)
	}
}
