package action

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// attributes are what a file has beside its content.
type attributes struct {
	Mode     uint32            `json:"mode"`
	UID      int               `json:"uid"`
	GID      int               `json:"gid"`
	Accessed time.Time         `json:"atime"`
	Modified time.Time         `json:"mtime"`
	Extended map[string][]byte `json:"xattrs,omitempty"`
	// Flags of chattr(1) that keep a file from being changed.
	Flags uint32 `json:"flags,omitempty"`
}

// maxExtended bounds the extended attributes of a file, in bytes.
const maxExtended = 64 << 10

// Requests and flags of linux/fs.h, on 64-bit machines.
const (
	getFlags  = 0x80086601
	setFlags  = 0x40086602
	immutable = 0x10 | 0x20 // FS_IMMUTABLE_FL, FS_APPEND_FL
)

// attributesOf reads them off an open file.
func attributesOf(f *os.File) (a attributes, err error) {
	var s unix.Stat_t
	fd := int(f.Fd())
	if err := unix.Fstat(fd, &s); err != nil {
		return a, err
	}
	a = attributes{
		Mode: s.Mode & 0o7777, UID: int(s.Uid), GID: int(s.Gid),
		Accessed: time.Unix(s.Atim.Unix()), Modified: time.Unix(s.Mtim.Unix()), Extended: map[string][]byte{},
	}
	// File systems without flags have none.
	if flags, err := unix.IoctlGetUint32(fd, getFlags); err == nil {
		a.Flags = flags & immutable
	}
	list := make([]byte, maxExtended)
	n, err := unix.Flistxattr(fd, list)
	if errors.Is(err, unix.ENOTSUP) {
		return a, nil
	}
	if err != nil {
		return a, fmt.Errorf("list extended attributes: %w", err)
	}
	total := 0
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list[:n]), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		value := make([]byte, maxExtended)
		n, err := unix.Fgetxattr(fd, name, value)
		if err != nil {
			return a, fmt.Errorf("extended attribute %s: %w", name, err)
		}
		if total += n; total > maxExtended {
			return a, fmt.Errorf("more than %d bytes of extended attributes", maxExtended)
		}
		a.Extended[name] = value[:n:n]
	}
	return a, nil
}

// apply gives a new file all but the flags, in the order in which nothing takes
// back what was set before: a change of the owner clears mode bits and
// capabilities.
func (a *attributes) apply(f *os.File) error {
	if err := f.Chown(a.UID, a.GID); err != nil {
		return err
	}
	fd := int(f.Fd())
	if err := unix.Fchmod(fd, a.Mode); err != nil {
		return &os.PathError{Op: "chmod", Path: f.Name(), Err: err}
	}
	for name, value := range a.Extended {
		if err := unix.Fsetxattr(fd, name, value, 0); err != nil {
			return fmt.Errorf("extended attribute %s: %w", name, err)
		}
	}
	times := []unix.Timespec{timespec(a.Accessed), timespec(a.Modified)}
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), times, 0); err != nil {
		return &os.PathError{Op: "utimensat", Path: f.Name(), Err: err}
	}
	return nil
}

func timespec(at time.Time) unix.Timespec {
	return unix.Timespec{Sec: at.Unix(), Nsec: int64(at.Nanosecond())}
}

// hardened sets or clears the flags that keep a file from being changed.
func (a *attributes) hardened(f *os.File, set bool) error {
	if a.Flags == 0 {
		return nil
	}
	fd := int(f.Fd())
	flags, err := unix.IoctlGetUint32(fd, getFlags)
	if err != nil {
		return &os.PathError{Op: "read flags of", Path: f.Name(), Err: err}
	}
	flags &^= a.Flags
	if set {
		flags |= a.Flags
	}
	if err := unix.IoctlSetPointerInt(fd, setFlags, int(flags)); err != nil {
		return &os.PathError{Op: "set flags of", Path: f.Name(), Err: err}
	}
	return nil
}
