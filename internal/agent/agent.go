// Package agent is the host's program: it joins the sensor, the enrichment,
// the spool, the uplink and the actions, and owns their goroutines.
package agent

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"baize/internal/agent/container"
	"baize/internal/agent/definition"
	"baize/internal/agent/digest"
	"baize/internal/agent/enrich"
	"baize/internal/agent/logs"
	"baize/internal/agent/procfs"
	"baize/internal/agent/sensor"
	"baize/internal/agent/traffic"
	"baize/internal/agent/tree"
	"baize/internal/event"
	"baize/internal/redact"
)

// observer is an armed sensor with its enrichment.
type observer struct {
	sensor   *sensor.Sensor
	enricher *enrich.Enricher
	hasher   *digest.Hasher
	resolver *container.Resolver
	titles   *enrich.Titles
	// meter reads what open connections carry.
	meter *traffic.Meter
	// definitions compares the files that define what the host runs.
	definitions *definition.Keeper
	batches     chan []sensor.Record
	// marks are events of the agent itself, from other goroutines.
	marks chan *event.Event
	// asks are questions to the enricher, from other goroutines.
	asks chan func(*enrich.Enricher)
	// lines are read by logs; cursor keeps their places.
	lines     chan logs.Item
	logs      *logs.Source
	cursor    *logs.Cursor
	ended     chan struct{}
	processes atomic.Int64
	// lineHealth is how the reading of logs stands.
	lineHealth atomic.Pointer[enrich.ClassHealth]
	log        *slog.Logger
}

// lineQueue bounds the lines between logs and enrichment. Behind it the logs
// wait.
const lineQueue = 64

// readLogs makes the observer read the host's logs, on from where cursor is.
func (o *observer) readLogs(config logs.Config, cursor *logs.Cursor, first bool) {
	cursor.Prune(logs.JournalIDs(config))
	o.lines, o.cursor = make(chan logs.Item, lineQueue), cursor
	o.logs = logs.New(config, cursor.Marks(), first, o.lines, o.log)
}

// line takes a line of a log.
func (o *observer) line(now time.Time, item logs.Item) {
	switch {
	case item.Coverage != nil:
		o.enricher.Lines(now, item.Coverage)
	case item.Event == nil:
		o.cursor.Begin(item.Log, item.Mark)
	default:
		o.cursor.Await(item.Log, item.Mark)
		o.enricher.Line(now, item.Event, item.PID, item.Verified)
	}
}

// maxMarks bounds the agent's own events waiting to be recorded.
const maxMarks = 64

// report records an event of the agent itself, while it observes.
func (o *observer) report(ev *event.Event) {
	select {
	case o.marks <- ev:
	case <-o.ended:
	}
}

// kin is tree.Finder's Kin, while the observer observes.
func (o *observer) kin(ctx context.Context, of []tree.ID) []tree.ID {
	from := make([]enrich.Identity, len(of))
	for i, id := range of {
		from[i] = enrich.Identity(id)
	}
	answer := make(chan []tree.ID, 1)
	ask := func(e *enrich.Enricher) {
		var found []tree.ID
		for _, id := range e.Kin(from) {
			found = append(found, tree.ID(id))
		}
		answer <- found
	}
	select {
	case o.asks <- ask:
		return <-answer
	case <-o.ended:
	case <-ctx.Done():
	}
	return nil
}

// batchQueue bounds the record batches between sensor and enrichment. Behind
// it the kernel's ring fills, and the sensor counts what it loses.
const batchQueue = 8

// recordFlush is how long a record waits in the kernel's ring. Short-lived
// processes are gone soon: what is asked about them must be asked at once.
const recordFlush = 20 * time.Millisecond

// sink takes the events in order. ready is called when no further event is at
// hand, at the latest after idle.
type sink interface {
	take(now time.Time, ev *event.Event)
	ready(now time.Time)
	// wake is when ready must be called next; the zero time means never.
	wake() time.Time
}

// ownership is what is this agent's own.
type ownership struct {
	redactor *redact.Redactor
	// paths that nobody else may change.
	paths []string
}

// coarseClock is how much the time of a file's change may lag behind the clock.
const coarseClock = 20 * time.Millisecond

// observe arms the sensor.
func observe(host event.Host, org, scope string, own ownership, log *slog.Logger) (*observer, error) {
	boot, err := BootID()
	if err != nil {
		return nil, err
	}
	proc := procfs.FS{}
	start, err := proc.Start(uint32(os.Getpid()))
	if err != nil {
		return nil, fmt.Errorf("read the agent's own start time: %w", err)
	}
	since := time.Now().Add(-coarseClock)
	armed, err := sensor.Open(sensor.Options{ScopeCgroup: scope, Flush: recordFlush})
	if err != nil {
		return nil, fmt.Errorf("arm the sensor: %w", err)
	}
	o := &observer{
		sensor: armed, hasher: digest.New(proc), titles: enrich.NewTitles(proc),
		resolver: container.NewResolver(container.HostSockets(os.Getenv)),
		meter:    traffic.New(proc),
		definitions: definition.New(proc, own.redactor, definition.Seeds{
			Patterns: sensor.DefinitionPatterns(), Passwd: "/etc/passwd", Since: since,
		}, log),
		batches: make(chan []sensor.Record, batchQueue), marks: make(chan *event.Event, maxMarks),
		asks: make(chan func(*enrich.Enricher)), ended: make(chan struct{}), log: log,
	}
	o.enricher = enrich.New(enrich.Config{
		Host: host, Boot: boot, Org: org, Nested: scope != "", Proc: proc,
		Agent:  enrich.Identity{PID: uint32(os.Getpid()), Start: start},
		Hasher: o.hasher, Resolver: o.resolver, Titles: o.titles, Definitions: o.definitions, Meter: o.meter, Redactor: own.redactor, Protected: own.paths,
		BootTime: bootTime, Log: log,
	})
	return o, nil
}

// BootID is the kernel's id of this boot.
func BootID() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the boot id: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// bootTime is the wall clock minus CLOCK_BOOTTIME, in nanoseconds.
func bootTime() int64 {
	var boot unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot); err != nil {
		return 0
	}
	return time.Now().UnixNano() - boot.Nano()
}

// run observes until the context ends. since is when the previous run saw its
// last, zero for none.
func (o *observer) run(ctx context.Context, since time.Time, out sink) error {
	pids, err := procfs.FS{}.PIDs()
	if err != nil {
		return fmt.Errorf("list processes: %w", err)
	}
	o.enricher.ColdStart(procfs.FS{}.Listeners(pids), since)
	helpers, stopHelpers := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	for _, helper := range []func(context.Context){o.hasher.Run, o.resolver.Run, o.titles.Run, o.definitions.Run, o.meter.Run, o.logs.Run} {
		running.Go(func() { helper(helpers) })
	}
	defer running.Wait()
	defer stopHelpers()

	failed := make(chan error, 1)
	running.Go(func() { failed <- o.sense(ctx) })
	return o.loop(failed, out)
}

// sense delivers the snapshot, then the live records.
func (o *observer) sense(ctx context.Context) error {
	defer close(o.batches)
	deliver := func(batch []sensor.Record) { o.batches <- batch }
	if err := o.sensor.Snapshot(ctx, deliver); err != nil && ctx.Err() == nil {
		return fmt.Errorf("take stock of the running processes: %w", err)
	}
	if err := o.sensor.Run(ctx, deliver); err != nil {
		return fmt.Errorf("read the sensor: %w", err)
	}
	return nil
}

// loop is the one goroutine of enrichment. It ends when the sensor has
// delivered its last batch.
func (o *observer) loop(failed <-chan error, out sink) error {
	defer close(o.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case batch, more := <-o.batches:
			if !more {
				o.drain(out)
				return <-failed
			}
			now := time.Now()
			for i := range batch {
				o.enricher.Handle(now, &batch[i])
			}
		case done := <-o.hasher.Done():
			o.enricher.Hashed(time.Now(), done)
		case box := <-o.resolver.Found():
			o.enricher.Resolved(time.Now(), box)
		case title := <-o.titles.Done():
			o.enricher.Retitled(time.Now(), title)
		case done := <-o.definitions.Done():
			o.enricher.Compared(time.Now(), done)
		case readings := <-o.meter.Done():
			o.enricher.Metered(time.Now(), readings)
		case ask := <-o.asks:
			ask(o.enricher)
		case ev := <-o.marks:
			if ev.Probe != nil {
				o.enricher.Probe(time.Now(), ev)
			} else {
				o.enricher.Mark(time.Now(), ev)
			}
		case item := <-o.lines:
			o.line(time.Now(), item)
		case <-timer.C:
			o.enricher.Tick(time.Now())
			o.processes.Store(int64(o.enricher.Statistics().Processes))
			lines := o.enricher.LineHealth()
			o.lineHealth.Store(&lines)
		}
		o.release(out, timer)
	}
}

// release passes on what is ready and sets the timer for what is not.
func (o *observer) release(out sink, timer *time.Timer) {
	now := time.Now()
	o.pass(now, now, out)
	out.ready(now)
	next := o.enricher.Wake(now)
	if wake := out.wake(); !wake.IsZero() && wake.Before(next) {
		next = wake
	}
	timer.Reset(max(time.Until(next), time.Millisecond))
}

// drain ends the observation: the last windows, and what was held as it is.
func (o *observer) drain(out sink) {
	now := time.Now()
	o.enricher.Stop(now)
	o.enricher.Mark(now, &event.Event{Time: now.UTC(), Kind: event.SensorStop, Message: "stopped in order"})
	later := now.Add(2 * enrich.HoldFor)
	o.pass(later, now, out)
	out.ready(later)
}

// pass hands out the events that may go at a time. Lines come out in the order
// in which they went in.
func (o *observer) pass(at, now time.Time, out sink) {
	o.enricher.Release(at, func(ev *event.Event) {
		if event.ClassOf(ev.Kind) == event.ClassLog {
			o.cursor.Recorded()
		}
		out.take(now, ev)
	})
}
