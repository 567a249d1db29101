package graph

import "baize/internal/lru"

// store is one host's part of a pool.
type store interface {
	Len() int
	DropOldest()
}

// sort numbers what is pooled.
type sort uint8

const (
	sortProcs sort = iota
	sortFiles
	sortNames
	sortPeers
	sortEdges
	sortBones
	sorts // how many there are
)

func (h *host) part(s sort) store {
	switch s {
	case sortFiles:
		return h.files
	case sortNames:
		return h.names
	case sortPeers:
		return h.peers
	case sortEdges:
		return (*fading)(h)
	case sortBones:
		return h.edges[skeleton]
	}
	return h.procs
}

// fading is the hot tier of a host's edges.
type fading host

// Len is how many there are.
func (f *fading) Len() int { return f.edges[hot].Len() }

// DropOldest takes the oldest away, into the skeleton if it belongs there.
func (f *fading) DropOldest() { (*host)(f).fade() }

// pool bounds what all hosts hold together of one sort. Over the limit a host
// above its share gives up its own oldest entry, otherwise the host that got
// none for longest does: a busy host does not push the others out.
type pool struct {
	sort         sort
	limit, total int
	// holders are the hosts that hold any, the one that got none for longest first.
	holders *lru.Map[string, *host]
}

func newPool(s sort, limit, hosts int) *pool {
	return &pool{sort: s, limit: limit, holders: lru.New[string, *host](hosts)}
}

// settle takes in how many h holds now, and keeps the limit.
func (p *pool) settle(h *host, now int64) {
	if h.part(p.sort).Len() == h.held[p.sort] {
		return // most events
	}
	p.count(h, now)
	for p.total > p.limit {
		victim := h
		if h.held[p.sort] <= p.limit/p.holders.Len() {
			for _, quiet := range p.holders.All() {
				victim = *quiet
				break
			}
		}
		victim.part(p.sort).DropOldest()
		p.count(victim, now)
		if p.sort == sortEdges {
			victim.graph.pools[sortBones].count(victim, now) // one may have become a bone
		}
	}
}

// count brings the number of h up to date.
func (p *pool) count(h *host, now int64) {
	count, before := h.part(p.sort).Len(), h.held[p.sort]
	h.held[p.sort] = count
	p.total += count - before
	if count == 0 {
		p.holders.Delete(h.id)
	} else if count > before {
		p.holders.Put(h.id, h, now)
	}
}

// leave forgets a host.
func (p *pool) leave(h *host) {
	p.total -= h.held[p.sort]
	p.holders.Delete(h.id)
}

// order is the holders in their order.
func (p *pool) order() []string {
	ids := make([]string, 0, p.holders.Len())
	for id := range p.holders.All() {
		ids = append(ids, id)
	}
	return ids
}
