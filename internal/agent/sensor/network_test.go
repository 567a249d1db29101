package sensor

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"

	"baize/internal/event"

	"golang.org/x/sys/unix"
)

// echo accepts one connection on an address and answers a question. It returns
// the address.
func echo(t *testing.T, address string) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { ln.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 64))
			_, _ = c.Write([]byte("an answer"))
			_, _ = c.Read(make([]byte, 1))
			c.Close()
		}
	}()
	return netip.MustParseAddrPort(ln.Addr().String())
}

func ofSocket(kind event.Kind, pid int, remote netip.AddrPort) func(*Record) bool {
	return func(r *Record) bool {
		return r.Kind == kind && int(r.Task.PID) == pid && r.Socket.Remote == remote
	}
}

func TestConnect(t *testing.T) {
	l := shared(t)
	four, six := echo(t, "127.0.0.1:21010"), echo(t, "[::1]:21011")
	closed := netip.MustParseAddrPort("127.0.0.1:21012")
	mapped := netip.AddrPortFrom(netip.MustParseAddr("::ffff:127.0.0.1"), four.Port())
	for _, c := range []struct {
		to, seen netip.AddrPort
		how      string
		errno    syscall.Errno
		out, in  uint64
	}{
		{four, four, "block", 0, 8, 9},
		{four, four, "poll", 0, 0, 0},
		{six, six, "block", 0, 8, 9},
		{mapped, four, "block", 0, 8, 9},
		{closed, closed, "block", syscall.ECONNREFUSED, 0, 0},
		{closed, closed, "poll", syscall.ECONNREFUSED, 0, 0},
	} {
		h := prepare(t, nil, "connect", c.to.String(), c.how)
		if got := h.finish(); got != itoa(int(c.errno)) {
			t.Fatalf("%v: helper says %s", c, got)
		}
		r := l.await("a connect", ofSocket(event.NetworkConnect, h.pid, c.seen))
		if r.Result != -int32(c.errno) || r.Task.Start/tick != h.ticks || r.Socket.Transport != "tcp" || !r.Socket.Initiated {
			t.Errorf("%v: result %d, %+v", c, r.Result, r.Socket)
		}
		if r.Socket.Cookie == 0 || r.Socket.Local.Port() == 0 || r.Socket.NetNS != r.Task.NetNS {
			t.Errorf("%v: %+v", c, r.Socket)
		}
		if c.errno != 0 {
			continue
		}
		end := l.await("the close", ofSocket(event.NetworkClose, h.pid, c.seen))
		if end.Socket.Cookie != r.Socket.Cookie || end.Socket.BytesOut != c.out || end.Socket.BytesIn != c.in ||
			end.Socket.Local != r.Socket.Local {
			t.Errorf("%v: close %+v", c, end.Socket)
		}
	}
}

func TestAcceptAndListen(t *testing.T) {
	l := shared(t)
	h := prepare(t, nil, "serve", "127.0.0.1:21020")
	if _, err := h.in.Write([]byte{'\n'}); err != nil {
		t.Fatal(err)
	}
	if line, err := h.out.ReadString('\n'); err != nil || !strings.Contains(line, "21020") {
		t.Fatalf("%q %v", line, err)
	}
	c, err := net.Dial("tcp", "127.0.0.1:21020")
	if err != nil {
		t.Fatal(err)
	}
	self := netip.MustParseAddrPort(c.LocalAddr().String())
	if _, err := c.Write([]byte("question")); err != nil {
		t.Fatal(err)
	}
	_, _ = c.Read(make([]byte, 64))
	c.Close()
	if err := h.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	listen := l.await("the listen", ofPID(event.NetworkListen, h.pid))
	if listen.Socket.Local.Port() != 21020 || listen.Task.Start/tick != h.ticks {
		t.Errorf("listen %+v", listen.Socket)
	}
	accept := l.await("the accept", ofSocket(event.NetworkAccept, h.pid, self))
	if accept.Socket.Local.String() != "127.0.0.1:21020" || accept.Socket.Initiated {
		t.Errorf("accept %+v", accept.Socket)
	}
	end := l.await("the close", ofSocket(event.NetworkClose, h.pid, self))
	if end.Socket.BytesIn != 8 || end.Socket.BytesOut != 9 || end.Socket.Cookie != accept.Socket.Cookie {
		t.Errorf("close %+v", end.Socket)
	}
}

func TestDatagrams(t *testing.T) {
	l := shared(t)
	server, err := net.ListenPacket("udp", "127.0.0.1:21030")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 3 {
		if _, err := c.WriteTo([]byte("hello"), server.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	to := netip.MustParseAddrPort("127.0.0.1:21030")
	self := syscall.Getpid()
	if r := l.await("the datagram", ofSocket(event.NetworkConnect, self, to)); r.Socket.Transport != "udp" {
		t.Errorf("%+v", r.Socket)
	}
	d, err := net.Dial("udp", "127.0.0.1:21031")
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	// The second socket's record comes after all of the first's.
	l.await("the connect", ofSocket(event.NetworkConnect, self, netip.MustParseAddrPort("127.0.0.1:21031")))
	if seen, _ := l.matching(ofSocket(event.NetworkConnect, self, to)); len(seen) != 1 {
		t.Errorf("%d records of one peer", len(seen))
	}
}

// hasPaths tells whether this kernel has multipath TCP.
func hasPaths() bool {
	state, err := os.ReadFile("/proc/sys/net/mptcp/enabled")
	return err == nil && state[0] == '1'
}

// dialPaths connects by multipath TCP and says hello. It returns the local end.
func dialPaths(t *testing.T, to netip.AddrPort) (local netip.AddrPort, end func()) {
	t.Helper()
	family, address := sockaddr(to)
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, multipath)
	if err != nil {
		t.Fatal(err)
	}
	c := os.NewFile(uintptr(fd), "paths")
	if err := unix.Connect(fd, address); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	own := name.(*unix.SockaddrInet4)
	if _, err := c.WriteString("question"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 64)); err != nil {
		t.Fatal(err)
	}
	return netip.AddrPortFrom(netip.AddrFrom4(own.Addr), uint16(own.Port)), func() { c.Close() }
}

// A connection by multipath TCP, which servers in Go take without being asked, is
// a connection as any other.
func TestMultipathConnections(t *testing.T) {
	if !hasPaths() {
		return
	}
	l := shared(t)
	h := prepare(t, nil, "serve", "127.0.0.1:21022")
	if _, err := h.in.Write([]byte{'\n'}); err != nil {
		t.Fatal(err)
	}
	if line, err := h.out.ReadString('\n'); err != nil || !strings.Contains(line, "21022") {
		t.Fatalf("%q %v", line, err)
	}
	server := netip.MustParseAddrPort("127.0.0.1:21022")
	self, end := dialPaths(t, server)
	end()
	if err := h.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	connect := l.await("the connect", ofSocket(event.NetworkConnect, os.Getpid(), server))
	accept := l.await("the accept", ofSocket(event.NetworkAccept, h.pid, self))
	for _, r := range []*Record{connect, accept} {
		if r.Socket.Transport != "tcp" || r.Socket.Cookie == 0 {
			t.Errorf("%s %+v", r.Kind, r.Socket)
		}
	}
	closed := l.await("the close", ofSocket(event.NetworkClose, h.pid, self))
	if closed.Socket.BytesIn != 8 || closed.Socket.BytesOut != 9 || closed.Socket.Cookie != accept.Socket.Cookie {
		t.Errorf("close %+v", closed.Socket)
	}
}

// UDP-Lite carries datagrams as UDP does.
func TestDatagramsOfUDPLite(t *testing.T) {
	l := shared(t)
	const lite = 136
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, lite)
	if errors.Is(err, unix.EPROTONOSUPPORT) {
		return // this kernel has none
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	to := netip.MustParseAddrPort("127.0.0.1:21033")
	_, address := sockaddr(to)
	if err := unix.Sendto(fd, []byte("hello"), 0, address); err != nil {
		t.Fatal(err)
	}
	if r := l.await("the datagram", ofSocket(event.NetworkConnect, os.Getpid(), to)); r.Socket.Transport != "udplite" {
		t.Errorf("%+v", r.Socket)
	}
}

// A connect that fails before the first packet is a connect all the same.
func TestConnectWithoutRoute(t *testing.T) {
	l := shared(t)
	to := netip.MustParseAddrPort("203.0.113.9:443")
	ways := []string{"block"}
	if hasPaths() {
		ways = append(ways, "paths")
	}
	for _, how := range ways {
		h := prepare(t, newNamespaces, "connect", to.String(), how)
		if got := h.finish(); got != itoa(int(syscall.ENETUNREACH)) {
			t.Fatalf("%s: helper says %s", how, got)
		}
		r := l.await("the connect", ofSocket(event.NetworkConnect, h.pid, to))
		if r.Result != -int32(syscall.ENETUNREACH) || r.Task.Start/tick != h.ticks || !r.Socket.Initiated || r.Socket.Transport != "tcp" {
			t.Errorf("%s: result %d, %+v", how, r.Result, r.Socket)
		}
	}
}
