package agent_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"baize/internal/agent/gatewaytest"
	"baize/internal/event"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

// These tests run the real program on the real kernel against a gateway.

// binary builds the agent once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "baize-agent-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "baize-agent")
	build := exec.Command("go", "build", "-o", path, "baize/cmd/baize-agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// host is an enrolled agent that can be started and ended.
type host struct {
	t       *testing.T
	gateway *gatewaytest.Gateway
	state   string
	process *exec.Cmd
	log     *logBuffer
}

// logBuffer is what the agent logs, readable while it runs.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns what was logged so far.
func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newHost(t *testing.T) *host {
	t.Helper()
	return newHostAt(t, filepath.Join(t.TempDir(), "agent"), noLogs)
}

// noLogs keeps the machine's own logs out of a test.
const noLogs = "journal: false\ndefaults: false\n"

// newHostAt has its state in a directory, with a configuration of its logs.
func newHostAt(t *testing.T, state, logs string) *host {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: loads BPF programs")
	}
	h := &host{t: t, gateway: gatewaytest.New(t), state: state}
	out, err := h.command("enrol", "--server", h.gateway.Address, "--token", h.gateway.Token()).CombinedOutput()
	if err != nil {
		t.Fatalf("enrol: %v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(h.state, "logs.yaml"), []byte(logs), 0o600); err != nil {
		t.Fatal(err)
	}
	h.start()
	return h
}

func (h *host) command(args ...string) *exec.Cmd {
	h.t.Helper()
	path, err := binary()
	if err != nil {
		h.t.Fatal(err)
	}
	command := exec.Command(path, append(args, "--state", h.state)...)
	// BAIZE_GRPC of whoever runs the tests would outweigh the enrolment.
	command.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "BAIZE_") })
	return command
}

// start runs the agent and waits until it is connected and armed.
func (h *host) start() {
	h.t.Helper()
	h.process, h.log = h.command("run"), &logBuffer{}
	h.process.Stderr = h.log
	beats := h.beats()
	if err := h.process.Start(); err != nil {
		h.t.Fatal(err)
	}
	process := h.process
	h.t.Cleanup(func() { _ = process.Process.Kill(); _ = process.Wait() })
	h.eventually("a heartbeat", func() bool { return h.beats() > beats })
}

func (h *host) beats() int {
	h.gateway.Lock()
	defer h.gateway.Unlock()
	return h.gateway.Beats
}

func (h *host) eventually(what string, holds func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("not within 30 s: %s\n%s\n%s", what, h.log, h.account())
		}
	}
}

// account is what arrived and what the agent says was lost, for whoever has to
// find out why something did not come.
func (h *host) account() string {
	kinds := map[event.Kind]int{}
	for _, ev := range h.gateway.Events() {
		kinds[ev.Kind]++
	}
	h.gateway.Lock()
	defer h.gateway.Unlock()
	return fmt.Sprintf("events: %v\nclasses: %v", kinds, h.gateway.Beat.GetClasses())
}

// find waits for an event.
func (h *host) find(what string, is func(*event.Event) bool) *event.Event {
	h.t.Helper()
	var found *event.Event
	h.eventually(what, func() bool {
		for _, ev := range h.gateway.Events() {
			if is(ev) {
				found = ev
				return true
			}
		}
		return false
	})
	return found
}

// digest of what an exec executed: with the event, or where the machine was busy,
// behind it.
func (h *host) digest(ev *event.Event) string {
	h.t.Helper()
	hash := ev.Process.Hash
	if hash != nil && hash.State == event.HashPending {
		hash = h.find("the digest", func(late *event.Event) bool {
			return late.Kind == event.FileHash && late.File.Inode == ev.Process.Exe.Inode
		}).File.Hash
	}
	if hash == nil {
		return ""
	}
	return hash.SHA256
}

func (h *host) sh(script string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "sh", "-c", script).CombinedOutput(); err != nil {
		h.t.Fatalf("%s: %v: %s", script, err, out)
	}
}

// executed matches the exec of a path.
func executed(path string) func(*event.Event) bool {
	return func(ev *event.Event) bool { return ev.Kind == event.ProcessExec && ev.Process.Executable == path }
}

func TestWhatHappensIsTold(t *testing.T) {
	h := newHost(t)
	path := filepath.Join(t.TempDir(), "brought-in")
	h.sh("cp /bin/sleep " + path + "; exec 3>&1; (" + path + " 0.3)")
	ev := h.find("the exec", executed(path))
	p := ev.Process
	image, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(image)
	if h.digest(ev) != hex.EncodeToString(sum[:]) {
		t.Errorf("digest %+v", p.Hash)
	}
	if p.CommandLine != path+" 0.3" || p.User == nil || p.User.Name != "root" || p.Context == nil || p.Agent {
		t.Errorf("%+v", p)
	}
	if p.Parent == nil || !strings.Contains(p.Parent.CommandLine, "brought-in") || len(p.Ancestors) == 0 {
		t.Errorf("parent %+v, %d ancestors", p.Parent, len(p.Ancestors))
	}
	h.find("its exit", func(ev *event.Event) bool { return ev.Kind == event.ProcessExit && ev.Process.Key == p.Key })
	h.find("the write", func(ev *event.Event) bool {
		told := ev.Kind == event.FileCloseWrite || ev.Kind == event.FileHash
		return told && ev.File.Path == path && ev.File.Hash != nil && ev.File.Hash.SHA256 == hex.EncodeToString(sum[:])
	})
	start := h.find("the start", func(ev *event.Event) bool { return ev.Kind == event.SensorStart })
	if !strings.Contains(start.Message, "tier") {
		t.Errorf("start says %q", start.Message)
	}
	h.eventually("what each program takes", func() bool {
		h.gateway.Lock()
		defer h.gateway.Unlock()
		return slices.ContainsFunc(h.gateway.Beat.GetPrograms(), func(p *baizev1.ProgramCost) bool {
			return p.GetRuns() > 0 && p.GetNanoseconds() > 0
		})
	})
}

func TestATitleOverTheArgumentsIsTold(t *testing.T) {
	if _, err := os.Stat("/usr/bin/perl"); err != nil {
		t.Skip("needs /usr/bin/perl")
	}
	h := newHost(t)
	// Perl's $0 writes over the arguments, as trojans do; so does prctl.
	h.sh(`perl -e '$0 = "[kworker/14:1]"; sleep 4'`)
	ev := h.find("the title", func(ev *event.Event) bool {
		return ev.Kind == event.ProcessRename && ev.Process.CommandLine == "[kworker/14:1]"
	})
	if ev.Process.KernelThread || ev.Process.Executable != "/usr/bin/perl" || !strings.HasPrefix(ev.Process.OldCommandLine, "perl -e") {
		t.Errorf("%+v", ev.Process)
	}
}

func TestAKilledAgentComesBackAndTheGapShows(t *testing.T) {
	h := newHost(t)
	h.sh("/bin/true")
	h.find("the first exec", func(ev *event.Event) bool { return ev.Kind == event.ProcessExec && ev.Process.Name == "true" })
	if err := h.process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = h.process.Wait()
	killed := time.Now()
	missed := exec.Command("/bin/sleep", "300.5")
	if err := missed.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = missed.Process.Kill(); _ = missed.Wait() })
	h.start()
	gap := h.find("the gap", func(ev *event.Event) bool {
		return ev.Kind == event.SensorCoverage && ev.Coverage.Class == event.ClassProcess && ev.Coverage.State == event.CoverageLost
	})
	if gap.Coverage.From.After(killed) || gap.Coverage.To.Before(killed) || gap.Coverage.Reason == "" {
		t.Errorf("the gap is %+v, killed at %v", gap.Coverage, killed)
	}
	h.find("what was started meanwhile", func(ev *event.Event) bool {
		return ev.Kind == event.ProcessExec && ev.Process.CommandLine == "/bin/sleep 300.5"
	})
}

func TestStoppingInOrder(t *testing.T) {
	h := newHost(t)
	if err := h.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := h.process.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, h.log)
	}
	h.find("the stop", func(ev *event.Event) bool { return ev.Kind == event.SensorStop })
	h.start()
	h.find("the pause", func(ev *event.Event) bool {
		return ev.Kind == event.SensorCoverage && ev.Coverage.State == event.CoverageUnavailable && ev.Coverage.Reason == "the agent was stopped"
	})
}

func TestASecondAgentOnOneStateIsRefused(t *testing.T) {
	h := newHost(t)
	out, err := h.command("run").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another agent uses") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestCommands(t *testing.T) {
	h := newHost(t)
	command := func(counter uint64) *baizev1.Command {
		return &baizev1.Command{
			Id: fmt.Sprint("c-", counter), Org: "o", Host: "h-1", Action: "ping", Approvers: []string{"a"}, Counter: counter,
			NotBefore: timestamppb.New(time.Now().Add(-time.Minute)), Expires: timestamppb.New(time.Now().Add(time.Minute)),
		}
	}
	send := func(key ed25519.PrivateKey, c *baizev1.Command) {
		t.Helper()
		envelope, err := response.Sign(key, c)
		if err != nil {
			t.Fatal(err)
		}
		h.gateway.Outgoing <- envelope
	}
	expect := func(id, state string) {
		t.Helper()
		h.find(id+" "+state, func(ev *event.Event) bool {
			return ev.Kind == event.AgentAction && ev.Action.ID == id && ev.Action.State == state
		})
	}
	send(h.gateway.CommandKey, command(1))
	expect("c-1", "done")
	send(h.gateway.CommandKey, command(1)) // again
	expect("c-1", "refused")
	send(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize)), command(2))
	h.eventually("three results", func() bool { h.gateway.Lock(); defer h.gateway.Unlock(); return len(h.gateway.Results) == 3 })
	for i, want := range []string{"done", "refused", "refused"} {
		if got := h.gateway.Results[i].GetState(); got != want {
			t.Errorf("result %d is %s, want %s", i, got, want)
		}
	}
}

func TestTheAgentMarksItselfAndHasNoPort(t *testing.T) {
	h := newHost(t)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.process.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	h.eventually("privileges are shed", func() bool {
		status, err = os.ReadFile(fmt.Sprintf("/proc/%d/status", h.process.Process.Pid))
		return err == nil && strings.Contains(string(status), "NoNewPrivs:\t1")
	})
	var effective uint64
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, "CapEff:"); found {
			if _, err := fmt.Sscanf(value, "%x", &effective); err != nil {
				t.Fatal(err)
			}
		}
	}
	const sysModule = 1 << 16
	if effective == 0 || effective&sysModule != 0 {
		t.Errorf("effective capabilities %x", effective)
	}
	marked := h.find("an event of the agent's own", func(ev *event.Event) bool {
		return ev.Process != nil && int(ev.Process.PID) == h.process.Process.Pid && ev.Kind != event.ProcessFork
	})
	if !marked.Process.Agent {
		t.Errorf("%s of the agent is not marked", marked.Kind)
	}
	for _, ev := range h.gateway.Events() {
		if ev.Kind == event.NetworkListen && int(ev.Process.PID) == h.process.Process.Pid {
			t.Error("the agent listens")
		}
	}
}
