package tree

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"baize/internal/agent/procfs"
)

// The test's own program plays the processes of a tree: the variable says which.
const partVariable = "BAIZE_TREE_PART"

func TestMain(m *testing.M) {
	switch os.Getenv(partVariable) {
	case "":
		os.Exit(m.Run())
	case "counter": // counts into a file, and has two children that do
		play(true)
	case "leaf":
		play(false)
	case "headless": // its first thread ends, others go on
		go play(false)
		runtime.LockOSThread()
		_, _, _ = syscall.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
	case "bomb":
		bomb()
	case "restless": // forks, and each child lives a moment
		for {
			spawn("moment")
		}
	case "moment":
		time.Sleep(3 * time.Millisecond)
	}
	os.Exit(0)
}

// ticks is the file that a part appends to while it runs.
func ticks(dir string, pid int) string { return filepath.Join(dir, strconv.Itoa(pid)) }

// play appends a byte to the part's own file a thousand times a second, for at
// most two minutes.
func play(children bool) {
	file, err := os.OpenFile(ticks(os.Getenv("BAIZE_TREE_DIR"), os.Getpid()), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		os.Exit(3)
	}
	if children {
		spawn("leaf")
		spawn("leaf")
	}
	for range 120_000 {
		_, _ = file.WriteString(".")
		time.Sleep(time.Millisecond)
	}
	os.Exit(0)
}

func spawn(part string) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), partVariable+"="+part)
	if err := cmd.Start(); err == nil {
		go func() { _ = cmd.Wait() }()
	}
}

// bomb forks, and its children do, as fast as they can: the whole is bounded by
// time and generations, so that a failed test leaves the machine usable. It has the
// least weight, as any other has beside the agent's own cgroup.
func bomb() {
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19)
	time.AfterFunc(10*time.Second, func() { os.Exit(0) })
	generation, _ := strconv.Atoi(os.Getenv("BAIZE_TREE_GENERATION"))
	_ = os.Setenv("BAIZE_TREE_GENERATION", strconv.Itoa(generation+1))
	for n := 0; n < 100 && generation < 4; n++ {
		spawn("bomb")
	}
	time.Sleep(10 * time.Second)
}

// cast is a tree that the test started, in a v2 cgroup of the test's own.
type cast struct {
	t    *testing.T
	dir  string
	home string
	cmd  *exec.Cmd
	root ID
}

// hierarchies of this machine.
func hierarchies(t *testing.T) Mounts {
	t.Helper()
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m := FindMounts(file)
	if m.Unified == "" {
		t.Fatal("no cgroup v2 hierarchy is mounted")
	}
	return m
}

var casts atomic.Int32

// start starts a part in a cgroup that Cleanup empties by cgroup.kill.
func start(t *testing.T, part string) *cast {
	t.Helper()
	c := &cast{t: t, dir: t.TempDir(), home: filepath.Join(hierarchies(t).Unified, fmt.Sprintf("baize-test-%d-%d-%s", os.Getpid(), casts.Add(1), strings.ReplaceAll(t.Name(), "/", "-")))}
	must(t, os.Mkdir(c.home, 0o755))
	c.cmd = exec.Command("/proc/self/exe")
	c.cmd.Env = append(os.Environ(), partVariable+"="+part, "BAIZE_TREE_DIR="+c.dir)
	home, err := os.Open(c.home)
	must(t, err)
	defer home.Close()
	c.cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(home.Fd())}
	must(t, c.cmd.Start())
	t.Cleanup(c.end)
	s, err := procfs.FS{}.Stat(uint32(c.cmd.Process.Pid))
	must(t, err)
	c.root = ID{uint32(c.cmd.Process.Pid), s.Start}
	return c
}

func (c *cast) end() {
	c.t.Helper()
	// Groups that a failed test left are below.
	_ = filepath.WalkDir(c.home, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Name() == "cgroup.freeze" {
			_ = set(path, "0")
		}
		return nil
	})
	must(c.t, set(filepath.Join(c.home, "cgroup.kill"), "1"))
	_ = c.cmd.Wait()
	eventually(c.t, "the test's cgroup is empty", func() bool {
		below, _ := os.ReadDir(c.home)
		for _, entry := range below {
			if entry.IsDir() {
				_ = os.Remove(filepath.Join(c.home, entry.Name()))
			}
		}
		return os.Remove(c.home) == nil
	})
}

// running are the parts that run, of the tree.
func (c *cast) running() []uint32 {
	pids, err := Group{Hierarchy: Unified, Dir: c.home}.members(procfs.FS{})
	must(c.t, err)
	return pids
}

// whole waits until n parts tick.
func (c *cast) whole(n int) {
	c.t.Helper()
	eventually(c.t, fmt.Sprint(n, " parts tick"), func() bool {
		files, _ := filepath.Glob(c.dir + "/*")
		ticking := 0
		for _, file := range files {
			if size(file) > 0 {
				ticking++
			}
		}
		return ticking == n
	})
}

// sum is how far all parts have counted.
func (c *cast) sum() (total int64) {
	files, _ := filepath.Glob(c.dir + "/*")
	for _, file := range files {
		total += size(file)
	}
	return total
}

// still checks that nothing of the tree runs: 60 ms are 60 ticks of each part.
func (c *cast) still(want bool) {
	c.t.Helper()
	before := c.sum()
	time.Sleep(60 * time.Millisecond)
	if after := c.sum(); (after == before) != want {
		c.t.Errorf("ticks %d, then %d: still %t, want %t", before, after, after == before, want)
	}
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// lines of /proc/PID/cgroup.
func cgroups(t *testing.T, pid uint32) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	must(t, err)
	return string(text)
}

func holder(t *testing.T) *Holder {
	return &Holder{
		Mounts: hierarchies(t), Guard: func(Member) error { return nil }, Begin: func(Group) error { return nil },
	}
}

// hold holds the tree, which Cleanup lets go where the test did not.
func (c *cast) hold(h *Holder) Held {
	c.t.Helper()
	held, err := h.Hold(c.t.Context(), c.root, "baize-held-test")
	must(c.t, err)
	c.t.Cleanup(func() { _ = Free(context.Background(), h.Finder, held.Groups) })
	return held
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come about that ", what)
		}
	}
}

// status is a line of /proc/PID/status.
func status(t *testing.T, pid uint32, name string) string {
	t.Helper()
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	must(t, err)
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), name+":"); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
