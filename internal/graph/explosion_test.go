package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"baize/internal/engine/enginetest"
	"baize/internal/graph"
	"baize/internal/provenance"
)

// intrude lets the report's intruder in through a service, noticed when the
// trojan runs, and returns the intrusion and the trojan.
func (s *scene) intrude(web *enginetest.Process) (id string, trojan *enginetest.Process) {
	web.Accept("203.0.113.50")
	sh := web.Fork().Exec("/bin/sh", "-c", "curl -o /dev/shm/kworker; chmod +x /dev/shm/kworker; /dev/shm/kworker")
	sh.Spawn("/usr/bin/curl").Connect("203.0.113.9", 80).Write("/dev/shm/kworker").Exit()
	sh.Spawn("/usr/bin/chmod").Chmod("/dev/shm/kworker").Exit()
	trojan = sh.Spawn("/dev/shm/kworker")
	id = s.root("execution from shared memory")
	trojan.Connect("203.0.113.77", 443)
	return id, trojan
}

// contained fails where an intrusion has anything but the report's: the shell,
// curl, chmod and the trojan with one file, and a graph whose entry is the shell.
func (s *scene) contained(t *testing.T, host, id string) {
	t.Helper()
	i := s.told(t, host, id)
	if got := paths(&i); !slices.Equal(got, []string{"/dev/shm/kworker"}) {
		t.Errorf("files %v", got)
	}
	if len(i.Processes) != 4 || i.Alive != 2 {
		t.Errorf("%d processes, %d alive: %+v", len(i.Processes), i.Alive, i.Processes)
	}
	whole, ok := s.graph.Whole(host, id)
	entry := nodeOf(&whole, whole.Entry)
	if !ok || entry == nil || entry.Executable != "/bin/sh" || len(whole.Nodes) > 12 || whole.Left != 0 {
		t.Errorf("entry %+v, %d nodes, %d left out, stopped %q", entry, len(whole.Nodes), whole.Left, whole.Stopped)
	}
}

// TestABuildAroundIt: a million edges of a build server before, during and after
// the intrusion neither join it nor push it out.
func TestABuildAroundIt(t *testing.T) {
	s := &scene{graph: graph.New(graph.DefaultLimits())}
	keep := false
	s.World = enginetest.New(nil)
	s.Emit = s.observe(&keep)
	h, web := s.web("h")
	admin := h.Login()
	edges := 0
	build := func(rounds int) {
		for n := range rounds {
			m := admin.Spawn("/usr/bin/make", "all")
			for k := range 8 {
				m.Spawn("/usr/bin/cc", "-c", "x.c").Write(fmt.Sprintf("/build/%d-%d.o", n%500, k)).Exit()
				edges += 2
			}
			bin := fmt.Sprintf("/build/bin/%d", n%300)
			m.Install(bin).Spawn(bin, "--test").Connect("10.0.0.9", 5432).Exit()
			m.Exit()
			edges += 5
		}
	}
	build(20_000)
	keep = true
	id, trojan := s.intrude(web)
	keep = false
	s.contained(t, "h", id)
	for edges < 1_000_000 {
		build(1_000)
	}
	s.contained(t, "h", id)
	if s.graph.Stats().Edges > graph.DefaultLimits().EdgesPerHost {
		t.Errorf("%+v", s.graph.Stats())
	}
	// Hours later it goes on, and is still known.
	keep = true
	trojan.Spawn("/usr/bin/id")
	if got := s.graph.IntrusionOf(s.seen[len(s.seen)-1]); got != id {
		t.Errorf("the trojan's child belongs to %q, want %q", got, id)
	}
}

// TestALongLivedWorker: a web server's worker answers for days; only what came
// of the one request is the intruder's.
func TestALongLivedWorker(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h := s.Host("h")
	nginx := h.Service("nginx.service", "/usr/sbin/nginx")
	worker := nginx.Fork()
	serve := func() {
		for n := range 500 {
			worker.Accept(fmt.Sprintf("198.51.100.%d", n%250+1)).Write("/var/log/nginx/access.log").Connect("10.0.0.9", 9000)
		}
		s.Advance(time.Hour)
	}
	serve()
	id, _ := s.intrude(worker)
	s.Advance(time.Minute)
	serve()
	s.contained(t, "h", id)
	whole, _ := s.graph.Whole("h", id)
	peers := 0
	for _, n := range whole.Nodes {
		if n.Type == provenance.NodeSocket && strings.Contains(n.Label, "198.51.100.") {
			peers++
		}
	}
	if peers > 1 {
		t.Errorf("%d visitors are shown as the source", peers)
	}
}

// TestASharedLog: everybody writes to it, the intruder too.
func TestASharedLog(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	const log = "/var/log/app.log"
	for range 100 {
		h.Login().Write(log)
	}
	id, trojan := s.intrude(web)
	trojan.Write(log)
	for range 100 {
		h.Login().Write(log).Spawn("/usr/bin/less", log)
	}
	if got := s.graph.IntrusionOf(s.seen[len(s.seen)-1]); got != "" {
		t.Errorf("who writes to the log belongs to %q", got)
	}
	i := s.told(t, "h", id)
	if len(i.Processes) != 4 || len(i.Files) != 2 {
		t.Errorf("%d processes, files %v", len(i.Processes), paths(&i))
	}
	whole, _ := s.graph.Whole("h", id)
	if len(whole.Nodes) > 13 {
		t.Errorf("%d nodes: who else wrote to the log is shown", len(whole.Nodes))
	}
}

// TestAPackageManagerRun: packages that are installed and run meanwhile are
// nobody's, also one that takes the place of a program that the intruder ran and
// meddled with.
func TestAPackageManagerRun(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	id, trojan := s.intrude(web)
	trojan.Chmod("/usr/bin/tool9").Chmod("/usr/bin/dpkg")
	apt := h.Login().Spawn("/usr/bin/apt-get", "install", "tool")
	for n := range 300 {
		dpkg := apt.Spawn("/usr/bin/dpkg", "-i", fmt.Sprintf("p%d.deb", n))
		name := fmt.Sprintf("/usr/bin/tool%d", n)
		dpkg.Install(name+".dpkg-new").Rename(name+".dpkg-new", name)
		dpkg.Spawn("/bin/sh", "/var/lib/dpkg/info/p.postinst").Spawn(name).Exit()
		dpkg.Exit()
	}
	for _, p := range []*enginetest.Process{web.Spawn("/usr/bin/tool7"), h.Login().Spawn("/usr/bin/tool9")} {
		if got := s.of(p.Write("/var/lib/shop/x")); got != "" {
			t.Errorf("who runs a package's program belongs to %q", got)
		}
	}
	i := s.told(t, "h", id)
	if got := paths(&i); !slices.Equal(got, []string{"/dev/shm/kworker", "/usr/bin/tool9", "/usr/bin/dpkg"}) || len(i.Processes) != 4 || i.Alive != 2 {
		t.Errorf("files %v, %d processes, %d alive", got, len(i.Processes), i.Alive)
	}
}

// TestCronAround: jobs run every minute, and administrators edit the crontab in
// which the intruder has a line. Nothing but the job of his line is his.
func TestCronAround(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	cron := h.Cron()
	id, trojan := s.intrude(web)
	const crontab = "/etc/crontab"
	trojan.Define(crontab, "* * * * * root /dev/shm/kworker")
	cron.Open(crontab, "definition")
	for n := range 300 {
		s.Advance(time.Minute)
		cron.Job("/usr/local/bin/rotate").Spawn("/usr/bin/gzip").Write("/var/log/old.gz").Exit()
		if n%50 == 0 {
			h.Login().Define(crontab, fmt.Sprintf("%d 1 * * * root /usr/local/bin/job%d", n%60, n))
			cron.Open(crontab, "definition")
		}
		cron.Job(fmt.Sprintf("/usr/local/bin/job%d", n-n%50)).Spawn("/usr/bin/tar").Write("/backup/a.tar").Exit()
	}
	job := cron.Job("/dev/shm/kworker")
	i := s.told(t, "h", id)
	if got := paths(&i); !slices.Equal(got, []string{"/dev/shm/kworker", crontab}) || len(i.Processes) != 5 || i.Alive != 3 {
		t.Errorf("files %v, %d processes, %d alive", got, len(i.Processes), i.Alive)
	}
	if got := s.of(job); got != id {
		t.Errorf("the job of his line belongs to %q, want %q", got, id)
	}
	if whole, _ := s.graph.Whole("h", id); len(whole.Nodes) > 14 || whole.Left != 0 {
		t.Errorf("%d nodes, %d left out", len(whole.Nodes), whole.Left)
	}
}
