package incident

import (
	"cmp"
	"encoding/gob"
	"fmt"
	"slices"

	"baize/internal/lru"
)

// snapshotVersion of the form below: another one is refused.
const snapshotVersion = 8

// nodeRecord is a node with the number of its group, 0 for a group that is gone.
type nodeRecord struct {
	Node  node
	Group uint64
}

type snapshot struct {
	Version int
	Seq     uint64
	Clock   uint64
	Count   int
	Nodes   []nodeRecord
	Groups  []lru.Item[uint64, groupRecord]
	Index   []lru.Item[string, []uint64]
	ByID    []lru.Item[string, uint64]
	Flows   []lru.Item[flowKey, string]
	Near    []lru.Item[string, []string]
	Echoes  []lru.Item[string, echo]
	Origins []lru.Item[originKey, origin]
	Base    baselineState
	Dirty   []uint64
	// Decisions in force.
	Decisions []Decision
}

// groupRecord is a group with its alerts by number.
type groupRecord struct {
	Group group
	Nodes []uint64
}

// Snapshot writes the merger and its baseline. It must follow a Drain of all.
func (m *Merger) Snapshot(enc *gob.Encoder) error {
	s := snapshot{
		Version: snapshotVersion, Seq: m.seq, Clock: m.clock, Count: m.nodes, Decisions: m.hand.list,
		Flows: m.flows.Snapshot(), Near: m.near.Snapshot(), Echoes: m.echoes.Snapshot(), Origins: m.origins.Snapshot(), Base: m.base.keep(),
	}
	nodes := map[uint64]*node{}
	for _, item := range m.groups.Snapshot() {
		record := groupRecord{Group: *item.Value, Nodes: numbers(nodes, item.Value.Nodes)}
		record.Group.Nodes = nil
		s.Groups = append(s.Groups, lru.Item[uint64, groupRecord]{Key: item.Key, Value: record, Used: item.Used})
	}
	for _, item := range m.index.Snapshot() {
		s.Index = append(s.Index, lru.Item[string, []uint64]{Key: item.Key, Value: numbers(nodes, item.Value), Used: item.Used})
	}
	for _, item := range m.byID.Snapshot() {
		nodes[item.Value.Seq] = item.Value
		s.ByID = append(s.ByID, lru.Item[string, uint64]{Key: item.Key, Value: item.Value.Seq, Used: item.Used})
	}
	for _, g := range m.dirty {
		s.Dirty = append(s.Dirty, g.Number)
	}
	s.Nodes = records(nodes)
	if err := enc.Encode(s); err != nil {
		return fmt.Errorf("merger snapshot: %w", err)
	}
	return nil
}

// numbers notes the nodes of a list in all, and returns their numbers.
func numbers(all map[uint64]*node, list []*node) []uint64 {
	seqs := make([]uint64, 0, len(list))
	for _, n := range list {
		all[n.Seq] = n
		seqs = append(seqs, n.Seq)
	}
	return seqs
}

func records(nodes map[uint64]*node) []nodeRecord {
	list := make([]nodeRecord, 0, len(nodes))
	for _, n := range nodes {
		r := nodeRecord{Node: *n}
		if !n.group.gone {
			r.Group = n.group.Number
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b nodeRecord) int { return cmp.Compare(a.Node.Seq, b.Node.Seq) })
	return list
}

// Restore reads into a new merger what Snapshot wrote.
func (m *Merger) Restore(dec *gob.Decoder) error {
	var s snapshot
	if err := dec.Decode(&s); err != nil {
		return fmt.Errorf("merger snapshot: %w", err)
	}
	if s.Version != snapshotVersion {
		return fmt.Errorf("merger snapshot: version %d, want %d", s.Version, snapshotVersion)
	}
	m.seq, m.clock, m.nodes = s.Seq, s.Clock, s.Count
	m.hand = newHand(s.Decisions)
	m.flows.Restore(s.Flows)
	m.near.Restore(s.Near)
	m.echoes.Restore(s.Echoes)
	m.origins.Restore(s.Origins)
	m.base.restore(&s.Base)
	nodes := m.restoreGroups(&s)
	for _, item := range s.Index {
		m.index.Put(item.Key, resolve(nodes, item.Value), item.Used)
	}
	for _, item := range s.ByID {
		if n := nodes[item.Value]; n != nil {
			m.byID.Put(item.Key, n, item.Used)
		}
	}
	for _, number := range s.Dirty {
		if slot := m.groups.Peek(number); slot != nil {
			m.dirty = append(m.dirty, *slot)
			(*slot).dirty = true
		}
	}
	return nil
}

func (m *Merger) restoreGroups(s *snapshot) map[uint64]*node {
	gone := &group{gone: true}
	nodes := make(map[uint64]*node, len(s.Nodes))
	owners := make(map[uint64]uint64, len(s.Nodes))
	for i := range s.Nodes {
		n := &s.Nodes[i].Node
		n.group = gone
		nodes[n.Seq], owners[n.Seq] = n, s.Nodes[i].Group
	}
	for _, item := range s.Groups {
		g := item.Value.Group
		g.Nodes = resolve(nodes, item.Value.Nodes)
		if g.Entities == nil {
			g.Entities = map[entityKey]*tally{}
		}
		if g.Lineages == nil {
			g.Lineages = map[string]bool{}
		}
		m.groups.Put(item.Key, &g, item.Used)
	}
	for seq, n := range nodes {
		if slot := m.groups.Peek(owners[seq]); slot != nil {
			n.group = *slot
		}
	}
	return nodes
}

func resolve(nodes map[uint64]*node, numbers []uint64) []*node {
	list := make([]*node, 0, len(numbers))
	for _, number := range numbers {
		if n := nodes[number]; n != nil {
			list = append(list, n)
		}
	}
	return list
}
