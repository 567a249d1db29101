package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// load is work at a given rate, or as much as goes at rate 0.
type load struct {
	// execs and files are a second's executions and file operations.
	execs, files int
	workers      int
	dir          string
}

// achieved is what a load managed.
type achieved struct {
	execs, files uint64
	took         time.Duration
}

// slice is how often a paced worker looks how far it is behind.
const slice = 2 * time.Millisecond

// run works for a while. An error of any operation ends it: what was offered
// must have been done.
func (l load) run(d time.Duration) (achieved, error) {
	var done achieved
	var execs, files atomic.Uint64
	began := time.Now()
	var working sync.WaitGroup
	failed := make(chan error, 2*l.workers)
	for w := range l.workers {
		working.Go(func() {
			failed <- l.pace(began, d, l.execs/l.workers, func() error { execs.Add(1); return execTrue() })
		})
		working.Go(func() {
			at := filepath.Join(l.dir, strconv.Itoa(w))
			failed <- l.pace(began, d, l.files/l.workers/operations, func() error { files.Add(operations); return touch(at) })
		})
	}
	working.Wait()
	close(failed)
	done = achieved{execs.Load(), files.Load(), time.Since(began)}
	for err := range failed {
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// pace repeats something at a rate, or without a pause at rate 0; a negative
// rate is none.
func (l load) pace(began time.Time, d time.Duration, rate int, do func() error) error {
	for n := 0; rate >= 0; n++ {
		at := time.Since(began)
		if at >= d {
			return nil
		}
		if due := time.Duration(n) * time.Second / time.Duration(max(rate, 1)); rate > 0 && due > at {
			time.Sleep(max(due-at, slice))
		}
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// execTrue executes a program and waits for it, without the cost of os/exec.
func execTrue() error {
	pid, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{Env: []string{}})
	if err != nil {
		return fmt.Errorf("execute /bin/true: %w", err)
	}
	var status syscall.WaitStatus
	_, err = syscall.Wait4(pid, &status, 0, nil)
	return err
}

// operations is how many operations on files one touch is: a file is made,
// written and closed, renamed, removed.
const operations = 4

func touch(at string) error {
	if err := os.WriteFile(at, []byte("x"), 0o600); err != nil {
		return err
	}
	if err := os.Rename(at, at+".new"); err != nil {
		return err
	}
	return os.Remove(at + ".new")
}
