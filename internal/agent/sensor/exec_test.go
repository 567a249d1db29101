package sensor

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"baize/internal/event"
)

// execOf awaits the exec of a helper after its own start: the second one.
func (l *lab) execOf(h *helper, image string) *Record {
	l.t.Helper()
	r := l.await("the exec of "+image, func(r *Record) bool {
		return r.Kind == event.ProcessExec && int(r.Task.PID) == h.pid && filepath.Base(r.Exec.Image.Path) == image
	})
	if r.Task.Start/tick != h.ticks {
		l.t.Errorf("%s: start %d, /proc says %d ticks", image, r.Task.Start, h.ticks)
	}
	return r
}

// copyTo copies an executable, for a test to have one of its own.
func copyTo(t *testing.T, from, to string, mode os.FileMode) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Chmod(mode); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

func inode(t *testing.T, name string) uint64 {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Lstat(name, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

func TestExecByThreadKeepsIdentity(t *testing.T) {
	l := shared(t)
	h := act(t, "threadexec", "/bin/true", "x")
	r := l.execOf(h, "true")
	if r.Task.TID != r.Task.PID {
		t.Errorf("tid %d, pid %d", r.Task.TID, r.Task.PID)
	}
	l.await("the exit", ofPID(event.ProcessExit, h.pid))
	if exits, _ := l.matching(ofPID(event.ProcessExit, h.pid)); len(exits) != 1 {
		t.Errorf("%d exits of one process", len(exits))
	}
}

func TestExecOfMemfd(t *testing.T) {
	l := shared(t)
	h := act(t, "memfdexec", "/bin/true", "pretend")
	made := l.await("the memfd", ofPID(event.MemfdCreate, h.pid))
	r := l.execOf(h, "memfd:secret")
	if !r.Exec.Image.Memfd || !r.Exec.Image.Deleted || r.Exec.Image.Nlink != 0 || r.Exec.Image.Path != "memfd:secret" {
		t.Errorf("image %+v", r.Exec.Image)
	}
	if made.File.Inode != r.Exec.Image.Inode || made.File.Gen != r.Exec.Image.Gen || !made.File.Memfd {
		t.Errorf("made %+v, executed %+v", made.File.FileRef, r.Exec.Image)
	}
	if !slices.Equal(r.Exec.Args, []string{"/bin/true", "pretend"}) {
		t.Errorf("args %q", r.Exec.Args)
	}
}

func TestExecOfDeletedFile(t *testing.T) {
	l := shared(t)
	image := filepath.Join(t.TempDir(), "gone")
	copyTo(t, "/bin/true", image, 0o700)
	ino := inode(t, image)
	f, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Remove(image); err != nil {
		t.Fatal(err)
	}
	p, err := os.StartProcess("/proc/self/fd/3", []string{"gone"}, &os.ProcAttr{Files: []*os.File{nil, nil, nil, f}})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = p.Wait()
	r := l.await("the exec", func(r *Record) bool { return ofPID(event.ProcessExec, p.Pid)(r) })
	if i := r.Exec.Image; !i.Deleted || i.Inode != ino || i.Path != image || i.Memfd {
		t.Errorf("image %+v, want inode %d", i, ino)
	}
	if r.Exec.Fds[0].Type != "closed" {
		t.Errorf("stdin %+v", r.Exec.Fds[0])
	}
}

func TestExecWithEmptyPath(t *testing.T) {
	l := shared(t)
	h := act(t, "emptyexec", "/bin/true")
	r := l.execOf(h, "true")
	if r.Exec.Script != "" || r.Exec.Image.Inode != inode(t, "/bin/true") {
		t.Errorf("exec %+v", r.Exec)
	}
}

// A detached mount has no place among the mounts: what is left is the path in
// the file system.
func TestExecInADetachedMount(t *testing.T) {
	l := shared(t)
	path := filepath.Join(inMemory(t), "image")
	copyTo(t, "/bin/true", path, 0o755)
	h := act(t, "detached", path)
	r := l.await("the exec", func(r *Record) bool {
		return ofPID(event.ProcessExec, h.pid)(r) && r.Exec.Image.Inode == inode(t, path)
	})
	within := strings.TrimPrefix(path, "/dev/shm")
	if img := r.Exec.Image; !img.Detached || img.Path != within {
		t.Errorf("image %+v, want %s", img, within)
	}
}

func TestExecOfScript(t *testing.T) {
	l := shared(t)
	dir := t.TempDir()
	script := filepath.Join(dir, "run.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh -e\nexit 0\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	pid := run(t, script, "argument")
	r := l.await("the exec", ofPID(event.ProcessExec, pid))
	if r.Exec.Script != script || r.Exec.Image.Inode != inode(t, "/bin/dash") {
		t.Errorf("script %q image %+v", r.Exec.Script, r.Exec.Image)
	}
	if !slices.Equal(r.Exec.Args, []string{"/bin/sh", "-e", script, "argument"}) {
		t.Errorf("args %q", r.Exec.Args)
	}
}

func TestLongArgumentsAreMarked(t *testing.T) {
	l := shared(t)
	long := make([]byte, 30000)
	for i := range long {
		long[i] = 'a'
	}
	pid := run(t, "/bin/true", "first", string(long), "last")
	r := l.await("the exec", ofPID(event.ProcessExec, pid))
	if !r.Exec.ArgsTruncated || len(r.Exec.Args) != 3 || r.Exec.Args[1] != "first" {
		t.Errorf("%d args, truncated %v", len(r.Exec.Args), r.Exec.ArgsTruncated)
	}
}

// Variables are looked for to the end, and where there is no end it is counted.
func TestVariablesBehindManyOthers(t *testing.T) {
	l := shared(t)
	execWith := func(others int) *Record {
		c := exec.Command("/bin/true")
		for i := range others {
			c.Env = append(c.Env, "V"+itoa(i)+"=")
		}
		c.Env = append(c.Env, "LONG="+strings.Repeat("x", 100_000), "LD_LIBRARY_PATH=/nowhere")
		if err := c.Run(); err != nil {
			t.Fatal(err)
		}
		return l.await("the exec", ofPID(event.ProcessExec, c.Process.Pid))
	}
	if r := execWith(2500); !slices.Equal(r.Exec.Env, []string{"LD_LIBRARY_PATH=/nowhere"}) || r.Exec.EnvTruncated {
		t.Errorf("of %d variables %q, truncated %v", 2502, r.Exec.Env, r.Exec.EnvTruncated)
	}
	lost := func() uint64 {
		for _, loss := range l.class(event.ClassProcess).Losses {
			if loss.Reason == outcomeReasons[outcomeRead] {
				return loss.Count
			}
		}
		return 0
	}
	before := lost()
	if r := execWith(4000); !r.Exec.EnvTruncated || lost() == before {
		t.Errorf("of %d variables %q, truncated %v, %d lost", 4002, r.Exec.Env, r.Exec.EnvTruncated, lost()-before)
	}
}

func TestDeepDirectoriesAreWhole(t *testing.T) {
	l := shared(t)
	dir := t.TempDir()
	for range 40 {
		dir = filepath.Join(dir, "quite-a-long-name-of-a-directory")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(dir, "deep")
	copyTo(t, "/bin/true", image, 0o700)
	pid := run(t, image)
	r := l.await("the exec", ofPID(event.ProcessExec, pid))
	if r.Exec.Image.Path != image {
		t.Errorf("path %q\nwant %q", r.Exec.Image.Path, image)
	}
}

func TestRenameOfProcess(t *testing.T) {
	l := shared(t)
	h := act(t, "rename", "[kworker/14:1]")
	r := l.await("the rename", ofPID(event.ProcessRename, h.pid))
	if r.Name != "[kworker/14:1]" || r.OldName == "" || len(r.Args) == 0 {
		t.Errorf("from %q to %q, args %q", r.OldName, r.Name, r.Args)
	}
	if r.Task.Start/tick != h.ticks {
		t.Errorf("start %d, /proc says %d ticks", r.Task.Start, h.ticks)
	}
}

func TestCredentials(t *testing.T) {
	l := shared(t)
	h := act(t, "setuid", "65534")
	r := l.await("the change", ofPID(event.ProcessCredentials, h.pid))
	if r.OldCredentials == nil || r.OldCredentials.EUID != 0 || r.Task.Credentials.EUID != 65534 || r.Task.Credentials.UID != 0 {
		t.Errorf("from %+v to %+v", r.OldCredentials, r.Task.Credentials)
	}
	if r.Task.Credentials.Effective != 0 || r.OldCredentials.Effective == 0 {
		t.Errorf("capabilities from %#x to %#x", r.OldCredentials.Effective, r.Task.Credentials.Effective)
	}
}

func TestSetuidProgram(t *testing.T) {
	l := shared(t)
	image := filepath.Join(t.TempDir(), "setuid")
	copyTo(t, "/bin/true", image, 0o755)
	if err := os.Chown(image, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Chmod(image, 0o4755); err != nil {
		t.Fatal(err)
	}
	pid := run(t, image)
	r := l.await("the exec", ofPID(event.ProcessExec, pid))
	if r.Exec.Image.Mode&syscall.S_ISUID == 0 || r.Task.Credentials.EUID != 65534 {
		t.Errorf("mode %o, credentials %+v", r.Exec.Image.Mode, r.Task.Credentials)
	}
	if r.OldCredentials == nil || r.OldCredentials.EUID != 0 {
		t.Errorf("old credentials %+v", r.OldCredentials)
	}
}

func TestReachingIntoProcesses(t *testing.T) {
	l := shared(t)
	victim := prepare(t, nil, "exec", "/bin/true")
	for _, what := range []struct {
		name    string
		request uint32
	}{{"ptrace", 16}, {"vmwrite", RequestVMWrite}, {"getfd", RequestGetFD}} {
		h := act(t, what.name, itoa(victim.pid))
		r := l.await(what.name, ofPID(event.ProcessPtrace, h.pid))
		if r.Child == nil || int(r.Child.PID) != victim.pid || r.Child.Start/tick != victim.ticks || r.Request != what.request {
			t.Errorf("%s: request %#x on %+v", what.name, r.Request, r.Child)
		}
	}
	victim.finish()
}
