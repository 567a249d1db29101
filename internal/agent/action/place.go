package action

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"baize/internal/agent/container"
	"baize/internal/event"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

// errScope reports what lies outside of the agent's scope.
var errScope = errors.New("outside of this agent's scope")

// place is where a command looks for a file.
type place struct {
	path string
	// pid is a process whose root the path is in, 0 for the agent's own.
	pid uint32
	// inode is the file that is meant; the zero key if any is.
	inode event.FileKey
}

// placeOf reads path, container and inode of a command.
func (x *Executor) placeOf(command *baizev1.Command) (place, error) {
	arguments := command.GetArguments()
	p := place{path: arguments[response.ArgPath]}
	if !path.IsAbs(p.path) || strings.ContainsRune(p.path, 0) {
		return p, fmt.Errorf("path %q: want an absolute one", p.path)
	}
	var err error
	if p.inode, err = event.ParseFileKey(arguments[response.ArgInode]); err != nil {
		return p, err
	}
	if !p.inode.IsZero() && p.inode.Host != x.options.Name.Host {
		return p, fmt.Errorf("inode %s is another host's", p.inode)
	}
	p.pid, err = x.inside(arguments[response.ArgContainer])
	return p, err
}

// inside finds a process that has the root directory of a container, or, where
// id is empty, that of the host: 0 stands for the agent's own.
func (x *Executor) inside(id string) (uint32, error) {
	if id == "" && x.options.Covers == nil {
		return 0, nil
	}
	pids, err := x.options.Proc.PIDs()
	if err != nil {
		return 0, fmt.Errorf("list processes: %w", err)
	}
	slices.Sort(pids) // the container's init is before what it started
	for _, pid := range pids {
		if x.options.Covers != nil && !x.options.Covers(pid) {
			continue
		}
		groups, err := x.options.Proc.Cgroups(pid)
		if err != nil {
			continue // it is gone
		}
		if s, err := x.options.Proc.Stat(pid); err == nil && !x.options.Proc.Runs(pid, s) {
			continue // it has ended and nobody has asked: it has no root any more
		}
		if at, found := container.FromCgroups(groups); id == "" && !found || found && at.ID == id {
			return pid, nil
		}
	}
	if id == "" {
		return 0, fmt.Errorf("no process is running there: %w", errScope)
	}
	return 0, fmt.Errorf("no process of container %q runs on this host", id)
}

// processOf reads the process of a command: one of this host, boot and scope,
// that runs.
func (x *Executor) processOf(command *baizev1.Command) (event.ProcessKey, error) {
	key, err := event.ParseProcessKey(command.GetArguments()[response.ArgProcess])
	switch {
	case err != nil:
		return key, err
	case key.IsZero():
		return key, errors.New("no process is named")
	case key.Host != x.options.Name.Host || key.Boot != x.options.Boot:
		return key, fmt.Errorf("process %s is of another host or boot", key)
	case x.options.Covers != nil && !x.options.Covers(key.PID):
		return key, fmt.Errorf("process %d: %w", key.PID, errScope)
	}
	return key, x.still(key)
}

// still reports whether a process is the one that is meant.
func (x *Executor) still(key event.ProcessKey) error {
	if !x.options.Proc.Is(key.PID, key.Start) {
		return fmt.Errorf("process %s does not run any more", key)
	}
	return nil
}

// same compares a file with the one that is meant. Generations are compared
// where both are known, and devices where the file system shows stat its own.
func same(meant, found event.FileKey, loose bool) bool {
	return meant.Inode == found.Inode && (loose || meant.Device == found.Device) &&
		(meant.Gen == 0 || found.Gen == 0 || meant.Gen == found.Gen)
}

// fileTypes names the types of files as event.File does.
var fileTypes = map[uint32]string{
	unix.S_IFSOCK: "socket", unix.S_IFLNK: "symlink", unix.S_IFBLK: "device",
	unix.S_IFDIR: "dir", unix.S_IFCHR: "device", unix.S_IFIFO: "pipe",
}
