package sensor

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// sockaddr turns an address into the kernel's form; mapped addresses stay IPv6.
func sockaddr(to netip.AddrPort) (int, unix.Sockaddr) {
	if to.Addr().Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
}

// multipath is IPPROTO_MPTCP of linux/in.h.
const multipath = 262

// connectTo connects to args[0]; args[1] is "block", "poll", or "paths" for
// multipath TCP. It writes the outcome as a number.
func connectTo(args []string) error {
	family, to := sockaddr(netip.MustParseAddrPort(args[0]))
	kind := unix.SOCK_STREAM | unix.SOCK_CLOEXEC
	if args[1] == "poll" {
		kind |= unix.SOCK_NONBLOCK
	}
	protocol := 0
	if args[1] == "paths" {
		protocol = multipath
	}
	fd, err := unix.Socket(family, kind, protocol)
	if err != nil {
		return err
	}
	err = unix.Connect(fd, to)
	if errors.Is(err, unix.EINPROGRESS) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		if _, err := unix.Poll(fds, 10000); err != nil {
			return err
		}
		code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil {
			return err
		}
		fmt.Println(code)
		return nil
	}
	var errno unix.Errno
	if errors.As(err, &errno) {
		fmt.Println(int(errno))
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Println(0)
	if _, err := unix.Write(fd, []byte("question")); err != nil {
		return err
	}
	_, err = unix.Read(fd, make([]byte, 64))
	return err
}

// serveOnce listens on args[0], answers one connection and ends.
func serveOnce(args []string) error {
	l, err := net.Listen("tcp", args[0])
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	c, err := l.Accept()
	if err != nil {
		return err
	}
	if _, err := io.ReadFull(c, make([]byte, len("question"))); err != nil {
		return err
	}
	if _, err := c.Write([]byte("an answer")); err != nil {
		return err
	}
	_, _ = c.Read(make([]byte, 1))
	return c.Close()
}

// question is a DNS question for www.example, type A.
var question = []byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x00\x00\x01\x00\x01")

// askDNS sends the question to args[0] over the transport args[1] and waits
// for the answer.
func askDNS(args []string) error {
	if args[1] == "unconnected" {
		return askUnconnected(args[0])
	}
	c, err := net.Dial(args[1], args[0])
	if err != nil {
		return err
	}
	defer c.Close()
	message := question
	if args[1] == "tcp" {
		message = append([]byte{0, byte(len(question))}, question...)
	}
	if _, err := c.Write(message); err != nil {
		return err
	}
	_, err = c.Read(make([]byte, 512))
	return err
}

// askUnconnected asks by a datagram socket that is connected to nobody.
func askUnconnected(server string) error {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.WriteTo(question, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(server))); err != nil {
		return err
	}
	_, _, err = c.ReadFrom(make([]byte, 512))
	return err
}

// island runs in namespaces of its own: it mounts a file system on args[0],
// writes a file there, and asks a DNS server of its own over args[1]. It writes
// its pid and its namespaces.
func island(args []string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("none", args[0], "tmpfs", 0, ""); err != nil {
		return err
	}
	if err := linkUp("lo"); err != nil {
		return err
	}
	if err := os.WriteFile(args[0]+"/written", []byte("island"), 0o600); err != nil {
		return err
	}
	stop, err := answerDNS(args[1])
	if err != nil {
		return err
	}
	defer stop()
	if err := askDNS([]string{"127.0.0.1:53", args[1]}); err != nil {
		return err
	}
	// Writing goes on until the file system is known to the sensor.
	for range 20 {
		time.Sleep(50 * time.Millisecond)
		if err := os.WriteFile(args[0]+"/written", []byte("again"), 0o600); err != nil {
			return err
		}
	}
	fmt.Println(os.Getpid())
	return nil
}

func linkUp(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req)
}

// answer to question: an address.
var answer = append(append([]byte("\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"), question[12:]...),
	"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xcb\x00\x71\x05"...)

// answerDNS answers one question on 127.0.0.1:53.
func answerDNS(transport string) (stop func(), err error) {
	if transport != "tcp" {
		s, err := net.ListenPacket("udp", "127.0.0.1:53")
		if err != nil {
			return nil, err
		}
		go func() {
			if _, from, err := s.ReadFrom(make([]byte, 512)); err == nil {
				_, _ = s.WriteTo(answer, from)
			}
		}()
		return func() { s.Close() }, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:53")
	if err != nil {
		return nil, err
	}
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = c.Read(make([]byte, 512))
		_, _ = c.Write(append([]byte{0, byte(len(answer))}, answer...))
		c.Close()
	}()
	return func() { l.Close() }, nil
}
