package whole

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"baize/internal/event"
	"baize/test/group"
	"baize/test/story"
)

// TestScopedAgentsSeeOnlyTheirOwn : two agents on one machine, each confined to
// a cgroup. Nothing of one, nor of the rest of the machine, appears under the other.
func TestScopedAgentsSeeOnlyTheirOwn(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: makes cgroups")
	}
	a, b := cgroup(t, "baize-whole-a"), cgroup(t, "baize-whole-b")
	ctx, stage := open(t, story.Options{AgentArgs: []string{"--scope", "cgroup=" + a, "--name", "host-a"}})
	if _, err := stage.AddAgent(ctx, t.TempDir(), "--scope", "cgroup="+filepath.Base(b), "--name", "host-b"); err != nil {
		t.Fatal(err)
	}
	if err := stage.WaitHosts(ctx, 2); err != nil {
		t.Fatal(err)
	}
	roots := map[string]int{"host-a": work(ctx, t, a, "a"), "host-b": work(ctx, t, b, "b")}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(500 * time.Millisecond) {
		log, err := stage.Export(ctx)
		if err != nil {
			t.Fatal(err)
		}
		seen := checkScopes(t, log, roots)
		if t.Failed() || len(seen) == len(roots) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("only %v saw the work in their own scope", seen)
		}
	}
}

// cgroup makes a control group for the length of the test.
func cgroup(t *testing.T, name string) string {
	t.Helper()
	dir, err := group.Make(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := group.Remove(name); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// work runs a shell inside the cgroup that leaves the same traces in each scope
// under different names, and returns its process id.
func work(ctx context.Context, t *testing.T, dir, name string) int {
	t.Helper()
	image := filepath.Join("/dev/shm", "baize-scope-"+name)
	t.Cleanup(func() { os.Remove(image) })
	script := fmt.Sprintf("echo $$ > %s/cgroup.procs; cp /bin/true %s; %s; id > /dev/null; rm %s", dir, image, image, image)
	command := exec.CommandContext(ctx, "sh", "-c", script)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return command.Process.Pid
}

// checkScopes fails for every process that appears under a host in whose scope
// it was not, and returns the hosts that saw the image run in theirs.
func checkScopes(t *testing.T, log []*event.Event, roots map[string]int) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range log {
		p := e.Process
		if p == nil || p.Agent {
			continue
		}
		if !below(p, roots[e.Host.Name]) {
			t.Errorf("%s of process %d (%s) appears under %s", e.Kind, p.PID, p.CommandLine, e.Host.Name)
		}
		if e.Kind == event.ProcessExec && p.Exe != nil && p.Exe.Tmpfs {
			seen[e.Host.Name] = true
		}
	}
	return seen
}

// below reports whether the process is root or descends from it.
func below(p *event.Process, root int) bool {
	if p == nil {
		return false
	}
	if int(p.PID) == root || below(p.Parent, root) {
		return true
	}
	for i := range p.Ancestors {
		if int(p.Ancestors[i].PID) == root {
			return true
		}
	}
	return false
}
