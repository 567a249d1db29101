package sensor

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"

	"baize/internal/event"
)

// ErrRecord reports bytes from the kernel that are not a record.
var ErrRecord = errors.New("malformed sensor record")

// parts is a record taken apart into its items, not yet given a meaning.
type parts struct {
	kind, flags uint16
	mono        uint64
	task        Task
	child       *Task
	files       [places]*FileRef
	rdevs       [places]event.Device
	paths       [places]walked
	sockets     [places]*Socket
	strings     [stringsCount]string
	numbers     [numbersCount]uint64
	// elsewhere says that the image was reached through mounts or a root that are
	// not the host's.
	elsewhere bool
	old       *Credentials
	args, env []string
	dns       []byte
}

// decode turns one record of the ring or the task iterator into a Record.
func decode(raw []byte) (Record, error) {
	p, err := split(raw)
	if err != nil {
		return Record{}, err
	}
	return p.record()
}

// split reads the header and all items.
func split(raw []byte) (*parts, error) {
	if len(raw) < recordSize {
		return nil, fmt.Errorf("%w: %d bytes, want at least %d", ErrRecord, len(raw), recordSize)
	}
	size := int(order.Uint32(raw))
	if size < recordSize || size > len(raw) {
		return nil, fmt.Errorf("%w: says %d bytes, has %d", ErrRecord, size, len(raw))
	}
	p := &parts{
		kind:  order.Uint16(raw[4:]),
		flags: order.Uint16(raw[6:]),
		mono:  order.Uint64(raw[8:]),
		task:  decodeTask(raw[16:recordSize]),
	}
	for rest := raw[recordSize:size]; len(rest) > 0; {
		if len(rest) < itemSize {
			return nil, fmt.Errorf("%w: %d bytes after the last item", ErrRecord, len(rest))
		}
		n := int(order.Uint16(rest[2:])) + itemSize
		if n > len(rest) {
			return nil, fmt.Errorf("%w: item %d of %d bytes, %d left", ErrRecord, rest[0], n, len(rest))
		}
		if err := p.item(rest[0], int(rest[1]), rest[itemSize:n]); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	return p, nil
}

// minimum is the least size of an item's value by tag.
var minimum = [...]int{
	tagChild: taskSize, tagFile: fileSize, tagPath: 1, tagSocket: socketSize,
	tagCredentials: credentialsSize, tagNumber: 8, tagDNS: 0,
}

// limit is one above the highest index of a tag.
var limit = [...]int{
	tagChild: 1, tagFile: places, tagPath: places, tagString: stringsCount, tagArgs: 1,
	tagEnv: 1, tagSocket: places, tagCredentials: 1, tagNumber: numbersCount, tagDNS: 1,
}

// item stores one item. Unknown tags are passed over.
func (p *parts) item(tag uint8, index int, v []byte) error {
	if tag == 0 || int(tag) >= len(limit) {
		return nil
	}
	if index >= limit[tag] || len(v) < minimum[tag] {
		return fmt.Errorf("%w: item %d has index %d and %d bytes", ErrRecord, tag, index, len(v))
	}
	switch tag {
	case tagChild:
		child := decodeTask(v)
		p.child = &child
	case tagFile:
		p.files[index], p.rdevs[index] = decodeFile(v)
		p.elsewhere = p.elsewhere || order.Uint32(v[44:])&fileElsewhere != 0
	case tagPath:
		p.paths[index] = decodePath(v)
	case tagString:
		p.strings[index] = untilNUL(v)
	case tagArgs:
		p.args = splitNUL(v)
	case tagEnv:
		p.env = append(p.env, untilNUL(v))
	case tagSocket:
		p.sockets[index] = decodeSocket(v)
	case tagCredentials:
		c := decodeCredentials(v)
		p.old = &c
	case tagNumber:
		p.numbers[index] = order.Uint64(v)
	case tagDNS:
		p.dns = bytes.Clone(v)
	}
	return nil
}

func decodeTask(b []byte) Task {
	u32 := func(at int) uint32 { return order.Uint32(b[at:]) }
	u64 := func(at int) uint64 { return order.Uint64(b[at:]) }
	return Task{
		Start: u64(0), ParentStart: u64(8), Cgroup: u64(24),
		PID: u32(32), TID: u32(36), ParentPID: u32(40),
		Credentials: Credentials{UID: u32(44), GID: u32(48), EUID: u32(52), EGID: u32(56), Effective: u64(16)},
		PIDNS:       u32(60), MountNS: u32(64), NetNS: u32(68), NamespacePID: u32(72),
		Login: u32(76), Session: u32(80), KernelThread: u32(84)&taskKernelThread != 0,
		Comm: untilNUL(b[88:104]),
	}
}

func decodeFile(b []byte) (*FileRef, event.Device) {
	return &FileRef{
		Inode: order.Uint64(b), Size: order.Uint64(b[8:]), Magic: order.Uint64(b[16:]),
		Device: event.Device(order.Uint32(b[24:])), Gen: order.Uint32(b[28:]),
		Mode: order.Uint32(b[32:]), Nlink: order.Uint32(b[36:]),
		Deleted: order.Uint32(b[44:])&fileDeleted != 0,
	}, event.Device(order.Uint32(b[40:]))
}

func decodeSocket(b []byte) *Socket {
	family := order.Uint16(b[28:])
	return &Socket{
		Cookie: order.Uint64(b), BytesOut: order.Uint64(b[8:]), BytesIn: order.Uint64(b[16:]),
		NetNS: order.Uint32(b[24:]), Transport: transportName(family, order.Uint16(b[30:])),
		Local:     address(family, b[36:52], order.Uint16(b[32:])),
		Remote:    address(family, b[52:68], order.Uint16(b[34:])),
		Initiated: order.Uint32(b[68:])&socketInitiated != 0,
	}
}

func decodeCredentials(b []byte) Credentials {
	return Credentials{
		UID: order.Uint32(b), GID: order.Uint32(b[4:]), EUID: order.Uint32(b[8:]),
		EGID: order.Uint32(b[12:]), Effective: order.Uint64(b[16:]),
	}
}

// address families and protocols as the kernel numbers them.
const (
	familyUNIX   = 1
	familyINET   = 2
	familyINET6  = 10
	familyPacket = 17
	protocolTCP  = 6
	protocolUDP  = 17
	protocolLite = 136
)

// address unmaps IPv4 in IPv6, so that one peer has one form.
func address(family uint16, b []byte, port uint16) netip.AddrPort {
	switch family {
	case familyINET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b)), port)
	case familyINET6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b)).Unmap(), port)
	}
	return netip.AddrPort{}
}

// transportPacket is the transport of sockets below the protocols.
const transportPacket = "packet"

func transportName(family, protocol uint16) string {
	switch family {
	case familyUNIX:
		return "unix"
	case familyPacket:
		return transportPacket
	}
	switch protocol {
	case protocolTCP:
		return "tcp"
	case protocolUDP:
		return "udp"
	case protocolLite:
		return "udplite"
	}
	return ""
}

// untilNUL is the text before the first NUL.
func untilNUL(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// splitNUL splits NUL-terminated strings; the last may lack its NUL.
func splitNUL(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	b = bytes.TrimSuffix(b, []byte{0})
	all := string(b)
	out := make([]string, 0, bytes.Count(b, []byte{0})+1)
	for {
		i := indexNUL(all)
		if i < 0 {
			return append(out, all)
		}
		out = append(out, all[:i])
		all = all[i+1:]
	}
}

func indexNUL(s string) int {
	for i := range len(s) {
		if s[i] == 0 {
			return i
		}
	}
	return -1
}
