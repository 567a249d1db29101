// Package tree holds process trees: it finds all that belongs to one, makes it
// stand still, ends it, and lets it go again as it was.
//
// A tree is a process with what descends from it. The members are found by the
// kernel's word, parents as they are now, and by the sensor's, parents as they
// were at the fork, so that who changes its parent stays one. A member is moved
// into a frozen cgroup and stands from then on: it can neither fork nor execute.
// This is repeated until a whole look at the host finds no further member.
//
// The cgroup is a child of the member's own. So the limits above it hold, it is
// said to be in the same container and unit as before, and who pauses and resumes
// the container does not let it go.
package tree

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"baize/internal/agent/procfs"
)

// ID is a process: its number and its start as /proc has it, in nanoseconds.
type ID struct {
	PID   uint32
	Start uint64
}

// Member is a process of a tree.
type Member struct {
	ID
	Parent uint32
	// Name is the command name, which the process may choose.
	Name string
	// Kernel marks a kernel thread.
	Kernel bool
}

// Errors of this package.
var (
	// ErrGone reports a process that has ended.
	ErrGone = errors.New("it does not run any more")
	// ErrGrowing reports a tree that grew faster than it was held.
	ErrGrowing = errors.New("it grows faster than it is held")
	// ErrTooLarge reports a tree of too many processes.
	ErrTooLarge = fmt.Errorf("it has more than %d processes", MaxMembers)
)

// MaxMembers bounds a tree.
const MaxMembers = 16384

// Finder finds the members of trees.
type Finder struct {
	Proc procfs.FS
	// Kin are those who descend from any of the processes by forks that the sensor
	// saw, also where their parents changed since, and those of them that have ended
	// a while ago; nil where there is no sensor.
	Kin func(ctx context.Context, of []ID) []ID
}

// table is one look at all processes.
type table map[uint32]Member

// look reads all processes that have not ended.
func (f Finder) look() (table, error) {
	pids, err := f.Proc.PIDs()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	found := make(table, len(pids))
	for _, pid := range pids {
		s, err := f.Proc.Stat(pid)
		if err != nil || !f.Proc.Runs(pid, s) {
			continue
		}
		found[pid] = Member{ID: ID{pid, s.Start}, Parent: s.Parent, Name: s.Name, Kernel: s.Kernel}
	}
	return found, nil
}

// Find returns the tree below root as it is now, root first and parents before
// their children.
func (f Finder) Find(ctx context.Context, root ID) ([]Member, error) {
	roots := []ID{root}
	if f.Kin != nil {
		roots = append(roots, f.Kin(ctx, roots)...)
	}
	return f.below(roots)
}

// below returns who descends from any of the roots, with those who still run.
func (f Finder) below(roots []ID) ([]Member, error) {
	seen, err := f.look()
	if err != nil {
		return nil, err
	}
	children := map[uint32][]Member{}
	for _, m := range seen {
		children[m.Parent] = append(children[m.Parent], m)
	}
	var members []Member
	taken := map[ID]bool{}
	take := func(m Member) {
		if !taken[m.ID] {
			taken[m.ID] = true
			members = append(members, m)
		}
	}
	for _, id := range roots {
		if m, runs := seen[id.PID]; runs && m.Start == id.Start {
			take(m)
		}
	}
	for i := 0; i < len(members); i++ { // grows meanwhile
		below := children[members[i].PID]
		slices.SortFunc(below, func(a, b Member) int { return int(a.PID) - int(b.PID) })
		for _, m := range below {
			// A child is not older than its parent: else the number was given out again.
			if m.Start >= members[i].Start {
				take(m)
			}
		}
		if len(members) > MaxMembers {
			return nil, ErrTooLarge
		}
	}
	return members, nil
}

// Grip is a hold on one process that makes its number mean it alone.
type Grip struct{ fd int }

// Grasp takes hold of a process, and fails if the number means another.
func (f Finder) Grasp(id ID) (*Grip, error) {
	fd, err := unix.PidfdOpen(int(id.PID), 0)
	if err != nil {
		return nil, fmt.Errorf("process %d: %w", id.PID, ErrGone)
	}
	g := &Grip{fd}
	if s, err := f.Proc.Stat(id.PID); err != nil || s.Start != id.Start || !g.Holds() {
		g.Release()
		return nil, fmt.Errorf("process %d: %w", id.PID, ErrGone)
	}
	return g, nil
}

// Holds reports whether the process is still there: what was read of it by its
// number until now was its own.
func (g *Grip) Holds() bool { return unix.PidfdSendSignal(g.fd, 0, nil, 0) == nil }

// Kill sends SIGKILL.
func (g *Grip) Kill() error {
	err := unix.PidfdSendSignal(g.fd, unix.SIGKILL, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return os.NewSyscallError("pidfd_send_signal", err)
}

// Release ends the hold.
func (g *Grip) Release() { _ = unix.Close(g.fd) }
