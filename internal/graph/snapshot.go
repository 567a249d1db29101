package graph

import (
	"encoding/gob"
	"fmt"
	"io"

	"baize/internal/event"
	"baize/internal/lru"
	"baize/internal/provenance"
)

// version of the snapshot's form: another one is refused, and the engine then
// starts from its log.
const snapshotVersion = 8

type hostSnapshot struct {
	ID    string
	Boots []string
	Next  uint32
	First uint32
	Procs []lru.Item[procKey, *process]
	Files []lru.Item[fileKey, *version]
	Names []lru.Item[string, fileKey]
	Exits []exit
	Swept int64

	Peers         []lru.Item[peerKey, *peer]
	OldProcs      []lru.Item[procKey, *process]
	OldFiles      []lru.Item[fileKey, *version]
	Gone          []lru.Item[nodeID, *version]
	LastNode      nodeID
	Edges         [tiers][]edge
	FirstEdges    [tiers]edgeNumber
	Intrusions    []lru.Item[uint32, *intrusion]
	LastIntrusion uint32
	Merged        []lru.Item[string, string]
	Revision      uint64
	Dirty         []uint32
	Covers        map[event.Class]*cover
	Everything    cover
	Heard         int64
	Told          []lru.Item[uint64, toldBytes]
	Pruned        uint64
}

type header struct {
	Version  int
	Hosts    int
	Contexts []lru.Item[string, *contextInfo]
	Sides    []lru.Item[conversation, side]
	Callers  []lru.Item[conversation, caller]
	Callees  []lru.Item[conversation, callee]
	Accepted []lru.Item[taken, conversation]
	Changed  []string
	Advanced bool
	Left     []provenance.Intrusion
	Used     []int64
	// Holders of each pool, in their order.
	Holders [sorts][]string
}

// Snapshot writes everything that the graph knows.
func (g *Graph) Snapshot(enc *gob.Encoder) error {
	hosts := g.hosts.Snapshot()
	head := header{Version: snapshotVersion, Hosts: len(hosts), Contexts: g.contexts.Snapshot(), Sides: g.sides.Snapshot(), Callers: g.callers.Snapshot(), Callees: g.callees.Snapshot(), Accepted: g.accepted.Snapshot(), Changed: g.changed, Advanced: g.advanced, Left: g.left}
	for _, item := range hosts {
		head.Used = append(head.Used, item.Used)
	}
	for i, p := range g.pools {
		head.Holders[i] = p.order()
	}
	if err := enc.Encode(head); err != nil {
		return fmt.Errorf("graph snapshot: %w", err)
	}
	for _, item := range hosts {
		if err := enc.Encode(item.Value.snapshot()); err != nil {
			return fmt.Errorf("graph snapshot: host %s: %w", item.Key, err)
		}
	}
	return nil
}

func (h *host) snapshot() hostSnapshot {
	s := hostSnapshot{
		ID: h.id, Boots: h.boots, Next: h.next, First: h.first, Procs: h.procs.Snapshot(), Files: h.files.Snapshot(), Names: h.names.Snapshot(),
		Exits: h.exits, Swept: h.swept, Peers: h.peers.Snapshot(), OldProcs: h.oldProcs.Snapshot(), OldFiles: h.oldFiles.Snapshot(),
		Gone: h.gone.Snapshot(), LastNode: h.lastNode, Intrusions: h.intrusions.Snapshot(), LastIntrusion: h.lastIntrusion, Dirty: h.dirty,
		Covers: h.covers, Everything: h.everything, Heard: h.heard, Merged: h.merged.Snapshot(), Revision: h.revision, Told: h.told.Snapshot(), Pruned: h.pruned,
	}
	for tier, list := range h.edges {
		s.Edges[tier], s.FirstEdges[tier] = list.list(), list.first
	}
	return s
}

// Restore reads into an empty graph what Snapshot wrote.
func (g *Graph) Restore(dec *gob.Decoder) error {
	var head header
	if err := dec.Decode(&head); err != nil {
		return fmt.Errorf("graph snapshot: %w", err)
	}
	if head.Version != snapshotVersion || len(head.Used) != head.Hosts {
		return fmt.Errorf("graph snapshot: version %d, want %d: %w", head.Version, snapshotVersion, io.ErrUnexpectedEOF)
	}
	g.contexts.Restore(head.Contexts)
	g.sides.Restore(head.Sides)
	g.callers.Restore(head.Callers)
	g.callees.Restore(head.Callees)
	g.accepted.Restore(head.Accepted)
	g.changed, g.advanced, g.left = head.Changed, head.Advanced, head.Left
	for i := range head.Hosts {
		var hs hostSnapshot
		if err := dec.Decode(&hs); err != nil {
			return fmt.Errorf("graph snapshot: host %d: %w", i, err)
		}
		g.restoreHost(hs, head.Used[i])
	}
	for i, ids := range head.Holders {
		for _, id := range ids {
			if h := g.hosts.Peek(id); h != nil {
				g.pools[i].count(*h, 0)
			}
		}
	}
	return nil
}

func (g *Graph) restoreHost(hs hostSnapshot, used int64) {
	h := newHost(g, hs.ID)
	h.boots, h.next, h.first, h.exits, h.swept = hs.Boots, hs.Next, hs.First, hs.Exits, hs.Swept
	h.procs.Restore(hs.Procs)
	h.files.Restore(hs.Files)
	h.names.Restore(hs.Names)
	h.peers.Restore(hs.Peers)
	h.oldProcs.Restore(hs.OldProcs)
	h.oldFiles.Restore(hs.OldFiles)
	h.gone.Restore(hs.Gone)
	h.intrusions.Restore(hs.Intrusions)
	h.told.Restore(hs.Told)
	h.merged.Restore(hs.Merged)
	h.revision = hs.Revision
	h.lastNode, h.lastIntrusion, h.dirty, h.covers, h.everything, h.heard, h.pruned = hs.LastNode, hs.LastIntrusion, hs.Dirty, hs.Covers, hs.Everything, hs.Heard, hs.Pruned
	for tier, list := range h.edges {
		list.restore(hs.FirstEdges[tier], hs.Edges[tier])
	}
	h.index()
	g.hosts.Put(hs.ID, h, used)
}

// index makes the nodes known by their numbers.
func (h *host) index() {
	for _, p := range h.procs.All() {
		h.nodes[(*p).Node.ID] = holder{process: *p}
	}
	for _, p := range h.oldProcs.All() {
		h.nodes[(*p).Node.ID] = holder{process: *p}
	}
	for _, files := range []*lru.Map[fileKey, *version]{h.files, h.oldFiles} {
		for _, v := range files.All() {
			h.nodes[(*v).Node.ID] = holder{file: *v}
		}
	}
	for _, v := range h.gone.All() {
		h.nodes[(*v).Node.ID] = holder{file: *v}
	}
	for _, p := range h.peers.All() {
		h.nodes[(*p).Node.ID] = holder{peer: *p}
	}
	for _, slot := range h.intrusions.All() {
		for _, number := range h.dirty {
			(*slot).dirty = (*slot).dirty || number == (*slot).Number
		}
	}
}
