package graph

// loss says which of a process's doings are forgotten: should it turn out to be
// an intruder's, nobody can say that it did nothing of the kind.
type loss uint8

const (
	lostFiles loss = 1 << iota
	lostChanges
	lostPeers
	lostReads
	// lostMore : it may have been anything.
	lostMore
)

// loss is what can no longer be told without an edge. A child that is forgotten
// leaves what it did to its parent, so the edge to it loses nothing.
func (x *edge) loss(object holder) loss {
	switch x.Op {
	case opWrite, opRename, opChange:
		switch {
		case object.file == nil:
			return lostFiles | lostChanges
		case object.file.rare().Persists != "":
			return lostFiles | lostChanges
		}
		return lostFiles
	case opConnect, opTry, opAccept, opAsk:
		return lostPeers
	case opRead:
		return lostReads
	case opInject:
		return lostMore
	}
	return 0
}

// lose notes that an edge is forgotten, unless it is in an intrusion's books.
func (h *host) lose(x *edge) {
	if p := h.nodes[x.actor()].process; p != nil && p.Node.heaviest(x.last()).Weight < half {
		p.Lost |= x.loss(h.nodes[x.object()])
	}
}

// bequeath leaves to the parent what of a process that is forgotten can no longer
// be told. Beyond its lineage it is of no interest.
func (h *host) bequeath(p *process) {
	parent := h.get(p.Parent)
	if p.Lineage == "" || parent == nil || parent.Lineage != p.Lineage {
		return
	}
	lost := p.Lost
	visit := func(e *edge) bool {
		if e.actor() == p.Node.ID {
			lost |= e.loss(h.nodes[e.object()])
		}
		return true
	}
	h.out(&p.Node, visit)
	h.in(&p.Node, visit)
	parent.Lost |= lost
}

// miss tells the intrusions that a node is part of that it is forgotten while it
// may yet do something.
func (h *host) miss(n *node) {
	for _, t := range n.taints() {
		if i := h.intrusion(taint{Of: t.Of, Weight: n.of(t, h.graph.at)}, half); i != nil {
			i.Books.Pruned.Taints++
			h.touch(i, i.Updated)
		}
	}
}

// heads reports whether p is known to be the first process of its lineage: what
// was above it is not forgotten.
func (h *host) heads(p *process) bool {
	return p.Root || h.get(p.Parent) != nil || p.Lineage == treeOf(p)
}

// lose counts as given up what can no longer be told of what an intruder did.
func (b *books) lose(what loss) {
	for bit, count := range map[loss]*int{
		lostFiles: &b.Pruned.Files, lostChanges: &b.Pruned.Changes, lostPeers: &b.Pruned.Peers, lostReads: &b.Pruned.Reads, lostMore: &b.Pruned.Taints,
	} {
		if what&bit != 0 {
			*count++
		}
	}
}
