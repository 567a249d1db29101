package tree

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"baize/internal/agent/container"
	"baize/internal/agent/procfs"
)

// Hierarchies that can make processes stand.
const (
	// Unified is cgroup v2.
	Unified = "v2"
	// Freezer is the freezer of cgroup v1, where v2 cannot.
	Freezer = "v1-freezer"
)

// Group is a cgroup that was made to hold members of a tree, and where these
// were before.
type Group struct {
	Hierarchy string `json:"hierarchy"`
	Dir       string `json:"dir"`
	Home      string `json:"home"`
}

// Mounts are the directories of the hierarchies; empty for one that is not there.
type Mounts struct{ Unified, Freezer string }

// FindMounts reads a mountinfo.
func FindMounts(mountinfo io.Reader) Mounts {
	var m Mounts
	lines := bufio.NewScanner(mountinfo)
	for lines.Scan() {
		mount, fs, ok := strings.Cut(lines.Text(), " - ")
		fields, options := strings.Fields(mount), strings.Fields(fs)
		if !ok || len(fields) < 5 || len(options) < 3 || fields[3] != "/" {
			continue
		}
		switch {
		case options[0] == "cgroup2" && m.Unified == "":
			m.Unified = fields[4]
		case options[0] == "cgroup" && m.Freezer == "" && has(options[2], "freezer"):
			m.Freezer = fields[4]
		}
	}
	return m
}

func has(list, word string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one == word {
			return true
		}
	}
	return false
}

// candidates are the groups that could hold a process, the best first: below its
// own v2 cgroup, or where that is threaded or full, below the nearest one above
// that is of the same container; then below its own of the v1 freezer.
func (m Mounts) candidates(groups []procfs.Cgroup, name string) []Group {
	var found []Group
	for _, g := range groups {
		if g.Controllers != "" || m.Unified == "" || !usable(g.Path) {
			continue
		}
		home := filepath.Join(m.Unified, g.Path)
		for above := g.Path; sameContainer(groups, g, above); above = filepath.Dir(above) {
			found = append(found, Group{Unified, filepath.Join(m.Unified, above, name), home})
			if above == "/" {
				break
			}
		}
	}
	for _, g := range groups {
		if has(g.Controllers, "freezer") && m.Freezer != "" && usable(g.Path) {
			found = append(found, Group{Freezer, filepath.Join(m.Freezer, g.Path, name), filepath.Join(m.Freezer, g.Path)})
		}
	}
	return found
}

// usable : a path that leads out of the reader's cgroup namespace, or to a group
// that is removed, is none to act by.
func usable(path string) bool {
	return filepath.IsAbs(path) && filepath.Clean(path) == path && !strings.HasSuffix(path, " (deleted)")
}

// sameContainer reports whether the container and the unit stay the same if the
// path of one of the groups becomes another.
func sameContainer(groups []procfs.Cgroup, moved procfs.Cgroup, path string) bool {
	after := make([]procfs.Cgroup, len(groups))
	copy(after, groups)
	for i := range after {
		if after[i] == moved {
			after[i].Path = path
		}
	}
	was, wasIn := container.FromCgroups(groups)
	is, isIn := container.FromCgroups(after)
	return was == is && wasIn == isIn && container.Unit(groups) == container.Unit(after)
}

// create makes the group, frozen before anybody is in it.
func (g Group) create() error {
	if err := os.Mkdir(g.Dir, 0o755); err != nil {
		return err
	}
	if err := g.freeze(true); err != nil {
		return errors.Join(err, os.Remove(g.Dir))
	}
	return nil
}

func (g Group) freeze(stand bool) error {
	file, value := "cgroup.freeze", "0"
	if stand {
		value = "1"
	}
	if g.Hierarchy == Freezer {
		file, value = "freezer.state", "THAWED"
		if stand {
			value = "FROZEN"
		}
	}
	return set(filepath.Join(g.Dir, file), value)
}

// set writes a file of a cgroup, which must be there.
func set(path, value string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

// move moves a process, with all of its threads, to a cgroup.
func move(dir string, pid uint32) error {
	return set(filepath.Join(dir, "cgroup.procs"), strconv.FormatUint(uint64(pid), 10))
}

// stands reports whether all in the group stand still.
func (g Group) stands() (bool, error) {
	file, word := "cgroup.events", "frozen 1"
	if g.Hierarchy == Freezer {
		file, word = "freezer.state", "FROZEN"
	}
	text, err := os.ReadFile(filepath.Join(g.Dir, file))
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(text)) {
		if strings.TrimSpace(line) == word {
			return true, nil
		}
	}
	return false, nil
}

// members are the numbers of who is in the group. The kernel's own list of
// processes leaves out whose first thread has ended before the process was moved;
// such a one is known by its other threads.
func (g Group) members(proc procfs.FS) ([]uint32, error) {
	pids, err := g.numbers("cgroup.procs")
	if err != nil {
		return nil, err
	}
	file := "cgroup.threads"
	if g.Hierarchy == Freezer {
		file = "tasks"
	}
	threads, err := g.numbers(file)
	if err != nil {
		return nil, err
	}
	known := make(map[uint32]bool, len(pids))
	for _, pid := range pids {
		known[pid] = true
	}
	for _, tid := range threads {
		if known[tid] {
			continue
		}
		if pid, err := proc.Process(tid); err == nil && !known[pid] {
			known[pid] = true
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

func (g Group) numbers(file string) ([]uint32, error) {
	text, err := os.ReadFile(filepath.Join(g.Dir, file))
	if err != nil {
		return nil, err
	}
	var numbers []uint32
	for line := range strings.Lines(string(text)) {
		n, err := strconv.ParseUint(strings.TrimSpace(line), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", file, g.Dir, err)
		}
		numbers = append(numbers, uint32(n))
	}
	return numbers, nil
}

// kill ends all in the group, which stands still: at once where the kernel has
// cgroup.kill (5.14), and each by its own, which reaches those that are not in the
// kernel's list.
func (g Group) kill(f Finder) error {
	pids, err := g.members(f.Proc)
	if err != nil {
		return err
	}
	if g.Hierarchy == Unified {
		if err := set(filepath.Join(g.Dir, "cgroup.kill"), "1"); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	var failed error
	for _, pid := range pids {
		s, err := f.Proc.Stat(pid)
		if err != nil {
			continue
		}
		if grip, err := f.Grasp(ID{pid, s.Start}); err == nil {
			failed = errors.Join(failed, grip.Kill())
			grip.Release()
		}
	}
	if g.Hierarchy == Freezer { // v1: a signal waits until its process runs
		failed = errors.Join(failed, g.freeze(false))
	}
	return failed
}

// gone : the group was removed, by whoever ended its container or its unit.
func gone(err error) bool { return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENODEV) }
