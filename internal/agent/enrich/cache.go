package enrich

import (
	"container/list"
	"time"

	"baize/internal/agent/sensor"
	"baize/internal/event"
)

const (
	// DefaultMaxProcesses bounds the cache, exited processes included.
	DefaultMaxProcesses = 16384
	// grace is how long an exited process stays: its last records may still
	// arrive, and its children are asked about.
	grace = 10 * time.Second
)

// process is what is known of one process.
type process struct {
	id    Identity
	key   event.ProcessKey
	start time.Time
	// exec counts the execs since the fork.
	exec  uint32
	name  string
	image *image
	// title is the rewritten command line, "" while it is the image's.
	title string
	// titleRedacted counts the secrets replaced in title.
	titleRedacted uint32

	credentials     sensor.Credentials
	user, effective *event.User
	session         uint32
	login           *uint32

	place   *place
	inside  *box   // the container whose context it entered
	unit    string // the systemd unit whose context it entered
	context *event.Context

	// parent and ancestors as they were when it was forked.
	parent    *event.Process
	ancestors []event.Process

	// server : it has accepted or listened since its last exec. spawnedBy is
	// set in the child of a server and says what that executed.
	server    bool
	spawnedBy *image
	agent     bool
	kernel    bool

	exited time.Time
	// networked : its first network record was seen; checking : its command
	// line is being read.
	networked, checking bool
	// nested : it is the first process of a pid namespace.
	nested bool

	// view and below are the forms in which events and children carry it, made
	// when first needed and dropped when anything in them changes.
	view  *event.Process
	below *lineage

	element *list.Element
}

// changed drops the cached forms.
func (p *process) changed() { p.view, p.below = nil, nil }

// cache holds processes by pid and start time. When it is full the exited
// ones go before their grace ends, then the live one that was longest not
// heard of (and is read from /proc again when it is).
type cache struct {
	max   int
	procs map[Identity]*process
	// latest is the youngest process of a pid.
	latest  map[uint32]*process
	live    *list.List // of *process, most recently heard of first
	exited  *list.List // of *process, latest exit first
	evicted uint64
}

func newCache(limit int) *cache {
	return &cache{max: limit, procs: map[Identity]*process{}, latest: map[uint32]*process{}, live: list.New(), exited: list.New()}
}

func (c *cache) len() int { return len(c.procs) }

// get returns the process and counts as hearing of it.
func (c *cache) get(id Identity) *process {
	p := c.procs[id]
	if p != nil && p.exited.IsZero() {
		c.live.MoveToFront(p.element)
	}
	return p
}

func (c *cache) add(p *process) {
	if old := c.procs[p.id]; old != nil {
		c.remove(old)
	}
	for len(c.procs) >= c.max {
		c.evict()
	}
	c.procs[p.id] = p
	if old := c.latest[p.id.PID]; old == nil || old.id.Start <= p.id.Start {
		c.latest[p.id.PID] = p
	}
	p.element = c.live.PushFront(p)
}

func (c *cache) evict() {
	if last := c.exited.Back(); last != nil {
		c.remove(last.Value.(*process))
		return
	}
	c.evicted++
	c.remove(c.live.Back().Value.(*process))
}

func (c *cache) remove(p *process) {
	delete(c.procs, p.id)
	if c.latest[p.id.PID] == p {
		delete(c.latest, p.id.PID)
	}
	if p.exited.IsZero() {
		c.live.Remove(p.element)
	} else {
		c.exited.Remove(p.element)
	}
}

// exit moves p to those that wait for the end of their grace.
func (c *cache) exit(p *process, now time.Time) {
	if !p.exited.IsZero() {
		return
	}
	c.live.Remove(p.element)
	p.exited = now
	p.changed() // most are never asked for again
	p.element = c.exited.PushFront(p)
}

// expire removes what exited longer than the grace ago.
func (c *cache) expire(now time.Time) {
	for last := c.exited.Back(); last != nil; last = c.exited.Back() {
		p := last.Value.(*process)
		if now.Sub(p.exited) < grace {
			return
		}
		c.remove(p)
	}
}
