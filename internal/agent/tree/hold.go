package tree

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// holdFor is how long a tree may grow while it is being held.
	holdFor = 10 * time.Second
	// standWithin is how long a member may take to stand still: who waits in the
	// kernel for something that cannot be interrupted does not before that comes.
	standWithin = 3 * time.Second
	// tellWithin is when the sensor has told of a fork at the latest, under load.
	tellWithin = 80 * time.Millisecond
	// pause between two looks at what is waited for.
	pause = 2 * time.Millisecond
)

// Holder makes trees stand still.
type Holder struct {
	Finder
	Mounts Mounts
	// Guard says why a member must be left alone; nil where it need not.
	Guard func(Member) error
	// Begin hears of a group before it is made. Without its consent it is not.
	Begin func(Group) error
}

// Held is a tree that stands still.
type Held struct {
	Groups []Group
	// Members in the order in which they were found, the root first.
	Members []Member
	// Standing is false if some member did not stand within three seconds, because
	// it waits for the kernel: it will when that answers.
	Standing bool
}

// holding is a tree on its way to be held.
type holding struct {
	*Holder
	name    string
	root    ID
	members []Member
	known   map[ID]bool
	// groups by the directory of the members' former group.
	groups map[string]Group
	moved  time.Time
	// stopped are those that quench stopped.
	stopped map[ID]bool
	// kin is how many the sensor knew at the last look.
	kin int
}

// Hold makes the tree below root stand still, in groups called name. Where it
// fails everything is as before, but for ErrGrowing: then what is returned
// stands, and the rest goes on.
func (h *Holder) Hold(ctx context.Context, root ID, name string) (Held, error) {
	t := &holding{Holder: h, name: name, root: root, known: map[ID]bool{}, groups: map[string]Group{}, stopped: map[ID]bool{}}
	defer t.resume()
	err := t.gather(ctx)
	held := Held{Groups: slices.SortedFunc(maps.Values(t.groups), func(a, b Group) int { return len(a.Dir) - len(b.Dir) }), Members: t.members}
	if err != nil && !errors.Is(err, ErrGrowing) {
		return Held{}, errors.Join(err, Free(context.WithoutCancel(ctx), h.Finder, held.Groups))
	}
	held.Standing = stand(ctx, held.Groups, standWithin) == nil
	return held, err
}

// gather moves members until none is found that was not moved.
func (t *holding) gather(ctx context.Context) error {
	deadline := time.Now().Add(holdFor)
	for pass := 0; ; pass++ {
		fresh, err := t.fresh(ctx)
		if err != nil {
			return err
		}
		if len(fresh) == 0 && t.atRest() {
			return t.complete()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%w: %d members stand", ErrGrowing, len(t.members))
		}
		if len(fresh) == 0 {
			if err := wait(ctx, pause); err != nil {
				return err
			}
			continue
		}
		if pass > 1 {
			if err := t.quench(ctx, fresh, deadline); err != nil {
				return err
			}
			if fresh, err = t.fresh(ctx); err != nil {
				return err
			}
		}
		if err := t.takeAll(ctx, fresh); err != nil {
			return err
		}
	}
}

// atRest : who changed its parent meanwhile is known once the sensor told of it,
// and who forks and ends without a pause is told of again and again.
func (t *holding) atRest() bool { return t.Kin == nil || time.Since(t.moved) >= tellWithin }

// takeAll moves members, and waits until they stand: only who stands has no more
// children.
func (t *holding) takeAll(ctx context.Context, fresh []Member) error {
	for _, m := range fresh {
		if err := t.take(m); err != nil {
			return err
		}
	}
	t.moved = time.Now()
	err := stand(ctx, slices.Collect(maps.Values(t.groups)), standWithin/10)
	if err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

// fresh are the members that are not held yet.
func (t *holding) fresh(ctx context.Context) ([]Member, error) {
	roots := []ID{t.root}
	for _, m := range t.members {
		roots = append(roots, m.ID)
	}
	if t.Kin != nil {
		told := t.Kin(ctx, roots)
		roots = append(roots, told...)
		if len(told) != t.kin { // it forks
			t.kin, t.moved = len(told), time.Now()
		}
	}
	found, err := t.below(roots)
	if err != nil {
		return nil, err
	}
	fresh := slices.DeleteFunc(found, func(m Member) bool { return t.known[m.ID] })
	for _, m := range fresh {
		if err := t.Guard(m); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

// take moves one member. One that ended meanwhile is none.
func (t *holding) take(m Member) error {
	grip, err := t.Grasp(m.ID)
	if err != nil {
		return nil
	}
	defer grip.Release()
	groups, err := t.Proc.Cgroups(m.PID)
	if err != nil || !grip.Holds() {
		return nil
	}
	candidates := t.Mounts.candidates(groups, t.name)
	if len(candidates) == 0 {
		return fmt.Errorf("process %d: no cgroup hierarchy that can freeze it", m.PID)
	}
	var failed error
	for _, g := range candidates {
		err := t.into(g, m, grip)
		if err == nil || errors.Is(err, ErrGone) {
			return nil
		}
		failed = errors.Join(failed, err)
	}
	return fmt.Errorf("process %d: %w", m.PID, failed)
}

// into moves a member to a group, which is made where it is the first one from
// its former group.
func (t *holding) into(g Group, m Member, grip *Grip) error {
	key := g.Dir + " " + g.Home
	made, there := t.groups[key]
	if !there {
		made = g
		made.Dir += fmt.Sprintf("-%d", len(t.groups))
		if err := t.Begin(made); err != nil {
			return err
		}
		if err := made.create(); err != nil {
			return err
		}
		t.groups[key] = made
	}
	err := move(made.Dir, m.PID)
	if err == nil && grip.Holds() {
		t.known[m.ID] = true
		t.members = append(t.members, m)
		return nil
	}
	if err == nil { // it ended, and its number may mean another one, who is moved back
		return errors.Join(ErrGone, strangers(t.Finder, made, t.known))
	}
	if errors.Is(err, unix.ESRCH) {
		return ErrGone
	}
	return errors.Join(err, t.drop(key, made))
}

// drop removes a group that could not take its first member.
func (t *holding) drop(key string, g Group) error {
	if pids, err := g.members(t.Proc); err == nil && len(pids) > 0 {
		return nil
	}
	delete(t.groups, key)
	if err := os.Remove(g.Dir); err != nil && !gone(err) {
		return err
	}
	return nil
}

// complete holds the groups against the members: nobody else is in them.
func (t *holding) complete() error {
	if len(t.members) == 0 {
		return fmt.Errorf("process %d: %w", t.root.PID, ErrGone)
	}
	for _, g := range t.groups {
		if err := strangers(t.Finder, g, t.known); err != nil {
			return err
		}
	}
	return nil
}

// strangers moves those home who are in a group and no members: the number of one
// who ended was given to another between two looks, or somebody moved him there.
func strangers(f Finder, g Group, known map[ID]bool) error {
	pids, err := g.members(f.Proc)
	if err != nil {
		return err
	}
	for _, pid := range pids {
		s, err := f.Proc.Stat(pid)
		if err != nil || known[ID{pid, s.Start}] {
			continue
		}
		if err := move(g.Home, pid); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("process %d is no member and cannot be moved back: %w", pid, err)
		}
	}
	return nil
}

// stand waits until all in the groups stand still.
func stand(ctx context.Context, groups []Group, within time.Duration) error {
	deadline := time.Now().Add(within)
	for _, g := range groups {
		for {
			still, err := g.stands()
			if err != nil && !gone(err) {
				return err
			}
			if still || err != nil {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s does not stand still: %w", g.Dir, context.DeadlineExceeded)
			}
			if err := wait(ctx, pause); err != nil {
				return err
			}
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// Free lets go all who are in the groups, moves them to where they were, and
// removes the groups. A group that is not there any more, because its container
// or unit has ended, is none.
func Free(ctx context.Context, f Finder, groups []Group) error {
	var failed error
	for _, g := range groups { // all at once, before any is moved
		if err := g.freeze(false); err != nil && !gone(err) {
			failed = errors.Join(failed, err)
		}
	}
	for _, g := range groups {
		if err := g.empty(ctx, f); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// empty moves everybody home until the group can be removed.
func (g Group) empty(ctx context.Context, f Finder) error {
	deadline := time.Now().Add(holdFor)
	for {
		pids, err := g.members(f.Proc)
		if err != nil {
			if gone(err) {
				return nil
			}
			return err
		}
		for _, pid := range pids {
			if err := move(g.Home, pid); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("move process %d back to %s: %w", pid, g.Home, err)
			}
		}
		err = os.Remove(g.Dir)
		if err == nil || gone(err) {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) || time.Now().After(deadline) {
			return err
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// Kill ends a tree that is held, and removes its groups. Members of a container
// that its runtime has paused under cgroup v1 end when it is resumed: then the
// error is context.DeadlineExceeded, and the groups stay.
func (h *Holder) Kill(ctx context.Context, held Held) error {
	known := map[ID]bool{}
	for _, m := range held.Members {
		known[m.ID] = true
	}
	var failed error
	for _, g := range held.Groups {
		if err := strangers(h.Finder, g, known); err != nil {
			return err
		}
	}
	for _, g := range held.Groups {
		failed = errors.Join(failed, g.kill(h.Finder))
	}
	deadline := time.Now().Add(standWithin)
	for _, g := range held.Groups {
		failed = errors.Join(failed, g.end(ctx, deadline))
	}
	return failed
}

// end waits until a group is empty and removes it.
func (g Group) end(ctx context.Context, deadline time.Time) error {
	for {
		err := os.Remove(g.Dir)
		if err == nil || gone(err) {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: who was killed has not ended: %w", filepath.Base(g.Dir), context.DeadlineExceeded)
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// Inside returns who is in the groups, and the groups that are left.
func Inside(f Finder, groups []Group) (members []Member, left []Group) {
	for _, g := range groups {
		pids, err := g.members(f.Proc)
		if err != nil {
			continue
		}
		left = append(left, g)
		for _, pid := range pids {
			if s, err := f.Proc.Stat(pid); err == nil {
				members = append(members, Member{ID: ID{pid, s.Start}, Parent: s.Parent, Name: s.Name})
			}
		}
	}
	return members, left
}
