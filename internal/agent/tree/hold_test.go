package tree

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"baize/internal/agent/container"
	"baize/internal/agent/procfs"
)

// A tree stands still, all of it, and goes on as it was.
func TestHoldAndFree(t *testing.T) {
	for _, hierarchy := range []string{Unified, Freezer} {
		t.Run(hierarchy, func(t *testing.T) {
			c, h := start(t, "counter"), holder(t)
			if hierarchy == Freezer {
				if h.Mounts.Unified = ""; h.Mounts.Freezer == "" {
					t.Skip("no freezer of cgroup v1 is mounted")
				}
			}
			c.whole(3)
			before := cgroups(t, c.root.PID)
			found, err := h.Find(t.Context(), c.root)
			must(t, err)
			held := c.hold(h)
			if !held.Standing || len(held.Members) != 3 || len(held.Groups) != 1 || held.Groups[0].Hierarchy != hierarchy || held.Members[0].ID != c.root {
				t.Fatalf("%+v", held)
			}
			if !slices.Equal(found, held.Members) {
				t.Errorf("found %v, held %v", found, held.Members)
			}
			c.still(true)
			if maps, _, err := (procfs.FS{}).Maps(c.root.PID); err != nil || len(maps) == 0 {
				t.Errorf("the evidence is gone: %v", err)
			}
			must(t, Free(t.Context(), h.Finder, held.Groups))
			c.still(false)
			if after := cgroups(t, c.root.PID); after != before {
				t.Errorf("cgroups before:\n%s\nafter:\n%s", before, after)
			}
			if _, err := os.Stat(held.Groups[0].Dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the group is left: %v", err)
			}
			must(t, Free(t.Context(), h.Finder, held.Groups)) // twice is once
		})
	}
}

// The member's container and unit are the same while it stands, and so are the
// limits above it.
func TestWhereAMemberIsSaidToBe(t *testing.T) {
	id := strings.Repeat("ab", 32)
	for _, at := range []string{"/", "/docker/" + id, "/default/box", "/system.slice/docker-" + id + ".scope", "/system.slice/web.service", "/default"} {
		groups := []procfs.Cgroup{{Controllers: "freezer", Path: at}, {Path: at}}
		m := Mounts{Unified: "/u", Freezer: "/f"}
		found := m.candidates(groups, container.HeldPrefix+"0123")
		if len(found) < 2 || found[0].Hierarchy != Unified || found[0].Dir != filepath.Join("/u", at, container.HeldPrefix+"0123") || found[0].Home != filepath.Join("/u", at) {
			t.Errorf("%s: %+v", at, found)
			continue
		}
		before, was := container.FromCgroups(groups)
		for _, g := range found {
			moved := slices.Clone(groups)
			if g.Hierarchy == Freezer {
				moved[0].Path = strings.TrimPrefix(g.Dir, "/f")
			} else {
				moved[1].Path = strings.TrimPrefix(g.Dir, "/u")
			}
			if after, is := container.FromCgroups(moved); after != before || was != is || container.Unit(moved) != container.Unit(groups) {
				t.Errorf("%s: in %s it is in container %v %v, unit %q", at, g.Dir, after, is, container.Unit(moved))
			}
		}
	}
	for _, at := range []string{"/../x", "/x (deleted)", "x"} {
		if found := (Mounts{Unified: "/u", Freezer: "/f"}).candidates([]procfs.Cgroup{{Controllers: "freezer", Path: at}, {Path: at}}, "n"); len(found) != 0 {
			t.Errorf("%s: %+v", at, found)
		}
	}
}

// Where the owner of the group allows no groups below it, or made it threaded,
// its members are held from above, and return.
func TestAGroupThatTakesNoChildren(t *testing.T) {
	for file, value := range map[string]string{"cgroup.max.descendants": "0", "cgroup.type": "threaded"} {
		t.Run(file, func(t *testing.T) {
			c, h := start(t, "counter"), holder(t)
			c.whole(3)
			inner := filepath.Join(c.home, "inner")
			must(t, os.Mkdir(inner, 0o755))
			t.Cleanup(func() { _ = os.Remove(inner) })
			must(t, set(filepath.Join(inner, file), value))
			for _, pid := range c.running() {
				must(t, move(inner, pid))
			}
			held := c.hold(h)
			c.still(true)
			if len(held.Members) != 3 || !held.Standing {
				t.Errorf("%+v", held)
			}
			must(t, Free(t.Context(), h.Finder, held.Groups))
			c.still(false)
			if at := cgroups(t, c.root.PID); !strings.Contains(at, filepath.Base(c.home)+"/inner\n") {
				t.Errorf("it did not return: %s", at)
			}
			for _, m := range held.Members {
				must(t, move(c.home, m.PID))
			}
		})
	}
}

// Forks go on while the tree is being held: each new member is found.
func TestForksDoNotEscape(t *testing.T) {
	for _, part := range []string{"restless", "bomb"} {
		t.Run(part, func(t *testing.T) {
			c, h := start(t, part), holder(t)
			eventually(t, "it has forked", func() bool { return len(c.running()) > 3 })
			began := time.Now()
			held := c.hold(h)
			t.Logf("%d members in %v", len(held.Members), time.Since(began).Round(time.Millisecond))
			if !held.Standing {
				t.Error("it does not stand")
			}
			if left := c.running(); len(left) != 0 {
				t.Errorf("%d escaped: %v", len(left), left)
			}
			must(t, h.Kill(t.Context(), held))
			if left := c.running(); len(left) != 0 {
				t.Errorf("%d are left", len(left))
			}
		})
	}
}

// A process whose first thread has ended runs on, and is one.
func TestAProcessWithoutItsFirstThread(t *testing.T) {
	c, h := start(t, "headless"), holder(t)
	c.whole(1)
	eventually(t, "its first thread has ended", func() bool {
		s, err := procfs.FS{}.Stat(c.root.PID)
		return err == nil && s.State == 'Z'
	})
	if _, err := (procfs.FS{}).Image(c.root.PID); err != nil {
		t.Errorf("its image: %v", err)
	}
	held := c.hold(h)
	c.still(true)
	if len(held.Members) != 1 || !held.Standing {
		t.Errorf("%+v", held)
	}
	must(t, Free(t.Context(), h.Finder, held.Groups))
	c.still(false)
	must(t, h.Kill(t.Context(), c.hold(h)))
	eventually(t, "it has ended", func() bool {
		s, err := (procfs.FS{}).Stat(c.root.PID)
		return err != nil || !(procfs.FS{}).Runs(c.root.PID, s)
	})
}

// Who has no parent in the tree any more is a member by the sensor's word.
func TestWhoChangedItsParentIsAMember(t *testing.T) {
	c, h := start(t, "counter"), holder(t)
	c.whole(3)
	other := start(t, "leaf")
	other.whole(1)
	h.Kin = func(_ context.Context, of []ID) []ID {
		if of[0] == c.root {
			return []ID{other.root}
		}
		return nil
	}
	held := c.hold(h)
	if len(held.Members) != 4 || len(held.Groups) != 2 {
		t.Errorf("%+v", held)
	}
	other.still(true)
	must(t, Free(t.Context(), h.Finder, held.Groups))
	other.still(false)
}

// A reason against one member is one against all: nothing has changed.
func TestARefusedMemberLeavesAllAsItWas(t *testing.T) {
	c, h := start(t, "counter"), holder(t)
	c.whole(3)
	before := cgroups(t, c.root.PID)
	refused := errors.New("protected")
	h.Guard = func(m Member) error {
		if m.ID != c.root {
			return refused
		}
		return nil
	}
	if held, err := h.Hold(t.Context(), c.root, "baize-held-test"); !errors.Is(err, refused) || len(held.Groups) != 0 {
		t.Fatalf("%+v, %v", held, err)
	}
	c.still(false)
	if after := cgroups(t, c.root.PID); after != before {
		t.Errorf("%s became %s", before, after)
	}
	h.Guard, h.Begin = func(Member) error { return nil }, func(Group) error { return refused }
	if _, err := h.Hold(t.Context(), c.root, "baize-held-test"); !errors.Is(err, refused) {
		t.Errorf("not on record, and done: %v", err)
	}
	c.still(false)
}

// The number of a process that has ended means another one: that one is left alone.
func TestAnotherProcessOfTheSameNumber(t *testing.T) {
	c, h := start(t, "counter"), holder(t)
	c.whole(3)
	meant := c.root
	meant.Start -= procfs.TickNanos
	if _, err := h.Hold(t.Context(), meant, "baize-held-test"); !errors.Is(err, ErrGone) {
		t.Errorf("%v", err)
	}
	c.still(false)
}

// Who was put into the group of a held tree does not die with it.
func TestAStrangerIsSentHome(t *testing.T) {
	c, h := start(t, "counter"), holder(t)
	c.whole(3)
	other := start(t, "leaf")
	other.whole(1)
	held := c.hold(h)
	must(t, move(held.Groups[0].Dir, other.root.PID))
	must(t, h.Kill(t.Context(), held))
	other.still(false)
	must(t, move(other.home, other.root.PID))
	if left := c.running(); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
}

func TestKill(t *testing.T) {
	for _, hierarchy := range []string{Unified, Freezer} {
		t.Run(hierarchy, func(t *testing.T) {
			c, h := start(t, "counter"), holder(t)
			if hierarchy == Freezer {
				if h.Mounts.Unified = ""; h.Mounts.Freezer == "" {
					t.Skip("no freezer of cgroup v1 is mounted")
				}
			}
			c.whole(3)
			held := c.hold(h)
			must(t, h.Kill(t.Context(), held))
			for _, m := range held.Members {
				if s, err := (procfs.FS{}).Stat(m.PID); err == nil && s.Start == m.Start && (procfs.FS{}).Runs(m.PID, s) {
					t.Errorf("process %d lives", m.PID)
				}
			}
			if _, err := os.Stat(held.Groups[0].Dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the group is left: %v", err)
			}
		})
	}
}

// A tree that is held can be ended by a second action.
func TestKillWhatIsHeld(t *testing.T) {
	c, h := start(t, "counter"), holder(t)
	c.whole(3)
	held := c.hold(h)
	again, err := h.Hold(t.Context(), c.root, "baize-held-again")
	must(t, err)
	if len(again.Members) != 3 || again.Groups[0].Home != held.Groups[0].Dir {
		t.Errorf("%+v", again)
	}
	must(t, h.Kill(t.Context(), again))
	if members, left := Inside(h.Finder, held.Groups); len(members) != 0 || len(left) != 1 {
		t.Errorf("%v, %v", members, left)
	}
	must(t, Free(t.Context(), h.Finder, held.Groups))
}

func TestFindMounts(t *testing.T) {
	m := FindMounts(strings.NewReader(`30 25 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
31 25 0:27 / /sys/fs/cgroup/cpu,freezer rw shared:5 - cgroup cgroup rw,cpu,freezer
32 25 0:27 /docker /elsewhere rw - cgroup2 cgroup2 rw
33
`))
	if m != (Mounts{"/sys/fs/cgroup/unified", "/sys/fs/cgroup/cpu,freezer"}) {
		t.Errorf("%+v", m)
	}
}

// A part's file is its number, so that a number means what the test thinks.
func TestPartsTick(t *testing.T) {
	c := start(t, "leaf")
	c.whole(1)
	if size(ticks(c.dir, c.cmd.Process.Pid)) == 0 || status(t, c.root.PID, "Pid") != strconv.Itoa(c.cmd.Process.Pid) {
		t.Error("nothing ticks")
	}
}
