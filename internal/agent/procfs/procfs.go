// Package procfs reads from /proc what the kernel's records do not carry. All
// of it is about processes that may end, or change, while it is read: callers
// compare start times or inode numbers where it matters.
package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// TickNanos is one clock tick of /proc/PID/stat: the kernel's USER_HZ is 100
// on every architecture that Go has.
const TickNanos = 10_000_000

// maxRead bounds one file of /proc, in bytes. The argument area itself may be
// a quarter of the stack limit.
const maxRead = 128 << 10

// FS is a mounted procfs.
type FS struct {
	// Root of the mount, "/proc" where empty.
	Root string
}

func (fs FS) path(pid uint32, name string) string {
	root := fs.Root
	if root == "" {
		root = "/proc"
	}
	return root + "/" + strconv.FormatUint(uint64(pid), 10) + "/" + name
}

func (fs FS) read(pid uint32, name string) ([]byte, error) {
	f, err := os.Open(fs.path(pid, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxRead))
}

// Start is the start time of the process's group leader, in nanoseconds since
// boot, rounded down to a tick.
func (fs FS) Start(pid uint32) (uint64, error) {
	data, err := fs.read(pid, "stat")
	if err != nil {
		return 0, err
	}
	return parseStart(data)
}

// parseStart takes field 22; comm, the second, may contain anything, so the
// fields are counted from its last parenthesis.
func parseStart(stat []byte) (uint64, error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, errors.New("stat has no comm")
	}
	fields := bytes.Fields(stat[end+1:])
	if len(fields) < 20 {
		return 0, fmt.Errorf("stat has %d fields", len(fields)+2)
	}
	ticks, err := strconv.ParseUint(string(fields[19]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("stat start time: %w", err)
	}
	return ticks * TickNanos, nil
}

// Is reports whether pid is still the process that started at start.
func (fs FS) Is(pid uint32, start uint64) bool {
	got, err := fs.Start(pid)
	return err == nil && got == start/TickNanos*TickNanos
}

// Args is the command line as the process shows it now. A process that wrote a
// title over it shows one argument.
func (fs FS) Args(pid uint32) ([]string, error) {
	data, err := fs.read(pid, "cmdline")
	if err != nil {
		return nil, err
	}
	return splitArgs(data), nil
}

func splitArgs(data []byte) []string {
	text := strings.TrimRight(string(data), "\x00 ")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}

// Cgroup is one line of /proc/PID/cgroup.
type Cgroup struct {
	// Controllers is empty for the v2 hierarchy and "name=systemd" for systemd's own.
	Controllers string
	Path        string
}

// Cgroups are all hierarchies' paths of a process.
func (fs FS) Cgroups(pid uint32) ([]Cgroup, error) {
	data, err := fs.read(pid, "cgroup")
	if err != nil {
		return nil, err
	}
	return parseCgroups(string(data)), nil
}

func parseCgroups(text string) []Cgroup {
	var groups []Cgroup
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimRight(line, "\n"), ":", 3)
		if len(parts) == 3 {
			groups = append(groups, Cgroup{Controllers: parts[1], Path: parts[2]})
		}
	}
	return groups
}

// Exe is where /proc/PID/exe leads: the executed file, whatever its name is now.
func (fs FS) Exe(pid uint32) string { return fs.path(pid, "exe") }

// ErrNotRegular reports something that is no regular file.
var ErrNotRegular = errors.New("not a regular file")

// Open opens a regular file for reading. It neither blocks on a pipe nor
// triggers a device, and reading leaves the time of the last access as it is,
// where the caller may ask for that: it is evidence.
func Open(path string) (*os.File, error) {
	const flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	fd, err := unix.Open(path, flags|unix.O_NOATIME, 0)
	if errors.Is(err, unix.EPERM) {
		fd, err = unix.Open(path, flags, 0)
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return regular(fd, path)
}

// OpenIn opens a regular file by its path within the root directory of pid.
// No symbolic link leads out of that root.
func (fs FS) OpenIn(pid uint32, path string) (*os.File, error) {
	root, err := unix.Open(fs.path(pid, "root"), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: fs.path(pid, "root"), Err: err}
	}
	defer unix.Close(root)
	fd, err := unix.Openat2(root, strings.TrimLeft(path, "/"), &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return nil, &os.PathError{Op: "openat2", Path: path, Err: err}
	}
	return regular(fd, path)
}

func regular(fd int, path string) (*os.File, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		_ = unix.Close(fd)
		return nil, &os.PathError{Op: "fstat", Path: path, Err: err}
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFREG {
		_ = unix.Close(fd)
		return nil, &os.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// MountNS is the inode number of the caller's own mount namespace, 0 where it
// cannot be read.
func (fs FS) MountNS() uint32 { return fs.NamespaceOf(uint32(os.Getpid())) }

// NamespaceOf is the inode number of the mount namespace of pid, 0 where it
// cannot be read.
func (fs FS) NamespaceOf(pid uint32) uint32 {
	link, err := os.Readlink(fs.path(pid, "ns/mnt"))
	if err != nil {
		return 0
	}
	inode, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(link, "mnt:["), "]"), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(inode)
}

// ExePath is the path of the executed file, "" where it cannot be read.
func (fs FS) ExePath(pid uint32) string {
	path, err := os.Readlink(fs.path(pid, "exe"))
	if err != nil {
		return ""
	}
	return path
}

// maxMaps bounds a memory map, in bytes.
const maxMaps = 4 << 20

// Maps are the lines of a process's memory map; cut says that there are more.
func (fs FS) Maps(pid uint32) (lines []string, cut bool, err error) {
	text, cut, err := fs.part(pid, "maps", maxMaps)
	if err != nil {
		return nil, false, err
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n"), cut, nil
}

// Environ are the variables that a process was executed with, where it has not
// written over them; cut says that there are more.
func (fs FS) Environ(pid uint32) (variables []string, cut bool, err error) {
	text, cut, err := fs.part(pid, "environ", maxRead)
	if err != nil || text == "" {
		return nil, false, err
	}
	return strings.Split(strings.TrimSuffix(text, "\x00"), "\x00"), cut, nil
}

// part reads at most limit bytes, and says whether there are more.
func (fs FS) part(pid uint32, name string, limit int64) (text string, cut bool, err error) {
	f, err := os.Open(fs.path(pid, name))
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if int64(len(data)) > limit {
		data, cut = data[:limit], true
	}
	return strings.ToValidUTF8(string(data), "\uFFFD"), cut, err
}
