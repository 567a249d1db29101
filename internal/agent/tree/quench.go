package tree

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// quench stops a tree that grows while it is being held. Moving a process takes
// the kernel milliseconds, in which others fork; stopping one takes
// microseconds, and who is being stopped forks no more. So each is stopped, then
// its children, which are all there are, and theirs. Once they are held, resume
// takes the stop back: they stand by their group.
func (t *holding) quench(ctx context.Context, seeds []Member, deadline time.Time) error {
	waiting := slices.Clone(seeds)
	for len(waiting) > 0 && time.Now().Before(deadline) && ctx.Err() == nil {
		m := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if t.known[m.ID] {
			continue
		}
		if err := t.Guard(m); err != nil {
			return err
		}
		t.stop(m.ID)
		for _, pid := range t.Proc.Children(m.PID) {
			s, err := t.Proc.Stat(pid)
			if err == nil && s.Parent == m.PID && !t.stopped[ID{pid, s.Start}] {
				waiting = append(waiting, Member{ID: ID{pid, s.Start}, Parent: s.Parent, Name: s.Name, Kernel: s.Kernel})
			}
		}
		if len(t.stopped) > MaxMembers {
			return ErrTooLarge
		}
	}
	return nil
}

// stop sends SIGSTOP to who is not stopped already.
func (t *holding) stop(id ID) {
	grip, err := t.Grasp(id)
	if err != nil {
		return
	}
	defer grip.Release()
	if s, err := t.Proc.Stat(id.PID); err != nil || s.State == 'T' || s.State == 't' {
		return
	}
	if unix.PidfdSendSignal(grip.fd, unix.SIGSTOP, nil, 0) == nil {
		t.stopped[id] = true
	}
}

// resume continues who was stopped by quench.
func (t *holding) resume() {
	for id := range t.stopped {
		resume(t.Finder, id)
	}
}

func resume(f Finder, id ID) {
	if grip, err := f.Grasp(id); err == nil {
		_ = unix.PidfdSendSignal(grip.fd, unix.SIGCONT, nil, 0)
		grip.Release()
	}
}

// Recover lets go who was being held when the agent was killed: Free, and whoever
// is stopped, or is to be, is continued, because it may have been stopped for that.
func Recover(ctx context.Context, f Finder, groups []Group) error {
	members, _ := Inside(f, groups)
	for _, m := range members {
		resume(f, m.ID)
	}
	return Free(ctx, f, groups)
}
