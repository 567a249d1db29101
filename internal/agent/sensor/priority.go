package sensor

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// urgent is the nice value of the threads that empty the kernel's queues: a
// saturated host must not starve its sensor, which would lose events exactly
// when somebody floods it. What they do is bounded by what the host does.
const urgent = -10

// hurry gives the calling goroutine a thread of its own that runs before
// others, until relax is called. Where it is not allowed, nothing changes.
func hurry() (relax func()) {
	runtime.LockOSThread()
	tid := unix.Gettid()
	// The system call returns 20 minus the nice value.
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, tid)
	if err != nil || unix.Setpriority(unix.PRIO_PROCESS, tid, urgent) != nil {
		return runtime.UnlockOSThread
	}
	return func() {
		_ = unix.Setpriority(unix.PRIO_PROCESS, tid, 20-raw)
		runtime.UnlockOSThread()
	}
}
