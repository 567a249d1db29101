package digest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"baize/internal/agent/procfs"
	"baize/internal/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a pool for the test.
func start(t *testing.T, proc procfs.FS) *Hasher {
	t.Helper()
	h := New(proc)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); h.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return h
}

func hash(t *testing.T, h *Hasher, file File) event.Hash {
	t.Helper()
	if !h.Submit(file, "token") {
		t.Fatal("the queue refused")
	}
	done := <-h.Done()
	if done.Token != "token" {
		t.Fatalf("token %v", done.Token)
	}
	return done.Hash
}

func identity(t *testing.T, path string) File {
	t.Helper()
	var s unix.Stat_t
	if err := unix.Stat(path, &s); err != nil {
		t.Fatal(err)
	}
	return File{Path: path, HostRoot: true, Inode: s.Ino, Device: event.MakeDevice(unix.Major(s.Dev), unix.Minor(s.Dev))}
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestOwnImage(t *testing.T) {
	h := start(t, procfs.FS{})
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	file := identity(t, exe)
	file.PID, file.Image, file.Path = uint32(os.Getpid()), true, "/gone"
	sum := sha256.Sum256(data)
	if got := hash(t, h, file); got.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("own image: %+v", got)
	}
}

func TestContentIsReadOncePerVersion(t *testing.T) {
	h := start(t, procfs.FS{})
	path := filepath.Join(t.TempDir(), "f")
	first := write(t, path, "one")
	file := identity(t, path)
	if got := hash(t, h, file); got.SHA256 != first || got.State != event.HashOK {
		t.Fatalf("got %+v, want %s", got, first)
	}
	if got := hash(t, h, file); got.SHA256 != first || len(h.cache) != 1 {
		t.Fatalf("again: %+v, %d versions", got, len(h.cache))
	}
	second := write(t, path, "two, longer")
	if got := hash(t, h, file); got.SHA256 != second {
		t.Fatalf("after a change: %+v, want %s", got, second)
	}
}

func TestAnotherFileUnderTheNameIsNotTaken(t *testing.T) {
	h := start(t, procfs.FS{})
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	write(t, path, "executed")
	file := identity(t, path)
	write(t, path+".new", "put there afterwards")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if got := hash(t, h, file); got.State != event.HashFailed || got.SHA256 != "" {
		t.Errorf("replaced file: %+v", got)
	}
	file.Inode = identity(t, path).Inode
	file.Device++
	if got := hash(t, h, file); got.State != event.HashFailed {
		t.Errorf("same inode number on another device: %+v", got)
	}
}

func TestFileOfAnEndedProcessIsReachedThroughItsNeighbours(t *testing.T) {
	proc := t.TempDir()
	root := filepath.Join(proc, "7", "root")
	if err := os.MkdirAll(root, 0o700); err != nil {
		t.Fatal(err)
	}
	want := write(t, filepath.Join(root, "x"), "in a container")
	file := identity(t, filepath.Join(root, "x"))
	file.HostRoot, file.Path, file.PID = false, "/x", 6
	h := start(t, procfs.FS{Root: proc})
	if got := hash(t, h, file); got.State != event.HashFailed {
		t.Errorf("without a neighbour: %+v", got)
	}
	file.Others = []uint32{7}
	if got := hash(t, h, file); got.SHA256 != want {
		t.Errorf("through its neighbour: %+v", got)
	}
}

func TestAGoneFileHasItsLastDigest(t *testing.T) {
	h := start(t, procfs.FS{})
	path := filepath.Join(t.TempDir(), "f")
	want := write(t, path, "brought in, executed, deleted")
	file := identity(t, path)
	file.Gen, file.Size = 7, 29
	hash(t, h, file)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := hash(t, h, file); got.SHA256 != want || got.State != event.HashOK {
		t.Errorf("gone: %+v", got)
	}
	for _, other := range []File{
		{Path: path, HostRoot: true, Inode: file.Inode, Device: file.Device, Gen: 8, Size: 29},
		{Path: path, HostRoot: true, Inode: file.Inode, Device: file.Device, Gen: 7, Size: 30},
		{Path: path, HostRoot: true, Inode: file.Inode, Device: file.Device, Gen: 0, Size: 29},
	} {
		if got := hash(t, h, other); got.State != event.HashFailed {
			t.Errorf("another file of that number, %+v: %+v", other, got)
		}
	}
}

func TestLimits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big")
	write(t, path, "")
	if err := os.Truncate(path, MaxSize+1); err != nil {
		t.Fatal(err)
	}
	if got := hash(t, start(t, procfs.FS{}), identity(t, path)); got.State != event.HashTooLarge {
		t.Errorf("over the limit: %+v", got)
	}
	idle := New(procfs.FS{})
	for range queueSize {
		if !idle.Submit(File{}, nil) {
			t.Fatal("refused before the queue was full")
		}
	}
	if idle.Submit(File{}, nil) || idle.Refused() != 1 {
		t.Error("a full queue took a request")
	}
	for i := range 2 * cacheSize {
		idle.keep(version{ino: uint64(i)}, "")
	}
	if len(idle.cache) != cacheSize || idle.order.Len() != cacheSize {
		t.Errorf("%d versions kept", len(idle.cache))
	}
}
