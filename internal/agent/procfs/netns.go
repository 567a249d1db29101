package procfs

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// NetNS is the inode number of the network namespace of pid, or of the caller
// where pid is 0.
func (fs FS) NetNS(pid uint32) (uint32, error) {
	var stat unix.Stat_t
	if err := unix.Stat(fs.netNS(pid), &stat); err != nil {
		return 0, &os.PathError{Op: "stat", Path: fs.netNS(pid), Err: err}
	}
	return uint32(stat.Ino), nil
}

func (fs FS) netNS(pid uint32) string {
	if pid == 0 {
		return "/proc/self/ns/net"
	}
	return fs.path(pid, "ns/net")
}

// ErrNamespace reports a process that is in another namespace than was meant.
var ErrNamespace = errors.New("the process is in another namespace")

// OpenNetNS opens the network namespace of pid if it is the one of that inode
// number.
func (fs FS) OpenNetNS(pid, inode uint32) (*os.File, error) {
	f, err := os.Open(fs.netNS(pid))
	if err != nil {
		return nil, err
	}
	var stat unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &stat); err != nil || uint32(stat.Ino) != inode {
		_ = f.Close()
		return nil, &os.PathError{Op: "open", Path: f.Name(), Err: errors.Join(ErrNamespace, err)}
	}
	return f, nil
}
