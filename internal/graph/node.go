package graph

import (
	"net/netip"

	"baize/internal/event"
)

// Tiers of edges: everything for a while, and what matters for long.
const (
	hot      = iota // all edges, for hours
	skeleton        // those at nodes of an intrusion, for weeks
	tiers
)

// node is what processes, files and peers have in common.
type node struct {
	ID nodeID
	// Still : its taints do not fade, as those of a file.
	Still bool
	// Out and In are the newest edges of the hot tier from it and to it.
	Out, In edgeNumber
	// Inflow is when something new last came to it.
	Inflow int64
	// Marks are what few nodes have; nil for the others.
	Marks *marks
}

// marks are what only nodes near an intrusion have.
type marks struct {
	// Out and In are the newest edges of the skeleton.
	Out, In edgeNumber
	// Taints are the intrusions that the node is part of.
	Taints []taint
}

// taints are the intrusions that a node is part of.
func (n *node) taints() []taint {
	if n.Marks == nil {
		return nil
	}
	return n.Marks.Taints
}

// marked returns the marks to write to.
func (n *node) marked() *marks {
	if n.Marks == nil {
		n.Marks = &marks{}
	}
	return n.Marks
}

// heads are the newest edges from and to a node in a tier.
func (n *node) heads(tier int) (out, in edgeNumber) {
	switch {
	case tier == hot:
		return n.Out, n.In
	case n.Marks == nil:
		return 0, 0
	}
	return n.Marks.Out, n.Marks.In
}

// peer is the other end of conversations: an address with its port, or a name
// that was asked for.
type peer struct {
	Node node
	Key  peerKey
	// Host and Process at the other end, where that host saw the same conversation.
	Host    string
	Process event.ProcessKey
}

// peerKey tells peers of one host apart. Port is 0 for those that called: their
// ports are of no meaning.
type peerKey struct {
	Addr netip.Addr
	Port uint16
	Name string
}

// holder is one node behind its number.
type holder struct {
	process *process
	file    *version
	peer    *peer
}

// base is the node itself; nil where there is none.
func (x holder) base() *node {
	switch {
	case x.process != nil:
		return &x.process.Node
	case x.file != nil:
		return &x.file.Node
	case x.peer != nil:
		return &x.peer.Node
	}
	return nil
}

// number gives a node its number and makes it known by it.
func (h *host) number(n *node, x holder) {
	h.lastNode++
	n.ID = h.lastNode
	h.nodes[n.ID] = x
}
