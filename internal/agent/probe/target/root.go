package target

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// dirFlags take hold of a directory without opening it.
const dirFlags = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC

// Dir finds a directory by its path in the target's root. No link leads out.
func (p *Process) Dir(path string) (*os.File, error) {
	root, err := p.handle("root")
	if err != nil {
		return nil, err
	}
	defer root.Close()
	fd, err := unix.Openat2(int(root.Fd()), path, &unix.OpenHow{Flags: dirFlags, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS})
	if err != nil {
		return nil, fmt.Errorf("%s of process %d: %w", path, p.PID, err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

// WorkingDir is where the target is.
func (p *Process) WorkingDir() (*os.File, error) { return p.handle("cwd") }

// handle takes hold of what a magic link of /proc/PID leads to.
func (p *Process) handle(name string) (*os.File, error) {
	fd, err := unix.Open(p.path(name), dirFlags, 0)
	if err != nil {
		return nil, Fail(reasonOf(err), fmt.Errorf("process %d: %s: %w", p.PID, name, err))
	}
	return os.NewFile(uintptr(fd), name), nil
}

// Create makes a file in a directory of the target's, as a user and group. It
// must not be there: what lies in the way is an error.
func Create(dir *os.File, name string, mode uint32, uid, gid uint32) (*os.File, error) {
	fd := -1
	err := As(uid, gid, func() (err error) {
		fd, err = unix.Openat(int(dir.Fd()), name, unix.O_CREAT|unix.O_EXCL|unix.O_RDWR|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("create %s in %s as user %d: %w", name, dir.Name(), uid, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// Remove removes a file, or whatever is no directory, from a directory.
func Remove(dir *os.File, name string) error { return unix.Unlinkat(int(dir.Fd()), name, 0) }

// Pin takes hold of what has a name in a directory, without following a link
// and without opening it.
func Pin(dir *os.File, name string) (*os.File, *unix.Stat_t, error) {
	fd, err := unix.Openat(int(dir.Fd()), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		_ = unix.Close(fd)
		return nil, nil, err
	}
	return os.NewFile(uintptr(fd), name), &stat, nil
}

// Link is a path to a name within the directory of a handle; for the handle of
// something else, with an empty name, to that itself. It is good as long as the
// handle is open.
func Link(handle *os.File, name string) string {
	return strings.TrimSuffix("/proc/self/fd/"+strconv.Itoa(int(handle.Fd()))+"/"+name, "/")
}
