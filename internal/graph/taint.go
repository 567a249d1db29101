package graph

import (
	"cmp"
	"slices"
	"time"
)

// Weights of taints, in parts of whole. They are integers so that every
// machine comes to the same.
const (
	whole = 1024
	// half is from where on a node counts as part of an intrusion.
	half = whole / 2
	// faint is where a taint ends.
	faint = whole / 20
	// readShare is what a reader of a definition file takes of it.
	readShare = whole * 2 / 5
	// guessShare is what a job takes of a definition that may have started it.
	guessShare = half
	// halfLife of what came by reading.
	halfLife = int64(2 * time.Hour)
	// maxTaints bounds the intrusions that one node is part of.
	maxTaints = 4
)

// taint says that a node is part of an intrusion: how surely, and since when.
// A whole one does not fade.
type taint struct {
	Of     uint32
	Weight uint16
	At     int64
}

// of is the weight of a taint at a time.
func (n *node) of(t taint, now int64) uint16 {
	if n.Still || t.Weight >= whole || now <= t.At {
		return t.Weight
	}
	return t.Weight >> min(15, (now-t.At)/halfLife)
}

// weight is how surely a node is part of an intrusion at a time.
func (n *node) weight(of uint32, at int64) uint16 {
	for _, t := range n.taints() {
		if t.Of == of {
			return n.of(t, at)
		}
	}
	return 0
}

// heaviest is the taint that counts for most at a time; the zero taint where
// there is none.
func (n *node) heaviest(at int64) taint {
	var best taint
	for _, t := range n.taints() {
		if w := n.of(t, at); w > best.Weight {
			best = taint{Of: t.Of, Weight: w, At: t.At}
		}
	}
	return best
}

// add makes a node part of an intrusion. It reports whether that is more than
// it was before; dropped is the intrusion whose taint left for it, 0 for none.
func (n *node) add(t taint) (more bool, dropped uint32) {
	if t.Weight < faint {
		return false, 0
	}
	m := n.marked()
	for i := range m.Taints {
		if have := &m.Taints[i]; have.Of == t.Of {
			if n.of(*have, t.At) >= t.Weight {
				return false, 0
			}
			*have = t
			return true, 0
		}
	}
	if len(m.Taints) == maxTaints {
		at := n.lightest(t.At)
		if n.of(m.Taints[at], t.At) >= t.Weight {
			return false, t.Of
		}
		dropped = m.Taints[at].Of
		m.Taints = slices.Delete(m.Taints, at, at+1)
	}
	m.Taints = append(m.Taints, t)
	return true, dropped
}

// repaint turns the taint of one intrusion into that of another, or takes it away.
func (n *node) repaint(from, to uint32) {
	at := slices.IndexFunc(n.taints(), func(t taint) bool { return t.Of == from })
	if at < 0 {
		return
	}
	t := n.Marks.Taints[at]
	n.Marks.Taints = slices.Delete(slices.Clone(n.Marks.Taints), at, at+1)
	if to != 0 {
		n.add(taint{Of: to, Weight: t.Weight, At: t.At})
	}
}

func (n *node) lightest(at int64) int {
	least := slices.MinFunc(n.taints(), func(a, b taint) int { return cmp.Or(cmp.Compare(n.of(a, at), n.of(b, at)), cmp.Compare(b.Of, a.Of)) })
	return slices.Index(n.taints(), least)
}

// share is what an edge carries of a taint: the weight of its source, or part
// of it; 0 for edges that carry none.
func (x *edge) share(weight uint16) uint16 {
	switch x.Op {
	case opFork, opExec, opWrite, opRename, opChange, opInject, opStart:
		return weight
	case opMaybe:
		return uint16(uint32(weight) * guessShare / whole)
	case opRead, opAdmit:
		return uint16(uint32(weight) * readShare / whole)
	}
	return 0
}
