package sensor

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"baize/internal/event"

	"golang.org/x/sys/unix"
)

// vforks makes a child by vfork that exits with 7. On arm64 that is clone with
// CLONE_VM and CLONE_VFORK.
var vforks = []byte("\xb8\x3a\x00\x00\x00\x0f\x05\x85\xc0\x75\x0c" + // vfork; the parent jumps
	"\xbf\x07\x00\x00\x00\xb8\x3c\x00\x00\x00\x0f\x05" + // exit(7)
	"\xb8\x3c\x00\x00\x00\x31\xff\x0f\x05") // exit(0)

var vforksARM = []byte("\x88\x1b\x80\xd2\x20\x22\x88\xd2" + // clone(CLONE_VM|CLONE_VFORK|SIGCHLD,
	"\x01\x00\x80\xd2\x02\x00\x80\xd2\x03\x00\x80\xd2\x04\x00\x80\xd2\x01\x00\x00\xd4" + // 0, 0, 0, 0)
	"\x80\x00\x00\xb5" + // the parent jumps
	"\xe0\x00\x80\xd2\xa8\x0b\x80\xd2\x01\x00\x00\xd4" + // exit(7)
	"\x00\x00\x80\xd2\xa8\x0b\x80\xd2\x01\x00\x00\xd4") // exit(0)

func TestVforkIsAFork(t *testing.T) {
	l := shared(t)
	image := filepath.Join(t.TempDir(), "vfork")
	if err := os.WriteFile(image, native(t, vforks, vforksARM), 0o755); err != nil {
		t.Fatal(err)
	}
	pid := run(t, image)
	fork := l.await("the fork", ofPID(event.ProcessFork, pid))
	exit := l.await("the child's end", ofPID(event.ProcessExit, int(fork.Child.PID)))
	// By its end the child may have another parent: its own goes on once it ends.
	if exit.ExitCode != 7<<8 || int(fork.Task.PID) != pid || exit.Task.Start != fork.Child.Start {
		t.Errorf("child %+v ended with %#x", exit.Task, exit.ExitCode)
	}
}

// A file that another took the name of is closed as itself, without a name.
func TestRenameOverAnOpenFile(t *testing.T) {
	l := shared(t)
	dir := t.TempDir()
	name, other := filepath.Join(dir, "name"), filepath.Join(dir, "other")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	old, fresh := inode(t, name), inode(t, other)
	if err := os.Rename(other, name); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("old content"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	rename := l.await("the rename", func(r *Record) bool { return r.Kind == event.FileRename && r.File.Path == other })
	if rename.File.NewPath != name || rename.File.Inode != fresh {
		t.Errorf("renamed %+v", rename.File)
	}
	closed := l.await("the close", func(r *Record) bool {
		return r.Kind == event.FileCloseWrite && r.File.Inode == old && r.Mono > rename.Mono
	})
	if !closed.File.Deleted || closed.File.Size != uint64(len("old content")) || int(closed.Task.PID) != os.Getpid() {
		t.Errorf("closed %+v by %d", closed.File, closed.Task.PID)
	}
}

// What another interpreter of the kernel's list runs has that interpreter as image
// and the file as script.
func TestExecThroughBinfmt(t *testing.T) {
	l := shared(t)
	list := "/proc/sys/fs/binfmt_misc"
	if _, err := os.Stat(list + "/register"); err != nil {
		list = t.TempDir()
		err := unix.Mount("none", list, "binfmt_misc", 0, "")
		if err == unix.ENODEV {
			t.Log("this kernel has no binfmt_misc")
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Unmount(list, 0) })
	}
	dir := t.TempDir()
	interpreter, script := filepath.Join(dir, "interpreter"), filepath.Join(dir, "script")
	if err := os.WriteFile(interpreter, tinyProgram(t), 0o755); err != nil {
		t.Fatal(err)
	}
	magic := "bz" + strconv.Itoa(os.Getpid())
	if err := os.WriteFile(script, []byte(magic+" text"), 0o755); err != nil {
		t.Fatal(err)
	}
	entry := "baize-sensor-test"
	if err := os.WriteFile(list+"/register", []byte(":"+entry+":M::"+magic+"::"+interpreter+":"), 0); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.WriteFile(filepath.Join(list, entry), []byte("-1"), 0); err != nil {
			t.Error(err)
		}
	}()
	pid := run(t, script, "argument")
	r := l.await("the exec", ofPID(event.ProcessExec, pid))
	if r.Exec.Script != script || r.Exec.Filename != script || r.Exec.Image.Inode != inode(t, interpreter) || r.Exec.Image.Path != interpreter {
		t.Errorf("script %q, asked %q, image %+v", r.Exec.Script, r.Exec.Filename, r.Exec.Image)
	}
}

// Writing into the memory of another process takes an open of its mem, which is
// watched.
func TestWritesToMemoryOfOthers(t *testing.T) {
	l := shared(t)
	target := prepare(t, nil, "burst", "0")
	maps, err := os.ReadFile("/proc/" + itoa(target.pid) + "/maps")
	if err != nil {
		t.Fatal(err)
	}
	var stack int64
	for line := range bytes.Lines(maps) {
		if strings.Contains(string(line), "[stack]") {
			stack, err = strconv.ParseInt(strings.Split(string(line), "-")[0], 16, 64)
		}
	}
	if err != nil || stack == 0 {
		t.Fatalf("no stack in %s: %v", maps, err)
	}
	name := "/proc/" + itoa(target.pid) + "/mem"
	mem, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	if _, err := mem.WriteAt([]byte{0}, stack); err != nil {
		t.Fatal(err)
	}
	r := l.fileOf(event.FileOpen, os.Getpid(), name)
	if r.File.Watch != WatchMemory || r.File.Flags&unix.O_ACCMODE != unix.O_RDWR {
		t.Errorf("%+v", r.File)
	}
	target.finish()
}
