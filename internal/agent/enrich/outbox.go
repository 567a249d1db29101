package enrich

import (
	"maps"
	"time"

	"baize/internal/agent/digest"
	"baize/internal/event"
)

// maxHeld bounds the events waiting; beyond it the oldest go out as they are.
const maxHeld = 16384

// outbox holds events in the order of their records until what they wait for
// is there, or they have waited long enough.
type outbox struct {
	items  []item
	head   int
	rushed uint64
}

type item struct {
	event  *event.Event
	digest *digestEntry
	diff   *diffEntry
	box    *box
	until  time.Time
}

func (o *outbox) len() int { return len(o.items) - o.head }

// ready reports whether nothing is left to wait for.
func (i *item) ready() bool {
	return (i.digest == nil || i.digest.hash.State != event.HashPending) && !i.diff.pending() && !i.box.pending()
}

// queue appends an event.
func (e *Enricher) queue(now time.Time, ev *event.Event, d *digestEntry, b *box) {
	e.out.items = append(e.out.items, item{event: ev, digest: d, box: b, until: now.Add(HoldFor)})
}

// Release calls emit with the events that may go, in order.
func (e *Enricher) Release(now time.Time, emit func(*event.Event)) {
	o := &e.out
	for ; o.head < len(o.items); o.head++ {
		next := &o.items[o.head]
		if !next.ready() && now.Before(next.until) {
			if o.len() <= maxHeld {
				break
			}
			o.rushed++
		}
		ev, b := e.finish(next), next.box
		*next = item{}
		emit(ev)
		e.guard(now, ev, b)
	}
	if o.head == len(o.items) || o.head > 4096 {
		o.items = append(o.items[:0], o.items[o.head:]...)
		o.head = 0
	}
}

// finish fills in what was waited for.
func (e *Enricher) finish(i *item) *event.Event {
	ev := i.event
	ev.Org, ev.Host, ev.Boot = e.config.Org, e.config.Host, e.config.Boot
	ev.Container = i.box.container()
	i.diff.finish(ev)
	if i.box.pending() {
		i.box.late = true
	}
	if ev.Kind == event.ContainerStart {
		whole := *ev.Container
		whole.Labels = i.box.labels
		ev.Container = &whole
	}
	if i.digest == nil {
		return ev
	}
	hash := i.digest.hash
	if hash.State == event.HashPending && i.digest.late == nil {
		i.digest.late = ev
	}
	if ev.Kind == event.ProcessExec {
		ev.Process.Hash = &hash
	} else {
		ev.File.Hash = &hash
	}
	return ev
}

// Hashed takes the answer of the hasher. Where an event has gone out without
// it, file.hash carries it.
func (e *Enricher) Hashed(now time.Time, done digest.Done) {
	d := done.Token.(*digestEntry)
	d.hash = done.Hash
	if d.late == nil {
		return
	}
	late := *d.late.Process
	late.Hash = nil
	hash := d.hash
	e.queue(now, &event.Event{
		Time: e.now(), Kind: event.FileHash, Process: &late,
		File: &event.File{Path: d.path, Inode: d.key, Hash: &hash},
	}, nil, nil)
	e.out.items[len(e.out.items)-1].event.Container = d.late.Container
	d.late = nil
}

// Resolved takes the answer of the container runtimes.
func (e *Enricher) Resolved(now time.Time, box *event.Container) {
	b := e.places.boxes[box.ID]
	if b == nil {
		return
	}
	state := *box
	b.labels, state.Labels = e.redacted(box.Labels), nil
	b.state = &state
	e.announce(now, b)
	if b.ended {
		e.places.forget(b)
	}
}

// redacted takes the secrets out of labels.
func (e *Enricher) redacted(labels map[string]string) map[string]string {
	out := maps.Clone(labels)
	for name, value := range out {
		out[name], _ = e.config.Redactor.Env(name, value)
	}
	return out
}

// announce reports the start of a container once it has a process and its
// runtime has answered.
func (e *Enricher) announce(now time.Time, b *box) {
	if b == nil || b.announced || b.root == nil || b.pending() {
		return
	}
	b.announced = true
	if e.wasTold(b) {
		return
	}
	at := e.now()
	if b.ended {
		at = b.root.start
	}
	e.queue(now, &event.Event{Time: at, Kind: event.ContainerStart, Process: e.short(b.root)}, nil, b)
}

// wasTold reports whether an earlier run of the agent told of a container's start,
// and nothing of this run needs what it said.
func (e *Enricher) wasTold(b *box) bool {
	return !b.late && !e.since.IsZero() && b.root.start.Before(e.since)
}

func (e *Enricher) now() time.Time { return time.Now().UTC() }
