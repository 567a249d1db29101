package procfs

import (
	"net"
	"os"
	"os/exec"
	"slices"
	"testing"
)

func TestParseStat(t *testing.T) {
	// comm may hold what looks like the rest of the line.
	s, err := parseStat([]byte("7 (a) R 1 (b) D 5 7 7 0 -1 2097152 0 0 0 0 0 0 0 0 20 0 1 0 42 0 0\n"))
	if err != nil || s != (Stat{Name: "a) R 1 (b", Parent: 5, Start: 42 * TickNanos, State: 'D', Kernel: true}) {
		t.Errorf("%+v, %v", s, err)
	}
	for _, bad := range []string{"", "7 (a", ") S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 42", "7 (a) S x 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 42"} {
		if s, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q: %+v", bad, s)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("7 (a) R 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 42 0 0\n"))
	f.Fuzz(func(_ *testing.T, line []byte) { _, _ = parseStat(line) })
}

func TestOwnFacts(t *testing.T) {
	var fs FS
	own := uint32(os.Getpid())
	cmd := exec.Command("/bin/sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	child := uint32(cmd.Process.Pid)
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	s, err := fs.Stat(child)
	if err != nil || s.Parent != own || s.Kernel || !fs.Runs(child, s) {
		t.Errorf("%+v, %v", s, err)
	}
	if !slices.Contains(fs.Children(own), child) {
		t.Errorf("%v have no %d", fs.Children(own), child)
	}
	if pid, err := fs.Process(own); err != nil || pid != own || fs.Innermost(own) != own || fs.ByRoot(own) != (os.Getuid() == 0) {
		t.Errorf("%d, %v, %d", pid, err, fs.Innermost(own))
	}
	if image, err := fs.Image(child); err != nil || image.Ino == 0 {
		t.Errorf("%v", err)
	}
	if _, err := fs.Image(2); err == nil {
		t.Error("a kernel thread has an image")
	}
	_ = cmd.Process.Kill()
	for s.State != 'Z' {
		if s, err = fs.Stat(child); err != nil {
			t.Fatal(err)
		}
	}
	if fs.Runs(child, s) {
		t.Error("who has ended runs")
	}
}

func TestListeningOnAPort(t *testing.T) {
	var fs FS
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port, own := uint16(listener.Addr().(*net.TCPAddr).Port), uint32(os.Getpid())
	sockets := fs.Listening(port)
	if len(sockets) != 1 || !fs.HoldsSocket(own, sockets) || fs.HoldsSocket(1, sockets) || fs.HoldsSocket(own, nil) {
		t.Errorf("%v", sockets)
	}
}
