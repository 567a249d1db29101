package graph

import "time"

// Bounds of one host's history.
const (
	// hotFor is how long an edge is kept that nothing of note is at.
	hotFor = int64(2 * time.Hour)
	// skeletonFor is how long those of intrusions are kept.
	skeletonFor = int64(30 * 24 * time.Hour)
	// lookBack is how many of the newest edges at either end are tried for one
	// that says the same.
	lookBack = 4
)

// record keeps that something came from one node to another. It is one more of
// an edge that is there as long as nothing new came to the source since: what
// then flowed is what flowed before, so neither a walk back nor one forth loses
// anything (causality-preserving reduction, Xu et al., CCS 2016). It returns
// the edge, which is valid until the next call.
func (h *host) record(from, to *node, x edge) *edge {
	if from.ID == 0 || to.ID == 0 {
		return nil
	}
	x.From, x.To, x.Count = from.ID, to.ID, max(x.Count, 1)
	if e := h.same(from, to, x.Op); e != nil && e.last() >= from.Inflow && e.reaches(x.last()) {
		e.until(x.last())
		e.Count, e.Bytes = e.Count+x.Count, e.Bytes+x.Bytes
		return e
	}
	to.Inflow = max(to.Inflow, x.First)
	return h.append(hot, from, to, x)
}

func (h *host) append(tier int, from, to *node, x edge) *edge {
	list := h.edges[tier]
	out, _ := from.heads(tier)
	_, in := to.heads(tier)
	n := list.next
	x.NextOut, x.NextIn = back(n, out), back(n, in)
	list.add(x)
	if tier == hot {
		from.Out, to.In = n, n
	} else {
		from.marked().Out, to.marked().In = n, n
	}
	return list.at(n)
}

// same finds a recent edge between two nodes that says the same.
func (h *host) same(from, to *node, what op) *edge {
	if what == opFork {
		return nil
	}
	list := h.edges[hot]
	out, in := from.Out, to.In
	for range lookBack {
		if e := list.at(out); e != nil {
			if e.To == to.ID && e.Op == what {
				return e
			}
			out = before(out, e.NextOut)
		}
		if e := list.at(in); e != nil {
			if e.From == from.ID && e.Op == what {
				return e
			}
			in = before(in, e.NextIn)
		}
	}
	return nil
}

// age lets go of edges beyond their time or number. Those at nodes of an
// intrusion go on in the skeleton.
func (h *host) age(at int64) {
	list := h.edges[hot]
	for e := list.at(list.first); e != nil && (list.Len() > list.limit || e.last() < at-hotFor); e = list.at(list.first) {
		h.fade()
	}
	h.compact()
	bones := h.edges[skeleton]
	for e := bones.at(bones.first); e != nil && (bones.Len() > bones.limit || e.last() < at-skeletonFor); e = bones.at(bones.first) {
		if bones.Len() > bones.limit {
			h.pruned++
		}
		bones.DropOldest()
	}
}

// compactFrom is from how many edges on those at nodes that are forgotten are
// looked for: nobody can walk over them any more.
const compactFrom = 4096

// compact looks at the two oldest edges: one at a forgotten node goes, another
// one becomes the newest, so that the next time others are looked at.
func (h *host) compact() {
	list := h.edges[hot]
	for range 2 {
		if list.Len() < compactFrom {
			return
		}
		x := *list.at(list.first)
		list.DropOldest()
		from, to := h.nodes[x.From].base(), h.nodes[x.To].base()
		if from != nil && to != nil {
			h.append(hot, from, to, x)
		}
	}
}

// fade takes the oldest hot edge away, into the skeleton if it belongs there.
func (h *host) fade() {
	list := h.edges[hot]
	e := list.at(list.first)
	if e == nil {
		return
	}
	x := *e
	list.DropOldest()
	from, to := h.nodes[x.From].base(), h.nodes[x.To].base()
	if from == nil || to == nil {
		return
	}
	if len(from.taints()) > 0 && x.Op != opAsk || len(to.taints()) > 0 {
		h.append(skeleton, from, to, x)
	}
}

// out calls f with the edges from a node, newest first in each tier, until it
// returns false.
func (h *host) out(n *node, f func(*edge) bool) {
	for tier := range tiers {
		list := h.edges[tier]
		at, _ := n.heads(tier)
		for e := list.at(at); e != nil; e = list.at(at) {
			at = before(at, e.NextOut)
			if !f(e) {
				return
			}
		}
	}
}

// in is the same for the edges to a node.
func (h *host) in(n *node, f func(*edge) bool) {
	for tier := range tiers {
		list := h.edges[tier]
		_, at := n.heads(tier)
		for e := list.at(at); e != nil; e = list.at(at) {
			at = before(at, e.NextIn)
			if !f(e) {
				return
			}
		}
	}
}
