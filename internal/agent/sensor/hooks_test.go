package sensor

import (
	"slices"
	"testing"

	"baize/internal/event"

	"github.com/cilium/ebpf"
)

func TestCookie(t *testing.T) {
	c := pathCall{kind: kindLink, change: changeOwner, dir: 1, path: 2, newDir: 3, newPath: 4, attribute: 5}
	if got, want := c.cookie(), uint64(0xff4f3210)<<16|changeOwner<<8|kindLink; got != want {
		t.Errorf("%#x, want %#x", got, want)
	}
}

// Every program of the objects is attached or run by somebody, and every hook
// has its program, on both architectures.
func TestHooksAndProgramsAgree(t *testing.T) {
	spec, err := loadSensor()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{sensorProgOnTask: true, sensorProgOnWritten: true, sensorProgOnDescribe: true, sensorProgOnHome: true}
	names := map[string]bool{}
	for _, h := range hooks {
		p := spec.Programs[h.program]
		if p == nil {
			t.Errorf("hook %s has no program", h.name())
			continue
		}
		if names[h.name()] {
			t.Errorf("hook %s is there twice", h.name())
		}
		if h.call != "" && p.Type != ebpf.TracePoint {
			t.Errorf("hook %s is of type %v", h.name(), p.Type)
		}
		if !slices.Contains(classes, h.class) {
			t.Errorf("hook %s has class %q", h.name(), h.class)
		}
		names[h.name()], used[h.program] = true, true
	}
	for _, m := range mediations() {
		for _, h := range slices.Concat(m.ways...) {
			used[h.program] = true
		}
	}
	for name := range spec.Programs {
		if !used[name] {
			t.Errorf("program %s is on no hook", name)
		}
	}
}

// Nothing is refused on a kernel that has all that the sensor asks for.
func TestEverythingAttaches(t *testing.T) {
	h, err := shared(t).sensor.Health()
	if err != nil {
		t.Fatal(err)
	}
	for _, hook := range h.Hooks {
		if !hook.Attached && hook.Tier != tierMediated { // TestTierIsStatedWithReasons
			t.Errorf("%s: %s", hook.Name, hook.Error)
		}
	}
	for _, c := range h.Classes {
		if c.State == event.CoverageUnavailable {
			t.Errorf("%s: %s", c.Class, c.Reason)
		}
	}
	if h.Scope != "" {
		t.Errorf("health %+v", h)
	}
}

func TestMissingHookMakesTheClassUnavailable(t *testing.T) {
	s := &Sensor{hooks: []Hook{{Name: "on_state", Class: event.ClassNetwork, Error: "refused"}}, scope: &scope{}}
	reason := ""
	if got := s.state(event.ClassNetwork, &reason, 5); got != event.CoverageUnavailable || reason != "on_state: refused" {
		t.Errorf("%s: %s", got, reason)
	}
	if got := s.state(event.ClassDNS, &reason, 5); got != event.CoverageLost {
		t.Errorf("dns is %s", got)
	}
	if got := s.state(event.ClassDNS, &reason, 0); got != event.CoverageComplete {
		t.Errorf("dns is %s", got)
	}
}

func TestLosses(t *testing.T) {
	n, reason := losses([outcomes]uint64{outcomeSeen: 50, outcomeRingFull: 3, outcomeRead: 2})
	if n != 5 || reason != "ring full: 3, memory not readable: 2" {
		t.Errorf("%d: %s", n, reason)
	}
	if n, reason := losses([outcomes]uint64{outcomeSeen: 50}); n != 0 || reason != "" {
		t.Errorf("%d: %s", n, reason)
	}
}
