package enrich

import (
	"maps"

	"baize/internal/agent/container"
	"baize/internal/agent/procfs"
	"baize/internal/agent/sensor"
	"baize/internal/event"
)

// maxPlaces and maxBoxes bound what is remembered of places and containers; at
// the limit all places that nobody lives in are forgotten and read again.
const (
	maxPlaces = 4096
	maxOthers = 4
)

// placeKey tells containers apart. The v2 cgroup alone does not where runtimes
// use cgroup v1; every container has a mount namespace of its own.
type placeKey struct {
	cgroup         uint64
	mountNS, pidNS uint32
}

// place is where processes run: a container or the host, and a systemd unit.
type place struct {
	key placeKey
	// unknown : the process was gone before its cgroup could be read.
	unknown bool
	// early : a mount namespace of its own, and no container yet. A runtime makes
	// the namespace first and then moves its child to the container's cgroup, which
	// the key does not show with cgroup v1: the first exec settles it.
	early bool
	box   *box
	unit  string
	// recent are some pids seen here, for reaching files of this root.
	recent [maxOthers]uint32
	next   int
}

// box is one container.
type box struct {
	id container.ID
	// state is what its events say; it is replaced, never changed.
	state   *event.Container
	context *event.Context
	// root is its first process, nil until that has executed something.
	root *process
	// labels are its labels, without secrets, for its start alone.
	labels map[string]string
	// announced : its start was reported. late : events went out before its runtime
	// answered. ended : its first process has, before that.
	announced, late, ended bool
}

func (b *box) pending() bool { return b != nil && b.state.State == event.ContainerPending }

func (b *box) container() *event.Container {
	if b == nil {
		return nil
	}
	return b.state
}

type places struct {
	byKey map[placeKey]*place
	boxes map[string]*box
	// byMount finds the container of a process that has left its cgroup and not
	// its mount namespace.
	byMount map[uint32]*box
	// unasked wait for room in the resolver's queue.
	unasked []*box
}

func newPlaces() *places {
	return &places{byKey: map[placeKey]*place{}, boxes: map[string]*box{}, byMount: map[uint32]*box{}}
}

// forget drops a container that has ended: the numbers of its namespaces are
// given out again. What its runtime says of it is waited for.
func (p *places) forget(b *box) {
	if b.ended = b.pending(); !b.ended {
		delete(p.boxes, b.id.ID)
	}
	maps.DeleteFunc(p.byMount, func(_ uint32, other *box) bool { return other == b })
	maps.DeleteFunc(p.byKey, func(_ placeKey, at *place) bool { return at.box == b })
}

func keyOf(task *sensor.Task) placeKey {
	return placeKey{cgroup: task.Cgroup, mountNS: task.MountNS, pidNS: task.PIDNS}
}

// place finds where a task is. inherited is where its parent, or itself before,
// was: it stands in when the process is gone already.
func (e *Enricher) place(task *sensor.Task, inherited *place) *place {
	key := keyOf(task)
	if inherited != nil && !inherited.unknown && inherited.key == key {
		inherited.visit(task.PID)
		return inherited
	}
	if known := e.places.byKey[key]; known != nil {
		known.visit(task.PID)
		return known
	}
	groups, err := e.config.Proc.Cgroups(task.PID)
	if err != nil || !e.config.Proc.Is(task.PID, task.Start) {
		stand := &place{key: key, unknown: true}
		if inherited != nil {
			stand.box, stand.unit = inherited.box, inherited.unit
		}
		return stand
	}
	return e.settle(task, groups)
}

// settle makes a place of what the cgroups say. It is remembered only if the
// process was still in the namespace of the record when they were read.
func (e *Enricher) settle(task *sensor.Task, groups []procfs.Cgroup) *place {
	p := &place{key: keyOf(task)}
	p.visit(task.PID)
	e.locate(p, groups)
	if e.config.Proc.NamespaceOf(task.PID) != task.MountNS {
		return p
	}
	if len(e.places.byKey) >= maxPlaces {
		clear(e.places.byKey)
		clear(e.places.byMount)
	}
	e.places.byKey[p.key] = p
	e.mounted(p)
	p.early = p.box == nil && task.MountNS != e.mountNS
	return p
}

// locate reads the container and the unit of p from cgroups.
func (e *Enricher) locate(p *place, groups []procfs.Cgroup) {
	p.unit = container.Unit(groups)
	if id, found := container.FromCgroups(groups); found {
		p.box = e.box(id)
	}
	if p.box == nil {
		p.box = e.places.byMount[p.key.mountNS]
	}
}

// mounted remembers whose the mount namespace of p is.
func (e *Enricher) mounted(p *place) {
	if p.box != nil && p.key.mountNS != e.mountNS {
		e.places.byMount[p.key.mountNS] = p.box
	}
}

// reread reads an early place again, when a process executes something there.
func (e *Enricher) reread(p *place, task *sensor.Task) {
	groups, err := e.config.Proc.Cgroups(task.PID)
	if err != nil || !e.config.Proc.Is(task.PID, task.Start) || e.config.Proc.NamespaceOf(task.PID) != p.key.mountNS {
		return
	}
	p.early = false
	e.locate(p, groups)
	e.mounted(p)
}

// box returns the container, asking its runtime at first sight.
func (e *Enricher) box(id container.ID) *box {
	if b := e.places.boxes[id.ID]; b != nil && !b.ended {
		return b
	}
	if len(e.places.boxes) >= maxPlaces {
		clear(e.places.boxes)
		e.places.unasked = nil
	}
	b := &box{
		id:    id,
		state: &event.Container{State: event.ContainerPending, ID: id.ID, Runtime: id.Runtime},
	}
	e.places.boxes[id.ID] = b
	e.places.unasked = append(e.places.unasked, b)
	e.askForBoxes()
	return b
}

// askForBoxes asks about the containers that nobody was asked about, as far as
// there is room.
func (e *Enricher) askForBoxes() {
	waiting := e.places.unasked
	for len(waiting) > 0 && (e.places.boxes[waiting[0].id.ID] != waiting[0] || e.config.Resolver.Ask(waiting[0].id)) {
		waiting = waiting[1:]
	}
	e.places.unasked = waiting
}

func (p *place) visit(pid uint32) {
	last := (p.next + maxOthers - 1) % maxOthers
	if p.recent[last] == pid {
		return
	}
	p.recent[p.next] = pid
	p.next = (p.next + 1) % maxOthers
}

// others are processes that may share the root with pid.
func (p *place) others(pid uint32, parent *event.Process) []uint32 {
	var pids []uint32
	for _, other := range p.recent {
		if other != 0 && other != pid {
			pids = append(pids, other)
		}
	}
	if parent != nil {
		pids = append(pids, parent.PID)
	}
	if p.box != nil && p.box.root != nil {
		pids = append(pids, p.box.root.id.PID)
	}
	return pids
}
