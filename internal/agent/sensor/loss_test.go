package sensor

import (
	"context"
	"os"
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
