package api

import (
	"slices"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/server/state"
)

// BenchmarkPush measures from before the commit of an alert to its arrival at
// a listener, over TLS: the server's part of the way to the screen.
func BenchmarkPush(b *testing.B) {
	bench := start(b)
	epoch, err := bench.state.TakeLease(b.Context(), state.RoleEngine, "benchmark")
	must(b, err)
	l := bench.login("viewer").listen(0)
	var commits, took []time.Duration
	for i := 0; b.Loop(); i++ {
		a := alert.Alert{ID: "a", Revision: uint64(i + 1), Time: began, Host: event.Host{ID: "h1"}}
		before := time.Now()
		must(b, bench.state.ApplyEngine(b.Context(), epoch, uint64(i+1), state.Output{Alerts: []alert.Alert{a}}))
		commits = append(commits, time.Since(before))
		l.next()
		took = append(took, time.Since(before))
	}
	for name, all := range map[string][]time.Duration{"commit": commits, "arrival": took} {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2].Microseconds()), name+"-p50-µs")
		b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), name+"-p99-µs")
	}
}
