package graph_test

import (
	"testing"

	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/graph"
)

// runScript lets a process execute an interpreter, as an agent reports it.
func (s *scene) runScript(p *enginetest.Process, change func(*event.Event), args ...string) *graph.Flow {
	p.Spawn(args...)
	ev := *s.seen[len(s.seen)-1]
	whole := *ev.Process
	ev.Process = &whole
	change(&ev)
	flow := s.graph.Observe(&ev, ev.Time.UnixNano()).Flow
	return flow
}

// TestScriptsTieWriterAndExecutor: the image is the interpreter's; the file
// that matters is the one that it was started for.
func TestScriptsTieWriterAndExecutor(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		change func(*event.Event)
		want   bool
	}{
		"by its first line": {[]string{"/bin/sh"}, func(ev *event.Event) { ev.Process.Script = "/tmp/x.sh" }, true},
		"by name":           {[]string{"/usr/bin/python3.11", "/tmp/x.sh"}, func(*event.Event) {}, true},
		"from there":        {[]string{"/bin/bash", "./x.sh"}, func(ev *event.Event) { ev.Process.WorkingDirectory = "/tmp" }, true},
		"another":           {[]string{"/bin/sh", "/tmp/y.sh"}, func(*event.Event) {}, false},
		"as data":           {[]string{"/bin/cat", "/tmp/x.sh"}, func(*event.Event) {}, false},
		"as text":           {[]string{"/bin/sh", "-c", "/tmp/x.sh"}, func(*event.Event) {}, false},
		"in a container": {[]string{"/bin/sh", "/tmp/x.sh"}, func(ev *event.Event) {
			ev.Container = &event.Container{State: event.ContainerOK, ID: "c1"}
		}, false},
	} {
		s := newScene(graph.DefaultLimits())
		h := s.Host("h")
		h.Login().Write("/tmp/x.sh")
		from := s.last.Lineage
		flow := s.runScript(h.Login(), c.change, c.args...)
		if (flow != nil) != c.want || flow != nil && (flow.From != from || flow.Path != "/tmp/x.sh") {
			t.Errorf("%s: flow %+v, want one: %v", name, flow, c.want)
		}
	}
}

// TestAPackageTiesNobody: who installs a tool has nothing to do with who uses it.
func TestAPackageTiesNobody(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h := s.Host("h")
	h.Login().Spawn("/usr/bin/apt").Spawn("/usr/bin/dpkg", "-i").Write("/usr/bin/socat")
	h.Login().Spawn("/usr/bin/socat")
	if s.last.Flow != nil {
		t.Errorf("an installed tool ties: %+v", s.last.Flow)
	}
	shell := h.Service("app.service", "/usr/bin/java").Fork().Exec("/bin/sh", "-c", "dpkg -i /tmp/evil.deb")
	shell.Spawn("/usr/bin/dpkg", "-i").Write("/usr/bin/evil")
	h.Login().Spawn("/usr/bin/evil")
	if s.last.Flow == nil || s.last.Flow.From != shell.Context().ID {
		t.Errorf("an intruder's package: %+v", s.last.Flow)
	}
}

// TestAFileLivesWhileANameOfItDoes: a hard link outlives the name that the
// file was written under.
func TestAFileLivesWhileANameOfItDoes(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h := s.Host("h")
	writer := h.Login()
	writer.Write("/tmp/a")
	written := *s.seen[len(s.seen)-1]
	observe := func(kind event.Kind, target string) {
		ev := written
		file := *ev.File
		if ev.File = &file; target != "" {
			file.Target = &event.File{Path: target}
		}
		ev.Kind = kind
		s.graph.Observe(&ev, ev.Time.UnixNano())
	}
	observe(event.FileLink, "/tmp/b")
	observe(event.FileUnlink, "")
	h.Login().Spawn("/tmp/a") // the same inode
	if s.last.Flow == nil {
		t.Error("the other name is forgotten")
	}
	observe(event.FileUnlink, "")
	h.Login().Spawn("/tmp/a")
	if s.last.Flow != nil {
		t.Errorf("remembered without a name: %+v", s.last.Flow)
	}
}
