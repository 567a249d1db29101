package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"baize/internal/graph"
	"baize/internal/provenance"
)

// TestFullBooksKeepWhatTells: an intruder fills the books on purpose, before and
// after what matters.
func TestFullBooksKeepWhatTells(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	_, web := s.web("h")
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	id := s.root("a shell")
	sh.Write("/tmp/first.sh")
	sh.Install("/tmp/early").Spawn("/tmp/early")
	for n := range 300 {
		sh.Install(fmt.Sprintf("/tmp/%d", n)).Write(fmt.Sprintf("/tmp/t%d", n))
		sh.Connect("10.0.1."+fmt.Sprint(n%250+1), uint16(n+1)).Ask(fmt.Sprintf("q%d.example", n))
		sh.Fork()
	}
	sh.Spawn("/bin/sh", "/tmp/first.sh")
	sh.Install("/tmp/late").Spawn("/tmp/late").Connect("203.0.113.9", 443).Close("203.0.113.9", 443, 1<<30, 1)
	i := s.told(t, "h", id)
	for _, path := range []string{"/tmp/early", "/tmp/first.sh", "/tmp/late"} {
		if !slices.ContainsFunc(i.Files, func(f provenance.File) bool { return f.Path == path && f.Executed }) {
			t.Errorf("%s, which was run, is not among the %d files", path, len(i.Files))
		}
	}
	if !slices.ContainsFunc(i.Peers, func(p provenance.Peer) bool { return p.IP == "203.0.113.9" && p.BytesOut == 1<<30 }) {
		t.Errorf("who was called outside is not among the %d peers", len(i.Peers))
	}
	if !slices.ContainsFunc(i.Processes, func(p provenance.Process) bool { return p.Executable == "/tmp/late" && p.Alive && p.Brought }) {
		t.Errorf("what was brought is not among the %d processes", len(i.Processes))
	}
	if len(i.Files) > 256 || len(i.Peers) > 256 || len(i.Processes) > 256 || i.Pruned.Files == 0 || i.Pruned.Peers == 0 || i.Pruned.Processes == 0 {
		t.Errorf("%d files, %d peers, %d processes, pruned %+v", len(i.Files), len(i.Peers), len(i.Processes), i.Pruned)
	}
}

// TestTheLivingAreCounted, also those that are not listed.
func TestTheLivingAreCounted(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	_, web := s.web("h")
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	id := s.root("a shell")
	for range 400 {
		sh.Spawn("/usr/bin/sleep").Connect("203.0.113.9", 443)
	}
	children := slices.Clone(s.seen)
	if i := s.told(t, "h", id); i.Alive != 401 {
		t.Errorf("%d are alive, want 401", i.Alive)
	}
	for _, ev := range children {
		if ev.Kind == "process.fork" && ev.Process.Parent.Key == sh.Key() {
			exit := *ev
			exit.Kind = "process.exit"
			s.graph.Observe(&exit, s.Now.UnixNano())
		}
	}
	if i := s.told(t, "h", id); i.Alive != 1 {
		t.Errorf("%d are alive, want the shell", i.Alive)
	}
}

// TestBytesToAForgottenPeer: an upload goes on while others push its peer out.
func TestBytesToAForgottenPeer(t *testing.T) {
	limits := graph.DefaultLimits()
	limits.PeersPerHost = 100
	s := newScene(limits)
	_, web := s.web("h")
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	id := s.root("a shell")
	sh.Connect("203.0.113.9", 443)
	for n := range 300 {
		web.Accept(fmt.Sprintf("198.51.100.%d", n%250)).Connect("10.0.0.9", uint16(n+1))
	}
	sh.Close("203.0.113.9", 443, 1<<30, 1)
	i := s.told(t, "h", id)
	if len(i.Peers) != 1 || i.Peers[0].BytesOut != 1<<30 || stage(&i, provenance.Exfiltration).State != provenance.Yes {
		t.Errorf("%+v", i.Peers)
	}
}

// TestARebootEndsProcesses: nobody tells their ends.
func TestARebootEndsProcesses(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	sh.Write("/opt/x").Write("/dev/shm/x").Spawn("/opt/x")
	id := s.root("a shell")
	h.Reboot().Login()
	i := s.told(t, "h", id)
	if i.Alive != 0 || slices.ContainsFunc(i.Processes, func(p provenance.Process) bool { return p.Alive }) {
		t.Errorf("%d alive: %+v", i.Alive, i.Processes)
	}
	if len(i.Files) != 2 || i.Files[0].Gone || !i.Files[1].Gone {
		t.Errorf("%+v", i.Files)
	}
}
