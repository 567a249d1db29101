package action

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"

	"golang.org/x/sys/unix"

	"baize/internal/agent/procfs"
)

// spot is a name in a directory that is held open: what happens to the way there
// does not lead an action elsewhere.
type spot struct {
	dir  *os.File
	name string
	path string
}

// spotOf finds the directory of a path, in the root of pid. No symbolic link in it
// leads out of that root.
func (x *Executor) spotOf(at place) (*spot, error) {
	clean := path.Clean(at.path)
	dir, err := x.options.Proc.Directory(at.pid, path.Dir(clean))
	if err != nil {
		return nil, err
	}
	return &spot{dir: dir, name: path.Base(clean), path: clean}, nil
}

// real is the path by the directory's own name, without symbolic links.
func (s *spot) real() string {
	dir, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(s.fd()))
	if err != nil {
		return s.path
	}
	return path.Join(dir, s.name)
}

func (s *spot) close() { _ = s.dir.Close() }

func (s *spot) fd() int { return int(s.dir.Fd()) }

// open opens the regular file at the spot for reading.
func (s *spot) open() (*os.File, error) {
	fd, err := unix.Openat(s.fd(), s.name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: s.path, Err: err}
	}
	handle := os.NewFile(uintptr(fd), s.path)
	defer handle.Close()
	return procfs.Reopen(handle)
}

// hidden is the name that a file has while an action decides what becomes of it.
func hidden(id string) string { return ".baize-" + id }

// aside renames what is at the spot to a name that nobody else uses, and returns
// what that is. Only then can it be compared without being exchanged meanwhile.
func (s *spot) aside(id string) (unix.Stat_t, error) {
	var moved unix.Stat_t
	if err := unix.Renameat2(s.fd(), s.name, s.fd(), hidden(id), unix.RENAME_NOREPLACE); err != nil {
		return moved, &os.PathError{Op: "rename", Path: s.path, Err: err}
	}
	err := unix.Fstatat(s.fd(), hidden(id), &moved, unix.AT_SYMLINK_NOFOLLOW)
	return moved, err
}

// back undoes aside, unless somebody has put another file there.
func (s *spot) back(id string) error {
	if err := unix.Renameat2(s.fd(), hidden(id), s.fd(), s.name, unix.RENAME_NOREPLACE); err != nil {
		return fmt.Errorf("%s is now called %s: %w", s.path, hidden(id), err)
	}
	return nil
}

// remove removes the file that was put aside.
func (s *spot) remove(id string) error {
	if err := unix.Unlinkat(s.fd(), hidden(id), 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return &os.PathError{Op: "remove", Path: s.path, Err: err}
	}
	return nil
}

// create makes an empty file with the hidden name, open for writing, which
// nobody else can open.
func (s *spot) create(id string) (*os.File, error) {
	fd, err := unix.Openat(s.fd(), hidden(id), unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, &os.PathError{Op: "create", Path: path.Join(path.Dir(s.path), hidden(id)), Err: err}
	}
	return os.NewFile(uintptr(fd), s.path), nil
}

// sync puts the directory's names on disk, as far as its file system has one.
func (s *spot) sync() error {
	dir, err := os.Open("/proc/self/fd/" + strconv.Itoa(s.fd()))
	if err != nil {
		return err
	}
	err = dir.Sync()
	if errors.Is(err, unix.EINVAL) {
		err = nil
	}
	return errors.Join(err, dir.Close())
}
