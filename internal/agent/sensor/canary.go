package sensor

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"

	"baize/internal/event"

	"golang.org/x/sys/unix"
)

// canaryEvery is how often each processor is tried.
const canaryEvery = 10 * time.Second

// maxSilent is how many canaries of one processor may be missing before that is
// told: one may be among what a full ring lost, which is counted elsewhere.
const maxSilent = 2

// flock are the canaries: one thread visits each processor and changes its own
// name there, which must arrive as a record. That shows that programs run on
// the processor, that the ring takes their records and that they are read. On
// unpatched kernels 5.8 to 6.1 a faulting string read turns tracing off on one
// processor, and nothing else tells.
type flock struct {
	mu sync.Mutex
	// tid of the thread that does it, 0 before.
	tid uint32
	// silent counts the visits to a processor since its last record.
	silent map[int]int
	told   string
}

// Canaries are the processors that are tried, and those that did not answer.
type Canaries struct{ Tried, Silent int }

func canaryName(cpu int) string { return fmt.Sprintf("baize-cpu%d", cpu) }

// fly visits until the context ends. Its thread is not used again; it is not
// the main one, whose name is the process's.
func (f *flock) fly(ctx context.Context) {
	runtime.LockOSThread()
	if unix.Gettid() == os.Getpid() {
		defer runtime.UnlockOSThread()
		var other sync.WaitGroup
		other.Go(func() { f.fly(ctx) })
		other.Wait()
		return
	}
	f.mu.Lock()
	f.tid = uint32(unix.Gettid())
	f.mu.Unlock()
	ticker := time.NewTicker(canaryEvery)
	defer ticker.Stop()
	var allowed unix.CPUSet
	for unix.SchedGetaffinity(0, &allowed) == nil {
		for cpu := range len(allowed) * 64 {
			if allowed.IsSet(cpu) {
				f.visit(cpu)
			}
		}
		_ = unix.SchedSetaffinity(0, &allowed)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// visit makes a record on a processor. One that went offline is no more asked.
func (f *flock) visit(cpu int) {
	var one unix.CPUSet
	one.Set(cpu)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		delete(f.silent, cpu)
		return
	}
	f.silent[cpu]++
	name, err := unix.BytePtrFromString(canaryName(cpu))
	if err == nil {
		_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(name)), 0, 0, 0)
	}
}

// take notes a canary and reports whether the record was one.
func (f *flock) take(r *Record) bool {
	if r.Kind != event.ProcessRename || r.Task.PID != uint32(os.Getpid()) {
		return false
	}
	if r.Task.TID == r.Task.PID {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for cpu := range f.silent {
		if r.Task.TID == f.tid && r.Name == canaryName(cpu) {
			f.silent[cpu] = 0
		}
	}
	return true
}

// missing names the processors that are silent, once for each change.
func (f *flock) missing() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []int
	for cpu, n := range f.silent {
		if n > maxSilent {
			list = append(list, cpu)
		}
	}
	slices.Sort(list)
	text := strings.Trim(fmt.Sprint(list), "[]")
	if text == f.told {
		return ""
	}
	f.told = text
	if text == "" {
		return ""
	}
	return "no record came from processors " + text + ": programs do not run there, or their records do not arrive"
}

// count is the state of the canaries.
func (f *flock) count() Canaries {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := Canaries{Tried: len(f.silent)}
	for _, n := range f.silent {
		if n > maxSilent {
			c.Silent++
		}
	}
	return c
}
