package agent_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"baize/internal/event"
)

// These tests do what an intruder would do to go unseen. Each attempt fails, or
// is reported.

// tampered matches a report of tampering.
func tampered(part string) func(*event.Event) bool {
	return func(ev *event.Event) bool { return ev.Kind == event.SensorTamper && strings.Contains(ev.Message, part) }
}

func TestTracingTheAgentIsTold(t *testing.T) {
	h := newHost(t)
	pid := h.process.Process.Pid
	done := make(chan syscall.Errno)
	go func() {
		runtime.LockOSThread() // the tracer is this thread; it ends with the goroutine
		_, _, errno := syscall.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(pid), 0, 0, 0, 0)
		done <- errno
		if errno == 0 {
			letRun(pid)
		}
	}()
	if errno := <-done; errno != 0 {
		t.Fatal(errno)
	}
	if err := h.process.Process.Signal(unix.SIGURG); err != nil {
		t.Fatal(err)
	}
	who := h.find("who traces", tampered("process.ptrace of the agent"))
	if int(who.Process.PID) != os.Getpid() || who.Target == nil || int(who.Target.PID) != pid {
		t.Errorf("%+v of %+v", who.Process, who.Target)
	}
	h.find("that it is traced", tampered("the agent is traced by task"))
}

// letRun hands on each signal that stops a thread which the calling thread
// traces, until that is gone: the runtime of Go sends itself signals, and a
// thread that stays stopped at one stops the whole process.
func letRun(pid int) {
	for {
		// Only waitid leaves the end of the process to who started it.
		if unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WALL, nil) != nil {
			return
		}
		var stop unix.Siginfo
		_, _, _ = syscall.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GETSIGINFO, uintptr(pid), 0, uintptr(unsafe.Pointer(&stop)), 0, 0)
		_, _, _ = syscall.Syscall6(unix.SYS_PTRACE, unix.PTRACE_CONT, uintptr(pid), 0, uintptr(stop.Signo), 0, 0)
	}
}

// The agent's memory, its processes and what it has in the kernel are reached in
// other ways than by tracing it.
func TestReachingIntoTheAgentIsTold(t *testing.T) {
	h := newHost(t)
	pid := h.process.Process.Pid
	reached := func(what, message string) *event.Event {
		t.Helper()
		ev := h.find(what, tampered(message))
		if ev.Target == nil || int(ev.Target.PID) != pid || ev.Process == nil || ev.Process.Agent {
			t.Errorf("%s: %+v of %+v", what, ev.Process, ev.Target)
		}
		return ev
	}
	h.sh(fmt.Sprintf("exec 3<> /proc/%d/task/%d/mem", pid, pid))
	reached("its memory", "file.open of the agent")
	h.sh(fmt.Sprintf("kill -STOP %d; kill -CONT %d", pid, pid))
	reached("a signal", "process.signal of the agent")
	taken, err := ebpf.NewMapFromID(mapOf(t, pid))
	if err != nil {
		t.Fatal(err)
	}
	taken.Close()
	reached("a map", "kernel.bpf of the agent")
	// A look at its environment, as lists of processes take it, is none.
	h.sh(fmt.Sprintf("cat /proc/%d/environ > /dev/null; /bin/echo looked", pid))
	h.find("what came after", func(ev *event.Event) bool {
		return ev.Kind == event.ProcessExec && ev.Process.CommandLine == "/bin/echo looked"
	})
	for _, ev := range h.gateway.Events() {
		if ev.Kind == event.SensorTamper && ev.File != nil && path.Base(ev.File.Path) == "environ" {
			t.Errorf("%s: %+v", ev.Message, ev.File)
		}
	}
}

// mapOf is the id of a map that a process holds.
func mapOf(t *testing.T, pid int) ebpf.MapID {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // closed meanwhile
		}
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, "map_id:"); ok {
				id, err := strconv.ParseUint(strings.TrimSpace(rest), 10, 32)
				if err != nil {
					t.Fatal(err)
				}
				return ebpf.MapID(id)
			}
		}
	}
	t.Fatalf("process %d holds no map", pid)
	return 0
}

func TestChangingTheAgentsFilesIsTold(t *testing.T) {
	h := newHost(t)
	policy := filepath.Join(h.state, "policy.yaml")
	h.sh("echo 'allow: [observe]' > " + policy)
	ev := h.find("the policy", tampered("file.close_write of the agent's files"))
	if ev.File.Path != policy || ev.Process == nil || ev.Process.Agent {
		t.Errorf("%+v by %+v", ev.File, ev.Process)
	}
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	h.sh("chmod 0755 " + program)
	if ev := h.find("the program", tampered("file.attributes of the agent's files")); ev.File.Path != program {
		t.Errorf("%+v", ev.File)
	}
	h.sh(fmt.Sprintf("mount --bind %s %s && umount %s", t.TempDir(), h.state, h.state))
	if ev := h.find("the mount", tampered("kernel.mount at the agent's files")); ev.File.Path != h.state {
		t.Errorf("%+v", ev.File)
	}
	// What the agent does itself is not tampering.
	for _, ev := range h.gateway.Events() {
		if ev.Kind == event.SensorTamper && ev.Process != nil && ev.Process.Agent {
			t.Errorf("%s: %+v", ev.Message, ev.File)
		}
	}
}

// Killing a thread ends the whole process, as Linux has it; the next start says
// since when nobody watched.
func TestAKilledThreadIsAKilledAgent(t *testing.T) {
	h := newHost(t)
	h.sh("/bin/true")
	h.find("an event", func(ev *event.Event) bool { return ev.Kind == event.ProcessExec })
	pid := h.process.Process.Pid
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil || len(threads) < 2 {
		t.Fatalf("%d threads, %v", len(threads), err)
	}
	tid, err := strconv.Atoi(threads[len(threads)-1].Name())
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Tgkill(pid, tid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = h.process.Wait()
	h.start()
	h.find("the gap", func(ev *event.Event) bool {
		return ev.Kind == event.SensorCoverage && ev.Coverage.State == event.CoverageLost && strings.Contains(ev.Coverage.Reason, "without stopping in order")
	})
}

// With a full disk nothing can be kept, and that is told when it can.
func TestAFullDiskIsTold(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: mounts a file system")
	}
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	h := newHostAt(t, filepath.Join(dir, "agent"), noLogs)
	h.sh(fmt.Sprintf("dd if=/dev/zero of=%s/full bs=64k 2>/dev/null || true; for i in $(seq 200); do /bin/true; done", dir))
	h.eventually("events that do not fit", func() bool { return strings.Contains(h.log.String(), "not spooled") })
	h.sh("rm " + dir + "/full")
	loss := h.find("the loss", func(ev *event.Event) bool {
		return ev.Kind == event.SensorCoverage && ev.Coverage.State == event.CoverageLost && strings.Contains(ev.Coverage.Reason, "not spooled")
	})
	if loss.Coverage.Lost == 0 {
		t.Errorf("%+v", loss.Coverage)
	}
	h.sh("/bin/sleep 0.01")
	h.find("life after it", func(ev *event.Event) bool {
		return ev.Kind == event.ProcessExec && ev.Process.CommandLine == "/bin/sleep 0.01"
	})
}

func TestThereIsNowhereToHide(t *testing.T) {
	h := newHost(t)
	exe := func(what, line string) *event.Event {
		t.Helper()
		return h.find(what, func(ev *event.Event) bool {
			return ev.Kind == event.ProcessExec && strings.HasPrefix(ev.Process.CommandLine, line)
		})
	}
	t.Run("long arguments", func(t *testing.T) {
		long := strings.Repeat("a", 128<<10-1)
		if err := exec.Command("/bin/echo", "hidden-behind", long, "the-end").Run(); err != nil {
			t.Fatal(err)
		}
		if p := exe("the exec", "/bin/echo hidden-behind a").Process; !p.ArgsTruncated {
			t.Error("it does not say that arguments are missing")
		}
	})
	t.Run("a deep path", func(t *testing.T) {
		dir := t.TempDir()
		for len(dir) < 3800 {
			dir = filepath.Join(dir, strings.Repeat("d", 60))
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "deep-file"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		h.find("the write", func(ev *event.Event) bool {
			return ev.Kind == event.FileCloseWrite && strings.HasSuffix(ev.File.Path, "/deep-file") && ev.Process.PID == uint32(os.Getpid())
		})
	})
	t.Run("another root", func(t *testing.T) {
		program, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		root := t.TempDir()
		h.sh(fmt.Sprintf("cp %s %s/tool; chroot %s /tool --version-of-chroot || true", program, root, root))
		if p := exe("the exec", "/tool --version-of-chroot").Process; p.Exe == nil || p.Exe.Inode.IsZero() {
			t.Errorf("image %+v", p.Exe)
		}
	})
	t.Run("other namespaces", func(t *testing.T) {
		h.sh("unshare --user --map-root-user --mount --pid --net --uts --fork /bin/sh -c '/bin/echo in-namespaces'")
		p := exe("the exec", "/bin/echo in-namespaces").Process
		if p.Parent == nil || len(p.Ancestors) == 0 || p.User == nil || p.User.ID != 0 {
			t.Errorf("%+v", p)
		}
	})
}

// floods is how many forks an intruder makes to bury one exec, unless BAIZE_FORKS
// says how many.
const floods = 20_000

// Forks by the thousand bury nothing: what is lost is counted, and what is not
// lost is there.
func TestAFloodOfForksIsCounted(t *testing.T) {
	perl, err := exec.LookPath("perl")
	if err != nil {
		t.Skip("needs perl")
	}
	floods := floods
	if text := os.Getenv("BAIZE_FORKS"); text != "" {
		var err error
		if floods, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	h := newHost(t)
	flood := exec.Command(perl, "-e", fmt.Sprintf(`for (1..%d) { my $p = fork; exit unless $p; waitpid $p, 0 } exec "/bin/echo", "after-the-flood"`, floods))
	if err := flood.Run(); err != nil {
		t.Fatal(err)
	}
	pid := uint32(flood.Process.Pid)
	h.find("what came after", func(ev *event.Event) bool {
		return ev.Kind == event.ProcessExec && ev.Process.PID == pid && ev.Process.CommandLine == "/bin/echo after-the-flood"
	})
	forks, lost := 0, uint64(0)
	for _, ev := range h.gateway.Events() {
		switch {
		case ev.Kind == event.ProcessFork && ev.Process.Parent != nil && ev.Process.Parent.PID == pid:
			forks++
		case ev.Kind == event.SensorCoverage && ev.Coverage.Class == event.ClassProcess:
			lost += ev.Coverage.Lost
		}
	}
	if forks > floods || forks < floods && uint64(floods-forks) > lost {
		t.Errorf("%d forks of %d, %d lost", forks, floods, lost)
	}
}
