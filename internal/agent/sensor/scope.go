package sensor

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrNoCgroup2 reports that no cgroup v2 hierarchy is mounted.
var ErrNoCgroup2 = errors.New("no cgroup v2 hierarchy is mounted")

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
	path := name
	if path != root && !strings.HasPrefix(path, root+"/") {
		path = filepath.Join(root, name)
	}
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return nil, fmt.Errorf("scope %s: %w", path, err)
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFDIR {
		return nil, fmt.Errorf("scope %s: %w", path, syscall.ENOTDIR)
	}
	// The inode number of a cgroup directory is the cgroup's id.
	return &scope{path: path, id: st.Ino, limited: true}, nil
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
