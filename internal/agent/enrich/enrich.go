// Package enrich makes events of the sensor's records: it knows every process
// by its key, where it comes from, as whom and in which container and
// execution context it runs, and what it executes.
//
// An Enricher is a machine for one goroutine. Records and the answers of the
// slow helpers (digests, container runtimes, command lines, definition files) are handed to it
// with the current time; events come out of Release in the order of the
// records. It never waits: an event whose digest or container is being looked
// up is held, and those behind it with it, for at most HoldFor; then it goes
// out saying "pending", and a later event (file.hash, file.diff,
// container.start) carries the answer. An event whose definition file is being
// compared is held likewise.
package enrich

import (
	"log/slog"
	"time"

	"baize/internal/agent/account"
	"baize/internal/agent/container"
	define "baize/internal/agent/definition"
	"baize/internal/agent/digest"
	"baize/internal/agent/procfs"
	"baize/internal/agent/sensor"
	"baize/internal/agent/traffic"
	"baize/internal/event"
	"baize/internal/redact"
)

// HoldFor is how long an event waits for its digest or container.
const HoldFor = 50 * time.Millisecond

// Config of an Enricher.
type Config struct {
	// Host and Boot of every key.
	Host event.Host
	Boot string
	Org  string
	// Agent is the agent's own process, its start as /proc has it: it and all
	// it starts are marked.
	Agent Identity
	// Nested says that the agent is confined to a host within a host, whose
	// init is the first process of a pid namespace.
	Nested bool
	Proc   procfs.FS
	// Hasher and Resolver answer through Hashed and Resolved.
	Hasher   *digest.Hasher
	Resolver *container.Resolver
	Titles   *Titles
	// Definitions answers through Compared.
	Definitions *define.Keeper
	// Meter answers through Metered.
	Meter *traffic.Meter
	// Protected are the paths that belong to the agent, directories with all
	// below them. Whoever else changes them is reported.
	Protected []string
	// Redactor takes the secrets out of command lines and environments: what
	// the enricher keeps, and every event, is without them.
	Redactor *redact.Redactor
	// BootTime is the wall clock at boot in Unix nanoseconds: what is added to
	// CLOCK_BOOTTIME.
	BootTime func() int64
	// MaxProcesses bounds the cache; 0 means DefaultMaxProcesses.
	MaxProcesses int
	Log          *slog.Logger
}

// Identity of a process on one boot.
type Identity struct {
	PID   uint32
	Start uint64
}

// Enricher is the machine. Make it with New.
type Enricher struct {
	config   Config
	boot     int64
	procs    *cache
	names    *account.Names
	places   *places
	units    map[string]*unit
	coverage *coverage
	titles   titleWatch
	tampers  tampers
	flows    flows
	out      outbox
	// servers are the pids that listened when the agent started.
	servers map[uint32]bool
	mountNS uint32
	// since bounds the cold start: a process that began after it, while nobody
	// watched, is reported. Zero for a first start.
	since time.Time
	seen  map[event.Class]uint64
}

// New returns an enricher that has seen nothing.
func New(config Config) *Enricher {
	if config.MaxProcesses == 0 {
		config.MaxProcesses = DefaultMaxProcesses
	}
	e := &Enricher{
		config: config, boot: config.BootTime(),
		procs: newCache(config.MaxProcesses), names: account.New(config.Proc),
		places: newPlaces(), units: map[string]*unit{},
		coverage: newCoverage(), flows: newFlows(),
		mountNS: config.Proc.MountNS(), seen: map[event.Class]uint64{},
	}
	return e
}

// ColdStart prepares for the sensor's snapshot: who listens, and since when
// nobody watched.
func (e *Enricher) ColdStart(servers map[uint32]bool, since time.Time) {
	e.servers, e.since = servers, since
}

// Handle takes one record.
func (e *Enricher) Handle(now time.Time, rec *sensor.Record) {
	if class := event.ClassOf(rec.Kind); class != "" {
		e.seen[class]++
	}
	switch rec.Kind {
	case event.SensorTamper:
		e.tampered(now, &event.Event{Time: e.Wall(rec.Mono), Message: rec.Message})
	case event.SensorCoverage:
		e.coverage.report(now, rec.Coverage)
	case event.ProcessFork:
		e.fork(now, rec)
	case event.ProcessExec:
		e.exec(now, rec)
	case event.ProcessExit:
		e.exit(now, rec)
	case event.ProcessRename:
		e.rename(now, rec)
	case event.ProcessPtrace, event.ProcessSignal, event.ProcessNamespace, event.ProcessControl, event.NetworkSocket,
		event.KernelMount, event.KernelModule, event.KernelBPF, event.KernelKexec:
		e.operation(now, rec)
	case event.DNSQuery:
		e.dns(now, rec)
	case event.NetworkConnect, event.NetworkAccept, event.NetworkListen, event.NetworkClose:
		e.network(now, rec)
	default:
		e.file(now, rec)
	}
}

// Wall is the wall-clock time of a CLOCK_BOOTTIME instant.
func (e *Enricher) Wall(mono uint64) time.Time {
	return time.Unix(0, e.boot+int64(mono)).UTC()
}

func (e *Enricher) key(id Identity) event.ProcessKey {
	return event.ProcessKey{Host: e.config.Host.ID, Boot: e.config.Boot, PID: id.PID, Start: id.Start}
}

// event begins the event of a record about p.
func (e *Enricher) event(rec *sensor.Record, p *process) *event.Event {
	ev := &event.Event{Time: e.Wall(rec.Mono), Kind: rec.Kind, Process: e.short(p), Count: rec.Count}
	if rec.File != nil && rec.Kind == event.FileOpen && rec.Result < 0 {
		ev.Result = result(rec)
	}
	if rec.Ring {
		ev.Via = event.ViaRing
	}
	return ev
}

// Statistics for the agent's health.
type Statistics struct {
	Processes int
	// Evicted live processes, which the cache had no room for.
	Evicted uint64
	// Held events, and those released early because too many were held.
	Held, Rushed uint64
	Seen         map[event.Class]uint64
}

// Statistics returns the current figures; Seen is a copy.
func (e *Enricher) Statistics() Statistics {
	seen := make(map[event.Class]uint64, len(e.seen))
	for class, n := range e.seen {
		seen[class] = n
	}
	return Statistics{
		Processes: e.procs.len(), Evicted: e.procs.evicted,
		Held: uint64(e.out.len()), Rushed: e.out.rushed, Seen: seen,
	}
}
