package launch

import (
	"context"
	"log/slog"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// eventually polls until holds is true.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func start(t *testing.T, command func() *exec.Cmd) (d *Daemon, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	d = NewDaemon("program", slog.New(slog.DiscardHandler), command)
	done := make(chan struct{})
	go func() { defer close(done); d.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return d, stop
}

func sleeper() *exec.Cmd { return exec.Command("sleep", "60") }

func TestDaemonComesBackAfterAKill(t *testing.T) {
	d, stop := start(t, sleeper)
	eventually(t, "running", func() bool { return d.PID() != 0 })
	first := d.PID()
	if err := d.Kill(false); err != nil {
		t.Fatal(err)
	}
	eventually(t, "running again", func() bool { return d.PID() != 0 && d.PID() != first })
	second := d.PID()
	stop()
	if err := syscall.Kill(second, 0); err == nil {
		t.Errorf("process %d is still there after the daemon was stopped", second)
	}
	if d.Starts() != 2 {
		t.Errorf("%d starts, want 2", d.Starts())
	}
}

func TestHeldDaemonStaysDownUntilReleased(t *testing.T) {
	d, _ := start(t, sleeper)
	eventually(t, "running", func() bool { return d.PID() != 0 })
	if err := d.Kill(true); err != nil {
		t.Fatal(err)
	}
	eventually(t, "down", func() bool { return d.PID() == 0 })
	time.Sleep(3 * firstPause)
	if d.PID() != 0 || d.Starts() != 1 {
		t.Fatalf("a held program was started: pid %d, %d starts", d.PID(), d.Starts())
	}
	d.Release()
	eventually(t, "running after release", func() bool { return d.PID() != 0 })
}

func TestStopAsksBeforeItKills(t *testing.T) {
	file := filepath.Join(t.TempDir(), "said")
	ready := filepath.Join(t.TempDir(), "ready")
	d, stop := start(t, func() *exec.Cmd {
		return exec.Command("sh", "-c", `trap 'echo goodbye > "$0"; exit 0' TERM; : > "$1"; while :; do sleep 0.1; done`, file, ready)
	})
	eventually(t, "ready", func() bool { return exec.Command("test", "-e", ready).Run() == nil })
	stop()
	if err := exec.Command("test", "-s", file).Run(); err != nil {
		t.Error("the program was not asked to stop")
	}
	if err := d.Kill(false); err == nil {
		t.Error("Kill of a stopped daemon did not fail")
	}
}
