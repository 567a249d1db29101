package graph

import (
	"encoding/gob"
	"fmt"
	"io"

	"baize/internal/lru"
)

// version of the snapshot's form: another one is refused, and the engine then
// starts from its log.
const snapshotVersion = 3

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
}

type header struct {
	Version  int
	Hosts    int
	Contexts []lru.Item[string, *contextInfo]
	Tainted  []lru.Item[string, bool]
	Used     []int64
	// Holders of each pool, in their order.
	Holders [sorts][]string
}

// Snapshot writes everything that the graph knows.
func (g *Graph) Snapshot(enc *gob.Encoder) error {
	hosts := g.hosts.Snapshot()
	head := header{Version: snapshotVersion, Hosts: len(hosts), Contexts: g.contexts.Snapshot(), Tainted: g.tainted.Snapshot()}
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
	return hostSnapshot{ID: h.id, Boots: h.boots, Next: h.next, First: h.first, Procs: h.procs.Snapshot(), Files: h.files.Snapshot(), Names: h.names.Snapshot(), Exits: h.exits, Swept: h.swept}
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
	g.tainted.Restore(head.Tainted)
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
	h := newHost(hs.ID, g.limits)
	h.boots, h.next, h.first, h.exits, h.swept = hs.Boots, hs.Next, hs.First, hs.Exits, hs.Swept
	h.procs.Restore(hs.Procs)
	h.files.Restore(hs.Files)
	h.names.Restore(hs.Names)
	g.hosts.Put(hs.ID, h, used)
}
