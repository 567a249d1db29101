package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"baize/internal/agent/probe/target"
	"baize/internal/event"
	"baize/internal/response"
	probev1 "baize/proto/baize/probe/v1"
)

// Times that a probe has for what it must do.
const (
	// helloWithin is from a connection to its first frame.
	helloWithin = 5 * time.Second
	// activeWithin is from the loading to the first heartbeat with its configuration.
	activeWithin = 45 * time.Second
	// detachWithin is from being told to having left.
	detachWithin = 15 * time.Second
	// writeWithin bounds the sending of a frame.
	writeWithin = 5 * time.Second
	// silence is three heartbeats of 15 s, and some.
	silence = 50 * time.Second
)

// instance is a process with its probe. What is fixed from the beginning needs
// no lock.
type instance struct {
	manager *Manager
	process *target.Process
	token   string
	// ctx ends with the probe, or with the manager.
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	released bool
	facts    target.Facts
	place    *place
	dir      *os.File
	// sum is the SHA-256 of the probe's file; "" where an earlier run put it there.
	sum      string
	listener *net.UnixListener
	channel  channel
	view0    response.Probe
	// changed is closed, and made anew, at each change.
	changed chan struct{}
	// nonce is of the load that is spoken with.
	nonce string
	// verify is the number that was sent for the self-test, seen the hooks
	// whose events came with it.
	verify string
	seen   map[string]bool
	heard  time.Time
	// deadline is when an instance that waits for its probe gives up; zero
	// where somebody waits with it.
	deadline time.Time
	flow     flow
	refused  refusals
}

// channel is a way to and from a probe.
type channel interface {
	io.ReadWriteCloser
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}

func newInstance(m *Manager, process *target.Process) *instance {
	ctx, cancel := context.WithCancel(m.ctx)
	i := &instance{manager: m, process: process, token: random(16), ctx: ctx, cancel: cancel, changed: make(chan struct{}), seen: map[string]bool{}}
	i.view0 = response.Probe{Process: m.key(process), State: response.ProbeDiscovered, Since: m.options.Now().UTC()}
	return i
}

// lives says whether a probe is in the process, or on its way.
func (i *instance) lives() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return living(i.view0.State)
}

func living(state string) bool {
	return state == response.ProbeAttaching || state == response.ProbeVerified || state == response.ProbeActive
}

// view is what is known of it now.
func (i *instance) view() response.Probe {
	i.mu.Lock()
	defer i.mu.Unlock()
	view := i.view0
	view.Hooks = slices.Clone(view.Hooks)
	if view.Health != nil {
		health := *view.Health
		view.Health = &health
	}
	return view
}

// attach takes the process through all states up to active.
func (i *instance) attach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, activeWithin)
	defer cancel()
	stop := context.AfterFunc(i.ctx, cancel)
	defer stop()
	facts, err := i.manager.identify(i.process)
	i.mu.Lock()
	i.facts = facts
	before := i.view0
	i.view0 = i.manager.describe(i.process, facts)
	i.view0.State, i.view0.Since = before.State, before.Since
	i.mu.Unlock()
	if err != nil {
		return err
	}
	runtime, file, err := i.manager.probeOf(facts.Runtime)
	if err != nil {
		return err
	}
	i.become(response.ProbeEligible, nil)
	if err := i.settle(file); err != nil {
		return err
	}
	i.become(response.ProbeAttaching, nil)
	if err := i.manager.save(); err != nil {
		return target.Fail(target.Internal, err)
	}
	if err := runtime.Load(ctx, i.process, i.place.path(i.place.jar()), i.place.arguments(i.token, grace)); err != nil {
		return err
	}
	return i.await(ctx, response.ProbeActive)
}

// probeOf finds the runtime and the file of its probe.
func (m *Manager) probeOf(name string) (target.Runtime, *jar, error) {
	for _, runtime := range m.options.Runtimes {
		if runtime.Name() != name {
			continue
		}
		file, err := readJar(m.options.Files[name])
		if err != nil {
			return nil, nil, target.Fail(target.Internal, fmt.Errorf("the probe's file: %w", err))
		}
		return runtime, file, nil
	}
	return nil, nil, target.Fail(target.NoRuntime, nil)
}

// settle puts the probe's file and channel into the target's root.
func (i *instance) settle(file *jar) error {
	place, dir, err := choose(i.process, !i.facts.Sockets, file)
	if err != nil {
		return err
	}
	i.mu.Lock()
	i.place, i.dir, i.sum = place, dir, file.sum
	i.mu.Unlock()
	return i.openChannel()
}

// openChannel makes the channel and has it served.
func (i *instance) openChannel() error {
	if i.place.FIFO {
		pair, err := i.place.open(i.dir)
		if err != nil {
			return target.Fail(target.ReadOnly, err)
		}
		i.manager.running.Go(func() { i.converse(pair) })
		return nil
	}
	listener, err := i.place.listen(i.dir)
	if err != nil {
		return target.Fail(target.ReadOnly, err)
	}
	i.mu.Lock()
	i.listener = listener
	i.mu.Unlock()
	i.manager.running.Go(func() { i.accept(listener) })
	return nil
}

// become takes a state and reports it.
func (i *instance) become(state string, why error) {
	reason, text := explain(why)
	i.mu.Lock()
	if i.view0.State == state && i.view0.Reason == reason {
		i.mu.Unlock()
		return
	}
	i.view0.State, i.view0.Reason, i.view0.Message = state, reason, text
	i.view0.Since = i.manager.options.Now().UTC()
	i.notify()
	i.mu.Unlock()
	i.manager.options.Log.Info("probe", "pid", i.process.PID, "state", state, "reason", reason, "message", text)
	i.report(&event.Event{Kind: event.ProbeState, Message: text, Probe: &event.Probe{State: state, Reason: reason}})
}

// notify wakes who waits for a change. The caller holds the lock.
func (i *instance) notify() {
	close(i.changed)
	i.changed = make(chan struct{})
}

// await waits until the probe has a state, or has ended.
func (i *instance) await(ctx context.Context, state string) error {
	for {
		i.mu.Lock()
		now, changed := i.view0, i.changed
		i.mu.Unlock()
		switch now.State {
		case state:
			return nil
		case response.ProbeFailed, response.ProbeDetached:
			return target.Failf(target.Reason(now.Reason), "%s", now.Message)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if err := i.process.Alive(); err != nil {
				return err
			}
			return target.Failf(target.NotVerified, "it is %s", i.progress())
		}
	}
}

// progress is how far the probe has come, for people.
func (i *instance) progress() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.nonce == "":
		return "loaded, and has not called"
	case i.verify == "":
		return "connected, and has not installed its hooks"
	case i.view0.State == response.ProbeAttaching:
		return "there, and has not answered the self-test"
	}
	return i.view0.State + ", and has not taken its configuration"
}

// detach tells the probe to leave and waits until it has.
func (i *instance) detach(ctx context.Context, reason string) error {
	ctx, cancel := context.WithTimeout(ctx, detachWithin)
	defer cancel()
	if err := i.send(&probev1.ToProbe{Frame: &probev1.ToProbe_Detach{Detach: &probev1.Detach{Reason: reason}}}); err != nil {
		return target.Fail(target.Lost, err)
	}
	err := i.await(ctx, response.ProbeDetached)
	var failure *target.Error
	if errors.As(err, &failure) && failure.Reason == target.NotVerified {
		return target.Failf(target.Silent, "it was told to leave and has not said that it did")
	}
	return err
}

// end takes the probe's things away: it is out, or lost. Whoever waits for the
// state finds them gone.
func (i *instance) end(state string, why error) {
	i.mu.Lock()
	if i.view0.State == response.ProbeFailed || i.view0.State == response.ProbeDetached {
		i.mu.Unlock()
		return
	}
	place, dir := i.place, i.dir
	i.dir = nil
	i.mu.Unlock()
	if dir != nil {
		place.remove(dir)
		_ = dir.Close()
	}
	i.become(state, why)
	i.hangUp()
	if err := i.manager.save(); err != nil {
		i.manager.options.Log.Warn("probes are not written down", "error", err)
	}
}

// hangUp closes the channel; what lies in the target stays.
func (i *instance) hangUp() {
	i.cancel()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.listener != nil {
		_ = i.listener.Close()
		i.listener = nil
	}
	if i.channel != nil {
		_ = i.channel.Close()
	}
}

// release lets the process go.
func (i *instance) release() {
	i.cancel()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.released {
		return
	}
	i.released = true
	if i.dir != nil {
		_ = i.dir.Close()
		i.dir = nil
	}
	i.process.Close()
}

// tick looks whether process and probe are there still; forget says that
// nothing is left to be told.
func (i *instance) tick(now time.Time) (forget bool) {
	gone := i.process.Alive()
	i.mu.Lock()
	alive, state := living(i.view0.State), i.view0.State
	late := !i.deadline.IsZero() && now.After(i.deadline)
	silent := state == response.ProbeActive && now.Sub(i.heard) > silence
	i.mu.Unlock()
	switch {
	case gone != nil && alive:
		i.end(response.ProbeDetached, gone)
		return false
	case gone != nil:
		return true
	case late && alive:
		i.end(response.ProbeFailed, target.Failf(target.Lost, "it did not call the agent again"))
	case silent:
		i.end(response.ProbeFailed, target.Failf(target.Lost, "three heartbeats are missing"))
	}
	return false
}
