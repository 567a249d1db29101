package probe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"baize/internal/agent/container"
	"baize/internal/agent/probe/target"
	"baize/internal/agent/procfs"
	"baize/internal/event"
	"baize/internal/redact"
	"baize/internal/response"
)

// Options of a Manager.
type Options struct {
	// Dir is the agent's state directory.
	Dir  string
	Host string
	Boot string
	// Runtimes that probes exist for, and their files by the runtimes' names.
	Runtimes []target.Runtime
	Files    map[string]string
	// Covers tells which processes an agent with a scope may look at; nil is all.
	Covers func(pid uint32) bool
	// Redactor takes the secrets out of command lines.
	Redactor *redact.Redactor
	// Report takes events. Those about a process carry its pid and start time
	// alone, the start rounded down to a tick.
	Report func(*event.Event)
	Now    func() time.Time
	Log    *slog.Logger
}

const (
	// grace is how long a probe waits for an agent that went away, and the
	// agent for a probe that it left.
	grace = time.Minute
	// maxProbes bounds the processes that have a probe at one time.
	maxProbes = 64
	// maxEnded bounds those that are remembered after that.
	maxEnded = 64
	// maxListed bounds a list: those with a probe come first.
	maxListed = 64
	// period is how often the manager looks after its probes.
	period = time.Second
)

// Manager is safe for concurrent use. Close it.
type Manager struct {
	options Options
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	// turn is taken by who attaches: one at a time on a host.
	turn chan struct{}

	mu     sync.Mutex
	probes map[uint32]*instance
	config *configuration
}

// Open returns the manager, which has nothing to do yet.
func Open(options Options) *Manager {
	ctx, cancel := context.WithCancel(context.Background())
	return &Manager{options: options, ctx: ctx, cancel: cancel, turn: make(chan struct{}, 1), probes: map[uint32]*instance{}, config: &configuration{}}
}

// Start looks for the probes that an earlier run left, and after them from then on.
func (m *Manager) Start() {
	m.running.Go(func() {
		m.recover()
		tick := time.NewTicker(period)
		defer tick.Stop()
		for {
			m.tick(m.options.Now())
			select {
			case <-m.ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}

// Close leaves the probes where they are, for the next run, and waits for
// everything that the manager started.
func (m *Manager) Close() {
	m.cancel()
	m.turn <- struct{}{} // who attaches gives up
	defer func() { <-m.turn }()
	m.mu.Lock()
	for _, i := range m.probes {
		i.hangUp()
	}
	m.mu.Unlock()
	m.running.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range m.probes {
		i.release()
	}
}

// errScope reports a process outside of the agent's scope.
var errScope = target.Failf(target.NotPermitted, "it is outside of this agent's scope")

// Attach puts a probe into a process, and returns when it is active or has
// failed. start 0 is whichever process has the pid. A process that has one
// already keeps it. The error is of type *target.Error.
func (m *Manager) Attach(ctx context.Context, pid uint32, start uint64) (response.Probe, error) {
	select {
	case m.turn <- struct{}{}:
	case <-ctx.Done():
		return response.Probe{}, target.Fail(target.Silent, fmt.Errorf("another attach is on its way: %w", ctx.Err()))
	}
	defer func() { <-m.turn }()
	if m.options.Covers != nil && !m.options.Covers(pid) {
		return response.Probe{}, errScope
	}
	process, err := target.Open(pid, start)
	if err != nil {
		return response.Probe{}, err
	}
	if i := m.find(pid); i != nil && i.process.Start == process.Start && i.lives() {
		process.Close()
		return i.view(), nil
	}
	i := newInstance(m, process)
	if err := m.add(i); err != nil {
		process.Close()
		return response.Probe{}, err
	}
	if err := i.attach(ctx); err != nil {
		i.giveUp(err)
		return i.view(), err
	}
	return i.view(), nil
}

// Detach takes the probe out of a process, and returns when it is out.
func (m *Manager) Detach(ctx context.Context, pid uint32, reason string) (response.Probe, error) {
	i := m.find(pid)
	if i == nil || !i.lives() {
		return response.Probe{}, target.Failf(target.Argument, "process %d has no probe", pid)
	}
	if err := i.detach(ctx, reason); err != nil {
		return i.view(), err
	}
	return i.view(), nil
}

func (m *Manager) find(pid uint32) *instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.probes[pid]
}

// add takes a process in, in the place of what its pid was before.
func (m *Manager) add(i *instance) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx.Err() != nil {
		return target.Failf(target.Internal, "the agent stops")
	}
	living, ended := 0, []*instance{}
	for _, other := range m.probes {
		if other.lives() {
			living++
		} else {
			ended = append(ended, other)
		}
	}
	if living >= maxProbes {
		return target.Failf(target.Internal, "%d processes have a probe, that is all", living)
	}
	if len(ended) >= maxEnded {
		oldest := slices.MinFunc(ended, func(a, b *instance) int { return a.view().Since.Compare(b.view().Since) })
		delete(m.probes, oldest.process.PID)
		oldest.release()
	}
	if before := m.probes[i.process.PID]; before != nil {
		before.release()
	}
	m.probes[i.process.PID] = i
	return nil
}

// all are the instances in the order of their pids.
func (m *Manager) all() []*instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]*instance, 0, len(m.probes))
	for _, i := range m.probes {
		list = append(list, i)
	}
	slices.SortFunc(list, func(a, b *instance) int { return int(a.process.PID) - int(b.process.PID) })
	return list
}

// tick looks after the probes at a time.
func (m *Manager) tick(now time.Time) {
	if changed := m.config.read(m.options.Dir, m.options.Log); changed {
		for _, i := range m.all() {
			if err := i.configure(); err != nil {
				m.options.Log.Warn("a probe is not configured", "pid", i.process.PID, "error", err)
			}
		}
	}
	for _, i := range m.all() {
		if i.tick(now) {
			m.mu.Lock()
			if m.probes[i.process.PID] == i {
				delete(m.probes, i.process.PID)
			}
			m.mu.Unlock()
			i.release()
		}
	}
}

// List is what a probe is in, and what else it could be put into.
func (m *Manager) List(ctx context.Context) (response.Probes, error) {
	var list response.Probes
	known := map[uint32]bool{}
	for _, i := range m.all() {
		known[i.process.PID] = true
		list.Probes = append(list.Probes, i.view())
	}
	pids, err := procfs.FS{}.PIDs()
	if err != nil {
		return list, target.Fail(target.Internal, err)
	}
	for _, pid := range pids {
		if ctx.Err() != nil {
			return list, target.Fail(target.Silent, ctx.Err())
		}
		if known[pid] || m.options.Covers != nil && !m.options.Covers(pid) {
			continue
		}
		if found, ok := m.look(pid); ok {
			list.Probes = append(list.Probes, found)
		}
	}
	if n := len(list.Probes); n > maxListed {
		list.Probes, list.More = list.Probes[:maxListed], n-maxListed
	}
	return list, nil
}

// look describes a process that has no probe, if it is of a runtime that one
// exists for.
func (m *Manager) look(pid uint32) (response.Probe, bool) {
	process, err := target.Open(pid, 0)
	if err != nil {
		return response.Probe{}, false
	}
	defer process.Close()
	facts, err := m.identify(process)
	var failure *target.Error
	if errors.As(err, &failure) && (failure.Reason == target.NoRuntime || failure.Reason == target.Gone) && facts.Runtime == "" {
		return response.Probe{}, false
	}
	view := m.describe(process, facts)
	view.State = response.ProbeEligible
	if err != nil {
		view.State = response.ProbeDiscovered
		view.Reason, view.Message = explain(err)
	}
	return view, true
}

// identify tells the runtime of a process, and why no probe can be put into it.
func (m *Manager) identify(p *target.Process) (target.Facts, error) {
	mapped, err := p.Mappings()
	if err != nil {
		return target.Facts{}, err
	}
	for _, runtime := range m.options.Runtimes {
		if facts, found := runtime.Identify(p, mapped); found {
			return facts, facts.Problem
		}
	}
	return target.Facts{}, target.Fail(target.NoRuntime, nil)
}

// maxCommand bounds a command line, in bytes.
const maxCommand = 256

// describe says what the kernel knows of a process.
func (m *Manager) describe(p *target.Process, facts target.Facts) response.Probe {
	view := response.Probe{
		Process: m.key(p), Runtime: facts.Runtime, Version: facts.Version, Executable: p.ExecutablePath(),
	}
	if status, err := p.Status(); err == nil {
		view.User = status.UID
	}
	if args, err := (procfs.FS{}).Args(p.PID); err == nil {
		if m.options.Redactor != nil {
			args, _ = m.options.Redactor.Args(args, false)
		}
		view.Command = cut(strings.Join(args, " "), maxCommand)
	}
	if groups, err := (procfs.FS{}).Cgroups(p.PID); err == nil {
		if in, found := container.FromCgroups(groups); found {
			view.Container = in.ID
		}
	}
	return view
}

// key is the process's as far as /proc tells it: the start is that of a tick.
func (m *Manager) key(p *target.Process) event.ProcessKey {
	return event.ProcessKey{Host: m.options.Host, Boot: m.options.Boot, PID: p.PID, Start: p.Start}
}

// explain gives the word and the sentence of an error.
func explain(err error) (reason, text string) {
	if err == nil {
		return "", ""
	}
	var failure *target.Error
	if errors.As(err, &failure) {
		return string(failure.Reason), failure.Error()
	}
	return string(target.Internal), err.Error()
}

// cut bounds a text in bytes, and says so.
func cut(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-len("…")], "") + "…"
}
