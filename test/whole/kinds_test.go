package whole

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"baize/internal/event"
	"baize/test/lab"
	"baize/test/story"
)

// kinds are those that issue and sensor promise for the tracepoint tier.
var kinds = []event.Kind{
	event.ProcessFork, event.ProcessExec, event.ProcessExit, event.ProcessRename, event.ProcessCredentials, event.ProcessPtrace,
	event.FileCreate, event.FileCloseWrite, event.FileOpen, event.FileRename, event.FileLink, event.FileUnlink, event.FileAttributes, event.MemfdCreate,
	event.NetworkConnect, event.NetworkAccept, event.NetworkListen, event.NetworkClose, event.DNSQuery,
	event.SensorStart, event.SensorCoverage,
}

// TestEveryKindReachesTheLog does each thing that a sensor must see once.
func TestEveryKindReachesTheLog(t *testing.T) {
	ctx, stage := open(t, story.Options{})
	files(ctx, t)
	traceChild(t)
	round := lab.Rounds[0]
	for _, command := range []string{round.Command(), round.Fileless()[0], "curl -s http://" + lab.DNSLog + "/"} {
		if _, err := stage.Lab.Inject(ctx, command); err != nil {
			t.Fatal(err)
		}
	}
	var missing []event.Kind
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(500 * time.Millisecond) {
		log, err := stage.Export(ctx)
		if err != nil {
			t.Fatal(err)
		}
		missing = absentKinds(log)
		if len(missing) == 0 || time.Now().After(deadline) {
			break
		}
	}
	if len(missing) > 0 {
		t.Errorf("not in the log: %v", missing)
	}
}

func absentKinds(log []*event.Event) []event.Kind {
	return slices.DeleteFunc(slices.Clone(kinds), func(kind event.Kind) bool {
		return slices.ContainsFunc(log, func(e *event.Event) bool { return e.Kind == kind })
	})
}

// files changes a file in every way, and reads a sensitive one.
func files(ctx context.Context, t *testing.T) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	script := fmt.Sprintf("echo x > %[1]s; chmod 700 %[1]s; ln %[1]s %[1]s.link; mv %[1]s %[1]s.moved; rm %[1]s.link; cat /etc/shadow > /dev/null; setpriv --reuid 65534 --clear-groups true", name)
	if out, err := exec.CommandContext(ctx, "sh", "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// traceChild attaches to a process of our own and lets it go.
func traceChild(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	child := exec.Command("sleep", "30")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait() // killed
	}()
	if err := unix.PtraceAttach(child.Process.Pid); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(child.Process.Pid, &status, 0, nil); err != nil {
		t.Fatal(err)
	}
	if err := unix.PtraceDetach(child.Process.Pid); err != nil {
		t.Fatal(err)
	}
}
