package sensor

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"

	"baize/internal/event"
)

func ofPID(kind event.Kind, pid int) func(*Record) bool {
	return func(r *Record) bool { return r.Kind == kind && int(r.Task.PID) == pid }
}

func TestForkExecExit(t *testing.T) {
	l := shared(t)
	dir := t.TempDir()
	c := exec.Command("/bin/sh", "-c", "read x; exit 3")
	c.Dir = dir
	c.Env = []string{"LD_LIBRARY_PATH=/nowhere", "OTHER=1", "LD_PRELOAD="}
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	pid := c.Process.Pid
	ticks := startOf(t, pid)
	if _, err := stdin.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()

	fork := l.await("the fork", func(r *Record) bool {
		return r.Kind == event.ProcessFork && int(r.Child.PID) == pid
	})
	e := l.await("the exec", ofPID(event.ProcessExec, pid))
	exit := l.await("the exit", ofPID(event.ProcessExit, pid))

	if int(fork.Task.PID) != os.Getpid() || int(fork.Child.ParentPID) != os.Getpid() || fork.Child.ParentStart != fork.Task.Start {
		t.Errorf("fork by %d, parent %d", fork.Task.PID, fork.Child.ParentPID)
	}
	for _, start := range []uint64{fork.Child.Start, e.Task.Start, exit.Task.Start} {
		if start/tick != ticks || start != fork.Child.Start {
			t.Errorf("start %d, /proc says %d ticks", start, ticks)
		}
	}
	if exit.ExitCode != 3<<8 {
		t.Errorf("exit code %#x, want 3", exit.ExitCode)
	}
	checkExec(t, e, dir)
}

func checkExec(t *testing.T, r *Record, dir string) {
	t.Helper()
	e := r.Exec
	var st syscall.Stat_t
	if err := syscall.Stat("/bin/sh", &st); err != nil {
		t.Fatal(err)
	}
	if e.Image.Inode != st.Ino || e.Image.Size != uint64(st.Size) || e.Image.Mode != st.Mode {
		t.Errorf("image %+v, stat says %+v", e.Image, st)
	}
	if want := event.MakeDevice(uint32(st.Dev>>8)&0xfff, uint32(st.Dev)&0xff); e.Image.Device != want {
		t.Errorf("device %v, want %v", e.Image.Device, want)
	}
	if !slices.Equal(e.Args, []string{"/bin/sh", "-c", "read x; exit 3"}) || e.ArgsTruncated {
		t.Errorf("args %q", e.Args)
	}
	if !slices.Equal(e.Env, []string{"LD_LIBRARY_PATH=/nowhere", "LD_PRELOAD="}) {
		t.Errorf("env %q", e.Env)
	}
	if e.Filename != "/bin/sh" || e.Cwd != dir || e.Script != "" {
		t.Errorf("filename %q cwd %q script %q", e.Filename, e.Cwd, e.Script)
	}
	if e.Fds[0].Type != "pipe" || e.Fds[1].Type != "null" {
		t.Errorf("stdin %q stdout %q", e.Fds[0].Type, e.Fds[1].Type)
	}
}

func TestSnapshotHasEveryone(t *testing.T) {
	l := shared(t)
	seen := map[int]Record{}
	err := l.sensor.Snapshot(context.Background(), func(batch []Record) {
		for _, r := range batch {
			seen[int(r.Task.PID)] = r
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !seen[2].Task.KernelThread || seen[2].Task.Comm != "kthreadd" {
		t.Errorf("pid 2: %+v", seen[2].Task)
	}
	self := seen[os.Getpid()]
	exe, _ := os.Readlink("/proc/self/exe")
	if self.Exec == nil || !self.Exec.ColdStart || self.Exec.Image.Path != exe || !slices.Equal(self.Exec.Args, os.Args) {
		t.Errorf("this process: %+v", self.Exec)
	}
	if got := startOf(t, os.Getpid()); self.Task.Start/tick != got {
		t.Errorf("start %d, /proc says %d", self.Task.Start, got)
	}
}
