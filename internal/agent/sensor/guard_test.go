package sensor

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"baize/internal/event"

	"github.com/cilium/ebpf/link"
)

func told(parts ...string) func(*Record) bool {
	return func(r *Record) bool {
		for _, part := range parts {
			if r.Kind != event.SensorTamper || !strings.Contains(r.Message, part) {
				return false
			}
		}
		return true
	}
}

// attachment finds how a program is attached.
func attachment(t *testing.T, s *Sensor, program string) *armed {
	t.Helper()
	for i := range s.guard.armed {
		if s.guard.armed[i].hook.program == program {
			return &s.guard.armed[i]
		}
	}
	t.Fatalf("%s is not attached", program)
	return nil
}

// Another program with the rights to do so detaches ours by its id.
func TestADetachedProgramIsToldAndAttachedAgain(t *testing.T) {
	l := shared(t)
	outside, err := link.NewFromID(attachment(t, l.sensor, sensorProgOnConnect4).id)
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	if err := outside.Detach(); err != nil {
		t.Fatal(err)
	}
	l.await("the detached program", told("on_connect4: it was detached", "attached again"))
	l.await("what that means for its class", func(r *Record) bool {
		return r.Coverage != nil && r.Coverage.Class == event.ClassNetwork && r.Coverage.State == event.CoverageLost && strings.Contains(r.Coverage.Reason, "detached")
	})
	h, err := l.sensor.Health()
	if err != nil {
		t.Fatal(err)
	}
	for _, hook := range h.Hooks {
		if !hook.Attached && hook.Tier != tierMediated {
			t.Errorf("%s: %s", hook.Name, hook.Error)
		}
	}
}

// Who got into the agent closes a descriptor of its.
func TestAClosedLinkIsToldAndMadeAnew(t *testing.T) {
	l := shared(t)
	if err := attachment(t, l.sensor, sensorProgOnRename).link.Close(); err != nil {
		t.Fatal(err)
	}
	l.await("the closed link", told("on_rename: its link was closed", "attached again"))
	h := prepare(t, nil, "rename", "after-guard")
	h.finish()
	l.await("a change of name", func(r *Record) bool { return r.Kind == event.ProcessRename && r.Name == "after-guard" })
	if !l.mediated() {
		return
	}
	if err := attachment(t, l.sensor, sensorProgOnOpened).link.Close(); err != nil {
		t.Fatal(err)
	}
	l.await("the closed link", told("on_opened:", "its link was closed", "attached again"))
	pid := run(t, "/bin/cat", "/etc/shadow")
	l.fileOf(event.FileOpen, pid, "/etc/shadow")
}

func TestEveryProcessorHasItsCanary(t *testing.T) {
	l := shared(t)
	deadline := time.Now().Add(patience)
	for {
		c := l.sensor.guard.flock.count()
		l.sensor.guard.flock.mu.Lock()
		arrived := 0
		for _, silent := range l.sensor.guard.flock.silent {
			if silent == 0 {
				arrived++
			}
		}
		l.sensor.guard.flock.mu.Unlock()
		if c.Tried == runtime.NumCPU() && arrived == c.Tried && c.Silent == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v, %d arrived, of %d processors", c, arrived, runtime.NumCPU())
		}
		time.Sleep(10 * time.Millisecond)
	}
	if found, _ := l.matching(func(r *Record) bool { return strings.HasPrefix(r.Name, "baize-cpu") }); len(found) > 0 {
		t.Errorf("a canary was delivered: %+v", found[0])
	}
	name, err := os.ReadFile("/proc/self/comm")
	if err != nil || strings.HasPrefix(string(name), "baize-cpu") {
		t.Errorf("the process is called %q, %v", name, err)
	}
}

func TestASilentProcessorIsToldOnce(t *testing.T) {
	f := &flock{silent: map[int]int{0: 0, 1: maxSilent, 3: maxSilent + 1, 2: maxSilent + 4}}
	if got := f.missing(); !strings.Contains(got, "processors 2 3:") {
		t.Errorf("%q", got)
	}
	if got := f.missing(); got != "" {
		t.Errorf("told again: %q", got)
	}
	if c := f.count(); c != (Canaries{Tried: 4, Silent: 2}) {
		t.Errorf("%+v", c)
	}
	clear(f.silent)
	if got := f.missing(); got != "" {
		t.Errorf("%q", got)
	}
	f.silent[2] = maxSilent + 1
	if f.missing() == "" {
		t.Error("silent again, and not told")
	}
}

// A process that runs a sensor is stopped for a while, and then traced: it
// tells of both.
func TestAStoppedAndATracedAgentTell(t *testing.T) {
	needKernel(t)
	h := prepare(t, nil, "sensor")
	h.release()
	h.expect("armed")
	h.signal(stop)
	time.Sleep(stalled + time.Second) // what is tested is that this is noticed
	h.signal(resume)
	h.expect("the agent did not run for")
	// Any thread will do for the tracer, so not the one that is looked at first.
	threads, err := os.ReadDir("/proc/" + strconv.Itoa(h.pid) + "/task")
	if err != nil || len(threads) < 2 {
		t.Fatalf("%d threads: %v", len(threads), err)
	}
	tracer := prepare(t, nil, "seize", threads[len(threads)-1].Name())
	tracer.release()
	h.expect("the agent is traced by task ") // the thread of the tracer that asked
	tracer.kill()
	h.kill()
}

func TestTracerOf(t *testing.T) {
	file := filepath.Join(t.TempDir(), "status")
	if err := os.WriteFile(file, []byte("Name:\tx\nTracerPid:\t77\nUid:\t0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := tracerOf(file); got != 77 {
		t.Errorf("tracer %d", got)
	}
	if got := tracerOf(file + "x"); got != 0 {
		t.Errorf("tracer %d", got)
	}
}

func TestProgramsAreMeasured(t *testing.T) {
	l := shared(t)
	// Until the burst fits into the window: how long it takes is the machine's.
	for window := 500 * time.Millisecond; ; window *= 2 {
		busy := make(chan struct{})
		go func() { defer close(busy); act(t, "burst", "20") }()
		costs, err := l.sensor.costs(t.Context(), window)
		<-busy
		if err != nil {
			t.Fatal(err)
		}
		if len(costs) != len(l.sensor.loader.programs) {
			t.Fatalf("%d programs are measured, of %d", len(costs), len(l.sensor.loader.programs))
		}
		i := slices.IndexFunc(costs, func(c Cost) bool { return c.Program == sensorProgOnExec })
		if i >= 0 && costs[i].Runs >= 20 && costs[i].Time > 0 {
			return
		}
		if window > patience {
			t.Fatalf("in %s only %+v", window, costs)
		}
	}
}
