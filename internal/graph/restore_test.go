package graph_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/graph"
)

// drama is a random script of an intrusion: whatever hosts, intruders and
// sensors may do, in any order.
type drama struct {
	*rapid.T
	*enginetest.World
	// graphs take the same events in.
	graphs []*graph.Graph
	hosts  []*enginetest.Host
	live   []*enginetest.Process
	last   *event.Event
	ids    []string
}

func newDrama(rt *rapid.T, limits graph.Limits) *drama {
	d := &drama{T: rt, graphs: []*graph.Graph{graph.New(limits)}}
	d.World = enginetest.New(d.observe)
	for _, id := range []string{"a", "b"} {
		h := d.Host(id)
		d.hosts = append(d.hosts, h)
		d.live = append(d.live, h.Service("shop.service", "/usr/bin/java"), h.Cron(), h.Login())
	}
	return d
}

func (d *drama) observe(ev *event.Event) {
	for _, g := range d.graphs {
		if g.Cover(ev, ev.Time.UnixNano()); ev.Coverage == nil {
			g.Observe(ev, ev.Time.UnixNano())
		}
	}
	if ev.Process != nil {
		d.last = ev
	}
}

func (d *drama) pick(n int, what string) int { return rapid.IntRange(0, n-1).Draw(d.T, what) }

func (d *drama) path() string {
	names := []string{"/tmp/a", "/tmp/b", "/dev/shm/c", "/opt/d", "/etc/cron.d/x", "/etc/systemd/system/x.service", "/root/.bashrc", "/var/log/all"}
	return names[d.pick(len(names), "path")]
}

func (d *drama) process() *enginetest.Process { return d.live[d.pick(len(d.live), "process")] }

func (d *drama) peer() string { return fmt.Sprintf("203.0.113.%d", d.pick(6, "peer")) }

// act is one step of the script.
func (d *drama) act() {
	p, path := d.process(), d.path()
	h := d.hosts[d.pick(len(d.hosts), "host")]
	acts := []func(){
		func() { d.live = append(d.live, p.Accept(d.peer()).Fork().Exec("/bin/sh", "-c", "x")) },
		func() { d.live = append(d.live, p.Fork()) },
		func() { d.live = append(d.live, p.Spawn(path)) },
		func() { d.live = append(d.live, p.Spawn("/bin/sh", path)) },
		func() { d.live = append(d.live, h.Login()) },
		func() { p.Exec(path) },
		func() { p.Write(path) },
		func() { p.Install(path) },
		func() { p.Define(path, "* * * * * "+d.path()) },
		func() { p.Undefine(path, "* * * * * "+d.path()) },
		func() { p.Unlink(path) },
		func() { p.Rename(path, d.path()) },
		func() { p.Link(path, d.path()) },
		func() { p.RenameDefinition(path, d.path(), []string{"* * * * * " + d.path()}, nil) },
		func() { p.ByPath(event.FileUnlink, path, "") },
		func() { p.ByPath(event.FileAttributes, path, "0755") },
		func() { p.Chmod(path) },
		func() { p.Open(path, "definition") },
		func() { p.Open("/etc/shadow", "credentials") },
		func() { d.live = append(d.live, p.Memory("m")) },
		func() { p.Digest() },
		func() { p.Connect(d.peer(), 443) },
		func() { p.Connect("10.0.0.1", 22) },
		func() { p.AcceptFrom("10.0.0.1", 50000, "10.0.0.1", 22) },
		func() { p.Close(d.peer(), 443, 1<<20, 1) },
		func() { p.Ask("evil.example") },
		func() { p.Inject(d.process()) },
		func() { p.Listen(8080) },
		func() { p.Exit() },
		func() { d.live = append(d.live, p.Job(path)) },
		func() { d.live = append(d.live, h.Unit("x.service", path)) },
		func() { h.Vouch(d.Now.Add(-10*time.Second), event.CoverageComplete) },
		func() { h.Vouch(d.Now.Add(-10*time.Second), event.CoverageLost, event.ClassFile) },
		func() { h.Vouch(d.Now, event.CoverageLost, event.ClassAll) },
		func() { d.live = append(d.live, h.Reboot().Login()) },
		func() { d.Advance(time.Duration(d.pick(4000, "seconds")) * time.Second) },
		func() { p.Write(path); d.root() },
		func() { p.Connect(d.peer(), 443); d.root() },
		func() { d.live = append(d.live, p.Spawn(path)); d.root() },
		func() { d.same(false) },
	}
	acts[d.pick(len(acts), "act")]()
}

// root raises an alert about what happened last.
func (d *drama) root() {
	r := graph.Root{
		Alert: "alert", Title: "alert", At: d.last.Time, Opens: d.pick(4, "grave") > 0, Stages: []string{"discovery"},
		Marks: []graph.Mark{{Kind: "command", Value: fmt.Sprint(d.pick(5, "mark"))}},
	}
	var id string
	for k, g := range d.graphs {
		got := g.Root(d.last, &r)
		if k > 0 && got != id {
			d.Fatalf("root: %q, restored %q", id, got)
		}
		id = got
	}
	if id != "" {
		d.ids = append(d.ids, id)
	}
}

// same fails where the graphs tell anything different.
func (d *drama) same(all bool) {
	var want string
	for k, g := range d.graphs {
		var got []any
		got = append(got, g.Changed(all, d.Now.UnixNano()), g.Trace(d.last, ""), g.Stats().Edges, g.Stats().Bones, g.Stats().Intrusions, g.Advanced())
		for _, id := range d.ids {
			for _, h := range []string{"a", "b"} {
				whole, known := g.Whole(h, id)
				i, _ := g.Intrusion(h, id)
				got = append(got, whole, known, i, g.Told(id))
			}
		}
		body, err := json.Marshal(got)
		if err != nil {
			d.Fatal(err)
		}
		if k > 0 && string(body) != want {
			d.Fatalf("before and restored part at\n%s", parting(want, string(body)))
		}
		want = string(body)
	}
}

// TestRestoringTellsTheSame: a graph that goes on from a snapshot, taken at any
// point of any script, tells what the one tells that was never stopped.
func TestRestoringTellsTheSame(t *testing.T) {
	small := graph.Limits{
		Hosts: 2, ProcessesPerHost: 20, FilesPerHost: 8, Processes: 30, Files: 12, Contexts: 7, PeersPerHost: 4, Peers: 6, EdgesPerHost: 30,
		BonesPerHost: 12, Edges: 40, Bones: 20, KeptPerHost: 5, Sides: 3, Exited: time.Minute, Silent: time.Hour,
	}
	for name, limits := range map[string]graph.Limits{"default": graph.DefaultLimits(), "small": small} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				d := newDrama(rt, limits)
				for range rapid.IntRange(1, 120).Draw(rt, "before") {
					d.act()
				}
				d.graphs = append(d.graphs, restored(rt, d.graphs[0], limits))
				for range rapid.IntRange(1, 80).Draw(rt, "after") {
					d.act()
				}
				d.same(true)
			})
		})
	}
}

// parting is where two texts begin to differ.
func parting(a, b string) string {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	cut := func(s string) string { return s[max(0, at-200):min(len(s), at+200)] }
	return cut(a) + "\n" + cut(b)
}
