package traffic

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"baize/internal/agent/procfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T) *Meter {
	t.Helper()
	m := New(procfs.FS{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); m.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return m
}

func (m *Meter) ask(t *testing.T, flows ...Flow) []Reading {
	t.Helper()
	if !m.Submit(flows) {
		t.Fatal("the meter is busy")
	}
	select {
	case readings := <-m.Done():
		return readings
	case <-time.After(20 * time.Second):
		t.Fatal("no answer within 20 s")
		return nil
	}
}

// pair is a connection over loopback, seen from its client.
func pair(t *testing.T, network, address string) (client, server *net.TCPConn, f Flow) {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Skipf("%s on %s: %v", network, address, err)
	}
	defer listener.Close()
	c, err := net.Dial(network, listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(); _ = s.Close() })
	client, server = c.(*net.TCPConn), s.(*net.TCPConn)
	ns, err := procfs.FS{}.NetNS(0)
	if err != nil {
		t.Fatal(err)
	}
	f = Flow{
		Cookie: cookie(t, client), NetNS: ns, PIDs: []uint32{uint32(os.Getpid())},
		Local: client.LocalAddr().(*net.TCPAddr).AddrPort(), Remote: client.RemoteAddr().(*net.TCPAddr).AddrPort(),
	}
	return client, server, f
}

func cookie(t *testing.T, c *net.TCPConn) (n uint64) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var got error
	if err := raw.Control(func(fd uintptr) { n, got = unix.GetsockoptUint64(int(fd), unix.SOL_SOCKET, unix.SO_COOKIE) }); err != nil || got != nil {
		t.Fatal(err, got)
	}
	return n
}

func exchange(t *testing.T, from, to *net.TCPConn, n int) {
	t.Helper()
	sent := make(chan error, 1)
	go func() { _, err := from.Write(make([]byte, n)); sent <- err }()
	if _, err := io.CopyN(io.Discard, to, int64(n)); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

func TestBytesOfOpenConnections(t *testing.T) {
	for _, c := range [][2]string{{"tcp4", "127.0.0.1:0"}, {"tcp6", "[::1]:0"}} {
		m := start(t)
		client, server, f := pair(t, c[0], c[1])
		exchange(t, client, server, 100_000)
		exchange(t, server, client, 7_000)
		want := Reading{Cookie: f.Cookie, Out: 100_000, In: 7_000}
		// The last acknowledgement may be on its way.
		var got []Reading
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			if got = m.ask(t, f); len(got) == 1 && got[0] == want {
				break
			}
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: %+v, want %+v", c[0], got, want)
		}
		other := f
		other.Cookie++
		if got := m.ask(t, other); len(got) != 1 || !got[0].Gone {
			t.Errorf("%s: another connection of the same addresses: %+v", c[0], got)
		}
		if err := client.SetLinger(0); err != nil {
			t.Fatal(err)
		}
		_ = client.Close()
		if got := m.ask(t, f); len(got) != 1 || !got[0].Gone {
			t.Errorf("%s: after the end: %+v", c[0], got)
		}
	}
}

// A Java program connects by IPv4 through a socket of IPv6.
func TestMappedAddresses(t *testing.T) {
	m := start(t)
	_, _, f := pair(t, "tcp4", "127.0.0.1:0")
	f.Local = netip.AddrPortFrom(netip.AddrFrom16(f.Local.Addr().As16()), f.Local.Port())
	f.Remote = netip.AddrPortFrom(netip.AddrFrom16(f.Remote.Addr().As16()), f.Remote.Port())
	if got := m.ask(t, f); len(got) != 1 || got[0].Gone {
		t.Errorf("%+v", got)
	}
}

// A connection in another network namespace is read there, and the thread that
// went is back.
func TestAnotherNetworkNamespace(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: a network namespace of its own")
	}
	for _, name := range []string{"/usr/bin/python3", "/usr/sbin/ip"} {
		if _, err := os.Stat(name); err != nil {
			t.Skipf("%s is not installed", name)
		}
	}
	const script = `ip link set lo up && exec python3 -u -c '
import socket,struct,sys
l=socket.create_server(("127.0.0.1",0)); c=socket.create_connection(l.getsockname()); s,_=l.accept()
c.sendall(b"x"*5000); n=0
while n<5000: n+=len(s.recv(5000))
print(struct.unpack("Q",c.getsockopt(socket.SOL_SOCKET,57,8))[0],c.getsockname()[1],c.getpeername()[1]); sys.stdin.read()'`
	holder := exec.Command("sh", "-c", script)
	holder.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	holder.Stderr = os.Stderr
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = holder.Wait() })
	f := Flow{PIDs: []uint32{uint32(os.Getpid()), uint32(holder.Process.Pid)}}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var local, remote uint16
	if _, err := fmt.Sscan(line, &f.Cookie, &local, &remote); err != nil {
		t.Fatal(err)
	}
	if f.NetNS, err = (procfs.FS{}).NetNS(uint32(holder.Process.Pid)); err != nil {
		t.Fatal(err)
	}
	loopback := netip.MustParseAddr("127.0.0.1")
	f.Local, f.Remote = netip.AddrPortFrom(loopback, local), netip.AddrPortFrom(loopback, remote)
	m := start(t)
	if got := m.ask(t, f); len(got) != 1 || got[0] != (Reading{Cookie: f.Cookie, Out: 5000}) {
		t.Errorf("%+v", got)
	}
	m.ask(t) // nothing is kept of it
	own, err := procfs.FS{}.NetNS(0)
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		var s unix.Stat_t
		if unix.Stat("/proc/self/task/"+thread.Name()+"/ns/net", &s) == nil && uint32(s.Ino) != own {
			t.Errorf("thread %s stayed there", thread.Name())
		}
	}
}

func TestMalformedAnswers(t *testing.T) {
	for _, answer := range [][]byte{nil, make([]byte, 15), make([]byte, 40), append([]byte{20, 0, 0, 0, 2, 0, 0, 0}, make([]byte, 8)...), make([]byte, 16+diagMessage+3), append(make([]byte, 16+diagMessage), 3, 0, 2, 0), append(make([]byte, 16+diagMessage), 8, 0, 2, 0, 1, 1, 1, 1)} {
		if _, _, err := parse(answer); err == nil {
			t.Errorf("%v is taken for an answer", answer)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(make([]byte, 400))
	f.Fuzz(func(_ *testing.T, answer []byte) { _, _, _ = parse(answer) })
}
