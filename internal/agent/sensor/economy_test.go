package sensor

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"baize/internal/event"

	"golang.org/x/sys/unix"
)

// controls is a helper that limits itself args[0] times.
func controls(args []string) error {
	for range number(args[0]) {
		if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
			return err
		}
	}
	return nil
}

// modes is a helper that sets the mode of a file args[1] times.
func modes(args []string) error {
	for range number(args[1]) {
		if err := unix.Chmod(args[0], 0o640); err != nil {
			return err
		}
	}
	return nil
}

// opens is a helper that opens a file args[1] times.
func opens(args []string) error {
	for range number(args[1]) {
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		f.Close()
	}
	return nil
}

// class is the health of one class.
func (l *lab) class(class event.Class) ClassHealth {
	l.t.Helper()
	h, err := l.sensor.Health()
	if err != nil {
		l.t.Fatal(err)
	}
	for _, c := range h.Classes {
		if c.Class == class {
			return c
		}
	}
	l.t.Fatalf("no class %s", class)
	return ClassHealth{}
}

// ended waits until all that a helper did has come.
func (l *lab) ended(h *helper) {
	l.t.Helper()
	l.await("the end of the helper", ofPID(event.ProcessExit, h.pid))
}

func (l *lab) observed(match func(*Record) bool) (records int, observations uint64) {
	found, _ := l.matching(match)
	for i := range found {
		observations += max(found[i].Count, 1)
	}
	return len(found), observations
}

// A thousand of the same act are a few records, and their counts are exact.
func TestRepeatsAreCounted(t *testing.T) {
	l := arm(t, Options{ScopeCgroup: cgroup(t, "sensor-test-repeats"), Window: 200 * time.Millisecond})
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h := prepare(t, inside(t, l.sensor.scope.path), "modes", file, "1000")
	h.finish()
	l.ended(h)
	records, observations := l.observed(ofPID(event.FileAttributes, h.pid))
	if observations != 1000 || records > 500 {
		t.Errorf("%d records stand for %d changes of mode", records, observations)
	}
	c := l.class(event.ClassFile)
	if c.Coalesced < 1000-uint64(records) || c.State != event.CoverageCoalesced {
		t.Errorf("%+v", c)
	}
	said := l.await("coverage", func(r *Record) bool {
		return r.Coverage != nil && r.Coverage.Class == event.ClassFile && r.Coverage.Coalesced > 0
	})
	if said.Coverage.State != event.CoverageCoalesced || said.Coverage.Lost != 0 {
		t.Errorf("stated %+v", said.Coverage)
	}
}

// One process's flood is cut to its cgroup's rate and counted; what another in
// the same cgroup does once is told all the same, and what provenance rests on is
// told whole.
func TestAFloodIsThrottledAndHidesNobody(t *testing.T) {
	const rate, flood = 20, 5000
	l := arm(t, Options{ScopeCgroup: cgroup(t, "sensor-test-throttle"), Rate: rate, Window: time.Hour})
	began := time.Now()
	loud := prepare(t, inside(t, l.sensor.scope.path), "controls", "5000")
	loud.finish()
	took := time.Since(began)
	quiet := prepare(t, inside(t, l.sensor.scope.path), "controls", "1")
	quiet.finish()
	l.ended(quiet)
	if n, _ := l.observed(ofPID(event.ProcessControl, quiet.pid)); n != 1 {
		t.Errorf("%d records of the quiet process", n)
	}
	_, told := l.observed(ofPID(event.ProcessControl, loud.pid))
	// The burst, the rate, and the first of each second.
	most := rate*int(burstFor.Seconds()) + int((took.Seconds()+2)*(rate+1)) + 1
	if told == 0 || told > uint64(most) {
		t.Errorf("%d of the flood were told, want at most %d", told, most)
	}
	c := l.class(event.ClassKernel)
	if c.Throttled < flood-uint64(most) || c.Throttled > flood-told || c.State != event.CoverageThrottled {
		t.Errorf("told %d: %+v", told, c)
	}
	if c := l.class(event.ClassProcess); c.State != event.CoverageComplete {
		t.Errorf("processes: %+v", c)
	}
	l.await("a statement about the rate", func(r *Record) bool {
		return r.Coverage != nil && r.Coverage.Class == event.ClassKernel && r.Coverage.State == event.CoverageThrottled && r.Coverage.Throttled > 0
	})
}

// What no rule asks for is counted and not told; what provenance rests on cannot
// be filtered.
func TestKindsThatNoRuleAsksForAreFiltered(t *testing.T) {
	l := arm(t, Options{ScopeCgroup: cgroup(t, "sensor-test-filter"), Window: time.Hour})
	if err := l.sensor.Ask("r1", nil); err != nil {
		t.Fatal(err)
	}
	h := prepare(t, inside(t, l.sensor.scope.path), "controls", "3")
	h.finish()
	l.ended(h)
	if n, _ := l.observed(ofPID(event.ProcessControl, h.pid)); n != 0 {
		t.Errorf("%d records that nobody asks for", n)
	}
	for _, kind := range []event.Kind{event.ProcessFork, event.ProcessExit} {
		if n, _ := l.observed(func(r *Record) bool {
			return r.Kind == kind && (int(r.Task.PID) == h.pid || r.Child != nil && int(r.Child.PID) == h.pid)
		}); n == 0 {
			t.Errorf("no %s", kind)
		}
	}
	c := l.class(event.ClassKernel)
	if c.Filtered != 3 || c.State != event.CoverageFiltered || c.Reason != "rules r1 ask for no network.socket, process.control, process.signal" {
		t.Errorf("%+v", c)
	}
	if err := l.sensor.Ask("r2", []event.Kind{event.ProcessControl}); err != nil {
		t.Fatal(err)
	}
	h = prepare(t, inside(t, l.sensor.scope.path), "controls", "3")
	h.finish()
	l.ended(h)
	if _, n := l.observed(ofPID(event.ProcessControl, h.pid)); n != 3 {
		t.Errorf("%d of 3 that a rule asks for", n)
	}
}

// Under pressure what exists for rules goes first, while the rest of the ring is
// kept for what provenance rests on.
func TestWhatExistsForRulesIsShedFirst(t *testing.T) {
	needKernel(t)
	dir := cgroup(t, "sensor-test-shed")
	s, err := Open(Options{ScopeCgroup: dir, RingBytes: 64 << 10, Rate: 1 << 20, Window: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	// Nobody reads while this happens.
	prepare(t, inside(t, dir), "controls", "5000").finish()
	prepare(t, inside(t, dir), "burst", "3").finish()
	delivered := deliver(t, s)
	balance(t, s, delivered, func(c ClassHealth) {
		switch c.Class {
		case event.ClassKernel:
			if len(c.Losses) != 1 || c.Losses[0].Reason != outcomeReasons[outcomeShed] || c.Losses[0].Count < 4000 {
				t.Errorf("kernel: %+v", c)
			}
		case event.ClassProcess:
			if c.Lost != 0 || c.Seen < 12 {
				t.Errorf("process: %+v", c)
			}
		}
	})
}

// What a path that no watch covers led to is not told again for a while, but is
// as soon as anything on the way there changes.
func TestDiscardsEndWhereTheWayChanges(t *testing.T) {
	top := t.TempDir()
	for _, dir := range []string{"a", "c"} {
		if err := os.Mkdir(filepath.Join(top, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(top, "a", "key.pem")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := arm(t, Options{
		ScopeCgroup: cgroup(t, "sensor-test-discard"), Window: time.Hour,
		Watches: []Watch{{"wanted", filepath.Join(top, "b", "key.pem")}, {"wanted", filepath.Join(top, "c", "key.pem")}},
	})
	open := func(file string, times string) int {
		h := prepare(t, inside(t, l.sensor.scope.path), "opens", file, times)
		h.finish()
		l.ended(h)
		return h.pid
	}
	watched := func(pid int) func(*Record) bool {
		return func(r *Record) bool { return ofPID(event.FileOpen, pid)(r) && r.File.Watch == "wanted" }
	}
	open(name, "1")
	open(name, "100")
	// The reader leaves out what others on the machine write, too. At tier 1 it
	// alone decides: what functions of the kernel see is not discarded there.
	own := l.sensor.counts.leftOut[classFile].Load()
	if l.sensor.tier == tierMediated {
		own = 0
	}
	if c := l.class(event.ClassFile); c.LeftOut < own+95 || c.State != event.CoverageComplete {
		t.Errorf("the reader left out %d: %+v", own, c)
	}
	// The directory gets the name that is watched; then it is bound to another.
	if err := os.Rename(filepath.Join(top, "a"), filepath.Join(top, "b")); err != nil {
		t.Fatal(err)
	}
	renamed := filepath.Join(top, "b", "key.pem")
	if n, _ := l.observed(watched(open(renamed, "1"))); n != 1 {
		t.Errorf("%d opens under the watched name", n)
	}
	if err := unix.Mount(filepath.Join(top, "b"), filepath.Join(top, "c"), "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Unmount(filepath.Join(top, "c"), unix.MNT_DETACH) }()
	if err := os.Rename(filepath.Join(top, "b"), filepath.Join(top, "a")); err != nil {
		t.Fatal(err)
	}
	open(name, "1")
	if n, _ := l.observed(watched(open(filepath.Join(top, "c", "key.pem"), "1"))); n != 1 {
		t.Errorf("%d opens through the mount", n)
	}
}

// An idle reader is woken by the first record, a busy one by none until the ring
// fills.
func TestTheReaderIsWokenWhenIdle(t *testing.T) {
	l := arm(t, Options{ScopeCgroup: cgroup(t, "sensor-test-pace"), Flush: 10 * time.Millisecond, Window: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	wake := func(want uint64) {
		t.Helper()
		for ctx.Err() == nil {
			l.sensor.orders.mu.Lock()
			now := l.sensor.orders.now.Wake
			l.sensor.orders.mu.Unlock()
			if now == want {
				return
			}
			time.Sleep(time.Millisecond)
		}
		t.Fatalf("never woken at %d bytes", want)
	}
	wake(0)
	h := prepare(t, inside(t, l.sensor.scope.path), "burst", "50")
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		h.finish()
	}()
	wake(l.sensor.orders.full)
	<-finished
	wake(0)
}

func TestBatchesGrowWithWhatComes(t *testing.T) {
	p := &pace{most: batchLeast}
	for _, step := range []struct{ had, most int }{
		{256, 512}, {300, 512}, {512, 1024}, {1024, 1024}, {100, 512}, {300, 512}, {1, 256}, {1, 256},
	} {
		if p.had(step.had); p.most != step.most || p.idle {
			t.Errorf("after %d: %d, want %d", step.had, p.most, step.most)
		}
	}
}
