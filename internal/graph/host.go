package graph

import (
	"slices"

	"baize/internal/event"
	"baize/internal/lru"
)

// maxBoots bounds how many boots of one host are told apart at once. A host
// has one; more come only from foreign files.
const maxBoots = 4

// host is what is known of one host.
type host struct {
	id    string
	boots []string
	next  uint32 // number of the next boot; numbers are never used again
	first uint32 // number of boots[0]
	graph *Graph
	procs *lru.Map[procKey, *process]
	files *lru.Map[fileKey, *version]
	peers *lru.Map[peerKey, *peer]
	// oldProcs and oldFiles are those of intrusions that left procs and files: a
	// flood of others does not push them out.
	oldProcs *lru.Map[procKey, *process]
	oldFiles *lru.Map[fileKey, *version]
	// gone are files without a name: another one may have their inode.
	gone *lru.Map[nodeID, *version]
	// nodes are all of them by number.
	nodes    map[nodeID]holder
	lastNode nodeID
	edges    [tiers]*edges
	// intrusions by number, the one that changed longest ago first.
	intrusions    *lru.Map[uint32, *intrusion]
	lastIntrusion uint32
	// merged leads from the id of an intrusion to that of the one it became part of.
	merged *lru.Map[string, string]
	// revision of the intrusion that was told last: one that is forgotten and comes
	// back is newer than it was.
	revision uint64
	// dirty are the intrusions that changed since they were last told.
	dirty []uint32
	// covers is what the sensor vouches for, by class; everything has the gaps of
	// all classes.
	covers     map[event.Class]*cover
	everything cover
	// heard is when the last event happened that came, by the host's clock.
	heard int64
	// told are the bytes of open connections that were counted already.
	told *lru.Map[uint64, toldBytes]
	// pruned counts edges of intrusions that were given up.
	pruned uint64
	// names are the files by the path that they were last written under.
	names *lru.Map[string, fileKey]
	// exits are the processes that ended, oldest first.
	exits []exit
	// swept is when exited processes were last looked through.
	swept int64
	// held is how much of each sort the pools know of.
	held [sorts]int
}

// exit is the end of one process, by the engine's clock.
type exit struct {
	At  int64
	Key procKey
}

// maxTold bounds the open connections whose bytes are counted as they go.
const maxTold = 1024

func newHost(g *Graph, id string) *host {
	limits := &g.limits
	h := &host{
		id:         id,
		graph:      g,
		procs:      lru.New[procKey, *process](limits.ProcessesPerHost),
		files:      lru.New[fileKey, *version](limits.FilesPerHost),
		names:      lru.New[string, fileKey](limits.FilesPerHost),
		peers:      lru.New[peerKey, *peer](limits.PeersPerHost),
		oldProcs:   lru.New[procKey, *process](limits.KeptPerHost),
		oldFiles:   lru.New[fileKey, *version](limits.KeptPerHost),
		nodes:      map[nodeID]holder{},
		gone:       lru.New[nodeID, *version](limits.KeptPerHost),
		edges:      [tiers]*edges{newEdges(limits.EdgesPerHost), newEdges(limits.BonesPerHost)},
		intrusions: lru.New[uint32, *intrusion](maxIntrusions),
		merged:     lru.New[string, string](maxMerged),
		told:       lru.New[uint64, toldBytes](maxTold),
	}
	h.procs.OnRemove(h.leftProcs)
	h.files.OnRemove(h.leftFiles)
	h.oldProcs.OnRemove(func(_ procKey, p *process) { h.leaveProcess(p) })
	h.oldFiles.OnRemove(func(_ fileKey, v *version) { h.leave(v) })
	h.gone.OnRemove(func(id nodeID, _ *version) { delete(h.nodes, id) })
	h.intrusions.OnRemove(func(number uint32, _ *intrusion) { h.repaint(number, 0) })
	h.peers.OnRemove(func(_ peerKey, p *peer) { delete(h.nodes, p.Node.ID) })
	return h
}

// leftProcs keeps the processes of intrusions beyond their time.
func (h *host) leftProcs(key procKey, p *process) {
	if len(p.Node.taints()) > 0 {
		h.oldProcs.Put(key, p, h.graph.now)
		return
	}
	h.leaveProcess(p)
}

// leaveProcess forgets a process for good.
func (h *host) leaveProcess(p *process) {
	h.bequeath(p)
	if !p.Exited {
		h.miss(&p.Node)
	}
	delete(h.nodes, p.Node.ID)
}

// leftFiles does so with files.
func (h *host) leftFiles(key fileKey, v *version) {
	if len(v.Node.taints()) > 0 && !v.Gone {
		h.oldFiles.Put(key, v, h.graph.now)
		return
	}
	h.leave(v)
}

// leave forgets a file, but one that is gone only after a while: what it did
// may yet turn out to be of note.
func (h *host) leave(v *version) {
	if v.Gone {
		h.gone.Put(v.Node.ID, v, h.graph.now)
		return
	}
	h.miss(&v.Node)
	delete(h.nodes, v.Node.ID)
}

// used returns the process of key and makes it the newest, nil where it is not
// known.
func (h *host) used(key procKey, now int64) *process {
	if p := h.procs.Get(key, now); p != nil {
		return *p
	}
	if p := h.oldProcs.Get(key, now); p != nil {
		return *p
	}
	return nil
}

// share returns the graph's own copy of a text.
func (h *host) share(text string) string { return h.graph.texts.share(text) }

// key turns an event's key into the host's own.
func (h *host) key(k event.ProcessKey) procKey {
	return procKey{Boot: h.boot(k.Boot), PID: k.PID, Start: k.Start}
}

// name is an event's key with the host's own copies of its texts.
func (h *host) name(k event.ProcessKey) event.ProcessKey {
	if k.Host == h.id {
		k.Host = h.id
	}
	k.Boot = h.boots[h.boot(k.Boot)-h.first]
	return k
}

// unkey is a key as events have it; zero where its boot is forgotten.
func (h *host) unkey(k procKey) event.ProcessKey {
	if at := int64(k.Boot) - int64(h.first); k != (procKey{}) && at >= 0 && at < int64(len(h.boots)) {
		return event.ProcessKey{Host: h.id, Boot: h.boots[at], PID: k.PID, Start: k.Start}
	}
	return event.ProcessKey{}
}

// boot numbers a boot. A new one beyond maxBoots forgets the oldest, whose
// processes age out.
func (h *host) boot(id string) uint32 {
	for i, have := range h.boots {
		if have == id {
			return h.first + uint32(i)
		}
	}
	if len(h.boots) == maxBoots {
		h.boots = append(h.boots[:0], h.boots[1:]...)
		h.first++
	}
	h.boots = append(h.boots, id)
	h.next++
	return h.next - 1
}

// lookup returns a process by its key, nil where it, or its boot, is not known.
func (h *host) lookup(k event.ProcessKey) *process {
	at := slices.Index(h.boots, k.Boot)
	if at < 0 {
		return nil
	}
	return h.get(procKey{Boot: h.first + uint32(at), PID: k.PID, Start: k.Start})
}

// get returns the process of key, nil where it is not known.
func (h *host) get(key procKey) *process {
	if p := h.procs.Peek(key); p != nil {
		return *p
	}
	if p := h.oldProcs.Peek(key); p != nil {
		return *p
	}
	return nil
}
