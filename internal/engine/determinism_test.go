package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/incident"
	"baize/internal/label"
)

// script makes a log of intrusions and benign work, in an order drawn from seed.
func script(seed uint64, rounds int) []*event.Event {
	w, events := enginetest.Record()
	w.Bus = 1
	r := rand.New(rand.NewPCG(seed, 1))
	var services []*enginetest.Process
	var hosts []*enginetest.Host
	for i := range 4 {
		h := w.Host(fmt.Sprintf("h%d", i))
		hosts = append(hosts, h)
		h.SlowDigests = i%2 == 0
		services = append(services, h.Service("app.service", "/usr/bin/java"), h.Daemon("/usr/bin/node", "x.js"))
		enginetest.Benign(h, 1)
	}
	for i := range rounds {
		t := enginetest.First
		t.URL = fmt.Sprintf("http://203.0.113.%d/t", r.IntN(20))
		t.C2 = fmt.Sprintf("203.0.113.%d", r.IntN(20))
		t.File = fmt.Sprintf([]string{"/dev/shm/k%d", "/tmp/x%d"}[r.IntN(2)], r.IntN(5))
		t.From = fmt.Sprintf("198.51.100.%d", r.IntN(5))
		service := services[r.IntN(len(services))]
		trojan := t.Round(service)
		for range r.IntN(3) {
			trojan = t.Round(service) // a retry: its shell only counts
		}
		if r.IntN(2) == 0 {
			trojan.Digest()
		}
		for range r.IntN(4) {
			trojan.Connect(t.C2, 443).Ask(fmt.Sprintf("q%d.dnslog.example", i))
		}
		hosts[r.IntN(len(hosts))].Login().Spawn("/usr/bin/python3", t.File).Spawn("/dev/shm/later")
		if r.IntN(4) == 0 {
			w.Say(labels(someLabels[:r.IntN(len(someLabels)+1)]...))
		}
		hosts[0].Container = containers[r.IntN(len(containers))]
		w.Advance(time.Duration(r.IntN(3000)) * time.Millisecond)
		w.Tick()
	}
	return *events
}

var (
	someLabels = []label.Assignment{
		assigned(label.KindHost, "h*", label.Labels{Service: "shop", Owner: "ann"}),
		assigned(label.KindImage, "shop:*", label.Labels{Service: "front"}),
		assigned(label.KindHost, "h2", label.Labels{Service: "front", Owner: "bob"}),
	}
	containers = []*event.Container{nil, inContainer("shop:1"), inContainer("other:1")}
)

// lines is an engine's output as bytes.
func lines(t testing.TB, out ...Output) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for i := range out {
		if out[i].Empty() {
			continue
		}
		if err := enc.Encode(out[i]); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func feed(t testing.TB, e *Engine, events []*event.Event) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, ev := range events {
		b.Write(lines(t, e.Process(ev)))
	}
	return b.Bytes()
}

// sound fails where an event ended in a panic.
func sound(t interface{ Fatalf(string, ...any) }, e *Engine) {
	if n, last := e.Panics(); n > 0 {
		t.Fatalf("%d events panicked, the last: %s", n, last)
	}
}

// small limits make everything overflow.
func small(t testing.TB) Config {
	return Config{
		Rules: testRules(t),
		Limits: graph.Limits{
			Hosts: 3, ProcessesPerHost: 20, FilesPerHost: 4, Processes: 40, Files: 9, Contexts: 5, PeersPerHost: 4, Peers: 7, EdgesPerHost: 20,
			BonesPerHost: 8, Edges: 40, Bones: 15, KeptPerHost: 3, Sides: 3, Exited: time.Second, Silent: time.Minute,
		},
		Merger:   incident.Config{OpenLevel: "medium", Alerts: 12, Keys: 16},
		Alerts:   6,
		Entities: 5,
	}
}

func TestTheSameLogGivesTheSameBytes(t *testing.T) {
	for name, cfg := range map[string]Config{"default": {Rules: testRules(t)}, "small": small(t)} {
		log := script(7, 40)
		want := feed(t, New(cfg), log)
		if len(want) == 0 {
			t.Fatal("no output")
		}
		for range 5 {
			if got := feed(t, New(cfg), log); !bytes.Equal(got, want) {
				t.Fatalf("%s: two runs of one log differ", name)
			}
		}
	}
}

// TestRestoringIsNotStopping cuts a log anywhere, goes on from a snapshot, and
// compares with the engine that never stopped.
func TestRestoringIsNotStopping(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := Config{Rules: testRules(t), Trace: true}
		if rapid.Bool().Draw(rt, "small") {
			cfg = small(t)
		}
		log := script(rapid.Uint64Range(0, 1000).Draw(rt, "seed"), rapid.IntRange(1, 20).Draw(rt, "rounds"))
		cut := rapid.IntRange(0, len(log)).Draw(rt, "cut")
		whole := New(cfg)
		feed(t, whole, log[:cut])
		var snapshot bytes.Buffer
		if err := whole.Snapshot(&snapshot); err != nil {
			rt.Fatal(err)
		}
		again := New(cfg)
		if err := again.Restore(&snapshot); err != nil {
			rt.Fatal(err)
		}
		want := append(feed(t, whole, log[cut:]), lines(t, whole.Finish())...)
		got := append(feed(t, again, log[cut:]), lines(t, again.Finish())...)
		sound(rt, whole)
		if !bytes.Equal(got, want) {
			rt.Fatalf("cut at %d of %d: restored engine differs\n got %s\nwant %s", cut, len(log), got, want)
		}
	})
}

func TestABrokenSnapshotIsRefused(t *testing.T) {
	e := New(Config{Rules: testRules(t)})
	feed(t, e, script(1, 3))
	var snapshot bytes.Buffer
	if err := e.Snapshot(&snapshot); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 10, snapshot.Len() / 2, snapshot.Len() - 1} {
		if err := New(Config{}).Restore(bytes.NewReader(snapshot.Bytes()[:n])); err == nil {
			t.Errorf("a snapshot cut at %d bytes was taken", n)
		}
	}
}

// TestMemoryIsBounded runs a log much larger than the limits.
func TestMemoryIsBounded(t *testing.T) {
	cfg := small(t)
	e := New(cfg)
	feed(t, e, script(3, 300))
	sound(t, e)
	if s := e.Stats(); s.Processes > cfg.Limits.Processes || s.Hosts > cfg.Limits.Hosts || s.Files > cfg.Limits.Files || s.Names > cfg.Limits.Files || s.Contexts > cfg.Limits.Contexts || s.Edges > cfg.Limits.Edges || s.Peers > cfg.Limits.Peers || s.Evicted == 0 {
		t.Fatalf("%+v", s)
	}
}

func TestAMissAllocatesNothingInProvenance(t *testing.T) {
	w, events := enginetest.Record()
	p := w.Host("h").Login().Spawn("/usr/bin/make")
	p.Connect("10.0.0.9", 80)
	e := New(Config{}) // what rules cost is the rules' own test
	collect(t, e, *events)
	last := (*events)[len(*events)-1]
	if n := testing.AllocsPerRun(1000, func() { e.Process(last) }); n != 0 {
		t.Fatalf("%v allocations for an event that raises nothing", n)
	}
}

// resumed is an engine that goes on from a snapshot of another.
func resumed(t testing.TB, e *Engine) *Engine {
	t.Helper()
	var snapshot bytes.Buffer
	if err := e.Snapshot(&snapshot); err != nil {
		t.Fatal(err)
	}
	again := New(Config{Rules: testRules(t)})
	if err := again.Restore(&snapshot); err != nil {
		t.Fatal(err)
	}
	return again
}
