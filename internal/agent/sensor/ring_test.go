package sensor

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"baize/internal/event"

	"golang.org/x/sys/unix"
)

// What goes through io_uring, with and without completion, is told as that of
// system calls, and says how it came.
func TestRequestsThroughIOUring(t *testing.T) {
	l := shared(t)
	for _, dir := range []string{t.TempDir(), inMemory(t)} {
		key := filepath.Join(dir, "id_rsa")
		if err := os.WriteFile(key, []byte("k"), 0o600); err != nil {
			t.Fatal(err)
		}
		harmless := filepath.Join(dir, "harmless")
		if err := os.Symlink(key, harmless); err != nil {
			t.Fatal(err)
		}
		// The lookup afterwards is from the kernel's cache, which cannot note that a
		// link was read.
		long := []unix.Timeval{{Sec: 2e9}, {Sec: 1e9}}
		if err := unix.Lutimes(harmless, long); err != nil {
			t.Fatal(err)
		}
		server := echo(t, "127.0.0.1:0")
		h := act(t, "ring", dir, harmless, server.String())
		at := func(name string) string { return filepath.Join(dir, name) }
		for kind, name := range map[event.Kind]string{
			event.FileCreate: "made", event.FileRename: "made", event.FileLink: "renamed", event.FileUnlink: "linked",
		} {
			if r := l.fileOf(kind, h.pid, at(name)); !r.Ring || r.Task.Start/tick != h.ticks {
				t.Errorf("%s: %+v", kind, r)
			}
		}
		checkRingFiles(t, l, h, at)
		r := l.fileOf(event.FileOpen, h.pid, key)
		if r.File.Watch != WatchSSHKey || !r.Ring || r.File.Inode != inode(t, key) {
			t.Errorf("open %+v", r.File)
		}
		if r := l.await("the connect", ofSocket(event.NetworkConnect, h.pid, server)); r.Result != 0 {
			t.Errorf("connect %d", r.Result)
		}
	}
}

func checkRingFiles(t *testing.T, l *lab, h *helper, at func(string) string) {
	t.Helper()
	rename := l.fileOf(event.FileRename, h.pid, at("made"))
	if rename.File.NewPath != at("renamed") || !l.found(rename, at("renamed")) {
		t.Errorf("rename %+v", rename.File)
	}
	if r := l.fileOf(event.FileLink, h.pid, at("renamed")); r.File.NewPath != at("linked") {
		t.Errorf("link %+v", r.File)
	}
	soft := l.fileOf(event.FileCreate, h.pid, at("soft"))
	if soft.File.NewPath != "/target" || !l.found(soft, at("soft")) {
		t.Errorf("symlink %+v", soft.File)
	}
	dir := l.fileOf(event.FileCreate, h.pid, at("dir"))
	if !l.found(dir, at("dir")) {
		t.Errorf("mkdir %+v", dir.File)
	}
	if rename.File.Inode+soft.File.Inode+dir.File.Inode == 0 && !emulated() {
		t.Error("no name was looked up in time")
	}
}

func TestSocketsThroughIOUring(t *testing.T) {
	l := shared(t)
	h := prepare(t, nil, "ringaccept", "127.0.0.1:21040")
	if _, err := h.in.Write([]byte{'\n'}); err != nil {
		t.Fatal(err)
	}
	if line, err := h.out.ReadString('\n'); err != nil || !strings.Contains(line, "listening") {
		t.Fatalf("%q %v", line, err)
	}
	c, err := net.Dial("tcp", "127.0.0.1:21040")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := h.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	self := netip.MustParseAddrPort(c.LocalAddr().String())
	if r := l.await("the accept", ofSocket(event.NetworkAccept, h.pid, self)); r.Task.Start/tick != h.ticks || r.Socket.Initiated {
		t.Errorf("%+v", r.Socket)
	}
	if r := l.await("the socket", ofPID(event.NetworkSocket, h.pid)); r.Socket.Transport != "packet" || !r.Ring {
		t.Errorf("%+v", r.Socket)
	}
}
