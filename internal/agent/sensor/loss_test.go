package sensor

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"baize/internal/event"
)

// A ring too small for a burst loses records, and every one is counted: what
// was seen is what was delivered and what was lost.
func TestLossIsCounted(t *testing.T) {
	needKernel(t)
	s, err := Open(Options{RingBytes: os.Getpagesize(), Window: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	// Nobody reads while this happens.
	act(t, "burst", "100")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	delivered, stated := uint64(0), uint64(0)
	states := map[event.Class]string{}
	err = s.Run(ctx, func(batch []Record) {
		for _, r := range batch {
			if event.ClassOf(r.Kind) == event.ClassProcess {
				delivered++
			}
			if c := r.Coverage; c != nil && c.Class == event.ClassProcess {
				stated += c.Lost
				states[c.Class] = c.State
				cancel()
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.Health()
	if err != nil {
		t.Fatal(err)
	}
	process := h.Classes[0]
	if process.Lost < 100 || process.State != event.CoverageLost || states[event.ClassProcess] != event.CoverageLost {
		t.Errorf("health %+v, stated %v", process, states)
	}
	if stated == 0 || stated > process.Lost {
		t.Errorf("stated %d lost, counted %d", stated, process.Lost)
	}
	if process.Seen < 300 || delivered > process.Seen-stated {
		t.Errorf("seen %d, delivered %d, lost %d", process.Seen, delivered, process.Lost)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// The books balance, class by class: what the kernel's programs produced is what
// was delivered, what nobody asked for and what was lost, and every loss has its
// reason. With a ring of one page nearly all is lost; with an ordinary one
// nothing is.
func TestProducedIsDeliveredAndLost(t *testing.T) {
	needKernel(t)
	server := echo(t, "127.0.0.1:21050")
	for name, ring := range map[string]int{"tiny": os.Getpagesize(), "ordinary": 0} {
		t.Run(name, func(t *testing.T) {
			// In a scope nothing happens but what the test does.
			dir := cgroup(t, "sensor-test-books-"+name)
			s, err := Open(Options{RingBytes: ring, ScopeCgroup: dir, Window: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for range 5 {
				for _, what := range [][]string{{"burst", "40"}, {"files", t.TempDir()}, {"connect", server.String(), "block"}} {
					prepare(t, inside(t, dir), what[0], what[1:]...).finish()
				}
				prepare(t, func(c *exec.Cmd) {
					inside(t, dir)(c)
					place := *c.SysProcAttr
					newNamespaces(c)
					c.SysProcAttr.UseCgroupFD, c.SysProcAttr.CgroupFD = true, place.CgroupFD
				}, "island", t.TempDir(), "udp").finish()
			}
			balance(t, s, deliver(t, s), func(c ClassHealth) {
				tiny := ring != 0
				if c.Seen == 0 || !tiny && c.Lost != 0 || tiny && c.Class == event.ClassProcess && c.Lost == 0 {
					t.Errorf("%+v", c)
				}
			})
		})
	}
}

// deliver runs a sensor until nothing comes for a while and counts by class.
func deliver(t *testing.T, s *Sensor) map[event.Class]uint64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	delivered := map[event.Class]uint64{}
	quiet := time.AfterFunc(2*time.Second, cancel)
	defer quiet.Stop()
	err := s.Run(ctx, func(batch []Record) {
		for i := range batch {
			if class := event.ClassOf(batch[i].Kind); class != "" {
				delivered[class]++
				quiet.Reset(2 * time.Second)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return delivered
}

// balance holds the books of each class to balance, and to what is expected.
func balance(t *testing.T, s *Sensor, delivered map[event.Class]uint64, expect func(ClassHealth)) {
	t.Helper()
	h, err := s.Health()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range h.Classes {
		undelivered := uint64(0)
		for _, l := range c.Losses {
			if l.Reason != outcomeReasons[outcomeRead] { // delivered, but not whole
				undelivered += l.Count
			}
		}
		counted := c.LeftOut + c.Coalesced + c.Filtered + c.Throttled + undelivered
		if c.Seen != delivered[c.Class]+counted {
			t.Errorf("produced %d, delivered %d: %+v", c.Seen, delivered[c.Class], c)
		}
		expect(c)
	}
}

func TestCoverageIsStatedEachWindow(t *testing.T) {
	l := arm(t, Options{Window: 200 * time.Millisecond})
	for _, class := range classes {
		for range 2 {
			l.await("coverage of "+string(class), func(r *Record) bool {
				return r.Coverage != nil && r.Coverage.Class == class && r.Coverage.State == event.CoverageComplete
			})
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, n := range []int{1, 4095, 3 << 20, -8} {
		if _, err := (Options{RingBytes: n}).withDefaults(); err == nil {
			t.Errorf("ring of %d bytes accepted", n)
		}
	}
	o, err := Options{}.withDefaults()
	if err != nil || o.RingBytes != defaultRing || o.Flush > 100*time.Millisecond {
		t.Errorf("defaults %+v: %v", o, err)
	}
}
