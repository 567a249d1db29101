package sensor

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"baize/internal/event"
)

// newNamespaces gives a command its own pid, mount, network and uts namespaces.
func newNamespaces(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS,
	}
}

func TestNamespaces(t *testing.T) {
	l := shared(t)
	for _, transport := range []string{"udp", "unconnected", "tcp"} {
		dir := t.TempDir()
		h := prepare(t, newNamespaces, "island", dir, transport)
		if got := h.finish(); got != "1" {
			t.Errorf("the helper's own pid is %s", got)
		}
		fork := l.await("the fork", func(r *Record) bool {
			return r.Kind == event.ProcessFork && int(r.Child.PID) == h.pid
		})
		home := fork.Task
		e := l.await("the exec", ofPID(event.ProcessExec, h.pid))
		if e.Task.NamespacePID != 1 || e.Task.PIDNS == home.PIDNS || e.Task.MountNS == home.MountNS || e.Task.NetNS == home.NetNS {
			t.Errorf("task %+v, at home %+v", e.Task, home)
		}
		if e.Task.Start/tick != h.ticks {
			t.Errorf("start %d, /proc says %d ticks", e.Task.Start, h.ticks)
		}
		// A file system that only this namespace has.
		w := l.fileOf(event.FileCloseWrite, h.pid, filepath.Join(dir, "written"))
		made := l.fileOf(event.FileCreate, h.pid, filepath.Join(dir, "written"))
		if w.File.Inode != made.File.Inode || w.File.Device != made.File.Device || w.File.Magic != magicTmpfs || w.Task.MountNS != e.Task.MountNS {
			t.Errorf("written %+v, made %+v", w.File, made.File)
		}
		checkDNS(t, l, h, transport, e.Task.NetNS)
	}
}

func checkDNS(t *testing.T, l *lab, h *helper, transport string, netns uint32) {
	t.Helper()
	if transport == "unconnected" {
		transport = "udp"
	}
	for _, response := range []bool{false, true} {
		r := l.await("a DNS message", func(r *Record) bool {
			return ofPID(event.DNSQuery, h.pid)(r) && r.DNS.Response == response
		})
		want := question
		if response {
			want = answer
		}
		s := r.DNS.Socket
		if !bytes.Equal(r.DNS.Payload, want) || r.DNS.Truncated {
			t.Errorf("%s: %q, want %q", transport, r.DNS.Payload, want)
		}
		if s.Transport != transport || s.Remote.String() != "127.0.0.1:53" || s.Local.Port() == 0 || s.Cookie == 0 || s.NetNS != netns {
			t.Errorf("%s: socket %+v", transport, s)
		}
		if r.Task.Start/tick != h.ticks {
			t.Errorf("%s: start %d, /proc says %d ticks", transport, r.Task.Start, h.ticks)
		}
	}
}
