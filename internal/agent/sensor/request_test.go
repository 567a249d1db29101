package sensor

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"baize/internal/event"

	"golang.org/x/sys/unix"
)

// requestOf awaits a request of a kind by a process.
func (l *lab) requestOf(kind event.Kind, pid int, request uint32) *Record {
	l.t.Helper()
	return l.await(string(kind)+" "+itoa(int(request)), func(r *Record) bool {
		return ofPID(kind, pid)(r) && r.Request == request
	})
}

func TestRequestsForNamespacesAndLimits(t *testing.T) {
	l := shared(t)
	h := act(t, "requests")
	r := l.requestOf(event.ProcessNamespace, h.pid, NamespaceUnshare)
	if r.Flags != unix.CLONE_NEWUTS|unix.CLONE_NEWIPC || r.Task.Start/tick != h.ticks {
		t.Errorf("unshare %#x by %+v", r.Flags, r.Task)
	}
	if r := l.requestOf(event.ProcessNamespace, h.pid, NamespaceSetns); r.Type != "uts" || r.Flags != 0 {
		t.Errorf("setns %#x %q", r.Flags, r.Type)
	}
	r = l.requestOf(event.ProcessControl, h.pid, ControlPrctl)
	if r.Code != unix.PR_SET_DUMPABLE || r.Flags != 0 {
		t.Errorf("prctl %d %d", r.Code, r.Flags)
	}
	r = l.requestOf(event.ProcessControl, h.pid, ControlSeccomp)
	if r.Code != unix.SECCOMP_SET_MODE_FILTER || r.Flags != unix.SECCOMP_FILTER_FLAG_LOG {
		t.Errorf("seccomp %d %d", r.Code, r.Flags)
	}
}

func TestProcessBornIntoNamespaces(t *testing.T) {
	l := shared(t)
	h := prepare(t, newNamespaces, "exec", "/bin/true")
	h.finish()
	r := l.requestOf(event.ProcessNamespace, h.pid, NamespaceClone)
	if r.Flags != unix.CLONE_NEWPID|unix.CLONE_NEWNS|unix.CLONE_NEWNET|unix.CLONE_NEWUTS || r.Task.Start/tick != h.ticks {
		t.Errorf("clone %#x by %+v", r.Flags, r.Task)
	}
}

func TestMountRequests(t *testing.T) {
	l := shared(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	h := prepare(t, newNamespaces, "mounts", dir)
	h.finish()
	for _, want := range []struct {
		request       uint32
		path          string
		object, fs    string
		flags         uint64
		relativeToCwd bool
	}{
		{request: MountMount, path: at("a"), object: "origin", fs: "tmpfs", flags: unix.MS_NOSUID | unix.MS_NOEXEC},
		{request: MountMount, path: at("b"), object: at("a"), flags: unix.MS_BIND},
		{request: MountUmount, path: at("b"), flags: unix.MNT_DETACH},
		{request: MountMove, path: at("b"), flags: unix.MOVE_MOUNT_F_EMPTY_PATH},
		{request: MountPivot, path: at("a"), object: at("a/old")},
	} {
		l.await("the mount at "+want.path, func(r *Record) bool {
			return ofPID(event.KernelMount, h.pid)(r) && r.Request == want.request && r.File.Path == want.path &&
				r.Object == want.object && r.Type == want.fs && r.Flags == want.flags && r.File.FromUser
		})
	}
}

// asUser gives a command a user and a mount namespace of its own, as
// "unshare --map-root-user --mount" does for anybody.
func asUser(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
}

// A path proves nothing where the process has mounts or a root of its own.
func TestImagesThatTheHostDoesNotHave(t *testing.T) {
	l := shared(t)
	dir := t.TempDir()
	trusted, err := filepath.EvalSymlinks("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(dir, trusted)
	if err := os.MkdirAll(filepath.Dir(image), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(image, tinyProgram(t), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		how     func(*exec.Cmd)
		helper  string
		args    []string
		foreign bool
	}{
		{"the host's", nil, "exec", []string{"/bin/true"}, false},
		{"the host's, seen through mounts of its own", asUser, "exec", []string{"/bin/true"}, false},
		{"mounted over", asUser, "masked", []string{image, trusted}, true},
		{"of another root", nil, "chroot", []string{dir, trusted}, true},
	} {
		h := prepare(t, c.how, c.helper, c.args...)
		h.finish()
		want := filepath.Base(c.args[len(c.args)-1])
		if r := l.execOf(h, want); r.Exec.Image.Foreign != c.foreign {
			t.Errorf("%s: %+v", c.name, r.Exec.Image)
		}
	}
}

func TestProgramsForTheKernel(t *testing.T) {
	l := shared(t)
	h := act(t, "bpf")
	for _, command := range []uint32{unix.BPF_PROG_LOAD, unix.BPF_RAW_TRACEPOINT_OPEN} {
		r := l.await("the command", func(r *Record) bool {
			return ofPID(event.KernelBPF, h.pid)(r) && r.Request == command && r.Object == "harmless"
		})
		const rawTracepoint = 17
		if r.Code != rawTracepoint || r.Task.Start/tick != h.ticks {
			t.Errorf("%d: %+v", command, r)
		}
	}
}

// moduleEnv names a module that may be loaded: one of a guest's kernel.
const moduleEnv = "BAIZE_SENSOR_MODULE"

func TestModulesAreTold(t *testing.T) {
	l := shared(t)
	file := os.Getenv(moduleEnv)
	if file == "" {
		return // nobody's own kernel is loaded anything into
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); err != nil {
		t.Fatal(err)
	}
	name := strings.TrimSuffix(filepath.Base(file), ".ko")
	if err := unix.DeleteModule(name, 0); err != nil {
		t.Fatal(err)
	}
	r := l.requestOf(event.KernelModule, os.Getpid(), ModuleLoad)
	if r.Object != name || r.File == nil || r.File.Path != file || r.File.Inode != inode(t, file) {
		t.Errorf("loaded %q from %+v", r.Object, r.File)
	}
	if r := l.requestOf(event.KernelModule, os.Getpid(), ModuleUnload); r.Object != name {
		t.Errorf("unloaded %q", r.Object)
	}
}

func TestSignalsToOtherLineages(t *testing.T) {
	l := shared(t)
	victim := prepare(t, nil, "exec", "/bin/true")
	h := act(t, "signal", itoa(victim.pid))
	_ = victim.cmd.Wait()
	for _, signal := range []unix.Signal{unix.SIGQUIT, unix.SIGKILL} {
		r := l.requestOf(event.ProcessSignal, h.pid, uint32(signal))
		if int(r.Child.PID) != victim.pid || r.Child.Start/tick != victim.ticks || r.Task.Start/tick != h.ticks {
			t.Errorf("%v to %+v", signal, r.Child)
		}
	}
	if own, _ := l.matching(func(r *Record) bool {
		return ofPID(event.ProcessSignal, h.pid)(r) && r.Request == uint32(unix.SIGTERM)
	}); len(own) > 0 {
		t.Errorf("a signal to its own child: %+v", own[0].Child)
	}
}
