package whole

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"baize/internal/event"
	"baize/internal/server/evidence"
	"baize/test/story"
)

// asked runs baize and decodes the one object that it prints. The answer no is
// an answer.
func asked[T any](ctx context.Context, t *testing.T, stage *story.Stage, args ...string) T {
	t.Helper()
	var v T
	out, err := stage.Baize(ctx, args...)
	var no *exec.ExitError
	if err != nil && !(errors.As(err, &no) && no.ExitCode() == 1) {
		t.Fatalf("baize %v: %v", args, err)
	}
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatalf("baize %v: %v: %s", args, err, out)
	}
	return v
}

// TestEvidenceOfAHost : through the whole of the command line, the signed
// command, the host's policy, the bulk channel and the store.
func TestEvidenceOfAHost(t *testing.T) {
	ctx, stage := open(t, story.Options{})
	hosts := asked[event.Host](ctx, t, stage, "hosts", "--json")
	path := filepath.Join(t.TempDir(), "brought")
	image, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, image, 0o755); err != nil {
		t.Fatal(err)
	}
	trojan := exec.CommandContext(ctx, path, "300")
	if err := trojan.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = trojan.Process.Kill(); _ = trojan.Wait() })
	// The key that the sensor gave it; its inode is the one that a stat is asked for.
	exec := executed(ctx, t, stage, path)
	inode := exec.Process.Exe.Inode

	type stat struct {
		State string
		Stat  *struct {
			Exists, Same bool
			Size         int
			Hash         event.Hash
		}
	}
	look := func() stat {
		return asked[stat](ctx, t, stage, "hosts", "stat", hosts.ID, path, "--inode", inode.String(), "--json")
	}
	if s := look(); s.Stat == nil || !s.Stat.Exists || !s.Stat.Same || s.Stat.Size != len(image) || s.Stat.Hash.SHA256 != exec.Process.Hash.SHA256 {
		t.Errorf("%+v", s.Stat)
	}
	collect := func(args ...string) evidence.Custody {
		return asked[evidence.Custody](ctx, t, stage, append([]string{"evidence", "collect", hosts.ID, "--json"}, args...)...)
	}
	if e := collect("--file", path); e.State != "refused" || !strings.Contains(e.Detail, `policy does not allow actions of class "collect"`) {
		t.Errorf("without the owner's word: %s: %s", e.State, e.Detail)
	}
	if err := os.WriteFile(filepath.Join(stage.Home(), "agent", "policy.yaml"), []byte("allow: [observe, collect]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := collect("--file", path, "--inode", inode.String(), "--sha256", exec.Process.Hash.SHA256)
	if file.State != "stored" || file.SHA256 != exec.Process.Hash.SHA256 || file.Size != int64(len(image)) {
		t.Fatalf("%+v", file)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if s := look(); s.Stat == nil || s.Stat.Exists || s.Stat.Same {
		t.Errorf("removed: %+v", s.Stat)
	}
	deleted := collect("--image", exec.Process.Key.String(), "--inode", inode.String())
	if deleted.State != "stored" || deleted.SHA256 != file.SHA256 || deleted.Path != path+" (deleted)" {
		t.Errorf("%+v", deleted)
	}
	facts := collect("--process", exec.Process.Key.String())
	if facts.State != "stored" || facts.Size == 0 {
		t.Errorf("%+v", facts)
	}
	out := filepath.Join(t.TempDir(), "copy")
	if _, err := stage.Baize(ctx, "evidence", "export", deleted.ID, "-o", out); err != nil {
		t.Fatal(err)
	}
	if exported, err := os.ReadFile(out); err != nil || !slices.Equal(exported, image) {
		t.Errorf("exported %d bytes, %v", len(exported), err)
	}
	shown := asked[evidence.Custody](ctx, t, stage, "evidence", "show", deleted.ID, "--json")
	if len(shown.Uses) != 2 || shown.Uses[0].Action != "export" || shown.Process != exec.Process.Key.String() || shown.By == "" {
		t.Errorf("%+v", shown)
	}
}

// executed waits for the exec of a path in the log, with its digest.
func executed(ctx context.Context, t *testing.T, stage *story.Stage, path string) *event.Event {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		log, err := stage.Export(ctx)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(log, func(ev *event.Event) bool {
			return ev.Kind == event.ProcessExec && ev.Process.Executable == path && ev.Process.Hash != nil && ev.Process.Hash.State == event.HashOK
		})
		if at >= 0 {
			return log[at]
		}
		if time.Now().After(deadline) {
			t.Fatalf("no exec of %s", path)
		}
	}
}
