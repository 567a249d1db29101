package stage

import (
	"fmt"
	"os"
	"path"
	"slices"
	"sync"

	"baize/test/intrusions"
)

// tree is who forked whom since the recording began, on the whole machine.
type tree struct {
	mu    sync.Mutex
	byPID map[uint32]*branch
	over  bool
}

// branch is one process.
type branch struct {
	intrusions.Process
	parent   *branch
	children []*branch
	exited   bool
}

// unknown is what a process ran that was gone when it was asked.
const unknown = "?"

func newTree() *tree { return &tree{byPID: map[uint32]*branch{}} }

func (t *tree) forked(parent, child uint32, when uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := &branch{Process: intrusions.Process{PID: child, Start: when}, parent: t.byPID[parent]}
	if b.parent != nil {
		b.parent.children = append(b.parent.children, b)
	}
	t.byPID[child] = b
}

func (t *tree) executed(pid uint32) {
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		program = unknown
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if b := t.byPID[pid]; b != nil {
		b.Program = program
	}
}

func (t *tree) exited(pid uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if b := t.byPID[pid]; b != nil {
		b.exited = true
	}
}

func (t *tree) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
}

func (t *tree) closed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.over
}

// find returns the newest process of a number.
func (t *tree) find(pid int) (*branch, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b, ok := t.byPID[uint32(pid)]
	return b, ok
}

// all are a process and everything below it.
func (t *tree) all(top *branch) []intrusions.Process {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := []intrusions.Process{}
	queue := []*branch{top}
	for len(queue) > 0 {
		b := queue[0]
		queue = append(queue[1:], b.children...)
		list = append(list, b.Process)
	}
	return list
}

// behind are the processes between two.
func (t *tree) behind(low, high *branch) []intrusions.Process {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []intrusions.Process
	for b := low.parent; b != nil; b = b.parent {
		list = append(list, b.Process)
		if b == high {
			return list
		}
	}
	return list
}

// jobs are the processes below a daemon that are the first to run something
// other than the daemon, begun after a time: sessions of a login daemon, jobs of
// a scheduler.
func (t *tree) jobs(daemon *branch, since uint64) []*branch {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := []string{path.Base(daemon.Program), unknown, "jspawnhelper"}
	var found []*branch
	queue := slices.Clone(daemon.children)
	for len(queue) > 0 {
		b := queue[0]
		queue = queue[1:]
		// One that ended before it could be asked what it ran was short: no daemon.
		gone := b.Program == unknown && b.exited
		if !gone && (b.Program == "" || slices.Contains(own, path.Base(b.Program))) {
			queue = append(queue, b.children...)
			continue
		}
		if b.Start >= since {
			found = append(found, b)
		}
	}
	return found
}
