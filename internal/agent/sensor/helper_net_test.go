package sensor

import (
	"fmt"
	"io"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// sockaddr turns an address into the kernel's form; mapped addresses stay IPv6.
func sockaddr(to netip.AddrPort) (int, unix.Sockaddr) {
	if to.Addr().Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
}

// connectTo connects to args[0]; args[1] is "block" or "poll". It writes the
// outcome as a number.
func connectTo(args []string) error {
	family, to := sockaddr(netip.MustParseAddrPort(args[0]))
	kind := unix.SOCK_STREAM | unix.SOCK_CLOEXEC
	if args[1] == "poll" {
		kind |= unix.SOCK_NONBLOCK
	}
	fd, err := unix.Socket(family, kind, 0)
	if err != nil {
		return err
	}
	err = unix.Connect(fd, to)
	if err == unix.EINPROGRESS {
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
	if errno, ok := err.(unix.Errno); ok {
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
