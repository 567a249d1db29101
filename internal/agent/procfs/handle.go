package procfs

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Handle finds whatever a path names within the root directory of pid, or of
// the caller where pid is 0. It neither opens it for reading nor follows a
// symbolic link that the path ends in, and no magic link of /proc anywhere in it.
func (fs FS) Handle(pid uint32, path string) (*os.File, error) {
	return fs.resolve(pid, path, unix.O_NOFOLLOW)
}

// Directory finds a directory as Handle does, through symbolic links also at the
// end of the path.
func (fs FS) Directory(pid uint32, path string) (*os.File, error) {
	return fs.resolve(pid, path, unix.O_DIRECTORY)
}

func (fs FS) resolve(pid uint32, path string, flags uint64) (*os.File, error) {
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | flags, Resolve: unix.RESOLVE_NO_MAGICLINKS}
	root, name := unix.AT_FDCWD, path
	if pid != 0 {
		var err error
		if root, err = unix.Open(fs.path(pid, "root"), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
			return nil, &os.PathError{Op: "open", Path: fs.path(pid, "root"), Err: err}
		}
		defer unix.Close(root)
		how.Resolve |= unix.RESOLVE_IN_ROOT
	}
	fd, err := unix.Openat2(root, name, how)
	if err != nil {
		return nil, &os.PathError{Op: "find", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// Reopen opens for reading what a handle holds, if that is a regular file.
func Reopen(handle *os.File) (*os.File, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(int(handle.Fd()), &stat); err != nil {
		return nil, &os.PathError{Op: "fstat", Path: handle.Name(), Err: err}
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, &os.PathError{Op: "open", Path: handle.Name(), Err: ErrNotRegular}
	}
	return Open("/proc/self/fd/" + strconv.Itoa(int(handle.Fd())))
}

// maxLink bounds where a symbolic link leads, as the kernel does.
const maxLink = 4096

// LinkOf is where the symbolic link of a handle leads.
func LinkOf(handle *os.File) (string, error) {
	text := make([]byte, maxLink)
	n, err := unix.Readlinkat(int(handle.Fd()), "", text)
	if err != nil {
		return "", &os.PathError{Op: "readlink", Path: handle.Name(), Err: err}
	}
	return string(text[:n]), nil
}
