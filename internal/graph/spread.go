package graph

import (
	"cmp"
	"slices"
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
	if target == nil || e.Op == opRead && (to.process == nil || to.process.hub()) {
		return false
	}
	changed := false
	for _, t := range from.taints() {
		w := e.share(from.of(t, at))
		if w == 0 {
			continue
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

// mark makes the lineage of p part of an intrusion: its first process and all
// that came of it, as far as it is remembered. For a hub it is the event alone.
func (h *host) mark(i *intrusion, p *process, last edge) {
	top := h.top(p)
	if top.hub() {
		h.bookEvent(i, p, last)
		return
	}
	if top.Node.weight(i.Number, i.Updated) >= whole && p.Node.weight(i.Number, i.Updated) >= half {
		return
	}
	r := h.reach(i, h.line(p, top))
	i = h.find(i.Number)
	var acts []edgeRef
	for _, id := range r.order {
		for _, x := range h.around(h.nodes[id].base(), r.at[id]) {
			if x.edge.actor() == id {
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
	if r.cut {
		i.Books.Pruned.Taints++
	}
}

// reached are the nodes that something came to, in the order in which it did,
// and when.
type reached struct {
	order []nodeID
	at    map[nodeID]int64
	// cut : there was more than maxReach.
	cut bool
}

// reach makes processes part of an intrusion, and all that came of them.
func (h *host) reach(i *intrusion, line []*process) *reached {
	r := &reached{at: map[nodeID]int64{}}
	for _, q := range slices.Backward(line) {
		q.Node.add(taint{Of: i.Number, Weight: whole, At: q.Born})
		h.joinTaints(q, i.Updated)
		i = h.find(i.Number)
		r.order, r.at[q.Node.ID] = append(r.order, q.Node.ID), 0
	}
	for k := 0; k < len(r.order); k++ {
		from := r.order[k]
		for _, x := range h.around(h.nodes[from].base(), r.at[from]) {
			if _, known := r.at[x.edge.To]; known || x.edge.From != from || !h.spread(x.edge, x.at) {
				continue
			}
			if len(r.order) == maxReach {
				r.cut = true
				return r
			}
			r.order, r.at[x.edge.To] = append(r.order, x.edge.To), x.at
		}
	}
	return r
}

// line are the processes from p up to top.
func (h *host) line(p, top *process) []*process {
	list := []*process{p}
	for p != top && len(list) < maxReach {
		if p = h.get(p.Parent); p == nil {
			break
		}
		list = append(list, p)
	}
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

// around are the edges at a node that went on after something came to it,
// oldest first, and when they carried it on.
func (h *host) around(n *node, since int64) []edgeRef {
	if n == nil {
		return nil
	}
	var list []edgeRef
	collect := func(e *edge) bool {
		if e.last() >= since {
			list = append(list, edgeRef{e, max(e.First, since)})
		}
		return true
	}
	h.out(n, collect)
	h.in(n, collect)
	inTime(list)
	return list
}
