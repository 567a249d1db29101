package stage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// notices are the kernel's own word on forks and executions: the process
// connector (Documentation/driver-api/connector.rst), which has nothing to do
// with how the sensor learns of them.
type notices struct {
	fd   int
	tree *tree
	done chan struct{}
	// err is why it stopped hearing; read it after done.
	err error
	// skew is how far the clock since boot is ahead of the one of the notices.
	skew uint64
	stop sync.Once
}

// Numbers of linux/connector.h and linux/cn_proc.h.
const (
	connectorProcess = 1
	listenToProcess  = 1
	whatFork         = 0x1
	whatExec         = 0x2
	whatExit         = 0x80000000
	headerSize       = unix.SizeofNlMsghdr + 20
)

// hear begins to listen, and feeds the tree.
func hear(t *tree) (*notices, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_CONNECTOR)
	if err != nil {
		return nil, fmt.Errorf("process connector: %w", err)
	}
	n := &notices{fd: fd, tree: t, done: make(chan struct{}), skew: sinceBoot() - monotonic()}
	if err := n.subscribe(); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("process connector: %w", err)
	}
	go n.read()
	return n, nil
}

func (n *notices) subscribe() error {
	if err := unix.Bind(n.fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: connectorProcess, Pid: uint32(os.Getpid())}); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(n.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 32<<20); err != nil {
		return err
	}
	if err := unix.SetsockoptTimeval(n.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 200_000}); err != nil {
		return err
	}
	message := make([]byte, headerSize+4)
	binary.NativeEndian.PutUint32(message[0:], uint32(len(message)))
	binary.NativeEndian.PutUint16(message[4:], unix.NLMSG_DONE)
	binary.NativeEndian.PutUint32(message[12:], uint32(os.Getpid()))
	binary.NativeEndian.PutUint32(message[16:], connectorProcess)
	binary.NativeEndian.PutUint32(message[20:], connectorProcess)
	binary.NativeEndian.PutUint16(message[32:], 4)
	binary.NativeEndian.PutUint32(message[36:], listenToProcess)
	return unix.Sendto(n.fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

// read takes notices in until close. One that was lost ends the recording: a
// label that is missing would make a right answer wrong.
func (n *notices) read() {
	defer close(n.done)
	buffer := make([]byte, 64<<10)
	for {
		size, _, err := unix.Recvfrom(n.fd, buffer, 0)
		switch {
		case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
			if n.tree.closed() {
				return
			}
			continue
		case err != nil:
			n.err = fmt.Errorf("a notice of the kernel was lost: %w", err)
			return
		}
		n.take(buffer[:size])
	}
}

func (n *notices) take(b []byte) {
	if len(b) < headerSize+16+16 {
		return
	}
	b = b[headerSize:]
	word := func(at int) uint32 { return binary.NativeEndian.Uint32(b[at:]) }
	when := binary.NativeEndian.Uint64(b[8:]) + n.skew
	switch word(0) {
	case whatFork: // parent's thread and process, child's thread and process
		if word(24) == word(28) {
			n.tree.forked(word(20), word(28), when)
		}
	case whatExec:
		n.tree.executed(word(20))
	case whatExit:
		if word(16) == word(20) {
			n.tree.exited(word(20))
		}
	}
}

// close waits until what has happened is heard.
func (n *notices) close() error {
	n.stop.Do(func() {
		n.tree.close()
		<-n.done
		unix.Close(n.fd)
	})
	return n.err
}

func sinceBoot() uint64 { return clock(unix.CLOCK_BOOTTIME) }
func monotonic() uint64 { return clock(unix.CLOCK_MONOTONIC) }

func clock(id int32) uint64 {
	var t unix.Timespec
	if unix.ClockGettime(id, &t) != nil {
		return 0
	}
	return uint64(t.Nano())
}
