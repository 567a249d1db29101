package launch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Times of a Daemon's life.
const (
	grace        = 15 * time.Second
	firstPause   = 200 * time.Millisecond
	longestPause = 10 * time.Second
	// A run of this length counts as healthy: the next pause is the first again.
	healthy = 30 * time.Second
)

// Daemon keeps one program running: where it ends by itself it is started
// again, after a pause that doubles while it keeps failing.
type Daemon struct {
	name string
	// command makes a fresh command for every start.
	command func() *exec.Cmd
	log     *slog.Logger

	mu      sync.Mutex
	process *os.Process
	starts  int
	// held keeps it from being started again; change wakes who waits on it.
	held   bool
	change chan struct{}
}

// NewDaemon describes a program; Run runs it. The command must not be started.
func NewDaemon(name string, log *slog.Logger, command func() *exec.Cmd) *Daemon {
	return &Daemon{name: name, command: command, log: log, change: make(chan struct{})}
}

// Run keeps the program running until ctx ends, then stops it: SIGTERM, and
// SIGKILL where that is not enough.
func (d *Daemon) Run(ctx context.Context) {
	pause := firstPause
	for d.allowed(ctx) {
		began := time.Now()
		err := d.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > healthy {
			pause = firstPause
		}
		d.log.Warn("ended, starting again", "program", d.name, "reason", reason(err), "pause", pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

func reason(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// allowed waits while the daemon is held; it is false once ctx has ended.
func (d *Daemon) allowed(ctx context.Context) bool {
	for {
		d.mu.Lock()
		held, change := d.held, d.change
		d.mu.Unlock()
		if !held {
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-change:
		}
	}
}

// once runs the program from its start to its end.
func (d *Daemon) once(ctx context.Context) error {
	command := d.command()
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", d.name, err)
	}
	d.set(command.Process)
	defer d.set(nil)
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	_ = command.Process.Signal(syscall.SIGTERM) // it may have ended meanwhile
	select {
	case err := <-ended:
		return err
	case <-time.After(grace):
		d.log.Error("does not stop, killing it", "program", d.name, "after", grace)
		_ = command.Process.Kill()
		return <-ended
	}
}

func (d *Daemon) set(process *os.Process) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.process = process
	if process != nil {
		d.starts++
	}
	d.wake()
}

// wake must be called with the mutex held.
func (d *Daemon) wake() {
	close(d.change)
	d.change = make(chan struct{})
}

// PID is the process id of the running program, 0 while there is none.
func (d *Daemon) PID() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.process == nil {
		return 0
	}
	return d.process.Pid
}

// Starts counts how often the program was started.
func (d *Daemon) Starts() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.starts
}

// ErrNotRunning reports that there is no process to act on.
var ErrNotRunning = errors.New("not running")

// Kill ends the program as a crash would, with SIGKILL. With hold it is not
// started again before Release.
func (d *Daemon) Kill(hold bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.process == nil {
		return fmt.Errorf("kill %s: %w", d.name, ErrNotRunning)
	}
	d.held = hold
	return d.process.Kill()
}

// Release lets a held program start again.
func (d *Daemon) Release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held = false
	d.wake()
}
