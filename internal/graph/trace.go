package graph

import (
	"net/netip"
	"slices"
	"strconv"

	"baize/internal/event"
	"baize/internal/provenance"
)

// Bounds of a trace.
const (
	// maxSteps of the way back.
	maxSteps = 50
	// maxTurns is how often the way back goes over a file to who wrote it.
	maxTurns = 8
	// maxVisited bounds the nodes that are looked at on the way forth.
	maxVisited = 2_000
	// maxShown bounds the nodes that are shown.
	maxShown = 50
)

// Trace is the way back from the process of an event that raised an alert to
// the entry point: where another execution context begins, or the author of what
// was run. What the intrusion did is its own graph.
func (g *Graph) Trace(ev *event.Event, intrusion string) provenance.Graph {
	out := provenance.Graph{Intrusion: intrusion, Nodes: []provenance.Node{}, Edges: []provenance.Edge{}}
	slot := g.hosts.Peek(ev.Host.ID)
	if slot == nil || ev.Process == nil {
		out.Stopped = "nothing is known of the process"
		return out
	}
	h := *slot
	p := h.lookup(ev.Process.Key)
	if p == nil {
		out.Stopped = "the process is not known any more"
		return out
	}
	v := newView(h)
	v.mark(p.Node.ID, provenance.RoleAlert)
	v.back(p, ev.Time.UnixNano())
	v.touched(ev)
	return v.finish(out)
}

// Whole is the provenance of an intrusion.
func (g *Graph) Whole(hostID, id string) (provenance.Graph, bool) {
	i, h := g.lookup(hostID, id)
	if i == nil {
		return provenance.Graph{Nodes: []provenance.Node{}, Edges: []provenance.Edge{}}, false
	}
	return h.whole(i), true
}

func (h *host) whole(i *intrusion) provenance.Graph {
	v := newView(h)
	for k, root := range i.Roots {
		p := h.lookup(root.Process)
		switch {
		case p == nil:
		case k == 0:
			v.back(p, i.Updated)
		default:
			v.mark(p.Node.ID, provenance.RoleEntry)
		}
	}
	v.forth(i)
	return v.finish(provenance.Graph{Intrusion: i.ID, Nodes: []provenance.Node{}, Edges: []provenance.Edge{}})
}

// back walks from a process to the entry point.
func (v *view) back(p *process, at int64) {
	for range maxTurns {
		top := v.up(p)
		file := v.cause(top, at)
		if file == nil {
			v.entry(top)
			if v.stopped == "" && !top.hub() && top.Kind != event.ContextWebShell && top.Kind != event.ContextLogin {
				v.stopped = "who wrote " + firstText(top.Exe, "its program") + " is not remembered"
			}
			return
		}
		v.mark(file.Node.ID, provenance.RolePath)
		author, when := v.h.wrote(file, top, at)
		if author == nil {
			v.stopped = "who wrote " + file.Path + " is not known any more"
			return
		}
		p, at = author, when
	}
	v.stopped = "the way back goes over more than " + strconv.Itoa(maxTurns) + " files"
}

// up walks to the first process of the lineage.
func (v *view) up(p *process) *process {
	for range maxSteps {
		v.mark(p.Node.ID, provenance.RolePath)
		v.wroteImage(p)
		parent := v.h.get(p.Parent)
		if parent == nil || parent.Lineage != p.Lineage || p.hub() || parent.hub() {
			return p
		}
		p = parent
	}
	v.stopped = "the way back is longer than " + strconv.Itoa(maxSteps) + " processes"
	return p
}

// wroteImage puts the file that a process runs on the way, and who wrote it.
func (v *view) wroteImage(p *process) {
	if !p.Brought && p.rare().Flow == nil {
		return
	}
	v.h.in(&p.Node, func(e *edge) bool {
		if e.Op != opExec {
			return true
		}
		v.mark(e.From, provenance.RolePath)
		if f := v.h.nodes[e.From].file; f != nil {
			if author, _ := v.h.author(f, e.last()); author != nil {
				v.mark(author.Node.ID, provenance.RolePath)
			}
		}
		return true
	})
}

// cause is the file because of which the first process of a lineage runs, where
// the lineage is a job or a service: what a definition names, or a program that
// somebody brought. A shell of a service and a login have themselves as entry.
func (v *view) cause(top *process, at int64) *version {
	switch top.Kind {
	case event.ContextWebShell:
		return nil
	case event.ContextLogin:
		if keys := v.h.keysOf(top); keys != nil && top.Node.heaviest(at).Weight >= half {
			return keys
		}
		return nil
	}
	var started, ran *version
	v.h.in(&top.Node, func(e *edge) bool {
		if e.First > at {
			return true
		}
		f := v.h.nodes[e.From].file
		switch {
		case f == nil:
		case e.Op == opStart || e.Op == opMaybe:
			started = f
		case e.Op == opExec && (len(f.Node.taints()) > 0 || f.Writer != top.Lineage):
			ran = f
		}
		return started == nil
	})
	if started != nil {
		return started
	}
	return ran
}

// wrote is who wrote the line because of which a job runs, where that is known,
// or else the author of the file.
func (h *host) wrote(f *version, top *process, at int64) (*process, int64) {
	if l := f.ordered(top.rare().Job); l != nil {
		if p := h.nodes[l.By].process; p != nil {
			return p, at
		}
	}
	return h.author(f, at)
}

// author is who made a file what it was at a time: an intruder if one did, or
// else the last.
func (h *host) author(f *version, at int64) (*process, int64) {
	var last *process
	var when int64
	guilty := false
	h.in(&f.Node, func(e *edge) bool {
		if e.Op != opWrite && e.Op != opRename || e.First > at {
			return true
		}
		p := h.nodes[e.From].process
		if p == nil {
			return true
		}
		bad := p.Node.heaviest(at).Weight >= half
		if last == nil || bad && !guilty || bad == guilty && e.last() > when {
			last, when, guilty = p, e.last(), bad
		}
		return true
	})
	if last == nil {
		if p := h.get(f.By); p != nil {
			return p, at
		}
	}
	return last, when
}

// entry marks where the intruder came in, and what is behind it: the service,
// and where the request came from.
func (v *view) entry(top *process) {
	v.mark(top.Node.ID, provenance.RoleEntry)
	v.entryID = top.Node.ID
	hub := v.h.get(top.Parent)
	if hub == nil {
		if !top.hub() {
			v.stopped = "what started " + top.text() + " is not known"
		}
		return
	}
	v.mark(hub.Node.ID, provenance.RoleHub)
	// Who called last by now is not who called then: it was noted when the shell
	// was met, where it was clear.
	if info := v.h.graph.contexts.Peek(top.Lineage); info != nil && top.Kind == event.ContextWebShell {
		if source, err := netip.ParseAddr((*info).Source); err == nil {
			v.markPeer(peerKey{Addr: source})
		}
	}
}

// touched marks what the event itself was done to.
func (v *view) touched(ev *event.Event) {
	switch {
	case ev.File != nil:
		if f := v.h.known(keyOf(ev.File), 0); f != nil {
			v.mark(f.Node.ID, provenance.RolePath)
		}
	case ev.DNS != nil:
		v.markPeer(peerKey{Name: clip(ev.DNS.Question.Name)})
	case ev.Kind == event.NetworkAccept && ev.Source != nil:
		v.markPeer(peerKey{Addr: ev.Source.IP.Unmap()})
	case ev.Destination != nil:
		v.markPeer(called(ev.Destination))
	}
}

func (v *view) markPeer(key peerKey) {
	if p := v.h.peers.Peek(key); p != nil {
		v.mark((*p).Node.ID, provenance.RolePeer)
	}
}

// forth collects what an intrusion did, from its first processes on.
func (v *view) forth(i *intrusion) {
	v.of = i.Number
	var queue []nodeID
	seen := map[nodeID]bool{}
	push := func(id nodeID) {
		if !seen[id] && len(seen) < maxVisited {
			seen[id] = true
			queue = append(queue, id)
		}
	}
	for _, root := range i.Roots {
		if p := v.h.lookup(root.Process); p != nil {
			push(p.Node.ID)
		}
	}
	for k := range i.Books.Processes {
		push(i.Books.Processes[k].ID)
	}
	for k := 0; k < len(queue); k++ {
		n := v.h.nodes[queue[k]].base()
		if n == nil {
			continue
		}
		v.candidates = append(v.candidates, queue[k])
		visit := func(e *edge) bool {
			other := e.To
			if other == n.ID {
				other = e.From
			}
			if v.belongs(e, other) {
				push(other)
			}
			return true
		}
		v.h.out(n, visit)
		v.h.in(n, visit)
	}
}

// belongs reports whether the other end of an edge is the intruder's too, or
// something that he touched.
func (v *view) belongs(e *edge, other nodeID) bool {
	x := v.h.nodes[other]
	switch {
	case x.peer != nil:
		return true
	case x.file != nil && e.Op == opRead:
		return x.file.rare().Sensitive != definition
	}
	n := x.base()
	return n != nil && slices.ContainsFunc(n.taints(), func(t taint) bool {
		i := v.h.intrusion(taint{Of: t.Of, Weight: n.of(t, e.last())}, half)
		return i != nil && i.Number == v.of
	})
}
