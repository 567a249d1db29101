package sensor

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// steps does one thing after another, until one fails.
func steps(all ...func() error) error {
	for i, step := range all {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}

// allow is a seccomp filter that allows everything.
var allow = []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}}

// kernelRequests asks for namespaces and limits.
func kernelRequests([]string) error {
	runtime.LockOSThread()
	filter := unix.SockFprog{Len: 1, Filter: &allow[0]}
	home, err := unix.Open("/proc/self/ns/uts", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return steps(
		func() error { return unix.Unshare(unix.CLONE_NEWUTS | unix.CLONE_NEWIPC) },
		func() error { return unix.Setns(home, 0) },
		func() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) },
		func() error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) },
		func() error {
			_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_LOG,
				uintptr(unsafe.Pointer(&filter)))
			if errno != 0 {
				return errno
			}
			return nil
		},
	)
}

// mountRequests changes the mounts of its own namespace below args[0].
func mountRequests(args []string) error {
	at := func(name string) string { return filepath.Join(args[0], name) }
	return steps(
		func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") },
		func() error { return os.Mkdir(at("a"), 0o700) },
		func() error { return os.Mkdir(at("b"), 0o700) },
		func() error { return os.Chdir(args[0]) },
		func() error { return unix.Mount("origin", at("a"), "tmpfs", unix.MS_NOSUID|unix.MS_NOEXEC, "") },
		func() error { return unix.Mount(at("a"), "b", "", unix.MS_BIND, "") },
		func() error { return unix.Unmount(at("b"), unix.MNT_DETACH) },
		func() error {
			fd, err := unix.OpenTree(unix.AT_FDCWD, at("a"), unix.OPEN_TREE_CLONE)
			if err != nil {
				return err
			}
			return unix.MoveMount(fd, "", unix.AT_FDCWD, at("b"), unix.MOVE_MOUNT_F_EMPTY_PATH)
		},
		func() error { return os.Mkdir(at("a/old"), 0o700) },
		func() error { return unix.PivotRoot(at("a"), at("a/old")) },
	)
}

// maskedExec mounts args[0] over args[1] in a mount namespace of its own and
// executes what is there now.
func maskedExec(args []string) error {
	if err := unix.Mount(args[0], args[1], "", unix.MS_BIND, ""); err != nil {
		return err
	}
	return syscall.Exec(args[1], args[1:], nil)
}

// chrootExec executes args[1] within args[0].
func chrootExec(args []string) error {
	if err := unix.Chroot(args[0]); err != nil {
		return err
	}
	return syscall.Exec(args[1], args[1:], nil)
}

// loadProgram loads a program that does nothing and attaches it.
func loadProgram([]string) error {
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "harmless", Type: ebpf.RawTracepoint, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	if err != nil {
		return err
	}
	defer p.Close()
	l, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: "sched_process_hang", Program: p})
	if err != nil {
		return err
	}
	return l.Close()
}

// siginfo is the beginning of the kernel's siginfo, which the sender fills.
type siginfo struct {
	Signo, Errno, Code int32
	_                  [29]int32
}

// sendSignals ends its own child, which is nobody's business, and then another
// process, once while claiming to be a timer.
func sendSignals(args []string) error {
	child := exec.Command("/bin/cat")
	if _, err := child.StdinPipe(); err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	if err := unix.Kill(child.Process.Pid, unix.SIGTERM); err != nil {
		return err
	}
	_ = child.Wait()
	const timer = -2
	info := siginfo{Signo: int32(unix.SIGQUIT), Code: timer}
	_, _, errno := unix.Syscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(number(args[0])), uintptr(unix.SIGQUIT), uintptr(unsafe.Pointer(&info)))
	if errno != 0 {
		return errno
	}
	return unix.Kill(number(args[0]), unix.SIGKILL)
}

// takeDescriptor takes standard output out of another process.
func takeDescriptor(args []string) error {
	fd, err := unix.PidfdOpen(number(args[0]), 0)
	if err != nil {
		return err
	}
	_, err = unix.PidfdGetfd(fd, 1, 0)
	return err
}
