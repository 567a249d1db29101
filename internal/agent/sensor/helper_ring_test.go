package sensor

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring is a small io_uring: linux/io_uring.h has its structures.
type ring struct {
	fd   int
	sq   []byte
	sqes []byte
	p    ringParams
}

type ringParams struct {
	sqEntries, cqEntries, flags, threadCPU, threadIdle, features, wqFD uint32
	_                                                                  [3]uint32
	sq, cq                                                             [10]uint32
}

const (
	ringSize    = 8
	sqeSize     = 64
	ringSQEs    = 0x10000000
	ringCQ      = 0x8000000
	enterEvents = 1
	// skipSuccess is IOSQE_CQE_SKIP_SUCCESS: no completion if all went well.
	skipSuccess = 1 << 6
)

// Operations of enum io_uring_op.
const (
	ringAcceptOp  = 13
	ringConnectOp = 16
	ringOpenOp    = 18
	ringRenameOp  = 35
	ringUnlinkOp  = 36
	ringMkdirOp   = 37
	ringSymlinkOp = 38
	ringLinkOp    = 39
	ringSocketOp  = 45
)

func newRing() (*ring, error) {
	r := &ring{}
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, ringSize, uintptr(unsafe.Pointer(&r.p)), 0)
	if errno != 0 {
		return nil, errno
	}
	r.fd = int(fd)
	var err error
	const page = 4096
	if r.sq, err = unix.Mmap(r.fd, 0, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return nil, err
	}
	r.sqes, err = unix.Mmap(r.fd, ringSQEs, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return r, err
}

// at is a number in the shared head of the queues, by its offset.
func (r *ring) at(offset uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.sq[offset])) }

// request is the parts of an sqe that the tests use.
type request struct {
	op, flags uint8
	priority  uint16
	fd        int32
	off, addr uint64
	length    uint32
	opFlags   uint32
}

// do submits one request and waits for its result; one that leaves its
// completion out gives 0.
func (r *ring) do(q request) (int, error) {
	if err := r.submit(q); err != nil {
		return 0, err
	}
	if q.flags&skipSuccess == 0 {
		if err := r.enter(0, 1); err != nil {
			return 0, err
		}
	}
	return r.completed()
}

// submit hands one request over.
func (r *ring) submit(q request) error {
	tailAt, mask := r.at(r.p.sq[1]), *r.at(r.p.sq[2])
	tail := atomic.LoadUint32(tailAt)
	sqe := r.sqes[(tail&mask)*sqeSize:][:sqeSize]
	clear(sqe)
	sqe[0], sqe[1] = q.op, q.flags
	order.PutUint16(sqe[2:], q.priority)
	order.PutUint32(sqe[4:], uint32(q.fd))
	order.PutUint64(sqe[8:], q.off)
	order.PutUint64(sqe[16:], q.addr)
	order.PutUint32(sqe[24:], q.length)
	order.PutUint32(sqe[28:], q.opFlags)
	*r.at(r.p.sq[6] + 4*(tail&mask)) = tail & mask
	atomic.StoreUint32(tailAt, tail+1)
	return r.enter(1, 0)
}

// enter submits requests and waits for completions.
func (r *ring) enter(requests, completions uintptr) error {
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), requests, completions, enterEvents, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// completed takes the result of a request, 0 if there is none.
func (r *ring) completed() (int, error) {
	headAt := r.at(r.p.cq[0])
	head := atomic.LoadUint32(headAt)
	if head == atomic.LoadUint32(r.at(r.p.cq[1])) {
		return 0, nil
	}
	const cqeSize = 16
	cqe := r.p.cq[5] + head&*r.at(r.p.cq[2])*cqeSize
	result := int32(*r.at(cqe + 8))
	atomic.StoreUint32(headAt, head+1)
	if result < 0 {
		return 0, unix.Errno(-result)
	}
	return int(result), nil
}

// text is the address of a C string; it lives as long as the process.
func text(s string) uint64 {
	b, err := unix.BytePtrFromString(s)
	if err != nil {
		panic(err)
	}
	kept = append(kept, b)
	return uint64(uintptr(unsafe.Pointer(b)))
}

var kept []*byte

const atCwd = unix.AT_FDCWD

// ringRequests does in the directory args[0] what no system call shows, reads
// args[1], and connects to args[2].
func ringRequests(args []string) error {
	runtime.LockOSThread()
	r, err := newRing()
	if err != nil {
		return err
	}
	if err := os.Chdir(args[0]); err != nil {
		return err
	}
	at := func(name string) uint64 { return text(filepath.Join(args[0], name)) }
	for i, q := range []request{
		{op: ringOpenOp, fd: atCwd, addr: text("made"), length: 0o600, opFlags: unix.O_CREAT | unix.O_WRONLY},
		{op: ringOpenOp, fd: atCwd, addr: at("made"), opFlags: unix.O_CREAT | unix.O_RDONLY},
		{op: ringRenameOp, fd: atCwd, addr: at("made"), length: uint32(0xffffff9c), off: at("renamed")},
		{op: ringLinkOp, fd: atCwd, addr: at("renamed"), length: uint32(0xffffff9c), off: at("linked")},
		{op: ringSymlinkOp, fd: atCwd, addr: text("/target"), off: at("soft")},
		{op: ringMkdirOp, fd: atCwd, addr: at("dir"), length: 0o700},
		{op: ringUnlinkOp, flags: skipSuccess, fd: atCwd, addr: at("linked")},
		{op: ringOpenOp, fd: atCwd, addr: text(args[1]), opFlags: unix.O_RDONLY},
	} {
		if _, err := r.do(q); err != nil {
			return fmt.Errorf("request %d: %w", i, err)
		}
	}
	return ringConnect(r, args[2])
}

func ringConnect(r *ring, to string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	addr := netip.MustParseAddrPort(to)
	sa := &unix.RawSockaddrInet4{Family: unix.AF_INET, Port: addr.Port()<<8 | addr.Port()>>8, Addr: addr.Addr().As4()}
	_, err = r.do(request{op: ringConnectOp, fd: int32(fd), addr: uint64(uintptr(unsafe.Pointer(sa))), off: unix.SizeofSockaddrInet4})
	runtime.KeepAlive(sa)
	return err
}

// ringAccept listens on args[0], accepts one connection through io_uring, and
// opens a packet socket through it.
func ringAccept(args []string) error {
	runtime.LockOSThread()
	r, err := newRing()
	if err != nil {
		return err
	}
	fd, err := listenOn(args[0])
	if err != nil {
		return err
	}
	fmt.Println("listening")
	if _, err := r.do(request{op: ringAcceptOp, fd: int32(fd)}); err != nil {
		return err
	}
	_, err = r.do(request{op: ringSocketOp, fd: unix.AF_PACKET, off: unix.SOCK_RAW})
	return err
}

// ringFails asks for what cannot be done in the directory args[0].
func ringFails(args []string) error {
	runtime.LockOSThread()
	r, err := newRing()
	if err != nil {
		return err
	}
	absent := text(filepath.Join(args[0], "absent"))
	for _, q := range []request{
		{op: ringRenameOp, fd: atCwd, addr: absent, length: uint32(0xffffff9c), off: text(filepath.Join(args[0], "other"))},
		{op: ringUnlinkOp, fd: atCwd, addr: absent},
		{op: ringMkdirOp, fd: atCwd, addr: text(args[0]), length: 0o700},
	} {
		if _, err := r.do(q); err == nil {
			return fmt.Errorf("operation %d did not fail", q.op)
		}
	}
	return nil
}

// ringUnix connects to the unix socket args[0].
func ringUnix(args []string) error {
	runtime.LockOSThread()
	r, err := newRing()
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	sa := &unix.RawSockaddrUnix{Family: unix.AF_UNIX}
	for i := range args[0] {
		sa.Path[i] = int8(args[0][i])
	}
	_, err = r.do(request{op: ringConnectOp, fd: int32(fd), addr: uint64(uintptr(unsafe.Pointer(sa))), off: unix.SizeofSockaddrUnix})
	runtime.KeepAlive(sa)
	return err
}

// ringMultishot listens on args[0] and accepts args[1] connections by one
// request.
func ringMultishot(args []string) error {
	runtime.LockOSThread()
	r, err := newRing()
	if err != nil {
		return err
	}
	fd, err := listenOn(args[0])
	if err != nil {
		return err
	}
	const multishot = 1 // IORING_ACCEPT_MULTISHOT
	if err := r.submit(request{op: ringAcceptOp, fd: int32(fd), priority: multishot}); err != nil {
		return err
	}
	fmt.Println("listening")
	for range number(args[1]) {
		if err := r.enter(0, 1); err != nil {
			return err
		}
		if _, err := r.completed(); err != nil {
			return err
		}
	}
	return nil
}

// listenOn is a listening socket.
func listenOn(address string) (int, error) {
	_, to := sockaddr(netip.MustParseAddrPort(address))
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	return fd, errors.Join(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1), unix.Bind(fd, to), unix.Listen(fd, 8))
}

// wholePacketSockets opens a raw and a packet socket, and ordinary ones.
func wholePacketSockets([]string) error {
	for _, s := range [][3]int{
		{unix.AF_INET, unix.SOCK_DGRAM, 0},
		{unix.AF_UNIX, unix.SOCK_STREAM, 0},
		{unix.AF_NETLINK, unix.SOCK_RAW, 0},
		{unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6},
		{unix.AF_PACKET, unix.SOCK_DGRAM, 0},
	} {
		if _, err := unix.Socket(s[0], s[1], s[2]); err != nil {
			return err
		}
	}
	return nil
}

// speakTo connects to a unix socket through a mount of its directory elsewhere:
// args[1] is bound over args[0]'s directory by another name.
func speakTo(args []string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount(filepath.Dir(args[0]), args[1], "", unix.MS_BIND, ""); err != nil {
		return err
	}
	for _, name := range []string{filepath.Join(args[1], filepath.Base(args[0])), args[2]} {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		if err := unix.Connect(fd, &unix.SockaddrUnix{Name: name}); err != nil {
			return fmt.Errorf("connect to %q: %w", name, err)
		}
	}
	return nil
}

// refusedOpens tries to read files as nobody.
func refusedOpens(args []string) error {
	runtime.LockOSThread()
	if err := errors.Join(unix.Setgroups(nil), unix.Setresgid(65534, 65534, 65534), unix.Setresuid(65534, 65534, 65534)); err != nil {
		return err
	}
	for _, name := range args {
		if fd, err := unix.Open(name, unix.O_RDWR|unix.O_CLOEXEC, 0); err == nil {
			unix.Close(fd)
			return fmt.Errorf("%s could be opened", name)
		}
	}
	return nil
}

// receiveAndWrite writes to a file whose descriptor comes over the unix socket
// that is descriptor 3.
func receiveAndWrite([]string) error {
	space := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(3, make([]byte, 1), space, 0)
	if err != nil {
		return err
	}
	messages, err := unix.ParseSocketControlMessage(space[:n])
	if err != nil {
		return err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	if _, err := unix.Write(fds[0], []byte("by the receiver")); err != nil {
		return err
	}
	return unix.Close(fds[0])
}

// closeRange closes the last writing descriptor with many others.
func closeRange(args []string) error {
	fd, err := unix.Open(args[0], unix.O_CREAT|unix.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := unix.Write(fd, []byte("by close_range")); err != nil {
		return err
	}
	return unix.CloseRange(uint(fd), uint(fd)+8, 0)
}

// mappedDatagram sends to a mapped address from an IPv6 socket.
func mappedDatagram(args []string) error {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	_, to := sockaddr(netip.MustParseAddrPort(args[0]))
	return unix.Sendto(fd, []byte("hello"), 0, to)
}
