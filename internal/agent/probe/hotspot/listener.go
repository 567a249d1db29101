// Package hotspot attaches to HotSpot's Java VMs, releases 8 and later, by the
// protocol of their attach listeners (attachListener_posix.cpp, before that
// attachListener_linux.cpp, of OpenJDK): a unix socket /tmp/.java_pidN in the
// target's root, which the VM makes when it gets SIGQUIT while a file
// .attach_pidN is in its working directory or in /tmp. N is the pid in the
// target's own pid namespace.
//
// The VM looks at who calls: releases before 11 want their own user and group,
// and refuse even root; so all of them are called by their own.
package hotspot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"baize/internal/agent/probe/target"
)

// tmp is where HotSpot looks, whatever java.io.tmpdir is.
const tmp = "/tmp"

const (
	// patience bounds the waking of a listener: a VM answers once it comes to a
	// safepoint.
	patience = 6 * time.Second
	// firstPause and lastPause bound the time between two looks for the socket.
	firstPause = 20 * time.Millisecond
	lastPause  = 250 * time.Millisecond
)

// listener is the attach listener of a VM.
type listener struct {
	process *target.Process
	vm      *VM // nil where it could not be read
	status  target.Status
	dir     *os.File
}

func (l *listener) socket() string {
	return ".java_pid" + strconv.FormatUint(uint64(l.status.NSPID), 10)
}

func (l *listener) trigger() string {
	return ".attach_pid" + strconv.FormatUint(uint64(l.status.NSPID), 10)
}

// dial connects to the listener of a process, and wakes it if need be.
func dial(ctx context.Context, p *target.Process) (net.Conn, error) {
	l := &listener{process: p}
	var err error
	if l.status, err = p.Status(); err != nil {
		return nil, err
	}
	mappings, err := p.Mappings()
	if err != nil {
		return nil, err
	}
	mapped, found := Library(mappings)
	if !found {
		return nil, target.Fail(target.NoRuntime, nil)
	}
	if l.vm, err = Inspect(p, mapped); err != nil {
		l.vm = nil // what comes of it will tell
	}
	if l.dir, err = p.Dir(tmp); err != nil {
		return nil, target.Fail(target.ReadOnly, err)
	}
	defer l.dir.Close()
	conn, err := l.connect()
	if err == nil || !errors.Is(err, errAsleep) {
		return conn, err
	}
	return l.wake(ctx)
}

// errAsleep : nobody listens.
var errAsleep = errors.New("the attach listener is asleep")

// connect connects to the socket, if the process listens at it. A socket that
// nobody listens at any more is removed: as long as it is there, a VM that had
// a listener before does not make a new socket.
func (l *listener) connect() (net.Conn, error) {
	pinned, stat, err := target.Pin(l.dir, l.socket())
	if errors.Is(err, unix.ENOENT) {
		return nil, errAsleep
	}
	if err != nil {
		return nil, target.Fail(target.Internal, fmt.Errorf("%s: %w", l.socket(), err))
	}
	defer pinned.Close()
	if stat.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil, target.Failf(target.Foreign, "%s/%s is not a socket", tmp, l.socket())
	}
	uid, gid := l.status.UID, l.status.GID
	if stat.Uid != uid { // it is not this VM's; does anybody listen at it?
		uid, gid = uint32(os.Geteuid()), uint32(os.Getegid())
	}
	conn, err := l.connectAs(uid, gid, pinned)
	switch {
	case errors.Is(err, unix.ECONNREFUSED):
		if err := target.Remove(l.dir, l.socket()); err != nil && !errors.Is(err, unix.ENOENT) {
			return nil, target.Fail(target.Stale, err)
		}
		return nil, errAsleep
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return nil, target.Fail(target.NotPermitted, err)
	}
	return conn, err
}

// errBusy : the queue of callers is full.
var errBusy = target.Failf(target.Silent, "others wait for its attach listener")

// connectAs connects to a socket as a user. The socket may be that of a VM with
// the same pid in another container, where they share /tmp.
func (l *listener) connectAs(uid, gid uint32, pinned *os.File) (net.Conn, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, target.Fail(target.Internal, fmt.Errorf("socket: %w", err))
	}
	file := os.NewFile(uintptr(fd), l.socket())
	defer file.Close()
	address := &unix.SockaddrUnix{Name: target.Link(pinned, "")}
	err = target.As(uid, gid, func() error { return unix.Connect(fd, address) })
	if errors.Is(err, unix.EAGAIN) {
		return nil, errBusy
	}
	if err != nil {
		return nil, err
	}
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return nil, target.Fail(target.Internal, fmt.Errorf("who listens at %s: %w", l.socket(), err))
	}
	if peer.Pid != int32(l.process.PID) {
		return nil, target.Failf(target.Foreign, "process %d", peer.Pid)
	}
	return net.FileConn(file)
}

// wake has the VM start its listener.
func (l *listener) wake(ctx context.Context) (net.Conn, error) {
	if err := l.mayWake(); err != nil {
		return nil, err
	}
	remove, err := l.putTrigger()
	if err != nil {
		return nil, err
	}
	defer remove()
	if err := l.process.Signal(unix.SIGQUIT); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return l.await(ctx)
}

// mayWake says why the VM must not be sent the signal, or would not obey it.
func (l *listener) mayWake() error {
	switch caught := l.status.Catches(unix.SIGQUIT); {
	case l.vm != nil && l.vm.AttachDisabled(): // it would print its threads
		return target.Fail(target.AttachDisabled, nil)
	case l.vm != nil && l.vm.SignalsReduced():
		return target.Fail(target.SignalsReduced, nil)
	case !caught && l.vm != nil:
		return target.Fail(target.TooYoung, nil)
	case !caught:
		return target.Failf(target.NotCaught, "SIGQUIT")
	}
	// The VM makes its socket in /tmp, as its own user.
	err := target.As(l.status.UID, l.status.GID, func() error {
		return unix.Faccessat2(unix.AT_FDCWD, target.Link(l.dir, "."), unix.W_OK|unix.X_OK, unix.AT_EACCESS)
	})
	if err != nil {
		return target.Fail(target.ReadOnly, fmt.Errorf("its %s: %w", tmp, err))
	}
	return nil
}

// putTrigger makes the file that the VM looks for when it gets the signal; the
// working directory is where it looks first.
func (l *listener) putTrigger() (remove func(), err error) {
	cwd, err := l.process.WorkingDir()
	if err != nil {
		return nil, err
	}
	var failed error
	for _, dir := range []*os.File{cwd, l.dir} {
		_ = target.Remove(dir, l.trigger()) // of somebody who was interrupted
		f, err := target.Create(dir, l.trigger(), 0o600, l.status.UID, l.status.GID)
		if err == nil {
			_ = f.Close()
			return func() { _ = target.Remove(dir, l.trigger()); _ = cwd.Close() }, nil
		}
		failed = errors.Join(failed, err)
	}
	_ = cwd.Close()
	return nil, target.Fail(target.ReadOnly, failed)
}

// await looks for the socket until the context ends.
func (l *listener) await(ctx context.Context) (net.Conn, error) {
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		select {
		case <-ctx.Done():
			return nil, target.Failf(target.Silent, "it was sent SIGQUIT and made no %s/%s", tmp, l.socket())
		case <-time.After(pause):
		}
		conn, err := l.connect()
		if err == nil || !errors.Is(err, errAsleep) {
			return conn, err
		}
		if err := l.process.Alive(); err != nil {
			return nil, err
		}
	}
}
