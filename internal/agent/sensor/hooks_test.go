package sensor

import (
	"runtime"
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
		// 32-bit code has calls of its own on amd64 alone.
		if !used[name] && (name != sensorProgOnPath32 || runtime.GOARCH == "amd64") {
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
	if got, reason := s.state(event.ClassNetwork, &tally{outcomeRingFull: 5}); got != event.CoverageUnavailable || reason != "on_state: refused" {
		t.Errorf("%s: %s", got, reason)
	}
	if got, _ := s.state(event.ClassDNS, &tally{}); got != event.CoverageComplete {
		t.Errorf("dns is %s", got)
	}
}

// The state of a window is the worst of what became of its observations.
func TestStates(t *testing.T) {
	s := &Sensor{orders: &orders{revision: "7", unasked: []string{"process.signal"}}}
	all := tally{outcomeSeen: 50, outcomeLeft: 9}
	for _, step := range []struct {
		outcome       int
		state, reason string
	}{
		{outcomeSeen, event.CoverageComplete, ""},
		{outcomeCoalesced, event.CoverageCoalesced, "repeats are counted"},
		{outcomeFiltered, event.CoverageFiltered, "rules 7 ask for no process.signal"},
		{outcomeThrottled, event.CoverageThrottled, "faster than the rate of a cgroup"},
		{outcomeRead, event.CoverageLost, "memory not readable: 3"},
		{outcomeShed, event.CoverageLost, "memory not readable: 3, shed under pressure: 3"},
	} {
		all[step.outcome] = 3
		if state, reason := s.worst(&all); state != step.state || reason != step.reason {
			t.Errorf("%s, %q, want %s, %q", state, reason, step.state, step.reason)
		}
	}
	stated := s.stated(event.ClassKernel, &all).Coverage
	if stated.Lost != 6 || stated.Coalesced != 3 || stated.Filtered != 3 || stated.Throttled != 3 {
		t.Errorf("stated %+v", stated)
	}
}
