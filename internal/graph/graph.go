package graph

import (
	"slices"
	"time"

	"baize/internal/event"
	"baize/internal/lru"
	"baize/internal/provenance"
)

// Graph is the provenance of all hosts of one engine. It is not safe for
// concurrent use.
type Graph struct {
	limits   Limits
	hosts    *lru.Map[string, *host]
	contexts *lru.Map[string, *contextInfo]
	sides    *lru.Map[conversation, side]
	// callers and callees are those of conversations between ours.
	callers *lru.Map[conversation, caller]
	callees *lru.Map[conversation, callee]
	// accepted are the conversations that servers took in, by host and by their end.
	accepted *lru.Map[taken, conversation]
	// now and at are the engine's time and the host's, of the event that is being
	// observed.
	now, at int64
	// last is the edge that it made.
	last edge
	// changed are the hosts with intrusions that changed.
	changed []string
	// advanced : one of them reached another stage, or is among those that left.
	advanced bool
	// left are intrusions that were forgotten while a change of theirs waited.
	left  []provenance.Intrusion
	texts texts
	// pools bound what all hosts hold together.
	pools [sorts]*pool
}

// New returns an empty graph. Zero limits are an error of the program.
func New(limits Limits) *Graph {
	return &Graph{
		limits:   limits,
		hosts:    lru.New[string, *host](limits.Hosts),
		contexts: lru.New[string, *contextInfo](limits.Contexts),
		sides:    lru.New[conversation, side](limits.Sides),
		callers:  lru.New[conversation, caller](limits.Sides),
		callees:  lru.New[conversation, callee](maxCallees),
		accepted: lru.New[taken, conversation](limits.Sides),
		texts:    texts{},
		pools: [sorts]*pool{
			newPool(sortProcs, limits.Processes, limits.Hosts),
			newPool(sortFiles, limits.Files, limits.Hosts),
			newPool(sortNames, limits.Files, limits.Hosts),
			newPool(sortPeers, limits.Peers, limits.Hosts),
			newPool(sortEdges, limits.Edges, limits.Hosts),
			newPool(sortBones, limits.Bones, limits.Hosts),
		},
	}
}

// Subject is what the graph knows of the process that an event speaks of.
type Subject struct {
	// Lineage of the process; "" for a hub, and where there is no process.
	Lineage string
	// Context is the id of its execution context.
	Context string
	// Service is the service instance that it is or that started it.
	Service string
	// ServiceExe and ServiceCommand describe that instance's process.
	ServiceExe, ServiceCommand string
	// Shell is the command of the web-spawned shell that began the lineage; ""
	// for other lineages, and where the shell itself was not seen.
	Shell string
	// Source is the one outside address whose request most likely led to a
	// web-spawned shell; "" where that is not clear.
	Source string
	// Hub : the process is a hub itself.
	Hub bool
	// Flow is set when this event ties the lineage to another through a file.
	Flow *Flow
}

// Observe takes one event in and returns what is then known of its process.
// now is the engine's clock in nanoseconds.
func (g *Graph) Observe(ev *event.Event, now int64) Subject {
	if ev.Process == nil || ev.Process.Key.IsZero() {
		return Subject{}
	}
	g.now, g.at = now, ev.Time.UnixNano()
	h := g.host(ev.Host.ID, now)
	h.heard = g.at
	if h.reboots(ev.Process.Key.Boot) {
		g.rebooted(h, now)
	}
	p := g.process(h, ev.Process, now)
	g.apply(h, p, ev, now)
	flow := g.keep(h, p, ev, now)
	s := g.subject(p)
	s.Flow = flow
	h.age(g.at)
	g.settle(h, now)
	g.sweep(h, now)
	return s
}

// Stats counts what is held.
func (g *Graph) Stats() Stats {
	s := Stats{
		Hosts: g.hosts.Len(), Processes: g.pools[sortProcs].total, Files: g.pools[sortFiles].total, Names: g.pools[sortNames].total, Contexts: g.contexts.Len(),
		Peers: g.pools[sortPeers].total, Edges: g.pools[sortEdges].total, Bones: g.pools[sortBones].total,
		Evicted: g.hosts.Evicted() + g.contexts.Evicted(),
	}
	for _, h := range g.hosts.All() {
		s.Intrusions += (*h).intrusions.Len()
		s.Evicted += (*h).pruned + (*h).files.Evicted() + (*h).procs.Evicted() + (*h).names.Evicted()
	}
	return s
}

func (g *Graph) host(id string, now int64) *host {
	if h := g.hosts.Get(id, now); h != nil {
		return *h
	}
	if g.hosts.Len() == g.limits.Hosts {
		for _, oldest := range g.hosts.All() {
			for _, number := range slices.Clone((*oldest).dirty) {
				(*oldest).partWith(number)
			}
			for _, p := range g.pools {
				p.leave(*oldest)
			}
			break
		}
	}
	return *g.hosts.Put(id, newHost(g, id), now)
}

// put adds a process and keeps the limits.
func (g *Graph) put(h *host, key procKey, p *process, now int64) {
	h.procs.Put(key, p, now)
	g.settle(h, now)
}

// settle keeps the limits that hold for all hosts together.
func (g *Graph) settle(h *host, now int64) {
	for _, p := range g.pools {
		p.settle(h, now)
	}
}

// sweepEvery is how often a host's entries are checked for age.
const sweepEvery = int64(10 * time.Second)

// sweep lets go of what exited some time ago or was silent for long.
func (g *Graph) sweep(h *host, now int64) {
	if now-h.swept < sweepEvery {
		return
	}
	h.swept = now
	h.procs.Expire(now - int64(g.limits.Silent))
	for len(h.exits) > 0 && h.exits[0].At < now-int64(g.limits.Exited) {
		h.procs.Delete(h.exits[0].Key)
		h.exits = h.exits[1:]
	}
	h.files.Expire(now - int64(g.limits.Silent))
	h.names.Expire(now - int64(g.limits.Silent))
	h.oldProcs.Expire(now - int64(g.limits.Silent))
	h.oldFiles.Expire(now - int64(g.limits.Silent))
	h.gone.Expire(now - int64(g.limits.Silent))
	h.peers.Expire(now - int64(g.limits.Silent))
	h.intrusions.Expire(now - int64(g.limits.Silent))
	g.settle(h, now)
}

// exited notes when p ended. Past the limit of processes the oldest exit is
// forgotten and its process ages out like a silent one; exits of processes that
// left already are of no use.
func (g *Graph) exited(h *host, p *process, now int64) {
	if p.Exited {
		return
	}
	p.Exited = true
	h.over(p)
	h.exits = append(h.exits, exit{At: now, Key: h.key(p.Key)})
	for len(h.exits) > g.limits.ProcessesPerHost || len(h.exits) > 0 && h.procs.Peek(h.exits[0].Key) == nil {
		h.exits = h.exits[1:]
	}
}
