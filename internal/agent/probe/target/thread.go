package target

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// As calls do with an effective user and group, on a thread of its own that ends
// afterwards. It must be short and must not start goroutines. What the rest of
// the agent does goes on as the agent's user: the system calls of package
// syscall would change all its threads.
func As(uid, gid uint32, do func() error) error {
	if uid == uint32(unix.Geteuid()) && gid == uint32(unix.Getegid()) {
		return do()
	}
	done := make(chan error, 1)
	go onThread(uid, gid, do, done)
	return <-done
}

func onThread(uid, gid uint32, do func() error, done chan<- error) {
	runtime.LockOSThread() // and never unlocked, so the thread ends with the goroutine
	if unix.Gettid() == unix.Getpid() {
		// The first thread never ends. While it is locked here, another
		// goroutine is on another one.
		defer runtime.UnlockOSThread()
		other := make(chan error, 1)
		go onThread(uid, gid, do, other)
		done <- <-other
		return
	}
	if err := become(uid, gid); err != nil {
		done <- err
		return
	}
	done <- do()
}

// become changes the effective ids of this thread alone; the group first, for
// the user may take away the right to.
func become(uid, gid uint32) error {
	const keep = ^uintptr(0)
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESGID, keep, uintptr(gid), keep); errno != 0 {
		return Fail(NotPermitted, fmt.Errorf("act as group %d: %w", gid, errno))
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, keep, uintptr(uid), keep); errno != 0 {
		return Fail(NotPermitted, fmt.Errorf("act as user %d: %w", uid, errno))
	}
	return nil
}
