package agent

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"baize/internal/agent/sensor"
)

// Commands reach what is in the scope's cgroup, and below it, alone.
func TestAScopeCoversItsOwnProcesses(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: makes cgroups")
	}
	if all, err := scopeOf(""); err != nil || all != nil {
		t.Fatalf("without a scope: %v", err)
	}
	root, err := sensor.ScopeDir("/")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "baize-agent-test-scope")
	child := filepath.Join(dir, "child")
	if err := os.MkdirAll(child, 0o755); err != nil {
		t.Fatal(err)
	}
	sleep := exec.Command("sleep", "300")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sleep.Process.Kill()
		_ = sleep.Wait()
		_ = os.Remove(child)
		_ = os.Remove(dir)
	})
	covers, err := scopeOf("baize-agent-test-scope")
	if err != nil {
		t.Fatal(err)
	}
	pid := uint32(sleep.Process.Pid)
	if covers(pid) || covers(uint32(os.Getpid())) || covers(1<<31) {
		t.Error("what is outside is covered")
	}
	for _, at := range []string{dir, child} {
		if err := os.WriteFile(filepath.Join(at, "cgroup.procs"), []byte(strconv.Itoa(int(pid))), 0o600); err != nil {
			t.Fatal(err)
		}
		if !covers(pid) {
			t.Errorf("what is in %s is not covered", at)
		}
	}
	if _, err := scopeOf("baize-agent-test-none"); err == nil {
		t.Error("a scope that is not there")
	}
}
