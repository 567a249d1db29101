package graph

import (
	"net/netip"

	"baize/internal/event"
)

// peerOf returns the other end of a conversation, made where it is new.
func (g *Graph) peerOf(h *host, key peerKey, now int64) *peer {
	if slot := h.peers.Get(key, now); slot != nil {
		return *slot
	}
	to := &peer{Key: key}
	h.number(&to.Node, holder{peer: to})
	h.peers.Put(key, to, now)
	return to
}

// text is how a peer is named to people.
func (p *peer) text() string {
	switch {
	case p.Key.Name != "":
		return p.Key.Name
	case p.Key.Port == 0:
		return p.Key.Addr.String()
	}
	return netip.AddrPortFrom(p.Key.Addr, p.Key.Port).String()
}

// inside reports whether a peer is an address of ours.
func (p *peer) inside() bool { return p.Key.Addr.IsValid() && !event.Outside(p.Key.Addr) }

// local reports whether it is the host itself.
func (p *peer) local() bool { return p.Key.Addr.IsLoopback() || p.Key.Addr.IsUnspecified() }

func called(e *event.Endpoint) peerKey { return peerKey{Addr: e.IP.Unmap(), Port: e.Port} }

// onPeer keeps whom a process spoke to.
func (g *Graph) onPeer(h *host, p *process, ev *event.Event, at, now int64) {
	switch {
	case ev.Kind == event.DNSQuery:
		if ev.DNS != nil && ev.DNS.Question.Name != "" {
			to := g.peerOf(h, peerKey{Name: clip(ev.DNS.Question.Name)}, now)
			g.connect(h, &p.Node, &to.Node, edgeOf(ev, opAsk, at))
		}
	case ev.Kind == event.NetworkAccept:
		if ev.Source != nil && ev.Source.IP.IsValid() {
			from := g.peerOf(h, peerKey{Addr: ev.Source.IP.Unmap()}, now)
			g.meet(h, p, from, ev, now)
			g.connect(h, &from.Node, &p.Node, edgeOf(ev, opAccept, at))
		}
	case ev.Kind == event.NetworkConnect:
		if ev.Destination == nil || !ev.Destination.IP.IsValid() {
			return
		}
		what := opConnect
		if ev.Result != nil && *ev.Result < 0 && *ev.Result != connecting {
			what = opTry
		}
		to := g.peerOf(h, called(ev.Destination), now)
		if what == opConnect {
			g.meet(h, p, to, ev, now)
		}
		g.connect(h, &p.Node, &to.Node, edgeOf(ev, what, at))
	default:
		g.bytes(h, p, ev, at, now)
	}
}

// bytes adds what went over a connection. The sensor tells a conversation that
// goes on by what went so far, and its end by the whole.
func (g *Graph) bytes(h *host, p *process, ev *event.Event, at, now int64) {
	n := ev.Network
	if n == nil || ev.Destination == nil && ev.Source == nil {
		return
	}
	key := peerKey{}
	switch {
	case n.Initiated && ev.Destination != nil:
		key = called(ev.Destination)
	case !n.Initiated && ev.Source != nil:
		key = peerKey{Addr: ev.Source.IP.Unmap()}
	}
	to := g.spokenTo(h, p, key, now)
	if to == nil {
		return
	}
	out, in := n.BytesOut, n.BytesIn
	if told := h.told.Get(n.Cookie, now); told != nil && n.Cookie != 0 {
		out, in = out-min(out, told.Out), in-min(in, told.In)
	}
	switch {
	case ev.Kind == event.NetworkClose:
		h.told.Delete(n.Cookie)
	case n.Cookie != 0:
		h.told.Put(n.Cookie, toldBytes{n.BytesOut, n.BytesIn}, now)
	}
	what := opConnect
	if !n.Initiated {
		what = opAccept
	}
	h.addBytes(p, to, out, in)
	h.bookBytes(p, to, what, out, in, at)
}

// spokenTo is the other end of a conversation that goes on. One that was forgotten
// meanwhile matters for an intruder alone.
func (g *Graph) spokenTo(h *host, p *process, key peerKey, now int64) *peer {
	if slot := h.peers.Get(key, now); slot != nil {
		return *slot
	}
	if !key.Addr.IsValid() || len(p.Node.taints()) == 0 {
		return nil
	}
	return g.peerOf(h, key, now)
}

// toldBytes are those of a connection that were counted already.
type toldBytes struct{ Out, In uint64 }

// addBytes counts them on the newest edge between the two.
func (h *host) addBytes(p *process, to *peer, out, in uint64) {
	for _, what := range []op{opConnect, opAccept} {
		from, target := &p.Node, &to.Node
		if what == opAccept {
			from, target = target, from
		}
		if e := h.same(from, target, what); e != nil {
			e.Bytes += out + in
			return
		}
	}
}
