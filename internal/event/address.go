package event

import "net/netip"

// shared is the carriers' address space (RFC 6598), inside by nature.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// Outside reports whether an address belongs to the world outside: not
// loopback, link-local, multicast, RFC 1918, ULA or carrier space. An inside
// address names a role of the network rather than a party to an intrusion.
func Outside(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsValid() && ip.IsGlobalUnicast() && !ip.IsPrivate() && !shared.Contains(ip)
}
