package graph_test

import (
	"testing"

	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/provenance"
)

// TestLinesThatAreTakenOutOneByOne: an administrator takes out what an intruder
// added, in two edits.
func TestLinesThatAreTakenOutOneByOne(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	web.Fork().Exec("/bin/sh", "-c", "x").Define("/etc/crontab", "* * * * * root one", "* * * * * root two")
	id := s.root("crontab written")
	admin := h.Login()
	admin.Undefine("/etc/crontab", "* * * * * root one")
	if i := s.told(t, "h", id); i.Changes[0].Undone || len(i.Changes[0].Added) != 1 {
		t.Errorf("one line is left: %+v", i.Changes)
	}
	admin.Undefine("/etc/crontab", "* * * * * root two")
	if i := s.told(t, "h", id); !i.Changes[0].Undone {
		t.Errorf("nothing is left: %+v", i.Changes)
	}
	admin.Define("/etc/crontab", "1 1 * * * root backup")
	if got := s.state(t, "h", id, provenance.Persistence); got == provenance.Yes {
		t.Errorf("another's line is the intruder's")
	}
}

// TestAnotherFileHasTheInode: the end of a file was not seen, and its inode is a
// new file's, of somebody else.
func TestAnotherFileHasTheInode(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	web.Fork().Exec("/bin/sh", "-c", "x").Install("/tmp/evil")
	id := s.root("a shell")
	written := *s.seen[len(s.seen)-1]
	admin := h.Login()
	created := *s.seen[len(s.seen)-1]
	created.Kind = event.FileCreate
	created.File = &event.File{Path: "/home/admin/tool", Inode: written.File.Inode, Mode: "0755"}
	s.Emit(&created)
	admin.Fork()
	exec := *s.seen[len(s.seen)-1]
	process := *exec.Process
	exec.Kind, exec.Process = event.ProcessExec, &process
	process.Executable, process.Exe = "/home/admin/tool", &event.Image{Inode: written.File.Inode}
	s.Emit(&exec)
	if got := s.graph.IntrusionOf(&exec); got != "" {
		t.Errorf("an administrator's tool belongs to %q", got)
	}
	if i := s.told(t, "h", id); len(i.Files) != 1 || i.Files[0].Path != "/tmp/evil" || !i.Files[0].Gone || i.Files[0].Executed {
		t.Errorf("%+v", i.Files)
	}
}

// TestAFileBelowIsReplaced: what had the name before is gone, whichever of its
// names that was.
func TestAFileBelowIsReplaced(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	sh.Install("/tmp/a").Link("/tmp/a", "/tmp/b")
	id := s.root("a shell")
	admin := h.Login()
	admin.Install("/tmp/new").Rename("/tmp/new", "/tmp/b")
	if i := s.told(t, "h", id); i.Files[0].Gone {
		t.Errorf("one name is left: %+v", i.Files)
	}
	admin.Install("/tmp/new2").Rename("/tmp/new2", "/tmp/a")
	if i := s.told(t, "h", id); !i.Files[0].Gone {
		t.Errorf("no name is left: %+v", i.Files)
	}
}
