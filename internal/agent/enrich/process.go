package enrich

import (
	"path"
	"strings"
	"time"

	"baize/internal/agent/procfs"
	"baize/internal/agent/sensor"
	"baize/internal/event"
)

// noID is the kernel's "unset" of audit login and session ids.
const noID = 0xffffffff

// process finds the process that a record is about and brings it up to date.
// One that is not known (its fork was lost, or the cache was full) is read
// from /proc, as far as it is still there.
func (e *Enricher) process(now time.Time, task *sensor.Task) *process {
	id := Identity{task.PID, task.Start}
	p := e.procs.get(id)
	if p == nil {
		p = e.discover(now, task)
	}
	e.update(now, p, task)
	return p
}

// discover makes a process of a task alone.
func (e *Enricher) discover(now time.Time, task *sensor.Task) *process {
	parent := e.procs.procs[Identity{task.ParentPID, task.ParentStart}]
	p := e.born(now, task, parent)
	if parent == nil && task.ParentPID != 0 {
		p.parent = &event.Process{
			Key: e.key(Identity{task.ParentPID, task.ParentStart}), PID: task.ParentPID,
		}
	}
	before := p.image
	p.image = e.found(task)
	if parent == nil || p.image.path == "" || p.image.path == before.path {
		before = nil
	}
	e.assign(p, before)
	return p
}

// found is the image of a running process. One that is gone has an unknown
// image: it need not have been its parent's.
func (e *Enricher) found(task *sensor.Task) *image {
	args, err := e.config.Proc.Args(task.PID)
	if err != nil || len(args) == 0 || !e.config.Proc.Is(task.PID, task.Start) {
		return &image{}
	}
	args, redacted := e.config.Redactor.Args(args, false)
	return &image{path: e.config.Proc.ExePath(task.PID), args: args, commandLine: strings.Join(args, " "), redacted: uint32(redacted)}
}

// born makes a process with what it has from its parent and adds it to the
// cache.
func (e *Enricher) born(now time.Time, task *sensor.Task, parent *process) *process {
	id := Identity{task.PID, task.Start}
	p := &process{
		id: id, key: e.key(id), start: e.Wall(task.Start), name: task.Comm,
		kernel: task.KernelThread, session: noID, image: &image{},
		nested: task.NamespacePID == 1 && task.PID != 1,
	}
	p.agent = id.PID == e.config.Agent.PID && id.Start/procfs.TickNanos*procfs.TickNanos == e.config.Agent.Start
	if parent != nil {
		e.inherit(p, parent)
	}
	p.place = e.place(task, p.place)
	e.identify(now, p, task)
	e.procs.add(p)
	return p
}

// inherit copies what fork copies. A child of a server is a server itself
// (it may go on accepting) until it executes something else.
func (e *Enricher) inherit(p, parent *process) {
	below := parent.children()
	p.parent, p.ancestors = below.parent, below.ancestors
	p.image, p.title, p.titleRedacted = parent.image, parent.title, parent.titleRedacted
	p.place, p.inside, p.unit, p.context = parent.place, parent.inside, parent.unit, parent.context
	p.credentials, p.user, p.effective = parent.credentials, parent.user, parent.effective
	p.session, p.login = parent.session, parent.login
	p.server = parent.server
	p.agent = p.agent || parent.agent
	if parent.server && !hubs[parent.image.base()] && parent.context != nil && parent.context.Kind != event.ContextBoot {
		p.spawnedBy = parent.image
	}
}

// update takes over what may have changed since the last record.
func (e *Enricher) update(now time.Time, p *process, task *sensor.Task) {
	if p.credentials != task.Credentials || p.user == nil {
		e.identify(now, p, task)
	}
	if p.place.key != keyOf(task) {
		p.place = e.place(task, p.place)
		p.changed()
		e.assign(p, nil)
	}
	if task.Session != p.session && task.Session != noID {
		e.logIn(p, task)
	}
}

// identify names the users of p.
func (e *Enricher) identify(now time.Time, p *process, task *sensor.Task) {
	c := task.Credentials
	if p.user != nil && p.credentials == c {
		return
	}
	p.credentials = c
	p.user = e.userOf(now, p, task, c.UID)
	p.effective = nil
	if c.EUID != c.UID {
		p.effective = e.userOf(now, p, task, c.EUID)
	}
	p.changed()
}

func (e *Enricher) userOf(now time.Time, p *process, task *sensor.Task, uid uint32) *event.User {
	name := e.names.Name(now, task.PID, p.place.key.mountNS, uid)
	if p.user != nil && p.user.ID == uid && p.user.Name == name {
		return p.user
	}
	return &event.User{ID: uid, Name: name}
}

// logIn notes a new audit session. It begins a login, unless a job scheduler
// opened it for a job.
func (e *Enricher) logIn(p *process, task *sensor.Task) {
	login := task.Login
	p.session, p.login = task.Session, &login
	p.changed()
	if schedulers[p.image.base()] || p.parent != nil && schedulers[path.Base(p.parent.Executable)] {
		return
	}
	if p.context == nil || p.context.Kind != event.ContextCron {
		e.begin(p, event.ContextLogin, "")
	}
}
