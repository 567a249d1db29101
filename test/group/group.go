// Package group makes control groups for the hosts that tests make on one
// machine. An agent with such a group as its scope is the agent of that host.
package group

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// patience is how long the last processes of a group may take to be gone.
const patience = 10 * time.Second

// Make makes a group of the v2 hierarchy and returns its directory. One that was
// left by a test that broke off is used again.
func Make(name string) (string, error) {
	roots, err := hierarchies("cgroup2")
	if err != nil {
		return "", err
	}
	if len(roots) == 0 {
		return "", errors.New("no v2 hierarchy of control groups is mounted")
	}
	dir := filepath.Join(roots[0], name)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make a control group: %w", err)
	}
	return dir, nil
}

// Remove removes the group of that name, and those below it, from every hierarchy:
// container runtimes make theirs in the older ones too. It waits for processes that
// are about to be gone; it ends none.
func Remove(name string) error {
	roots, err := hierarchies("cgroup2", "cgroup")
	if err != nil {
		return err
	}
	var all []error
	for _, root := range roots {
		if err := remove(filepath.Join(root, name)); !errors.Is(err, fs.ErrNotExist) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// Within is a command that moves itself into a service of the group, as a system
// manager does, and goes on as args.
func Within(dir, unit string, args ...string) ([]string, error) {
	if dir == "" {
		return args, nil
	}
	service := filepath.Join(dir, "system.slice", unit+".service")
	if err := os.MkdirAll(service, 0o755); err != nil {
		return nil, fmt.Errorf("make a control group: %w", err)
	}
	return append([]string{"sh", "-c", `echo 0 > "$0/cgroup.procs" && exec "$@"`, service}, args...), nil
}

// hierarchies are where those file systems are mounted.
func hierarchies(types ...string) ([]string, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	var roots []string
	for _, want := range types {
		for line := range strings.Lines(string(mounts)) {
			if fields := strings.Fields(line); len(fields) > 2 && fields[2] == want {
				roots = append(roots, fields[1])
			}
		}
	}
	return roots, nil
}

func remove(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		err := os.Remove(dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) || time.Now().After(deadline) {
			return err
		}
	}
}
