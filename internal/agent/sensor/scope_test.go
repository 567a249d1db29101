package sensor

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"baize/internal/event"

	"golang.org/x/sys/unix"
)

// cgroup makes a v2 cgroup that ends with the test.
func cgroup(t *testing.T, name string) string {
	t.Helper()
	root, err := cgroupRoot("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, name)
	if err := os.Mkdir(dir, 0o755); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	return dir
}

// inside puts a command into a cgroup from its first moment.
func inside(t *testing.T, dir string) func(*exec.Cmd) {
	t.Helper()
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return func(c *exec.Cmd) {
		c.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(f.Fd())}
	}
}

func TestScopesDoNotMeet(t *testing.T) {
	needKernel(t)
	one := cgroup(t, "sensor-test-one")
	two := cgroup(t, "sensor-test-two")
	deep := cgroup(t, "sensor-test-one/below")
	server := echo(t, "127.0.0.1:21040")
	first, second := arm(t, Options{ScopeCgroup: one}), arm(t, Options{ScopeCgroup: "sensor-test-two"})
	pids := map[*lab][]int{}
	for _, place := range []struct {
		dir string
		lab *lab
	}{{one, first}, {two, second}, {deep, first}} {
		for _, what := range [][]string{
			{"files", t.TempDir()},
			{"leave", filepath.Join(t.TempDir(), "left")},
			{"connect", server.String(), "block"},
			{"setuid", "65534"},
			{"memfdexec", "/bin/true"},
			{"rename", "other"},
		} {
			h := prepare(t, inside(t, place.dir), what[0], what[1:]...)
			h.finish()
			pids[place.lab] = append(pids[place.lab], h.pid)
		}
	}
	for l, mine := range pids {
		checkScope(t, l, mine)
	}
	if h, err := first.sensor.Health(); err != nil || h.Scope != one {
		t.Errorf("health %+v: %v", h, err)
	}
}

// checkScope waits for all of the lab's own processes and looks for others.
func checkScope(t *testing.T, l *lab, mine []int) {
	t.Helper()
	own := map[uint32]bool{}
	for _, pid := range mine {
		l.await("an exit", ofPID(event.ProcessExit, pid))
		own[uint32(pid)] = true
	}
	for _, kind := range []event.Kind{
		event.ProcessFork, event.ProcessExec, event.ProcessCredentials, event.ProcessRename, event.FileCreate,
		event.FileCloseWrite, event.FileRename, event.FileUnlink, event.MemfdCreate, event.NetworkConnect, event.NetworkClose,
	} {
		l.await(string(kind), func(r *Record) bool { return r.Kind == kind })
	}
	foreign, _ := l.matching(func(r *Record) bool {
		if r.Kind == event.ProcessFork {
			return !own[r.Child.PID]
		}
		return r.Kind != event.SensorCoverage && !own[r.Task.PID]
	})
	for _, r := range foreign {
		t.Errorf("foreign %s by %d (%s)", r.Kind, r.Task.PID, r.Task.Comm)
	}
}

func TestScopedSnapshot(t *testing.T) {
	needKernel(t)
	dir := cgroup(t, "sensor-test-snapshot")
	h := prepare(t, inside(t, dir), "exec", "/bin/true")
	defer h.finish()
	l := arm(t, Options{ScopeCgroup: dir})
	var seen []uint32
	err := l.sensor.Snapshot(context.Background(), func(batch []Record) {
		for _, r := range batch {
			seen = append(seen, r.Task.PID)
		}
	})
	if err != nil || len(seen) != 1 || int(seen[0]) != h.pid {
		t.Errorf("saw %v, want %d: %v", seen, h.pid, err)
	}
}

func TestScopeMustExist(t *testing.T) {
	needKernel(t)
	if _, err := Open(Options{ScopeCgroup: "/no/such/cgroup"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// A scope may be named by its path in the hierarchy, as /proc/PID/cgroup has
// it, or by its directory, under whichever mount.
func TestWaysToNameAScope(t *testing.T) {
	needKernel(t)
	dir := cgroup(t, "sensor-test-names")
	elsewhere := filepath.Join(t.TempDir(), "v2")
	if err := os.Mkdir(elsewhere, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("none", elsewhere, "cgroup2", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(elsewhere, unix.MNT_DETACH) })
	want := inode(t, dir)
	for _, name := range []string{
		dir, dir + "/", "sensor-test-names", "/sensor-test-names", "./sensor-test-names/", filepath.Join(elsewhere, "sensor-test-names"),
	} {
		if sc, err := findScope(name); err != nil || sc.id != want || !sc.limited {
			t.Errorf("%s: %+v: %v", name, sc, err)
		}
	}
	if path, err := ScopeDir("/sensor-test-names"); err != nil || path != dir {
		t.Errorf("%s: %v", path, err)
	}
	for _, name := range []string{"../../../../tmp", "/tmp", dir + "/cgroup.procs"} {
		if sc, err := findScope(name); err == nil {
			t.Errorf("%s: %+v", name, sc)
		}
	}
}

func TestCgroupRoot(t *testing.T) {
	name := filepath.Join(t.TempDir(), "mountinfo")
	if err := os.WriteFile(name, []byte("21 1 0:20 / /proc rw - proc proc rw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cgroupRoot(name); !errors.Is(err, ErrNoCgroup2) {
		t.Errorf("error %v", err)
	}
}
