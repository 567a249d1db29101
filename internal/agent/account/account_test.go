package account

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"baize/internal/agent/procfs"
)

// host makes a procfs with one process whose root has the passwd file.
func host(t *testing.T, pid int, passwd string) (proc, file string) {
	t.Helper()
	proc = t.TempDir()
	return proc, addProcess(t, proc, pid, passwd)
}

func addProcess(t *testing.T, proc string, pid int, passwd string) string {
	t.Helper()
	etc := filepath.Join(proc, fmt.Sprint(pid), "root", "etc")
	if err := os.MkdirAll(etc, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(etc, "passwd")
	if err := os.WriteFile(file, []byte(passwd), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestNamesBelongToAMountNamespace(t *testing.T) {
	proc, _ := host(t, 1, "root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\nwww:x:33:33::/:\n")
	addProcess(t, proc, 2, "other:x:33:33::/:\n")
	names, now := New(procfs.FS{Root: proc}), time.Unix(1, 0)
	for _, c := range []struct {
		pid, ns, uid uint32
		want         string
	}{{1, 10, 0, "root"}, {1, 10, 33, "www"}, {2, 20, 33, "other"}, {2, 20, 0, ""}, {99, 10, 33, "www"}, {99, 30, 33, ""}} {
		if got := names.Name(now, c.pid, c.ns, c.uid); got != c.want {
			t.Errorf("Name(pid %d, ns %d, uid %d) = %q, want %q", c.pid, c.ns, c.uid, got, c.want)
		}
	}
}

func TestChangedFileIsReadAgain(t *testing.T) {
	proc, file := host(t, 1, "a:x:7:7::/:\n")
	names, now := New(procfs.FS{Root: proc}), time.Unix(1, 0)
	if got := names.Name(now, 1, 10, 7); got != "a" {
		t.Fatalf("got %q", got)
	}
	if err := os.WriteFile(file, []byte("b:x:7:7::/:\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, time.Unix(5, 0), time.Unix(5, 0)); err != nil {
		t.Fatal(err)
	}
	if got := names.Name(now.Add(recheck-1), 1, 10, 7); got != "a" {
		t.Errorf("within the recheck interval: %q", got)
	}
	if got := names.Name(now.Add(recheck), 1, 10, 7); got != "b" {
		t.Errorf("after it: %q", got)
	}
}

func TestHostileFilesAreBounded(t *testing.T) {
	var text strings.Builder
	for i := range 2 * maxUsers {
		fmt.Fprintf(&text, "u%d:x:%d:0::/:\n", i, i)
	}
	proc, _ := host(t, 1, text.String())
	names := New(procfs.FS{Root: proc})
	names.Name(time.Unix(1, 0), 1, 1, 0)
	for ns := range uint32(2 * maxTables) {
		names.Name(time.Unix(1, 0), 9, ns, 0)
	}
	if len(names.tables) > maxTables || names.order.Len() != len(names.tables) {
		t.Errorf("%d tables, %d in order", len(names.tables), names.order.Len())
	}
	if got := names.Name(time.Unix(1, 0), 1, 1, maxUsers+1); got != "" {
		t.Errorf("user beyond the bound: %q", got)
	}
	addProcess(t, proc, 3, "\n:::\nx:y\nneg:x:-1:0::/:\nbig:x:4294967296:0::/:\nok:x:5:0::/:\n")
	if got := names.Name(time.Unix(1, 0), 3, 3, 5); got != "ok" {
		t.Errorf("behind malformed lines: %q", got)
	}
}
