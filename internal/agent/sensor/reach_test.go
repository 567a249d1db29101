package sensor

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"baize/internal/event"

	"golang.org/x/sys/unix"
)

func TestSocketsOfWholePackets(t *testing.T) {
	l := shared(t)
	h := act(t, "sockets")
	l.await("the exit", ofPID(event.ProcessExit, h.pid))
	seen, _ := l.matching(ofPID(event.NetworkSocket, h.pid))
	if len(seen) != 2 {
		t.Fatalf("%d records", len(seen))
	}
	for i, want := range []struct {
		transport string
		code      uint32
	}{{"raw", unix.SOCK_RAW}, {"packet", unix.SOCK_DGRAM}} {
		r := seen[i]
		if r.Socket.Transport != want.transport || r.Code != want.code || r.Ring || r.Socket.NetNS != r.Task.NetNS || r.Task.Start/tick != h.ticks {
			t.Errorf("%+v of type %d", r.Socket, r.Code)
		}
	}
}

// A runtime's socket is known by where its server bound it, not by the name
// under which a client finds it; an abstract socket is no file.
func TestRuntimeSockets(t *testing.T) {
	l := shared(t)
	dir, other := t.TempDir(), t.TempDir()
	for _, name := range []string{filepath.Join(dir, "docker.sock"), "@baize-sensor-test"} {
		s, err := net.Listen("unix", name)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
	}
	socket := filepath.Join(dir, "docker.sock")
	mounts := func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS} }
	h := prepare(t, mounts, "runtime", socket, other, "@baize-sensor-test")
	h.finish()
	r := l.await("the connect", ofPID(event.NetworkConnect, h.pid))
	if r.Socket.Transport != "unix" || r.File.Path != socket || r.File.Watch != WatchRuntime || r.File.Inode != inode(t, socket) || r.Result != 0 {
		t.Errorf("%+v to %+v", r.Socket, r.File)
	}
	l.await("the exit", ofPID(event.ProcessExit, h.pid))
	if all, _ := l.matching(ofPID(event.NetworkConnect, h.pid)); len(all) != 1 {
		t.Errorf("%d connects", len(all))
	}
}

func TestRefusedOpens(t *testing.T) {
	l := shared(t)
	dir := t.TempDir()
	other := filepath.Join(dir, "other")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h := act(t, "refused", other, "/etc/shadow")
	r := l.fileOf(event.FileOpen, h.pid, "/etc/shadow")
	if r.Result != -int32(syscall.EACCES) || r.File.Watch != WatchCredentials || !r.File.FromUser ||
		r.File.Flags&unix.O_ACCMODE != unix.O_RDWR || r.Task.Credentials.UID != 65534 {
		t.Errorf("%d %+v", r.Result, r.File)
	}
	if more, _ := l.matching(func(r *Record) bool { return ofPID(event.FileOpen, h.pid)(r) && r.File.Path == other }); len(more) > 0 {
		t.Errorf("an unwatched file: %+v", more[0].File)
	}
}

// Drop-ins are definitions as well as units are, and settings of the kernel
// matter where they are written.
func TestWatchesBelowOtherDirectories(t *testing.T) {
	home := t.TempDir()
	dropIn := filepath.Join(home, ".config/systemd/user/sshd.service.d/more.conf")
	if err := os.MkdirAll(filepath.Dir(dropIn), 0o700); err != nil {
		t.Fatal(err)
	}
	agent := filepath.Join(home, "release_agent")
	for _, name := range []string{dropIn, agent, filepath.Join(home, ".config/systemd/user/plain.conf")} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := shared(t)
	pid := run(t, "/bin/sh", "-c", "cat "+dropIn+"; cat "+agent+"; echo x >> "+agent)
	_ = pid
	r := l.await("the drop-in", func(r *Record) bool { return r.Kind == event.FileOpen && r.File.Path == dropIn })
	if r.File.Watch != WatchDefinition || r.File.FromUser {
		t.Errorf("%+v", r.File)
	}
	isAgent := func(r *Record) bool { return r.Kind == event.FileOpen && r.File.Path == agent }
	r = l.await("the setting", isAgent)
	if r.File.Watch != WatchSetting || r.File.Flags&unix.O_ACCMODE != unix.O_WRONLY {
		t.Errorf("%+v", r.File)
	}
	if all, _ := l.matching(isAgent); len(all) != 1 {
		t.Errorf("%d opens", len(all))
	}
}

// A file belongs to who wrote it, whoever opened it.
func TestDescriptorsPassedOverSockets(t *testing.T) {
	l := shared(t)
	name := filepath.Join(t.TempDir(), "passed")
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "theirs")
	h := prepare(t, func(c *exec.Cmd) { c.ExtraFiles = []*os.File{theirs} }, "receive")
	theirs.Close()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Sendmsg(pair[0], []byte{1}, unix.UnixRights(int(f.Fd())), nil, 0); err != nil {
		t.Fatal(err)
	}
	f.Close()
	unix.Close(pair[0])
	h.finish()
	r := l.fileOf(event.FileCloseWrite, h.pid, name)
	if r.File.Inode != inode(t, name) || r.File.Size != uint64(len("by the receiver")) || r.Task.Start/tick != h.ticks {
		t.Errorf("%+v by %+v", r.File, r.Task)
	}
}

func TestDatagramToMappedAddress(t *testing.T) {
	l := shared(t)
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	to := netip.MustParseAddrPort(server.LocalAddr().String())
	mapped := netip.AddrPortFrom(netip.AddrFrom16(to.Addr().As16()), to.Port())
	h := act(t, "mapped", mapped.String())
	r := l.await("the datagram", ofSocket(event.NetworkConnect, h.pid, to))
	if r.Socket.Transport != "udp" || r.Task.Start/tick != h.ticks {
		t.Errorf("%+v", r.Socket)
	}
}
