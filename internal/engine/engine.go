package engine

import (
	"fmt"
	"runtime/debug"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/exception"
	"baize/internal/graph"
	"baize/internal/incident"
	"baize/internal/label"
	"baize/internal/lru"
	"baize/internal/provenance"
	"baize/internal/sigma"
	"baize/internal/sigma/correlate"
	"baize/internal/taxonomy"
)

// Rules decide which events raise alerts. They are shared among engines: what
// correlations remember is each engine's own.
type Rules interface {
	// Machine returns a machine of the rules that has seen nothing.
	Machine() *correlate.Machine
	// Named is what alerts say of a rule.
	Named(*sigma.Rule) *alert.Rule
	// Digest names the content of the rules.
	Digest() string
}

// Config of an engine. The zero value of a limit is its default.
type Config struct {
	// Rules are in force until the log says otherwise.
	Rules Rules
	// PinRules keeps Rules in force whatever the log says.
	PinRules bool
	Limits   graph.Limits
	Merger   incident.Config
	// Alerts whose repeats are still counted: the evidence of each is in
	// memory. A repeat of one that left is a new alert.
	Alerts int
	// Entities of the baseline.
	Entities int
	// Final asks for the last revision of each incident alone, when it ends or
	// the log does: what a replay wants.
	Final bool
	// Trace asks for the provenance of each alert: of one without an intrusion when
	// it is raised, of the others when they are given up or the log ends.
	Trace bool
}

// Defaults of Config.
const (
	defaultAlerts   = 10_000
	defaultEntities = 200_000
)

func (c Config) withDefaults() Config {
	if c.Limits == (graph.Limits{}) {
		c.Limits = graph.DefaultLimits()
	}
	if without := c.Merger.Without; c.Merger.Alerts == 0 {
		c.Merger = incident.DefaultConfig()
		c.Merger.Without = without
	}
	if c.Alerts == 0 {
		c.Alerts = defaultAlerts
	}
	if c.Entities == 0 {
		c.Entities = defaultEntities
	}
	return c
}

// Output is what one event changed: alerts and incidents whole, in the order
// of their changes. A later output supersedes an earlier one of the same id by
// its higher Revision.
type Output struct {
	Alerts    []alert.Alert
	Incidents []incident.Incident
	// Intrusions that changed, whole.
	Intrusions []provenance.Intrusion `json:",omitempty"`
	// Traces of alerts, where Config.Trace asks for them.
	Traces []Trace `json:",omitempty"`
	// Hidden are the firings that exceptions hid.
	Hidden []exception.Firing `json:",omitempty"`
}

// Empty reports whether nothing changed.
func (o *Output) Empty() bool {
	return len(o.Alerts) == 0 && len(o.Incidents) == 0 && len(o.Hidden) == 0 && len(o.Intrusions) == 0
}

// Trace is the provenance of one alert, with the answers about its intrusion.
type Trace struct {
	provenance.Graph
	// Time of the alert.
	Time    time.Time
	Answers map[string]provenance.Answer
}

// Engine is the machine. It is not safe for concurrent use.
type Engine struct {
	cfg    Config
	graph  *graph.Graph
	base   *incident.Baseline
	merger *incident.Merger
	// labels are those of hosts and images, and which hosts are of a service.
	labels *label.Directory
	alerts *lru.Map[alertKey, *firing]
	// chains are the kill-chain alerts by intrusion.
	chains *lru.Map[string, *alert.Alert]
	// awaited are the alerts that lack the digest of an image.
	awaited *lru.Map[event.FileKey, []alertKey]
	// waiting are the alerts that repeated since the last beat began.
	waiting []*firing
	// heard are the hosts that speak, ticks is the time that ticks have counted.
	heard           *lru.Map[hostKey, heard]
	ticks, lastTick int64
	now             int64
	// beat is the number of the last one that began.
	beat int64
	policy
	// machine matches events and correlates matches; nil without rules.
	machine *correlate.Machine
	adapter taxonomy.Adapter
	matched []correlate.Match
	// contributors are the events that correlations may name, by their number,
	// observed that of the last one.
	contributors *lru.Map[uint64, contributor]
	observed     uint64
	// left are the traces of alerts that were given up.
	left []Trace
	// panics that were caught since the engine was made, and which was the last.
	panics   uint64
	panicked string
}

// New returns an engine that has seen nothing.
func New(cfg Config) *Engine {
	cfg = cfg.withDefaults()
	base := incident.NewBaseline(cfg.Entities)
	e := &Engine{
		cfg:          cfg,
		graph:        graph.New(cfg.Limits),
		base:         base,
		merger:       incident.New(cfg.Merger, base),
		labels:       label.NewDirectory(),
		chains:       lru.New[string, *alert.Alert](maxChains),
		alerts:       lru.New[alertKey, *firing](cfg.Alerts),
		awaited:      lru.New[event.FileKey, []alertKey](maxAwaited),
		contributors: lru.New[uint64, contributor](maxContributors),
		heard:        lru.New[hostKey, heard](maxHosts),
	}
	e.merger.Answers, e.merger.Siblings = e.graph.Told, e.labels.Siblings
	if cfg.Trace {
		e.alerts.OnRemove(func(_ alertKey, f *firing) { e.left = append(e.left, e.trace(f)...) })
	}
	e.use(cfg.Rules)
	return e
}

// Stats counts what the engine remembers.
func (e *Engine) Stats() graph.Stats { return e.graph.Stats() }

// Process takes the next event of the log in. The engine keeps what it needs
// of ev, which must not change afterwards.
//
// A panic ends the event and nothing else: what it had come to is handed out,
// and Panics names it. To stop instead would only come to the same event again
// after each restart. The log alone decides where that happens and how far the
// event got, so a replay leaves out the same.
func (e *Engine) Process(ev *event.Event) (out Output) {
	defer e.guard(ev)
	e.process(ev, &out)
	return out
}

// Panics is how many events were left halfway since the engine was made, and
// which was the last, where and why.
func (e *Engine) Panics() (count uint64, last string) { return e.panics, e.panicked }

// guard ends the event that panicked.
func (e *Engine) guard(ev *event.Event) {
	reason := recover()
	if reason == nil {
		return
	}
	at := uint64(0)
	if ev.Ingest != nil {
		at = ev.Ingest.Bus
	}
	e.panics++
	e.panicked = fmt.Sprintf("position %d of the log (%s %d of host %s): %v\n%s", at, ev.Kind, ev.Seq, ev.Host.ID, reason, debug.Stack())
}

func (e *Engine) process(ev *event.Event, out *Output) {
	e.advance(ev, out)
	e.silence(ev, out)
	e.hear(ev)
	switch ev.Kind {
	case event.EngineTick:
		e.tick(ev, out)
	case event.EngineRuleFile:
		e.stage(ev)
	case event.EngineRules:
		e.adopt(ev)
	case event.EngineExceptions:
		e.except(ev)
	case event.EngineDecisions:
		e.decide(ev)
	case event.EngineLabels:
		e.relabel(ev, out)
	case event.GatewayRefused:
		e.raise(ev, refused, graph.Subject{}, out)
	case event.SensorCoverage:
		e.coverage(ev, out)
	case event.SensorTamper:
		e.raise(ev, tamper, e.graph.Observe(ev, e.now), out)
	case event.SensorOffline:
		e.raise(ev, offline, graph.Subject{}, out)
	default:
		e.observe(ev, out)
	}
	if e.graph.Advanced() {
		e.flushIntrusions(false, out)
	}
	if len(e.left) > 0 {
		out.Traces, e.left = append(out.Traces, e.left...), nil
	}
	if e.cfg.Final {
		out.Incidents = e.merger.Ended()
	} else {
		out.Incidents = append(out.Incidents, e.merger.Drain(false)...)
	}
}

// Finish hands out everything at the end of a log, also what waits for the
// next beat.
func (e *Engine) Finish() Output {
	var out Output
	e.FinishAlerts(func(part Output) { out = part })
	e.FinishIncidents(func(part Output) { out.Incidents = append(out.Incidents, part.Incidents...) })
	return out
}

// FinishAlerts hands out the repeats that wait for the next beat.
func (e *Engine) FinishAlerts(emit func(Output)) {
	var out Output
	e.flushIntrusions(true, &out)
	e.flushAlerts(&out)
	emit(out)
}

// FinishTraces hands out the provenance of the alerts that were not given up
// before, one at a time.
func (e *Engine) FinishTraces(emit func(Output)) {
	for _, f := range e.alerts.All() {
		if list := e.trace(*f); len(list) > 0 {
			emit(Output{Traces: list})
		}
	}
	for _, a := range e.chains.All() {
		emit(Output{Traces: []Trace{e.traceOf(*a)}})
	}
}

// FinishIncidents hands out the incidents that were not handed out yet, one at
// a time. Without FinishAlerts before it, repeats of alerts keep waiting: so a
// replay ends where the live engine stands behind the same event.
func (e *Engine) FinishIncidents(emit func(Output)) {
	e.merger.DrainTo(true, func(i incident.Incident) { emit(Output{Incidents: []incident.Incident{i}}) })
}

// Years whose instants fit in 64 bits of nanoseconds. An event outside them
// does not move the log's time.
const minYear, maxYear = 1678, 2261

// beat is how long repeats of alerts and changes of large incidents wait for
// one another: a person at the screen waits for them too.
const beat = 250 * time.Millisecond

// advance moves the log's time on. When a beat begins, what waited for it is
// handed out before the event is looked at.
func (e *Engine) advance(ev *event.Event, out *Output) {
	at := ev.Time
	if ev.Ingest != nil && !ev.Ingest.Received.IsZero() {
		at = ev.Ingest.Received
	}
	if year := at.Year(); year >= minYear && year <= maxYear {
		e.now = max(e.now, at.UnixNano())
	}
	if number := e.now / int64(beat); number > e.beat {
		e.beat = number
		e.flush(out)
	}
}

func (e *Engine) flush(out *Output) {
	e.flushIntrusions(false, out)
	e.flushAlerts(out)
	if changed := e.labels.Publish(e.now); len(changed) > 0 {
		e.merger.Resibling(changed)
	}
	if !e.cfg.Final {
		out.Incidents = append(out.Incidents, e.merger.Drain(true)...)
	}
}

func (e *Engine) flushAlerts(out *Output) {
	for _, f := range e.waiting {
		e.recount(f)
		out.Alerts = append(out.Alerts, f.Alert)
	}
	clear(e.waiting)
	e.waiting = e.waiting[:0]
}

// observe takes in what happened on a host, and raises what the rules find.
// The agent's own doings are known but never alerted on.
func (e *Engine) observe(ev *event.Event, out *Output) {
	subject := ofLine(ev, e.graph.Observe(ev, e.now))
	if ev.Process != nil && ev.Process.Agent {
		return
	}
	e.see(ev, &subject)
	if ev.Kind == event.FileHash {
		e.digest(ev, &subject)
	}
	if f := subject.Flow; f != nil {
		e.merger.Flow(ev.Org, f.From, subject.Lineage, f.Path, e.now)
	}
	if e.machine != nil {
		e.match(ev, &subject, out)
	}
}

// see tells the baseline who used which outside address, domain or content.
func (e *Engine) see(ev *event.Event, s *graph.Subject) {
	seen := incident.Subject{Org: ev.Org}
	switch {
	case ev.Kind == event.NetworkConnect && ev.Destination != nil && event.Outside(ev.Destination.IP):
		seen.Addr = ev.Destination.IP
	case ev.Kind == event.LoginSuccess && ev.Access != nil:
		e.base.LoggedIn(ev.Org, ev.Host.ID, ev.Access.Fingerprint, e.now)
		e.came(ev.Org, e.graph.Sessions(ev))
	case ev.Kind == event.NetworkAccept && ev.Source != nil && event.Outside(ev.Source.IP):
		e.base.Called(incident.Subject{Org: ev.Org, Addr: ev.Source.IP}, e.now)
	case ev.Kind == event.DNSQuery && ev.DNS != nil:
		e.base.Answered(ev.Org, ev.DNS.Question.Name, ev.DNS.Answers, e.now)
		seen.Name = incident.Registrable(ev.DNS.Question.Name)
	case ev.Kind == event.ProcessExec && ev.Process != nil:
		e.base.Typed(ev.Org, ev.Process.CommandLine, e.usage(ev, s), e.now)
		if ev.Process.Hash != nil {
			// Also what was there before anything was observed: a copy of it that
			// an intruder brings elsewhere is nobody's mark.
			seen.Name = contentName(ev.Process.Hash)
		}
	}
	if seen.Name != "" || seen.Addr.IsValid() {
		e.saw(seen, ev, s)
	}
}

func (e *Engine) saw(seen incident.Subject, ev *event.Event, s *graph.Subject) {
	e.base.Saw(seen, e.usage(ev, s), e.now)
}

// usage says who did what an event tells.
func (e *Engine) usage(ev *event.Event, s *graph.Subject) incident.Use {
	return incident.Use{
		Host: ev.Host.ID, Carrier: incident.Carrier(s.Lineage, s.Service, ev.Host.ID), Tainted: e.graph.IntrusionOf(ev) != "",
	}
}

func contentName(h *event.Hash) string {
	if h.SHA256 == "" {
		return ""
	}
	return "sha256:" + h.SHA256
}
