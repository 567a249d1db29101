package taxonomy

import (
	"net/netip"

	"baize/internal/event"
	"baize/internal/sigma"
)

var networkFields = []field{
	{"SourceIp", func(r *Record, out *sigma.Values) { ip(r.event.Source, out) }},
	{"SourcePort", func(r *Record, out *sigma.Values) { port(r.event.Source, out) }},
	{"DestinationIp", func(r *Record, out *sigma.Values) { ip(r.event.Destination, out) }},
	{"DestinationPort", func(r *Record, out *sigma.Values) { port(r.event.Destination, out) }},
	{"Protocol", conversation(func(n *event.Network, out *sigma.Values) { out.NonEmpty(n.Transport) })},
	{"Initiated", conversation(func(n *event.Network, out *sigma.Values) { out.Bool(n.Initiated) })},
	{"Network.BytesOut", conversation(func(n *event.Network, out *sigma.Values) { out.Int(int64(n.BytesOut)) })},
	{"Network.BytesIn", conversation(func(n *event.Network, out *sigma.Values) { out.Int(int64(n.BytesIn)) })},
	{"Network.Outside", outside},
}

var dnsFields = []field{
	{"QueryName", query(func(d *event.DNS, out *sigma.Values) { out.NonEmpty(d.Question.Name) })},
	{"QueryType", query(func(d *event.DNS, out *sigma.Values) { out.NonEmpty(d.Question.Type) })},
	{"QueryResults", query(func(d *event.DNS, out *sigma.Values) { each(d.Answers, out) })},
	{"QueryStatus", query(func(d *event.DNS, out *sigma.Values) {
		if d.Rcode != nil {
			out.Int(int64(*d.Rcode))
		}
	})},
}

func conversation(get func(*event.Network, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if n := r.event.Network; n != nil {
			get(n, out)
		}
	}
}

func query(get func(*event.DNS, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if d := r.event.DNS; d != nil {
			get(d, out)
		}
	}
}

func ip(e *event.Endpoint, out *sigma.Values) {
	if e != nil && e.IP.IsValid() {
		out.AddrPort(e.IP, 0)
	}
}

func port(e *event.Endpoint, out *sigma.Values) {
	if e != nil {
		out.Int(int64(e.Port))
	}
}

// outside says whether the far end of a conversation is on a network that is
// neither private nor configured as internal.
func outside(r *Record, out *sigma.Values) {
	if far := farEnd(r.event); far != nil && far.IP.IsValid() {
		out.Bool(!Internal(far.IP, r.internal))
	}
}

// farEnd is the source of what was accepted, logged in or asked of a web
// server, and the destination of everything else.
func farEnd(ev *event.Event) *event.Endpoint {
	if ev.Kind == event.NetworkAccept || event.ClassOf(ev.Kind) == event.ClassLog {
		return ev.Source
	}
	return ev.Destination
}

// Internal reports whether an address is inside: private (RFC 1918, RFC 4193),
// loopback, link-local, unspecified, multicast, broadcast or in a configured network.
func Internal(addr netip.Addr, configured []netip.Prefix) bool {
	addr = addr.Unmap()
	if addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() ||
		addr.IsUnspecified() || addr.IsMulticast() || addr == broadcast {
		return true
	}
	for _, p := range configured {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})
