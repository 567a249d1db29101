package sensor

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrNoCgroup2 reports that no cgroup v2 hierarchy is mounted.
var ErrNoCgroup2 = errors.New("no cgroup v2 hierarchy is mounted")

// errNoCgroup reports a scope that is something else.
var errNoCgroup = errors.New("not a cgroup of the v2 hierarchy")

// scope is the cgroup subtree that the sensor sees.
type scope struct {
	// path is the subtree's directory, or the hierarchy's root.
	path    string
	id      uint64
	limited bool
}

// findScope resolves what --scope names: a directory of the v2 hierarchy,
// absolute or relative to its root. "" is everything.
func findScope(name string) (*scope, error) {
	root, err := cgroupRoot("/proc/self/mountinfo")
	if err != nil && name == "" {
		return &scope{}, nil
	}
	if err != nil {
		return nil, err
	}
	if name == "" {
		return &scope{path: root}, nil
	}
	path := filepath.Clean(name)
	if !filepath.IsAbs(path) || !inCgroup2(path) {
		path = filepath.Join(root, name)
	}
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return nil, fmt.Errorf("scope %s: %w", path, err)
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFDIR {
		return nil, fmt.Errorf("scope %s: %w", path, syscall.ENOTDIR)
	}
	// Elsewhere an inode number means nothing, or another cgroup.
	if !inCgroup2(path) {
		return nil, fmt.Errorf("scope %s: %w", path, errNoCgroup)
	}
	// The inode number of a cgroup directory is the cgroup's id.
	return &scope{path: path, id: st.Ino, limited: true}, nil
}

// ScopeDir is the one name of the directory that ScopeCgroup means.
func ScopeDir(name string) (string, error) {
	sc, err := findScope(name)
	if err != nil {
		return "", err
	}
	return sc.path, nil
}

// inCgroup2 tells whether something is there and of a v2 hierarchy.
func inCgroup2(path string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(path, &fs) == nil && fs.Type == unix.CGROUP2_SUPER_MAGIC
}

// cgroupRoot is where the v2 hierarchy is mounted.
func cgroupRoot(mountinfo string) (string, error) {
	f, err := os.Open(mountinfo)
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		mount, fs, ok := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(mount)
		if ok && strings.HasPrefix(fs, "cgroup2 ") && len(fields) > 4 {
			return fields[4], nil
		}
	}
	if err := lines.Err(); err != nil {
		return "", fmt.Errorf("read %s: %w", mountinfo, err)
	}
	return "", ErrNoCgroup2
}
