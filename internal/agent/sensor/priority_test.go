package sensor

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

func TestHurryIsUndone(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	if err != nil {
		t.Fatal(err)
	}
	relax := hurry()
	during, _ := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	relax()
	after, _ := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	if after != before {
		t.Errorf("nice %d before, %d after", 20-before, 20-after)
	}
	if unix.Geteuid() == 0 && 20-during != urgent {
		t.Errorf("nice %d while in a hurry", 20-during)
	}
}
