package graph

import (
	"net/netip"
	"time"

	"baize/internal/event"
)

// meetWithin is how far apart the two ends of one conversation may be told:
// agents send at most 100 ms late, but a spool may drain later.
const meetWithin = 10 * time.Minute

// conversation is a connection by its two ends, within an organisation.
type conversation struct {
	Org      string
	From, To netip.AddrPort
}

// side is one end of a conversation as its host told it.
type side struct {
	Host    string
	Process event.ProcessKey
	Peer    peerKey
	At      int64
	// Called : it is the end that connected.
	Called bool
}

// conversationOf names the conversation of an event; false where its ends are not
// known, or it is the host's with itself.
func conversationOf(ev *event.Event) (c conversation, ok bool) {
	if ev.Source == nil || ev.Destination == nil || ev.Source.Port == 0 || ev.Destination.Port == 0 || ev.Source.IP.IsLoopback() {
		return c, false
	}
	return conversation{
		Org: ev.Org, From: netip.AddrPortFrom(ev.Source.IP.Unmap(), ev.Source.Port), To: netip.AddrPortFrom(ev.Destination.IP.Unmap(), ev.Destination.Port),
	}, true
}

// meet ties the two ends of one conversation between hosts of the fleet: the
// connect on one and the accept on the other.
func (g *Graph) meet(h *host, p *process, with *peer, ev *event.Event, now int64) {
	c, ok := conversationOf(ev)
	if !ok {
		return
	}
	if ev.Kind == event.NetworkConnect && with.inside() {
		g.callers.Put(c, caller{Host: h.id, Process: p.Key, At: now}, now)
	}
	mine := side{Host: h.id, Process: p.Key, Peer: with.Key, At: now, Called: ev.Kind == event.NetworkConnect}
	slot := g.sides.Get(c, now)
	if slot == nil || slot.Called == mine.Called || now-slot.At > int64(meetWithin) {
		g.sides.Put(c, mine, now)
		return
	}
	other := *slot
	g.sides.Delete(c)
	with.Host, with.Process = other.Host, other.Process
	if far := g.hosts.Peek(other.Host); far != nil {
		if back := (*far).peers.Peek(other.Peer); back != nil {
			(*back).Host, (*back).Process = h.id, p.Key
			(*far).metAgain(*back)
		}
	}
}

// metAgain tells the intrusions that already know a peer who it is.
func (h *host) metAgain(with *peer) {
	for _, slot := range h.intrusions.All() {
		if x := (*slot).Books.Peers.get(with.Node.ID); x != nil {
			x.Host, x.Process = with.Host, with.Process
			defer h.touch(*slot, (*slot).Updated)
		}
	}
}
