package bench

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/graph"
)

// rate of line 8: events of one host in a second, what published fleets have.
const rate = 40

// busyHost makes the telemetry of a busy host: a service that
// answers, builds that write and run what they wrote, jobs, sessions. emit gets
// each event.
type busyHost struct {
	world *enginetest.World
	host  *enginetest.Host
	web   *enginetest.Process
	admin *enginetest.Process
	// pace in events a second.
	pace time.Duration
	seen int
	n    int
}

func newBusyHost(pace int, emit func(*event.Event)) *busyHost {
	h := &busyHost{pace: time.Duration(pace)}
	h.world = enginetest.New(func(ev *event.Event) { h.seen++; emit(ev) })
	h.host = h.world.Host("busy")
	h.web = h.host.Service("shop.service", "/usr/bin/java", "-jar", "shop.jar")
	h.admin = h.host.Login()
	return h
}

// round is one piece of work: some 25 events.
func (h *busyHost) round() {
	h.n++
	began := h.seen
	h.web.Accept(fmt.Sprintf("198.51.100.%d", h.n%200+1)).Connect("10.0.0.9", 5432).Ask(fmt.Sprintf("api%d.partner.example", h.n%500))
	job := h.admin.Spawn("/usr/bin/make", "all")
	for k := range 3 {
		cc := job.Spawn("/usr/bin/cc", "-c", fmt.Sprintf("f%d.c", k))
		cc.Write(fmt.Sprintf("/home/app/obj/%d.o", (h.n*3+k)%20_000)).Exit()
	}
	tool := fmt.Sprintf("/home/app/bin/%d", h.n%2_000)
	job.Install(tool).Spawn(tool).Exit()
	job.Exit()
	h.host.Init.Spawn("/usr/bin/logrotate").Write("/var/log/app.log").Exit()
	h.world.Advance(time.Duration(h.seen-began) * time.Second / h.pace)
}

// intrude lets an intruder in and do what the report tells of, and returns the
// last event of it.
func (h *busyHost) intrude(g *graph.Graph, last **event.Event) {
	h.web.Accept("203.0.113.50")
	enginetest.First.Round(h.web)
	g.Root(*last, &graph.Root{Alert: "a", Title: "execution from shared memory", At: (*last).Time, Opens: true})
}

// day lets a host work until so many events were seen, with an intrusion in
// the middle. What made the events is gone afterwards: it takes memory as well.
func day(g *graph.Graph, total int) {
	var last *event.Event
	h := newBusyHost(rate, func(ev *event.Event) { last = ev; g.Observe(ev, ev.Time.UnixNano()) })
	for h.seen < total {
		if h.round(); h.seen > total/2 && g.Stats().Intrusions == 0 {
			h.intrude(g, &last)
		}
	}
}

// BenchmarkLine8 is what the graph of one host takes after a day at 40 events a
// second, an intrusion in the middle.
func BenchmarkLine8(b *testing.B) {
	before := live()
	g := graph.New(graph.DefaultLimits())
	total := int(scaled(24*time.Hour).Seconds()) * rate
	day(g, total)
	used := float64(live()-before) / (1 << 20)
	s := g.Stats()
	r := Result{
		Line: 8, Name: "provenance of one host after a day at 40 events/s", Value: used, Unit: "MB", Target: "≤ 15 MB", Met: used <= 15,
		Runs: []Run{{Condition: "graph", Figures: map[string]float64{
			"events": float64(total), "edges": float64(s.Edges), "bones": float64(s.Bones), "processes": float64(s.Processes), "files": float64(s.Files), "MB": used,
		}}},
	}
	record(b, r)
	runtime.KeepAlive(g)
}

func live() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkLine9 is how long the provenance of one alert takes where the graph
// has 150,000 edges: the way back, and all that the intrusion did.
func BenchmarkLine9(b *testing.B) {
	g := graph.New(graph.DefaultLimits())
	var last *event.Event
	// Ten times the rate of line 8: all of it is of the last two hours.
	h := newBusyHost(10*rate, func(ev *event.Event) { last = ev; g.Observe(ev, ev.Time.UnixNano()) })
	full := func() bool { return g.Stats().Edges >= 150_000 }
	for range 200 {
		h.round()
	}
	h.intrude(g, &last)
	alert := last
	for !full() {
		h.round()
	}
	id := g.IntrusionOf(alert)
	if id == "" {
		b.Fatal("the alert is part of no intrusion")
	}
	var took []float64
	edges := g.Stats().Edges
	for range 1000 {
		began := time.Now()
		way := g.Trace(alert, id)
		all, _ := g.Whole("busy", id)
		took = append(took, float64(time.Since(began).Microseconds())/1000)
		if way.Entry == "" || len(all.Nodes) == 0 {
			b.Fatalf("no entry: %+v", way)
		}
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	record(b, Result{
		Line: 9, Name: "trace of one alert at 150,000 edges, p99", Value: p99, Unit: "ms", Target: "< 100 ms", Met: p99 < 100 && edges >= 150_000,
		Runs: []Run{{Condition: "graph", Figures: map[string]float64{"edges": float64(edges), "p50_ms": took[len(took)/2], "p99_ms": p99, "max_ms": took[len(took)-1]}}},
	})
}
