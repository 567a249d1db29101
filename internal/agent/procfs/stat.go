package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// kernelThread is PF_KTHREAD of linux/sched.h, in the flags of a stat line.
const kernelThread = 0x00200000

// Stat is what /proc/PID/stat says of a process.
type Stat struct {
	// Name is the command name, at most 15 bytes, which the process may choose.
	Name   string
	Parent uint32
	// Start is as Start returns it.
	Start uint64
	// State is the letter of proc(5): R, S, D, T, Z, …
	State  byte
	Kernel bool
}

// Stat reads the status of a process.
func (fs FS) Stat(pid uint32) (Stat, error) {
	data, err := fs.read(pid, "stat")
	if err != nil {
		return Stat{}, err
	}
	return parseStat(data)
}

func parseStat(data []byte) (s Stat, err error) {
	if s.Start, err = parseStart(data); err != nil {
		return s, err
	}
	open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 0 || open > end {
		return s, errors.New("stat has no comm")
	}
	fields := bytes.Fields(data[end+1:])
	s.Name, s.State = string(data[open+1:end]), fields[0][0]
	parent, err := strconv.ParseUint(string(fields[1]), 10, 32)
	if err != nil {
		return s, fmt.Errorf("stat parent: %w", err)
	}
	flags, err := strconv.ParseUint(string(fields[6]), 10, 32)
	if err != nil {
		return s, fmt.Errorf("stat flags: %w", err)
	}
	s.Parent, s.Kernel = uint32(parent), flags&kernelThread != 0
	return s, nil
}

// Image looks at what a process executes; ErrNotExist for a kernel thread and for
// a process that has ended. A process whose first thread has ended, and others
// not, is asked through these.
func (fs FS) Image(pid uint32) (unix.Stat_t, error) {
	var s unix.Stat_t
	err := unix.Stat(fs.Exe(pid), &s)
	if err == nil {
		return s, nil
	}
	for _, tid := range fs.threads(pid) {
		if unix.Stat(fs.path(pid, "task/"+tid+"/exe"), &s) == nil {
			return s, nil
		}
	}
	return s, &os.PathError{Op: "stat", Path: fs.Exe(pid), Err: err}
}

// maxThreads bounds the threads looked at per process.
const maxThreads = 1024

func (fs FS) threads(pid uint32) []string {
	dir, err := os.Open(fs.path(pid, "task"))
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(maxThreads)
	return names
}

// Runs reports whether a process with this status has threads that have not
// ended: that the first one has says nothing of the others.
func (fs FS) Runs(pid uint32, s Stat) bool {
	if s.State != 'Z' && s.State != 'X' {
		return true
	}
	return len(fs.threads(pid)) > 1
}

// ByRoot reports whether a process has the real user id 0 as the reader's user
// namespace counts: the root of another one is none.
func (fs FS) ByRoot(pid uint32) bool { return fs.status(pid, "Uid") == "0" }

// Process is the number of the process that a thread belongs to.
func (fs FS) Process(tid uint32) (uint32, error) {
	pid, err := strconv.ParseUint(fs.status(tid, "Tgid"), 10, 32)
	return uint32(pid), err
}

// status is the first value of a line of /proc/PID/status, "" where there is none.
func (fs FS) status(pid uint32, name string) string {
	data, err := fs.read(pid, "status")
	if err != nil {
		return ""
	}
	_, rest, found := bytes.Cut(data, []byte("\n"+name+":"))
	if !found {
		return ""
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) == 0 {
		return ""
	}
	return string(fields[0])
}

// HoldsSocket reports whether a process has one of the sockets open, named as
// its descriptors name them: "socket:[INODE]".
func (fs FS) HoldsSocket(pid uint32, sockets map[string]bool) bool {
	return len(sockets) > 0 && fs.holds(pid, sockets)
}

// Listening are the sockets of the caller's network namespace that listen on a
// TCP port, as HoldsSocket takes them.
func (fs FS) Listening(port uint16) map[string]bool {
	sockets := map[string]bool{}
	for _, name := range []string{"net/tcp", "net/tcp6"} {
		f, err := os.Open(fs.path(uint32(os.Getpid()), name))
		if err != nil {
			continue
		}
		parseListening(f, sockets, fmt.Sprintf(":%04X", port))
		_ = f.Close()
	}
	return sockets
}

// Children are the processes that the threads of a process have as children now.
// They are certain only while the process cannot fork. Kernels without
// CONFIG_PROC_CHILDREN tell none.
func (fs FS) Children(pid uint32) []uint32 {
	var children []uint32
	for _, tid := range fs.threads(pid) {
		data, err := fs.read(pid, "task/"+tid+"/children")
		if err != nil {
			continue
		}
		for _, field := range bytes.Fields(data) {
			if child, err := strconv.ParseUint(string(field), 10, 32); err == nil {
				children = append(children, uint32(child))
			}
		}
	}
	return children
}

// Innermost is the number of a process in its own pid namespace, 0 where it is
// not known.
func (fs FS) Innermost(pid uint32) uint32 {
	data, err := fs.read(pid, "status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(data, []byte("\nNSpid:"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) == 0 {
		return 0
	}
	own, err := strconv.ParseUint(string(fields[len(fields)-1]), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(own)
}
