package graph

import (
	"cmp"
	"slices"

	"baize/internal/lru"
)

// spread carries what a source is part of along an edge. It returns whether
// the target became part of something by it.
func (h *host) spread(e *edge, at int64) bool {
	from := h.nodes[e.From].base()
	if from == nil || len(from.taints()) == 0 {
		return false
	}
	to := h.nodes[e.To]
	target := to.base()
	switch {
	case target == nil || to.process != nil && to.process.refuses(e.Op):
		return false
	case e.Op == opChange && target.heaviest(at).Weight < half:
		return false // other attributes make no other content, unless it is an intruder's
	}
	changed, file := false, h.nodes[e.From].file
	for _, t := range from.taints() {
		w := e.share(from.of(t, at))
		carried, sure := h.carries(file, t.Of, to.process, e.Op)
		if w == 0 || !carried {
			continue
		}
		if !sure && e.Op == opStart || e.Op == opExec && file != nil && file.popular(to.process) {
			w = uint16(uint32(w) * guessShare / whole)
		}
		more, dropped := target.add(taint{Of: t.Of, Weight: w, At: at})
		if i := h.find(dropped); dropped != 0 && i != nil {
			i.Books.Pruned.Taints++
		}
		changed = changed || more
	}
	if changed && to.process != nil {
		h.joinTaints(to.process, at)
	}
	return changed
}

// refuses reports whether nothing comes to a process in a way: a hub does what
// it does for all, whoever it reads from and whoever got into it.
func (p *process) refuses(way op) bool {
	return way == opRead && p.hub() || way == opInject && p.Lineage == ""
}

// carries reports whether what a process is started from makes it part of an
// intrusion, and surely: a job is that of whose line it is, not of all who edit
// the file.
func (h *host) carries(v *version, of uint32, p *process, way op) (carried, sure bool) {
	if way != opStart && way != opMaybe || v == nil || p == nil {
		return true, true
	}
	return h.starts(h.find(of), v, p)
}

// joinTaints makes one of two intrusions where a process belongs wholly to both:
// who runs what another brought is the other.
func (h *host) joinTaints(p *process, at int64) {
	var first *intrusion
	for _, t := range p.Node.taints() {
		i := h.intrusion(taint{Of: t.Of, Weight: p.Node.of(t, at)}, whole)
		switch {
		case i == nil || i == first:
		case first == nil:
			first = i
		default:
			h.unite(first, i, at)
			first = h.find(first.Number)
		}
	}
}

// mark makes the lineage of p part of an intrusion: all of its processes and
// what came of them, as far as that is remembered. For a hub it is the event
// alone.
func (h *host) mark(i *intrusion, p *process, last edge) {
	top := h.top(p)
	if top.Lineage == "" {
		h.bookEvent(i, p, last)
		return
	}
	if top.Node.weight(i.Number, i.Updated) >= whole && p.Node.weight(i.Number, i.Updated) >= half {
		return
	}
	r := h.reach(i, h.ofOne(top.Lineage))
	i = h.find(i.Number)
	if !h.heads(top) {
		r.lost |= lostMore
	}
	h.bookReached(i, r)
	i.Books.lose(r.lost)
}

// bookReached books what reached processes did, in the order in which they did
// it.
func (h *host) bookReached(i *intrusion, r *reached) {
	var acts []edgeRef
	for _, id := range r.order {
		q := h.nodes[id].process
		if q == nil {
			continue
		}
		r.lost |= q.Lost
		for _, x := range h.around(&q.Node, r.at[id]) {
			object := h.nodes[x.edge.object()]
			switch {
			case x.edge.actor() != id:
			case object.base() == nil:
				r.lost |= x.edge.loss(object)
			default:
				acts = append(acts, x)
			}
		}
	}
	inTime(acts)
	for _, x := range acts {
		if q := h.nodes[x.edge.To].process; q != nil && x.edge.Op == opExec {
			q.Brought = h.nodes[x.edge.From].base().heaviest(x.at).Weight >= half
		}
		h.book(x.edge, x.edge, x.at)
	}
	for _, id := range r.order {
		if q := h.nodes[id].process; q != nil {
			i.Books.process(q)
			i.Books.update(q)
		}
	}
}

// reached are the nodes that something came to, in the order in which it did,
// and when.
type reached struct {
	order []nodeID
	at    map[nodeID]int64
	// lost is what of it cannot be told.
	lost loss
}

// reach makes processes part of an intrusion, and all that came of them.
func (h *host) reach(i *intrusion, line []*process) *reached {
	r := &reached{at: map[nodeID]int64{}}
	for _, q := range line {
		q.Node.add(taint{Of: i.Number, Weight: whole, At: q.Born})
		h.joinTaints(q, i.Updated)
		i = h.find(i.Number)
		r.order, r.at[q.Node.ID] = append(r.order, q.Node.ID), 0
	}
	for k := 0; k < len(r.order); k++ {
		from := r.order[k]
		for _, x := range h.after(h.nodes[from].base(), r.at[from]) {
			if _, known := r.at[x.edge.To]; known || !h.spread(x.edge, x.at) {
				continue
			}
			if len(r.order) >= maxReach {
				r.lost |= lostMore
				return r
			}
			r.order, r.at[x.edge.To] = append(r.order, x.edge.To), x.at
		}
	}
	return r
}

// ofOne are the processes of a lineage that are known, the first known first.
func (h *host) ofOne(lineage string) []*process {
	var list []*process
	for _, procs := range []*lru.Map[procKey, *process]{h.procs, h.oldProcs} {
		for _, p := range procs.All() {
			if (*p).Lineage == lineage {
				list = append(list, *p)
			}
		}
	}
	slices.SortFunc(list, func(a, b *process) int { return cmp.Compare(a.Node.ID, b.Node.ID) })
	return list
}

type edgeRef struct {
	edge *edge
	at   int64
}

// inTime orders by time, and what happened at the same time by number.
func inTime(list []edgeRef) {
	slices.SortStableFunc(list, func(a, b edgeRef) int {
		return cmp.Or(cmp.Compare(a.edge.First, b.edge.First), cmp.Compare(a.edge.Seq, b.edge.Seq), cmp.Compare(a.edge.Op, b.edge.Op))
	})
}

// after are the edges from a node that went on after something came to it, oldest
// first, and when they carried it on.
func (h *host) after(n *node, since int64) []edgeRef {
	var list []edgeRef
	if n != nil {
		h.out(n, collect(&list, since))
	}
	inTime(list)
	return list
}

// around are those to the node as well, in no order.
func (h *host) around(n *node, since int64) []edgeRef {
	var list []edgeRef
	h.out(n, collect(&list, since))
	h.in(n, collect(&list, since))
	return list
}

// collect takes in the edges that went on after a time.
func collect(list *[]edgeRef, since int64) func(*edge) bool {
	return func(e *edge) bool {
		if e.last() >= since {
			*list = append(*list, edgeRef{e, max(e.First, since)})
		}
		return true
	}
}
