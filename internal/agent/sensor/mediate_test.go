package sensor

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"baize/internal/event"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// tierEnv is the tier that the kernel of a guest must reach.
const tierEnv = "BAIZE_SENSOR_TIER"

// mediated tells whether the sensor is at tier 1. A kernel that attaches programs
// to its functions must be, and so must one of which the caller knows it.
func (l *lab) mediated() bool {
	l.t.Helper()
	h, err := l.sensor.Health()
	if err != nil {
		l.t.Fatal(err)
	}
	refused := probeTrampolines()
	want := tierTraced
	if refused == nil {
		want = tierMediated
	}
	if text := os.Getenv(tierEnv); text != "" {
		want, _ = strconv.Atoi(text)
	}
	if h.Tier != want {
		for _, k := range h.Hooks {
			if !k.Attached {
				l.t.Errorf("%s: %s", k.Name, k.Error)
			}
		}
		l.t.Fatalf("tier %d, want %d; programs on functions: %v", h.Tier, want, refused)
	}
	return h.Tier == tierMediated
}

// Where programs on functions are refused the reason is in health with each hook
// that is missing, and those of tier 2 do their work. Where they attach, none of
// tier 2 tells the same.
func TestTierIsStatedWithReasons(t *testing.T) {
	l := shared(t)
	mediated := l.mediated()
	h, err := l.sensor.Health()
	if err != nil {
		t.Fatal(err)
	}
	attached := map[string]bool{}
	for _, k := range h.Hooks {
		attached[k.Name] = k.Attached
		if k.Tier == tierMediated && k.Attached != mediated {
			t.Errorf("%s: attached %v, %s", k.Name, k.Attached, k.Error)
		}
		if k.Tier == tierMediated && !mediated && !strings.Contains(k.Error, errNoTrampolines.Error()+": ") {
			t.Errorf("%s: %q says no reason", k.Name, k.Error)
		}
	}
	for _, m := range mediations() {
		if m.narrow {
			continue // not in all kernels
		}
		for _, name := range m.instead {
			if _, there := attached[name]; there && mediated || attached[name] && mediated {
				t.Errorf("%s is there beside what stands for it", name)
			}
		}
		if _, there := attached[m.ways[0][0].name()]; !there && len(m.ways) == 1 {
			t.Errorf("%s is not in health", m.ways[0][0].name())
		}
	}
	if refused := probeTrampolines(); !mediated && !errors.Is(refused, unix.EPERM) && !errors.Is(refused, ebpf.ErrNotSupported) && !errors.Is(refused, unix.Errno(524)) {
		t.Errorf("refused for no reason that is known: %v", refused)
	}
}

// Every hook that a mediation makes needless is one of tier 2, and nobody's twice.
func TestMediationsAndHooksAgree(t *testing.T) {
	spec, err := loadSensor()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, h := range hooks {
		names[h.name()] = true
	}
	for _, m := range mediations() {
		for _, name := range m.instead {
			if !names[name] {
				t.Errorf("%s is no hook, or is made needless twice", name)
			}
			delete(names, name)
		}
		for _, h := range slices.Concat(m.ways...) {
			if p := spec.Programs[h.program]; p == nil || p.Type != ebpf.Tracing || h.class != m.class {
				t.Errorf("%s: %+v", h.name(), p)
			}
		}
	}
}

// The kernel does not run a program in which a preempted task is: what it may
// have missed is a loss.
func TestSkippedProgramsAreLosses(t *testing.T) {
	s := shared(t).sensor
	counts := &counters{table: s.counts.table, skips: func() (out [classCount]uint64) {
		out[classFile] = 3
		return out
	}}
	other := &Sensor{counts: counts, guard: s.guard, scope: s.scope, hooks: s.hooks, writes: s.writes}
	h, err := other.Health()
	if err != nil {
		t.Fatal(err)
	}
	c := h.Classes[classFile]
	i := slices.IndexFunc(c.Losses, func(l Loss) bool { return l.Reason == outcomeReasons[outcomeSkipped] })
	if i < 0 || c.Losses[i].Count != 3 || c.State != event.CoverageLost {
		t.Errorf("%+v", c)
	}
}

// An act is told once, whatever hooks there are, and a request that fails not at
// all where the result is known. At tier 2 a request through io_uring is told
// without its result: opened again within a tick, a new file is made twice.
func TestActsAreToldOnce(t *testing.T) {
	l := shared(t)
	mediated := l.mediated()
	dir := t.TempDir()
	server := echo(t, "127.0.0.1:0")
	key := filepath.Join(dir, "id_rsa")
	if err := os.WriteFile(key, []byte("k"), 0o600); err != nil {
		t.Fatal(err)
	}
	ringed := act(t, "ring", dir, key, server.String())
	called := act(t, "files", t.TempDir())
	for _, pid := range []int{ringed.pid, called.pid} {
		l.await("the exit", ofPID(event.ProcessExit, pid))
		seen := map[string]int{}
		all, _ := l.matching(func(r *Record) bool {
			return int(r.Task.PID) == pid && (r.File != nil && r.Kind != event.FileCloseWrite || r.Kind == event.ProcessCredentials)
		})
		for _, r := range all {
			path := ""
			if r.File != nil {
				path = r.File.Path + " " + r.File.NewPath + " " + r.File.Change
			}
			what := string(r.Kind) + " " + path
			if seen[what]++; seen[what] > 1 && (mediated || !r.Ring) {
				t.Errorf("%s is told %d times", what, seen[what])
			}
		}
		if len(seen) < 6 {
			t.Errorf("only %v", seen)
		}
	}
	failing := act(t, "ringfails", dir)
	l.await("the exit", ofPID(event.ProcessExit, failing.pid))
	told, _ := l.matching(func(r *Record) bool { return int(r.Task.PID) == failing.pid && r.Ring })
	if mediated && len(told) > 0 {
		t.Errorf("%s of %+v is told and did not happen", told[0].Kind, told[0].File)
	}
	if !mediated && len(told) == 0 {
		t.Error("no request is told")
	}
}

// One request of io_uring accepts many connections.
func TestMultishotAccept(t *testing.T) {
	l := shared(t)
	if !l.mediated() {
		return // not seen at this tier
	}
	h := prepare(t, nil, "ringmultishot", "127.0.0.1:21041", "3")
	if _, err := h.in.Write([]byte{'\n'}); err != nil {
		t.Fatal(err)
	}
	if line, err := h.out.ReadString('\n'); err != nil || !strings.Contains(line, "listening") {
		t.Fatalf("%q %v", line, err)
	}
	for range 3 {
		c, err := net.Dial("tcp", "127.0.0.1:21041")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		self := netip.MustParseAddrPort(c.LocalAddr().String())
		if r := l.await("the accept", ofSocket(event.NetworkAccept, h.pid, self)); r.Task.Start/tick != h.ticks {
			t.Errorf("%+v", r.Task)
		}
	}
	if err := h.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// A connect to a runtime is seen through io_uring, where no change of state shows
// it.
func TestConnectsThatNoStateShows(t *testing.T) {
	l := shared(t)
	if !l.mediated() {
		return // not seen at this tier
	}
	socket := filepath.Join(t.TempDir(), "docker.sock")
	s, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h := act(t, "ringunix", socket)
	r := l.await("the connect", ofPID(event.NetworkConnect, h.pid))
	if r.Socket.Transport != "unix" || r.File.Path != socket || r.File.Watch != WatchRuntime || r.Result != 0 {
		t.Errorf("%+v to %+v", r.Socket, r.File)
	}
}
