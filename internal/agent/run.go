package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"baize/internal/agent/action"
	"baize/internal/agent/enrich"
	"baize/internal/agent/inventory"
	"baize/internal/agent/logs"
	"baize/internal/agent/probe"
	"baize/internal/agent/procfs"
	"baize/internal/agent/sensor"
	"baize/internal/agent/spool"
	"baize/internal/agent/uplink"
	"baize/internal/event"
	baizev1 "baize/proto/baize/v1"
)

// Version of the agent.
const Version = "0.1.0"

// Options of Run and Enrol.
type Options struct {
	// State is the agent's directory.
	State string
	// Server is the gateway's address; where empty, the one enrolled with.
	Server string
	// Token enrols a host that has no identity yet.
	Token string
	// Name is what people see; where empty, the node name.
	Name string
	// Scope confines the agent to a cgroup subtree.
	Scope string
	Log   *slog.Logger
}

func (o *Options) identityDir() string { return filepath.Join(o.State, "identity") }

// ErrRunning reports a second agent on one state directory.
var ErrRunning = errors.New("another agent uses this state directory")

// Enrol gets this host its identity. It does nothing where there is one.
func Enrol(ctx context.Context, o Options) (*uplink.Identity, error) {
	id, err := uplink.Load(o.identityDir())
	if err == nil || !errors.Is(err, uplink.ErrNoIdentity) {
		return id, err
	}
	if o.Token == "" {
		return nil, fmt.Errorf("%w: get a token from the server (baize tokens create) and pass it", err)
	}
	if err := os.MkdirAll(o.State, 0o700); err != nil {
		return nil, fmt.Errorf("make the state directory: %w", err)
	}
	host, err := inventory.Read()
	if err != nil {
		return nil, err
	}
	machine, err := machineID(o)
	if err != nil {
		return nil, err
	}
	return uplink.Enrol(ctx, o.identityDir(), uplink.Enrolment{
		Server: o.Server, Token: o.Token, Name: o.name(host), Machine: machine,
	})
}

func (o *Options) name(host inventory.Host) string {
	if o.Name != "" {
		return o.Name
	}
	return host.Name
}

// machineID is the machine's, and the scope's: hosts within a host are hosts of
// their own.
func machineID(o Options) (string, error) {
	id, err := inventory.MachineID(filepath.Join(o.State, "machine-id"))
	if err != nil || o.Scope == "" {
		return id, err
	}
	dir, err := sensor.ScopeDir(o.Scope)
	if err != nil {
		return "", err
	}
	return inventory.Derive(id, dir), nil
}

// Run is the agent: it returns when the context ends and everything seen is in
// the spool, or with an error that keeps it from working at all.
func Run(ctx context.Context, o Options) error {
	lock, err := lockState(o.State)
	if err != nil {
		return err
	}
	defer lock.Close()
	id, err := Enrol(ctx, o)
	if err != nil {
		return err
	}
	if o.Server != "" {
		id.Server = o.Server
	}
	confine(id.Name.Host, o.Log)
	a, err := assemble(o, id)
	if err != nil {
		return err
	}
	defer a.close()
	return a.run(ctx)
}

func lockState(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the state directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the state directory: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%w: %s", ErrRunning, dir)
	}
	return f, nil
}

// agent is an assembled agent.
type agent struct {
	options  Options
	observer *observer
	spool    *spool.Spool
	recorder *recorder
	uplink   *uplink.Uplink
	probes   *probe.Manager
	boot     string
	running  string // marker of a run that has not stopped in order
	// problem is what was wrong with the host's own configuration.
	problem error
	log     *slog.Logger
}

func assemble(o Options, id *uplink.Identity) (*agent, error) {
	host, err := inventory.Read()
	if err != nil {
		return nil, err
	}
	boot, err := BootID()
	if err != nil {
		return nil, err
	}
	kept, err := spool.Open(filepath.Join(o.State, "spool"), spool.Options{})
	if err != nil {
		return nil, err
	}
	name := o.name(host)
	redactor, problem := newRedactor(o.State, id.RedactionKey)
	if redactor == nil {
		return nil, errors.Join(problem, kept.Close())
	}
	watch, err := observe(event.Host{ID: id.Name.Host, Name: name}, id.Name.Org, o.Scope, ownership{redactor, ownPaths(o.State)}, o.Log)
	if err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	a := &agent{
		options: o, observer: watch, spool: kept, boot: boot, running: filepath.Join(o.State, "running"),
		problem: problem, log: o.Log,
	}
	a.problem = errors.Join(a.problem, a.readLogs())
	a.recorder = newRecorder(boot, kept, watch.enricher, watch.cursor, o.Log)
	covers, err := scopeOf(o.Scope)
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	a.probes = newProbes(&o, id.Name.Host, boot, covers, redactor, watch)
	obeyer, err := action.New(action.Options{
		Dir: o.State, Name: id.Name, Boot: boot, Key: id.CommandKey,
		Proc: procfs.FS{}, Covers: covers, Kin: watch.kin, Server: func() string { return id.Server }, Redactor: redactor, Probes: a.probes, Upload: a.upload,
		Report: watch.report, Now: time.Now, Log: o.Log,
	})
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	a.uplink = uplink.New(uplink.Options{
		Dir: o.identityDir(), Identity: id, Spool: kept,
		Hello:  &baizev1.Hello{Boot: boot, Name: name, Version: Version, Kernel: host.Kernel},
		Health: a.heartbeat, Accept: accept(obeyer), Back: a.back, Interest: a.interest, Log: o.Log,
	})
	return a, nil
}

// readLogs prepares the reading of the host's logs. The error says what was
// wrong with the configuration or the cursor; the defaults hold then.
func (a *agent) readLogs() error {
	config, err := logs.Load(a.options.State)
	if a.options.Scope != "" && config.Journal == nil && config.Defaults == nil && config.Files == nil {
		config = logs.Silent()
	}
	cursor, first, place := logs.OpenCursor(a.options.State, func(boot string) uint64 { return a.spool.NextSeq(boot) - 1 })
	a.observer.readLogs(config, cursor, first)
	return errors.Join(err, place)
}

// interest spares what no rule asks for, as far as that exists for rules alone.
func (a *agent) interest(revision string, kinds []string) {
	asked := make([]event.Kind, len(kinds))
	for i, kind := range kinds {
		asked[i] = event.Kind(kind)
	}
	if err := a.observer.sensor.Ask(revision, asked); err != nil {
		a.log.Warn("filter what no rule asks for", "error", err)
	}
}

// back reports a time without the server.
func (a *agent) back(since time.Time) {
	now := time.Now()
	a.observer.report(&event.Event{
		Time: now.UTC(), Kind: event.SensorOffline,
		Message: fmt.Sprintf("no session with the server for %d s, since %s", int(now.Sub(since).Seconds()), since.UTC().Format(time.RFC3339)),
	})
}

// ownPaths are the agent's program and its state, with policy, identity and spool.
func ownPaths(state string) []string {
	var paths []string
	if exe, err := os.Executable(); err == nil {
		paths = append(paths, exe)
	}
	if dir, err := filepath.Abs(state); err == nil {
		if target, err := filepath.EvalSymlinks(dir); err == nil {
			dir = target
		}
		paths = append(paths, dir)
	}
	return paths
}

func (a *agent) close() error { return errors.Join(a.observer.sensor.Close(), a.spool.Close()) }

// lastWords is how long a stopping agent tries to deliver what it saw last.
const lastWords = 2 * time.Second

func (a *agent) run(ctx context.Context) error {
	since, err := a.begin()
	if err != nil {
		return err
	}
	shed(a.log)
	a.probes.Start()
	defer a.probes.Close()
	online, goOffline := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { a.uplink.Run(online) })
	defer running.Wait()
	defer goOffline()
	if err := a.observer.run(ctx, since, a.recorder); err != nil {
		return err
	}
	a.recorder.flush(time.Now())
	if err := errors.Join(a.spool.Sync(), os.Remove(a.running)); err != nil {
		return fmt.Errorf("stop in order: %w", err)
	}
	patience, done := context.WithTimeout(online, lastWords)
	defer done()
	if a.uplink.Online() {
		a.uplink.WaitDurable(patience, a.spool.NextSeq(a.boot)-1)
	}
	return nil
}

// begin opens the coverage: what lies between the last event of the previous
// run and now was not observed. It returns when that began, zero for a first run.
func (a *agent) begin() (since time.Time, err error) {
	now := time.Now()
	e := a.observer.enricher
	state, reason := event.CoverageUnavailable, "the agent was stopped"
	if _, err := os.Stat(a.running); err == nil {
		state, reason = event.CoverageLost, "the agent ended without stopping in order"
	}
	if err := os.WriteFile(a.running, []byte(a.boot+"\n"), 0o600); err != nil {
		return since, fmt.Errorf("mark the run: %w", err)
	}
	since = a.spool.Newest()
	if !since.IsZero() && since.Before(now) {
		for _, class := range enrich.Sensed {
			e.Gap(now, since, now, class, state, 0, reason)
		}
	}
	e.Begin(now)
	e.Mark(now, &event.Event{Time: now.UTC(), Kind: event.SensorStart, Message: a.startMessage()})
	return since, nil
}

// startMessage says how the sensor came up.
func (a *agent) startMessage() string {
	health, err := a.observer.sensor.Health()
	if err != nil {
		return err.Error()
	}
	message := fmt.Sprintf("agent %s, tier %d", Version, health.Tier)
	standing := 0
	for _, hook := range health.Hooks {
		// At tier 2 all hooks of tier 1 are missing for one reason.
		if stands := hook.Tier < health.Tier; !hook.Attached && (!stands || standing == 0) {
			message += fmt.Sprintf("; %s not attached: %s", hook.Name, hook.Error)
		}
		if !hook.Attached && hook.Tier < health.Tier {
			standing++
		}
	}
	if standing > 1 {
		message += fmt.Sprintf(", nor %d more of tier 1", standing-1)
	}
	if a.problem != nil {
		a.log.Warn("configuration", "error", a.problem)
		message += "; " + a.problem.Error()
	}
	return message
}
