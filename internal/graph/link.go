package graph

import (
	"fmt"
	"time"

	"baize/internal/event"
)

// caller is who of a host of ours began a conversation.
type caller struct {
	Host    string
	Process event.ProcessKey
	At      int64
}

// callee is an intrusion that began with a conversation.
type callee struct {
	Host   string
	Number uint32
	// At is when, by the engine's clock.
	At int64
}

// Link says that an intrusion on one host led to one on another: a process of the
// first began the conversation upon which the second's shell or session was
// started.
type Link struct {
	Org string
	// From and To are the ids of the intrusions.
	From, To string
	// Over is the conversation, with when it began.
	Over string

	conversation conversation
}

const (
	// maxCallees bounds the entries whose caller is not known to be an intruder's.
	maxCallees = 4_096
	// calleeFor is how long that may turn out.
	calleeFor = 24 * time.Hour
	// maxServers is how many processes lie between a session and who accepted.
	maxServers = 4
)

// calledBy notes which conversation with another of ours led to a shell or a
// session: the last that a server above it accepted, unless another of ours had
// called at about the same time.
func (g *Graph) calledBy(h *host, p *process, kind string) {
	if !p.Root || kind != event.ContextWebShell && kind != event.ContextLogin {
		return
	}
	above := p.Parent
	for range maxServers {
		q := h.get(above)
		if q == nil {
			return
		}
		if r := q.rare(); r.Caller.From.IsValid() {
			if g.now-r.CallerTime <= sourceWindow && (r.OtherCaller == 0 || g.now-r.OtherCaller > sourceWindow) {
				p.rarely().Caller = r.Caller
			}
			return
		}
		above = q.Parent
	}
}

// called keeps that an intrusion began with a conversation.
func (g *Graph) called(h *host, i *intrusion, top *process) {
	if c := top.rare().Caller; c.From.IsValid() {
		g.callees.Put(c, callee{Host: h.id, Number: i.Number, At: g.now}, g.now)
	}
}

// Links are the intrusions that turned out to have led to others since the last
// call.
func (g *Graph) Links() []Link {
	g.callees.Expire(g.now - int64(calleeFor))
	var links []Link
	for c, to := range g.callees.All() {
		if l, ok := g.link(c, to); ok {
			links = append(links, l)
		}
	}
	for i := range links {
		g.callees.Delete(links[i].conversation)
	}
	return links
}

func (g *Graph) link(c conversation, to *callee) (Link, bool) {
	from := g.callers.Peek(c)
	if from == nil || from.Host == to.Host || max(from.At-to.At, to.At-from.At) > int64(calleeFor) {
		return Link{}, false
	}
	near, far := g.hosts.Peek(from.Host), g.hosts.Peek(to.Host)
	if near == nil || far == nil {
		return Link{}, false
	}
	p, led := (*near).lookup(from.Process), (*far).find(to.Number)
	if p == nil || led == nil {
		return Link{}, false
	}
	by := (*near).intrusion(p.Node.heaviest(g.at), half)
	if by == nil {
		if by = (*near).ofLineage(p); by == nil {
			return Link{}, false
		}
	}
	over := fmt.Sprintf("%s → %s at %s", c.From, c.To, stamp(from.At).Format(time.RFC3339))
	return Link{Org: led.Org, From: by.ID, To: led.ID, Over: over, conversation: c}, true
}
