// Package target is a process that a probe is put into: what the kernel says of
// it, and the ways into its root directory. All of it goes by handles that stay
// with the one process, whatever becomes of its pid, and no symbolic link within
// the target's root leads out of it: the target may be an intruder's.
package target

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"baize/internal/agent/procfs"
)

// Process is a running process. Close it.
type Process struct {
	// PID in the agent's pid namespace.
	PID uint32
	// Start is its start time in nanoseconds since boot, rounded down to a tick.
	Start uint64

	pidfd int
	// dir is /proc/PID of this process: it leads nowhere once that has ended.
	dir *os.File
}

// Open takes hold of the process that has a pid and started at start; 0 takes
// whichever has it.
func Open(pid uint32, start uint64) (*Process, error) {
	fd, err := unix.PidfdOpen(int(pid), 0)
	if err != nil {
		return nil, Fail(reasonOf(err), fmt.Errorf("process %d: %w", pid, err))
	}
	p := &Process{PID: pid, pidfd: fd}
	path := "/proc/" + strconv.FormatUint(uint64(pid), 10)
	// The directory belongs to the process of the descriptor if that still runs
	// after it was opened.
	dir, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, errors.Join(Fail(reasonOf(err), fmt.Errorf("%s: %w", path, err)), unix.Close(fd))
	}
	p.dir = os.NewFile(uintptr(dir), path)
	found, err := procfs.FS{}.Start(pid)
	if err == nil {
		err = p.Alive()
	}
	if err == nil && start != 0 && found != start/procfs.TickNanos*procfs.TickNanos {
		err = Failf(Gone, "process %d is another one now", pid)
	}
	if err != nil {
		p.Close()
		return nil, asGone(err)
	}
	p.Start = found
	return p, nil
}

// Close lets the process go.
func (p *Process) Close() {
	_ = unix.Close(p.pidfd)
	_ = p.dir.Close()
}

// Alive is nil while the process runs.
func (p *Process) Alive() error {
	if err := unix.PidfdSendSignal(p.pidfd, 0, nil, 0); err != nil && !errors.Is(err, unix.EPERM) {
		return Fail(reasonOf(err), fmt.Errorf("process %d: %w", p.PID, err))
	}
	return nil
}

// reasonOf takes what the kernel says of a process that is not there.
func reasonOf(err error) Reason {
	switch {
	case errors.Is(err, unix.ESRCH), errors.Is(err, unix.ENOENT), errors.Is(err, unix.EINVAL):
		return Gone
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return NotPermitted
	}
	return Internal
}

func asGone(err error) error {
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	return Fail(reasonOf(err), err)
}

// path leads to a file of /proc/PID of this very process.
func (p *Process) path(name string) string {
	return "/proc/self/fd/" + strconv.Itoa(int(p.dir.Fd())) + "/" + name
}

// open opens a file of /proc/PID.
func (p *Process) open(name string) (*os.File, error) {
	f, err := os.Open(p.path(name))
	if err != nil {
		return nil, Fail(reasonOf(err), fmt.Errorf("process %d: %s: %w", p.PID, name, bare(err)))
	}
	return f, nil
}

// bare takes the path off, which names a descriptor.
func bare(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// maxRead bounds one file of /proc, in bytes.
const maxRead = 8 << 20

func (p *Process) read(name string) ([]byte, error) {
	f, err := p.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxRead))
	if err != nil {
		return nil, Fail(reasonOf(err), fmt.Errorf("process %d: read %s: %w", p.PID, name, bare(err)))
	}
	return text, nil
}

// Status is what the kernel says of a process that may change.
type Status struct {
	// NSPID is the pid in the target's own pid namespace.
	NSPID uint32
	// UID and GID are the effective ones, in the agent's user namespace.
	UID, GID uint32
	// Caught has a bit for each signal that is caught: the lowest is signal 1.
	Caught uint64
}

// Catches says whether a signal is caught.
func (s Status) Catches(signal unix.Signal) bool { return s.Caught>>(uint(signal)-1)&1 == 1 }

// Status reads the status.
func (p *Process) Status() (Status, error) {
	text, err := p.read("status")
	if err != nil {
		return Status{}, err
	}
	s, err := parseStatus(string(text))
	if err != nil {
		return s, Fail(Internal, fmt.Errorf("process %d: %w", p.PID, err))
	}
	if s.NSPID == 0 { // the kernel does not tell namespaces
		s.NSPID = p.PID
	}
	return s, nil
}

func parseStatus(text string) (s Status, err error) {
	seen := 0
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		switch {
		case len(fields) == 0:
		case name == "NSpid":
			err = errors.Join(err, number(fields[len(fields)-1], 10, &s.NSPID))
		case name == "Uid" && len(fields) > 1:
			seen |= 1
			err = errors.Join(err, number(fields[1], 10, &s.UID))
		case name == "Gid" && len(fields) > 1:
			seen |= 2
			err = errors.Join(err, number(fields[1], 10, &s.GID))
		case name == "SigCgt":
			seen |= 4
			err = errors.Join(err, number(fields[0], 16, &s.Caught))
		}
	}
	if err == nil && seen != 7 {
		err = errors.New("status without Uid, Gid or SigCgt")
	}
	return s, err
}

func number[T uint32 | uint64](text string, base int, into *T) error {
	n, err := strconv.ParseUint(text, base, 64)
	if err == nil && uint64(T(n)) != n {
		err = strconv.ErrRange
	}
	*into = T(n)
	return err
}

// Signal sends a signal if the target catches it, to no other process than the
// one that was opened. Whoever replaces its program between the two is hit by
// it nevertheless: the kernel has no call that does both.
func (p *Process) Signal(signal unix.Signal) error {
	found, err := procfs.FS{}.Start(p.PID)
	if err != nil || found != p.Start {
		return Failf(Gone, "process %d", p.PID)
	}
	status, err := p.Status()
	if err != nil {
		return err
	}
	if !status.Catches(signal) {
		return Failf(NotCaught, "%s", unix.SignalName(signal))
	}
	if err := unix.PidfdSendSignal(p.pidfd, signal, nil, 0); err != nil {
		return Fail(reasonOf(err), fmt.Errorf("send %s to %d: %w", unix.SignalName(signal), p.PID, err))
	}
	return nil
}
