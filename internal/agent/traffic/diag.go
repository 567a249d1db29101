package traffic

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"baize/internal/agent/procfs"
)

// diag is a sock_diag(7) socket in one network namespace.
type diag struct{ fd int }

// open enters the network namespace of pid for as long as it takes to make a
// socket there. netNS is the one that is meant.
func open(proc procfs.FS, pid, netNS uint32) (*diag, error) {
	if own, err := proc.NetNS(0); err == nil && own == netNS {
		return socket()
	}
	there, err := proc.OpenNetNS(pid, netNS)
	if err != nil {
		return nil, err
	}
	defer there.Close()
	runtime.LockOSThread()
	back, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("own network namespace: %w", err)
	}
	defer unix.Close(back)
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("enter the network namespace of %d: %w", pid, err)
	}
	d, err := socket()
	if failed := unix.Setns(back, unix.CLONE_NEWNET); failed != nil {
		// The thread is lost: it ends with its goroutine, which stays locked.
		return d, errors.Join(err, fmt.Errorf("%w: %w", errLost, failed))
	}
	runtime.UnlockOSThread()
	return d, err
}

// errLost reports a thread that could not go back to its network namespace.
var errLost = errors.New("leave a network namespace")

func socket() (*diag, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("sock_diag: %w", err)
	}
	// The kernel answers at once; a silent one must not hold up the rest.
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1}); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("sock_diag: %w", err)
	}
	return &diag{fd: fd}, nil
}

func (d *diag) close() { _ = unix.Close(d.fd) }

// request is struct inet_diag_req_v2 of linux/inet_diag.h behind its header.
type request struct {
	header                   unix.NlMsghdr
	family, protocol, ext, _ uint8
	states                   uint32
	sport, dport             [2]byte // in network order
	src, dst                 [16]byte
	device                   uint32
	cookie                   [2]uint32
}

// Sizes and numbers of linux/inet_diag.h.
const (
	diagMessage = 72 // struct inet_diag_msg
	diagInfo    = 2  // INET_DIAG_INFO
	allStates   = 1<<32 - 1
)

// count asks how much an open connection has carried. It returns errGone for
// one that is not open any more.
func (d *diag) count(f *Flow) (out, in uint64, err error) {
	r := ask(f)
	message := unsafe.Slice((*byte)(unsafe.Pointer(&r)), unsafe.Sizeof(r))
	if err := unix.Sendto(d.fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, 0, fmt.Errorf("sock_diag: %w", err)
	}
	buffer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(d.fd, buffer, 0)
	if err != nil {
		return 0, 0, fmt.Errorf("sock_diag: %w", err)
	}
	return parse(buffer[:n])
}

func ask(f *Flow) request {
	local, remote := f.Local.Addr().Unmap(), f.Remote.Addr().Unmap()
	r := request{
		family: unix.AF_INET, protocol: unix.IPPROTO_TCP, ext: 1 << (diagInfo - 1), states: allStates,
		cookie: [2]uint32{uint32(f.Cookie), uint32(f.Cookie >> 32)},
	}
	r.header = unix.NlMsghdr{Len: uint32(unsafe.Sizeof(r)), Type: unix.SOCK_DIAG_BY_FAMILY, Flags: unix.NLM_F_REQUEST}
	if !local.Is4() || !remote.Is4() {
		r.family = unix.AF_INET6
	}
	binary.BigEndian.PutUint16(r.sport[:], f.Local.Port())
	binary.BigEndian.PutUint16(r.dport[:], f.Remote.Port())
	copy(r.src[:], local.AsSlice())
	copy(r.dst[:], remote.AsSlice())
	return r
}

// errGone reports a connection that is not open any more.
var errGone = errors.New("no such connection")

// parse reads the answer: an error, or what the kernel knows of the connection.
func parse(answer []byte) (out, in uint64, err error) {
	if len(answer) < unix.SizeofNlMsghdr {
		return 0, 0, errShort
	}
	kind, body := binary.NativeEndian.Uint16(answer[4:]), answer[unix.SizeofNlMsghdr:]
	if kind == unix.NLMSG_ERROR {
		if len(body) < 4 {
			return 0, 0, errShort
		}
		errno := unix.Errno(-int32(binary.NativeEndian.Uint32(body)))
		if errno == unix.ENOENT || errno == unix.ESTALE {
			return 0, 0, errGone
		}
		return 0, 0, fmt.Errorf("sock_diag: %w", errno)
	}
	if len(body) < diagMessage {
		return 0, 0, errShort
	}
	for rest := body[diagMessage:]; len(rest) >= unix.SizeofRtAttr; {
		size := int(binary.NativeEndian.Uint16(rest))
		if size < unix.SizeofRtAttr || size > len(rest) {
			return 0, 0, errShort
		}
		if binary.NativeEndian.Uint16(rest[2:]) == diagInfo {
			return bytesOf(rest[unix.SizeofRtAttr:size])
		}
		rest = rest[min((size+3)&^3, len(rest)):]
	}
	return 0, 0, errShort
}

var errShort = errors.New("sock_diag: short answer")

// bytesOf reads payload bytes of struct tcp_info as the sensor does at close:
// acknowledged counts the SYN, and sent counts repeats.
func bytesOf(info []byte) (out, in uint64, err error) {
	var t unix.TCPInfo
	if len(info) < int(unsafe.Offsetof(t.Bytes_retrans)+8) {
		return 0, 0, errShort
	}
	at := func(offset uintptr) uint64 { return binary.NativeEndian.Uint64(info[offset:]) }
	sent := at(unsafe.Offsetof(t.Bytes_sent)) - at(unsafe.Offsetof(t.Bytes_retrans))
	return min(sent, at(unsafe.Offsetof(t.Bytes_acked))), at(unsafe.Offsetof(t.Bytes_received)), nil
}
