package event

import "net/netip"

// Endpoint is one end of a conversation. IPv4-mapped IPv6 addresses are
// unmapped before they get here.
type Endpoint struct {
	IP   netip.Addr `json:"ip,omitzero"`
	Port uint16     `json:"port,omitempty"`
}

// Network describes a conversation.
type Network struct {
	// Transport is "tcp", "udp", "unix" (File is then the socket), "raw" or
	// "packet".
	Transport string `json:"transport,omitempty"`
	// Cookie is the kernel's socket cookie: unique per socket and boot.
	Cookie uint64 `json:"cookie,omitempty"`
	// NetNS is the inode number of the network namespace.
	NetNS uint64 `json:"netns,omitempty"`
	// BytesOut and BytesIn are payload bytes as the kernel counted them, sent and
	// acknowledged, and received: at close, or of network.bytes so far.
	BytesOut uint64 `json:"bytes_out,omitempty"`
	BytesIn  uint64 `json:"bytes_in,omitempty"`
	// Initiated says that the host opened the conversation.
	Initiated bool `json:"initiated,omitempty"`
}

// DNS is a question, and its answer where one was seen.
type DNS struct {
	Question DNSQuestion `json:"question"`
	// Answers are addresses and names, in the order of the message.
	Answers []string `json:"answers,omitempty"`
	// Rcode is the response code; nil for a question without answer yet.
	Rcode *int `json:"rcode,omitempty"`
}

// DNSQuestion is what was asked.
type DNSQuestion struct {
	// Name in lower case without the trailing dot.
	Name string `json:"name"`
	// Type is the record type's mnemonic, for example "A".
	Type string `json:"type,omitempty"`
}
