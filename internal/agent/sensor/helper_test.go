package sensor

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// helperEnv makes the test binary one of the helpers: a real process that does
// one thing for the sensor to see.
const helperEnv = "SENSOR_TEST_HELPER"

func TestMain(m *testing.M) {
	name := os.Getenv(helperEnv)
	if name == "" {
		code := m.Run()
		if common.end != nil {
			if err := common.end(); err != nil {
				fmt.Fprintln(os.Stderr, "end of the shared sensor:", err)
				code = 1
			}
		}
		os.Exit(code)
	}
	os.Unsetenv(helperEnv)
	// The parent looks at the process before it acts.
	_, _ = io.ReadFull(os.Stdin, make([]byte, 1))
	if err := helpers[name](os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

var helpers = map[string]func(args []string) error{
	"exec":          func(a []string) error { return syscall.Exec(a[0], a, nil) },
	"threadexec":    threadExec,
	"memfdexec":     memfdExec,
	"emptyexec":     emptyExec,
	"detached":      detachedExec,
	"rename":        renameSelf,
	"setuid":        func(a []string) error { return unix.Setresuid(-1, number(a[0]), -1) },
	"ptrace":        attachTo,
	"vmwrite":       vmWrite,
	"files":         fileCalls,
	"chmod":         chmodAndGone,
	"dup2":          dupClose,
	"mmap":          mapWrite,
	"overlay":       overlay,
	"leave":         func(a []string) error { _, err := os.Create(a[0]); return err },
	"connect":       connectTo,
	"serve":         serveOnce,
	"burst":         burst,
	"askdns":        askDNS,
	"island":        island,
	"requests":      kernelRequests,
	"mounts":        mountRequests,
	"masked":        maskedExec,
	"chroot":        chrootExec,
	"bpf":           loadProgram,
	"signal":        sendSignals,
	"getfd":         takeDescriptor,
	"ring":          ringRequests,
	"sockets":       wholePacketSockets,
	"ringaccept":    ringAccept,
	"ringfails":     ringFails,
	"ringunix":      ringUnix,
	"ringmultishot": ringMultishot,
	"runtime":       speakTo,
	"refused":       refusedOpens,
	"receive":       receiveAndWrite,
	"range":         closeRange,
	"mapped":        mappedDatagram,
	"bound":         readThroughBind,
	"sensor":        watchItself,
	"seize":         seize,
	"controls":      controls,
	"modes":         modes,
	"opens":         opens,
	"byhandle":      openByHandle,
	"otherproc":     otherProc,
	"samenumber":    sameNumber,
	"dnssegments":   dnsSegments,
	"deep":          deepOpen,
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// threadExec execs from a thread that is not the leader.
func threadExec(args []string) error {
	failed := make(chan error)
	for range 8 {
		go func() {
			runtime.LockOSThread()
			if syscall.Gettid() != syscall.Getpid() {
				failed <- syscall.Exec(args[0], args, nil)
			}
			select {}
		}()
	}
	return <-failed
}

func memfdExec(args []string) error {
	fd, err := unix.MemfdCreate("secret", 0)
	if err != nil {
		return err
	}
	image, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	if _, err := unix.Write(fd, image); err != nil {
		return err
	}
	return syscall.Exec(fmt.Sprintf("/proc/self/fd/%d", fd), args, nil)
}

// detachedExec executes a file through a mount of it that is in no namespace.
func detachedExec(args []string) error {
	fd, err := unix.OpenTree(unix.AT_FDCWD, args[0], unix.OPEN_TREE_CLONE)
	if err != nil {
		return err
	}
	return syscall.Exec(fmt.Sprintf("/proc/self/fd/%d", fd), args, nil)
}

// emptyExec executes a descriptor by execveat with an empty path.
func emptyExec(args []string) error {
	fd, err := unix.Open(args[0], unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	argv, _ := syscall.SlicePtrFromStrings(args)
	empty, _ := syscall.BytePtrFromString("")
	_, _, errno := syscall.Syscall6(unix.SYS_EXECVEAT, uintptr(fd), uintptr(unsafe.Pointer(empty)),
		uintptr(unsafe.Pointer(&argv[0])), 0, unix.AT_EMPTY_PATH, 0)
	return errno
}

// renameSelf changes the leader's comm.
func renameSelf(args []string) error {
	return os.WriteFile("/proc/self/comm", []byte(args[0]), 0)
}

func attachTo(args []string) error {
	runtime.LockOSThread()
	if err := unix.PtraceAttach(number(args[0])); err != nil {
		return err
	}
	var st unix.WaitStatus
	if _, err := unix.Wait4(number(args[0]), &st, 0, nil); err != nil {
		return err
	}
	return unix.PtraceDetach(number(args[0]))
}

// vmWrite writes nothing into another process's stack.
func vmWrite(args []string) error {
	_, err := unix.ProcessVMWritev(number(args[0]), nil, nil, 0)
	return err
}

// burst makes n short processes from one, args[0] times.
func burst(args []string) error {
	for range number(args[0]) {
		if err := exec.Command("/bin/true").Run(); err != nil {
			return err
		}
	}
	return nil
}

// helper is a started helper, waiting for go.
type helper struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	pid int
	// ticks is its start time by /proc.
	ticks uint64
}

// prepare starts a helper; change may adapt the command first.
func prepare(t *testing.T, change func(*exec.Cmd), name string, args ...string) *helper {
	t.Helper()
	h := &helper{t: t, cmd: exec.Command("/proc/self/exe", args...)}
	h.cmd.Env = append(os.Environ(), helperEnv+"="+name)
	h.cmd.Stderr = os.Stderr
	if change != nil {
		change(h.cmd)
	}
	var err error
	if h.in, err = h.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	h.out = bufio.NewReader(out)
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h.pid = h.cmd.Process.Pid
	h.ticks = startOf(t, h.pid)
	return h
}

// finish lets the helper act and waits for its end. It returns what it wrote.
func (h *helper) finish() string {
	h.t.Helper()
	if _, err := h.in.Write([]byte{'\n'}); err != nil {
		h.t.Fatal(err)
	}
	h.in.Close()
	text, err := io.ReadAll(h.out)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.cmd.Wait(); err != nil {
		h.t.Fatalf("helper: %v", err)
	}
	return strings.TrimSpace(string(text))
}

// act prepares and finishes.
func act(t *testing.T, name string, args ...string) *helper {
	t.Helper()
	h := prepare(t, nil, name, args...)
	h.finish()
	return h
}
