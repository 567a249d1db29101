package graph_test

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/graph"
	_ "baize/test/rapidseed" // the same cases each time
)

// scene is a world whose events a graph observes as they happen.
type scene struct {
	*enginetest.World
	graph *graph.Graph
	last  graph.Subject
	// shell is what a case of a table acts with.
	shell *enginetest.Process
	seen  []*event.Event
}

func newScene(limits graph.Limits) *scene {
	s := &scene{graph: graph.New(limits)}
	keep := true
	s.World = enginetest.New(s.observe(&keep))
	return s
}

// observe feeds the graph, and keeps the events while keep says so.
func (s *scene) observe(keep *bool) func(*event.Event) {
	return func(ev *event.Event) {
		if *keep {
			s.seen = append(s.seen, ev)
		}
		if s.graph.Cover(ev, ev.Time.UnixNano()); ev.Coverage == nil {
			s.last = s.graph.Observe(ev, ev.Time.UnixNano())
		}
	}
}

func TestLineages(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h := s.Host("h")
	of := func(p *enginetest.Process) graph.Subject {
		p.Connect("10.0.0.7", 1)
		return s.last
	}
	web := h.Service("web.service", "/usr/sbin/nginx")
	if got := of(web); got.Lineage != "" || !got.Hub || got.Service != web.Context().ID {
		t.Errorf("a service: %+v", got)
	}
	if got := of(web.Fork()); got.Lineage != "" || !got.Hub {
		t.Errorf("its worker: %+v", got)
	}
	shell := web.Fork().Exec("/bin/sh", "-c", "x")
	child := shell.Spawn("/usr/bin/id")
	if a, b := of(shell), of(child); a.Lineage != shell.Context().ID || b.Lineage != a.Lineage || a.Service != web.Context().ID || b.Service != a.Service {
		t.Errorf("a web-spawned shell: %+v, its child %+v", a, b)
	}
	if inner := of(child.Listen(4444).Fork().Exec("/bin/sh")); inner.Lineage != shell.Context().ID {
		t.Errorf("a shell of a bind shell: %+v", inner)
	}
	one, two := web.Spawn("/usr/bin/curl"), web.Spawn("/usr/bin/curl")
	if a, b := of(one), of(two); a.Lineage == "" || a.Lineage == b.Lineage || a.Service != b.Service {
		t.Errorf("two programs of a service: %+v, %+v", a, b)
	}
	if a, b := of(one.Spawn("/usr/bin/x")), of(one); a.Lineage != b.Lineage {
		t.Errorf("a program's child: %+v", a)
	}
	login := h.Login()
	if a, b := of(login), of(login.Spawn("/usr/bin/make").Spawn("/usr/bin/cc")); a.Lineage != login.Context().ID || b.Lineage != a.Lineage {
		t.Errorf("a login: %+v, %+v", a, b)
	}
	dev := login.Spawn("/usr/bin/java").Listen(8080)
	if got := of(dev.Fork().Exec("/bin/sh", "-c", "x")); !strings.HasPrefix(got.Lineage, "web_shell:") || !strings.HasPrefix(got.Service, "server:") {
		t.Errorf("a shell of a server that a login started: %+v", got)
	}
}

func TestForkedWorkersAreOneService(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	php := s.Host("h").Daemon("/usr/bin/php-fpm")
	php.Fork().Fork().Exec("/bin/sh", "-c", "x")
	first := s.last
	php.Fork().Exec("/bin/sh", "-c", "y")
	if first.Service != s.last.Service || first.Service != "server:"+php.Key().String() || first.Lineage == s.last.Lineage {
		t.Fatalf("%+v and %+v", first, s.last)
	}
	if s.last.ServiceExe != "/usr/bin/php-fpm" {
		t.Errorf("service is described as %q", s.last.ServiceExe)
	}
}

func TestAListenerOfATaintedLineageIsNoHub(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	p := s.Host("h").Service("a.service", "/usr/bin/java").Spawn("/opt/x")
	lineage := s.last.Lineage
	s.root("an alert")
	p.Listen(4444).Connect("10.0.0.1", 1)
	if s.last.Lineage != lineage {
		t.Fatalf("lineage %q became %q", lineage, s.last.Lineage)
	}
	p.Serve("x").Spawn("/usr/bin/id")
	if s.last.Lineage != lineage {
		t.Fatalf("as a service of its own, lineage %q became %q", lineage, s.last.Lineage)
	}
}

func TestADefinitionTiesItsAuthorToItsReader(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h := s.Host("h")
	h.Login().Write("/root/.bashrc")
	from := s.last.Lineage
	h.Login().Open("/root/.bashrc", "definition")
	if s.last.Flow == nil || s.last.Flow.From != from || !s.last.Flow.Read {
		t.Errorf("flow %+v", s.last.Flow)
	}
	h.Login().Write("/etc/shadow")
	h.Login().Open("/etc/shadow", "credentials")
	if s.last.Flow != nil {
		t.Errorf("credentials tie: %+v", s.last.Flow)
	}
}

func TestTheSourceOfARequest(t *testing.T) {
	for name, c := range map[string]struct {
		peers []string
		wait  time.Duration
		want  string
	}{
		"one":    {[]string{"203.0.113.5"}, 0, "203.0.113.5"},
		"inside": {[]string{"10.0.0.9"}, 0, ""},
		"mixed":  {[]string{"203.0.113.5", "203.0.113.6"}, 0, ""},
		"other":  {[]string{"203.0.113.5", "203.0.113.6", "203.0.113.6"}, 0, ""},
		"again":  {[]string{"203.0.113.5", "203.0.113.5"}, 0, "203.0.113.5"},
		"old":    {[]string{"203.0.113.5"}, time.Minute, ""},
	} {
		s := newScene(graph.DefaultLimits())
		web := s.Host("h").Service("a.service", "/usr/bin/java")
		for _, peer := range c.peers {
			web.Accept(peer)
		}
		s.Advance(c.wait)
		web.Fork().Exec("/bin/sh", "-c", "x").Spawn("/usr/bin/id")
		if s.last.Source != c.want {
			t.Errorf("%s: source %q, want %q", name, s.last.Source, c.want)
		}
	}
}

func TestFilesTieWriterAndExecutor(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h := s.Host("h")
	writer := h.Login()
	writer.Write("/opt/tool")
	from := s.last.Lineage
	for i := range 6 {
		h.Login().Spawn("/opt/tool")
		flow := s.last.Flow
		if (flow != nil) != (i < 4) || flow != nil && (flow.From != from || flow.Path != "/opt/tool" || flow.By != writer.Key()) {
			t.Errorf("executor %d: %+v", i, flow)
		}
	}
	writer.Spawn("/opt/tool")
	if s.last.Flow != nil {
		t.Error("a lineage is tied to itself")
	}
}

// TestEventsAloneRebuildTheGraph: a graph that meets a process late knows its
// lineage as one that saw it start.
func TestEventsAloneRebuildTheGraph(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	web := s.Host("h").Service("a.service", "/usr/bin/java")
	web.Fork().Exec("/bin/sh", "-c", "x").Spawn("/usr/bin/id")
	want := s.last
	last := s.seen[len(s.seen)-1]
	got := graph.New(graph.DefaultLimits()).Observe(last, 0)
	if got.Lineage != want.Lineage || got.Context != want.Context {
		t.Fatalf("%+v, want %+v", got, want)
	}
}

func TestLimitsHold(t *testing.T) {
	limits := graph.Limits{
		Hosts: 3, ProcessesPerHost: 10, FilesPerHost: 5, Processes: 25, Files: 12, Contexts: 7, PeersPerHost: 5, Peers: 9, EdgesPerHost: 30,
		BonesPerHost: 10, Edges: 70, Bones: 20, KeptPerHost: 4, Sides: 5, Exited: time.Second, Silent: time.Hour,
	}
	s := newScene(limits)
	for i := range 8 {
		h := s.Host(string(rune('a' + i)))
		for range 30 {
			h.Login().Spawn("/bin/x").Write("/tmp/" + s.Now.String()).Exit()
		}
		if got := s.graph.Stats(); got.Hosts > 3 || got.Processes > 25 || got.Contexts > 7 || got.Files > 12 || got.Names > 12 || got.Edges > 70 || got.Peers > 9 || got.Bones > 20 {
			t.Fatalf("%+v", got)
		}
	}
	if s.graph.Stats().Evicted == 0 {
		t.Error("nothing is counted as evicted")
	}
}

func TestTheExitedAreForgotten(t *testing.T) {
	limits := graph.DefaultLimits()
	limits.Exited = time.Minute
	s := newScene(limits)
	h := s.Host("h")
	session := h.Login()
	for range 100 {
		session.Spawn("/bin/x").Exit()
	}
	s.Advance(2 * time.Minute)
	session.Connect("10.0.0.1", 1)
	if got := s.graph.Stats().Processes; got > 3 {
		t.Fatalf("%d processes are known, want init and the session", got)
	}
}

func TestOddEvents(t *testing.T) {
	g := graph.New(graph.DefaultLimits())
	key := event.ProcessKey{Host: "h", Boot: "b", PID: 5, Start: 5}
	for _, ev := range []*event.Event{
		{Kind: event.ProcessExec},
		{Kind: event.ProcessExec, Process: &event.Process{}},
		{Kind: event.FileRename, Process: &event.Process{Key: key}},
		{Kind: event.FileUnlink, Process: &event.Process{Key: key}},
		{Kind: event.FileOpen, Process: &event.Process{Key: key}},
		{Kind: event.NetworkAccept, Process: &event.Process{Key: key}},
		{Kind: event.ProcessFork, Process: &event.Process{Key: key, Parent: &event.Process{Key: key}}},
		{Kind: event.ProcessExec, Process: &event.Process{Key: key, Context: &event.Context{ID: "web_shell:x", Kind: event.ContextWebShell, Parent: "web_shell:x", Root: key}}},
		{Kind: "unheard.of", Process: &event.Process{Key: key, Context: &event.Context{ID: "web_shell:x", Kind: event.ContextWebShell, Parent: "web_shell:x"}}},
	} {
		g.Observe(ev, 0)
	}
	if g.Trace(&event.Event{Host: event.Host{ID: "h"}, Process: &event.Process{Key: key}}, ""); g.Stats().Processes != 1 {
		t.Fatalf("%+v", g.Stats())
	}
}

// TestOrdinaryContextsPushNoShellOut: sessions and jobs come by the thousand,
// and a shell that stays must keep its service and its source.
func TestOrdinaryContextsPushNoShellOut(t *testing.T) {
	limits := graph.DefaultLimits()
	limits.Contexts = 3
	s := newScene(limits)
	h := s.Host("h")
	shell := h.Daemon("/usr/bin/php-fpm").Accept("198.51.100.7").Fork().Exec("/bin/sh", "-c", "x")
	want := s.last
	for range 10 {
		h.Login().Spawn("/usr/bin/id")
	}
	shell.Spawn("/usr/bin/id")
	if got := s.last; got.Service != want.Service || got.Source != "198.51.100.7" || got.Lineage != want.Lineage {
		t.Fatalf("%+v, want %+v", got, want)
	}
}

// TestABusyHostPushesNoOtherOut: what a host floods the graph with costs its
// own entries and not those of the quiet.
func TestABusyHostPushesNoOtherOut(t *testing.T) {
	limits := graph.DefaultLimits()
	limits.Processes, limits.Files = 60, 40
	s := newScene(limits)
	var sessions []*enginetest.Process
	for i := range 4 {
		session := s.Host(string(rune('a' + i))).Login()
		for n := range 5 {
			session.Write("/opt/tool-" + string(rune('0'+n)))
		}
		sessions = append(sessions, session)
	}
	busy := s.Host("busy").Login()
	for n := range 500 {
		busy.Spawn("/bin/x").Write(fmt.Sprintf("/tmp/%d", n))
	}
	if got := s.graph.Stats(); got.Processes != 60 || got.Files != 40 || got.Names != 40 {
		t.Fatalf("%+v, want everything full", got)
	}
	for i, session := range sessions {
		id := string(rune('a' + i))
		for n := range 5 {
			image := event.Image{Inode: s.file(id, n)}
			if !s.graph.Brought(id, &image) {
				t.Errorf("host %s: file %d was pushed out", id, n)
			}
		}
		if trace := s.graph.Trace(&event.Event{Host: event.Host{ID: id}, Process: &event.Process{Key: session.Key()}}, ""); len(trace.Nodes) == 0 {
			t.Errorf("host %s: its session was pushed out", id)
		}
	}
}

// file is the identity of the n-th file that a host wrote in the events seen.
func (s *scene) file(host string, n int) event.FileKey {
	for _, ev := range s.seen {
		if ev.Host.ID == host && ev.Kind == event.FileCloseWrite {
			if n == 0 {
				return ev.File.Inode
			}
			n--
		}
	}
	return event.FileKey{}
}

// TestThePoolsCountWhatIsHeld compares the totals with a graph restored from a
// snapshot, whose counts are taken anew, at any point of a log that overflows
// every limit; both then evict the same.
func TestThePoolsCountWhatIsHeld(t *testing.T) {
	limits := graph.Limits{
		Hosts: 3, ProcessesPerHost: 10, FilesPerHost: 5, Processes: 14, Files: 8, Contexts: 7, PeersPerHost: 5, Peers: 9, EdgesPerHost: 30,
		BonesPerHost: 10, Edges: 50, Bones: 20, KeptPerHost: 4, Sides: 5, Exited: time.Second, Silent: time.Minute,
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := newScene(limits)
		hosts := []*enginetest.Host{s.Host("a"), s.Host("b"), s.Host("c"), s.Host("d")}
		live := []*enginetest.Process{hosts[0].Login()}
		act := func() {
			p := live[rapid.IntRange(0, len(live)-1).Draw(rt, "process")]
			name := fmt.Sprintf("/tmp/%d", rapid.IntRange(0, 20).Draw(rt, "name"))
			switch rapid.IntRange(0, 4).Draw(rt, "act") {
			case 0:
				live = append(live, hosts[rapid.IntRange(0, 3).Draw(rt, "host")].Login())
			case 1:
				live = append(live, p.Spawn("/bin/x"))
			case 2:
				p.Write(name)
			case 3:
				p.Exit()
			case 4:
				s.Advance(time.Duration(rapid.IntRange(0, 40).Draw(rt, "seconds")) * time.Second)
			}
		}
		for range rapid.IntRange(1, 80).Draw(rt, "before") {
			act()
		}
		other := restored(rt, s.graph, limits)
		if a, b := s.graph.Stats(), other.Stats(); a.Processes != b.Processes || a.Files != b.Files || a.Names != b.Names || a.Processes > 14 || a.Files > 8 || a.Names > 8 {
			rt.Fatalf("%+v, restored %+v", a, b)
		}
		from := len(s.seen)
		for range rapid.IntRange(1, 40).Draw(rt, "after") {
			act()
		}
		for _, ev := range s.seen[from:] {
			other.Observe(ev, ev.Time.UnixNano())
		}
		if a, b := s.graph.Stats(), other.Stats(); a.Processes != b.Processes || a.Files != b.Files || a.Names != b.Names {
			rt.Fatalf("afterwards %+v, restored %+v", a, b)
		}
	})
}

// restored is the scene's graph after a restart.
func (s *scene) restored(t *testing.T) *graph.Graph {
	t.Helper()
	var snapshot bytes.Buffer
	if err := s.graph.Snapshot(gob.NewEncoder(&snapshot)); err != nil {
		t.Fatal(err)
	}
	other := graph.New(graph.DefaultLimits())
	if err := other.Restore(gob.NewDecoder(&snapshot)); err != nil {
		t.Fatal(err)
	}
	return other
}

func restored(t *rapid.T, g *graph.Graph, limits graph.Limits) *graph.Graph {
	var snapshot bytes.Buffer
	if err := g.Snapshot(gob.NewEncoder(&snapshot)); err != nil {
		t.Fatal(err)
	}
	other := graph.New(limits)
	if err := other.Restore(gob.NewDecoder(&snapshot)); err != nil {
		t.Fatal(err)
	}
	return other
}
