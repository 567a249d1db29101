package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"baize/internal/event"
	"baize/internal/event/eventio"
)

// recorder is an agent that prints what one host does.
type recorder struct {
	command *exec.Cmd
	done    chan struct{}
	errors  bytes.Buffer

	mu     sync.Mutex
	events []*event.Event
	err    error
}

// record arms an agent for a host. It bears the host's name, and sees nothing
// beyond its control group and its log.
func record(ctx context.Context, kit *Kit, h *Host) (*recorder, error) {
	r := &recorder{done: make(chan struct{})}
	logs := filepath.Join(kit.Dir, "logs-"+h.Name+".yaml")
	text := fmt.Sprintf("journal: false\ndefaults: false\nfiles:\n  - {path: %s, format: syslog}\n", h.path("/var/log/auth.log"))
	if err := os.WriteFile(logs, []byte(text), 0o644); err != nil {
		return nil, err
	}
	r.command = exec.Command("sh", "-c", `hostname "$1" && exec "$2" events --scope "cgroup=$3" --logs "$4"`, "sh", h.Name, kit.Agent, h.group, logs)
	r.command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUTS, Setsid: true}
	r.command.Stderr = &r.errors
	out, err := r.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.command.Start(); err != nil {
		return nil, fmt.Errorf("start the agent of %s: %w", h.Name, err)
	}
	go r.read(out)
	return r, until(ctx, "the sensor of "+h.Name, func() (bool, error) {
		select {
		case <-r.done:
			return false, fmt.Errorf("the agent of %s ended at once: %s", h.Name, r.errors.String())
		default:
			return r.has(func(ev *event.Event) bool { return ev.Kind == event.SensorStart }), nil
		}
	})
}

func (r *recorder) read(out io.Reader) {
	defer close(r.done)
	in, err := eventio.NewReader(out)
	for err == nil {
		var ev *event.Event
		if ev, err = in.Next(); err == nil {
			r.mu.Lock()
			r.events = append(r.events, ev)
			r.mu.Unlock()
		}
	}
	if !errors.Is(err, io.EOF) {
		r.err = err
	}
	_ = r.command.Wait() // asked to end
}

func (r *recorder) has(holds func(*event.Event) bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := len(r.events) - 1; k >= 0; k-- {
		if holds(r.events[k]) {
			return true
		}
	}
	return false
}

// vouched waits until the sensor has spoken for all classes up to a time.
func (r *recorder) vouched(ctx context.Context, end time.Time) error {
	classes := []event.Class{event.ClassProcess, event.ClassFile, event.ClassNetwork, event.ClassDNS, event.ClassKernel}
	return until(ctx, "the sensor's word on the recording", func() (bool, error) {
		for _, class := range classes {
			if !r.has(func(ev *event.Event) bool {
				return ev.Coverage != nil && ev.Coverage.Class == class && !ev.Coverage.To.Before(end)
			}) {
				return false, nil
			}
		}
		return true, nil
	})
}

// stop ends the agent and returns what it saw.
func (r *recorder) stop() ([]*event.Event, error) {
	if err := r.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return nil, err
	}
	<-r.done
	return r.events, r.err
}
