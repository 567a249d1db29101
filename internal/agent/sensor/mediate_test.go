package sensor

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
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

// files32 is a program that does one of everything in a directory.
func files32(at func(string) string) []byte {
	return program32(
		call32{open32, []any{at("first"), unix.O_CREAT | unix.O_WRONLY, 0o600}},
		call32{rename32, []any{at("first"), at("second")}},
		call32{link32, []any{at("second"), at("third")}},
		call32{symlink32, []any{"/target", at("soft")}},
		call32{mkdir32, []any{at("dir"), 0o700}},
		call32{chmod32, []any{at("second"), 0o4755}},
		call32{lchown32, []any{at("second"), 1, 1}},
		call32{setxattr32, []any{at("second"), "trusted.baize", "1", 1, 0}},
		call32{truncate32, []any{at("second"), 100}},
		call32{memfd32, []any{"narrow", 0}},
		call32{open32, []any{"/etc/shadow", unix.O_RDONLY, 0}},
		call32{unlink32, []any{at("third")}},
		call32{rmdir32, []any{at("dir")}},
		call32{setuid32, []any{65534}},
	)
}

// What 32-bit code does to files and users is told as that of any other.
func TestCallsOf32BitPrograms(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the program is one of i386")
	}
	l := shared(t)
	if !l.mediated() {
		return // counted as loss: TestHiddenCalls
	}
	for _, dir := range []string{t.TempDir(), inMemory(t)} {
		at := func(name string) string { return filepath.Join(dir, name) }
		image := at("program")
		if err := os.WriteFile(image, files32(at), 0o755); err != nil {
			t.Fatal(err)
		}
		pid := run(t, image)
		second := inode(t, at("second"))
		for _, want := range []struct {
			kind    event.Kind
			path    string
			newPath string
			inode   uint64
			change  string
		}{
			{event.FileCreate, "first", "", second, ""},
			{event.FileRename, "first", at("second"), second, ""},
			{event.FileLink, "second", at("third"), second, ""},
			{event.FileCreate, "soft", "/target", inode(t, at("soft")), ""},
			{event.FileCreate, "dir", "", 0, ""},
			{event.FileAttributes, "second", "", second, "mode"},
			{event.FileAttributes, "second", "", second, "owner"},
			{event.FileAttributes, "second", "", second, "size"},
			{event.FileAttributes, "second", "", second, "xattr"},
			{event.FileUnlink, "third", "", second, ""},
			{event.FileUnlink, "dir", "", 0, ""},
		} {
			is := func(r *Record) bool {
				return ofPID(want.kind, pid)(r) && r.File.Path == at(want.path) && r.File.Change == want.change
			}
			r := l.await(string(want.kind)+" of "+want.path+" "+want.change, is)
			if r.File.NewPath != want.newPath || r.File.FromUser != (want.change == "xattr") || r.Ring || want.inode != 0 && r.File.Inode != want.inode {
				t.Errorf("%s of %s: %+v", want.kind, want.path, r.File)
			}
			if all, _ := l.matching(is); len(all) != 1 {
				t.Errorf("%s of %s %s is told %d times", want.kind, want.path, want.change, len(all))
			}
		}
		if r := l.fileOf(event.FileOpen, pid, "/etc/shadow"); r.File.Watch != WatchCredentials {
			t.Errorf("open %+v", r.File)
		}
		if r := l.await("the memfd", ofPID(event.MemfdCreate, pid)); r.File.Path != "memfd:narrow" || !r.File.Memfd {
			t.Errorf("memfd %+v", r.File)
		}
		if r := l.requestOf(event.ProcessCredentials, pid, 0); r.OldCredentials.UID != 0 || r.Task.Credentials.UID != 65534 {
			t.Errorf("from %+v to %+v", r.OldCredentials, r.Task.Credentials)
		}
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

// A failed connect and one to a runtime are seen through io_uring and from 32-bit
// code, where no change of state shows them.
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
	if runtime.GOARCH != "amd64" {
		return
	}
	image := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(image, unix32(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	pid := run(t, image)
	if r := l.await("the connect", ofPID(event.NetworkConnect, pid)); r.File.Watch != WatchRuntime {
		t.Errorf("%+v", r.File)
	}
}

// unix32 is a program that connects to a unix socket.
func unix32(path string) []byte {
	address := string(words(nil, uint16(unix.AF_UNIX))) + path
	return program32(
		call32{socket32, []any{unix.AF_UNIX, unix.SOCK_STREAM, 0}},
		// The first free descriptor: the test starts it with three.
		call32{connect32, []any{3, address, len(address) + 1}},
	)
}
