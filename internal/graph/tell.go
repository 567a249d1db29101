package graph

import (
	"slices"
	"strings"
	"time"

	"baize/internal/event"
	"baize/internal/lru"
	"baize/internal/provenance"
)

// alerted notes what an alert shows of the kill chain.
func (i *intrusion) alerted(r *Root, at int64) {
	for _, name := range r.Stages {
		s := i.Books.reach(name, at, r.Title)
		if s.Alert == "" {
			s.Alert = r.Alert
		}
	}
}

// tellEvery is how long, by the engine's clock, an intrusion waits to be told
// again, unless it reached another stage.
const tellEvery = int64(time.Second)

// Changed hands out the intrusions that changed since they were last handed out,
// in the order in which they first did. With all false, those wait that were
// handed out within a second and reached no other stage.
func (g *Graph) Changed(all bool, now int64) []provenance.Intrusion {
	out := g.left
	g.left = nil
	waiting := g.changed[:0]
	for _, id := range g.changed {
		slot := g.hosts.Peek(id)
		if slot == nil {
			continue
		}
		h := *slot
		later := h.dirty[:0]
		for _, number := range h.dirty {
			i := h.intrusions.Peek(number)
			switch {
			case i == nil:
			case !all && !(*i).Urgent && now-(*i).ToldAt < tellEvery:
				later = append(later, number)
			default:
				out = append(out, h.tell(*i, now))
				if (*i).Into != 0 {
					h.intrusions.Delete(number)
				}
			}
		}
		if h.dirty = later; len(later) > 0 {
			waiting = append(waiting, id)
		}
	}
	clear(g.changed[len(waiting):])
	g.changed = waiting
	return out
}

// partWith hands out an intrusion that is about to be forgotten, if a change of it
// waits: with what it became part of, or what it did last, it is nowhere else.
func (h *host) partWith(number uint32) {
	slot := h.intrusions.Peek(number)
	if slot == nil || !(*slot).dirty {
		return
	}
	h.graph.left = append(h.graph.left, h.tell(*slot, h.graph.now))
	h.dirty = slices.DeleteFunc(h.dirty, func(n uint32) bool { return n == number })
	h.graph.advanced = true // they do not wait for more
}

// tell is an intrusion as others know it, one revision on.
func (h *host) tell(i *intrusion, now int64) provenance.Intrusion {
	i.dirty, i.Urgent, i.ToldAt = false, false, now
	h.revision++
	i.Revision = h.revision
	i.States, i.Through = h.states(i)
	v := h.view(i)
	v.Graph = h.whole(i)
	i.Told = v.Answers
	return v
}

// Told are the answers about an intrusion as they were last handed out, nil
// where it is not known.
func (g *Graph) Told(id string) map[string]provenance.Answer {
	hostID := hostOf(id)
	if i, _ := g.lookup(hostID, id); i != nil {
		return i.Told
	}
	return nil
}

// hostOf is the host in the id of an intrusion.
func hostOf(id string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(id, idPrefix), "/")
	return host
}

// Advanced reports whether an intrusion reached a stage since this was last
// asked: somebody should be told at once.
func (g *Graph) Advanced() bool {
	advanced := g.advanced
	g.advanced = false
	return advanced
}

func (h *host) view(i *intrusion) provenance.Intrusion {
	b := &i.Books
	return provenance.Intrusion{
		ID: i.ID, Revision: i.Revision, Org: i.Org, Host: i.Host, Opened: stamp(i.Opened), Updated: stamp(i.Updated), MergedInto: i.Merged,
		Service: i.Service, Roots: slices.Clone(i.Roots), MoreRoots: b.Pruned.Roots, Answers: h.answers(i), Stages: h.stages(i),
		Files: b.Files.facts(), Changes: b.Changes.facts(), Peers: b.Peers.facts(), Reads: b.Reads.facts(), Processes: b.Processes.facts(),
		Alive: h.alive(i), Credentials: slices.Clone(b.Privilege), Pruned: b.Pruned,
	}
}

// alive counts the processes of an intrusion that have not exited, also those that
// its book has no room for.
func (h *host) alive(i *intrusion) int {
	n := 0
	for _, procs := range []*lru.Map[procKey, *process]{h.procs, h.oldProcs} {
		for _, p := range procs.All() {
			if !(*p).Exited && (*p).Node.weight(i.Number, h.heard) >= half {
				n++
			}
		}
	}
	return n
}

// Intrusion is one by its id; false where it is not known any more.
func (g *Graph) Intrusion(hostID, id string) (provenance.Intrusion, bool) {
	if i, h := g.lookup(hostID, id); i != nil {
		return h.view(i), true
	}
	return provenance.Intrusion{}, false
}

func (g *Graph) lookup(hostID, id string) (*intrusion, *host) {
	slot := g.hosts.Peek(hostID)
	if slot == nil || id == "" {
		return nil, nil
	}
	return (*slot).byID(id), *slot
}

// bookEvent books what a hub itself did in the event that raised an alert: it
// passes nothing on, so that is all.
func (h *host) bookEvent(i *intrusion, p *process, x edge) {
	if x.actor() != p.Node.ID || x.Op == 0 {
		return
	}
	h.bookFor(i, p, h.nodes[x.object()], &x)
}

// IntrusionOf is the id of the intrusion that the process of an event is surely
// part of, "" for none.
func (g *Graph) IntrusionOf(ev *event.Event) string {
	if ev.Process == nil {
		return ""
	}
	slot := g.hosts.Peek(ev.Host.ID)
	if slot == nil {
		return ""
	}
	h := *slot
	p := h.lookup(ev.Process.Key)
	if p == nil {
		return ""
	}
	if i := h.intrusion(p.Node.heaviest(ev.Time.UnixNano()), half); i != nil {
		return i.ID
	}
	return ""
}
