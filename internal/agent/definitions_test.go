package agent_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"baize/internal/event"
)

// diffOf waits for what the agent says of the lines of a file, with the event
// or later.
func (h *host) diffOf(kind event.Kind, path string, not *event.Event) *event.Event {
	h.t.Helper()
	var inode event.FileKey
	return h.find(string(kind)+" of "+path+" with its diff", func(ev *event.Event) bool {
		if ev.File == nil || not != nil && ev.Seq <= not.Seq {
			return false
		}
		name := ev.File
		if name.Target != nil {
			name = name.Target
		}
		diff := ev.File.Changed()
		if name.Path != path || diff == nil {
			return false
		}
		if ev.Kind == kind && diff.State == event.DiffPending {
			inode = ev.File.Inode
		}
		return ev.Kind == kind && diff.State != event.DiffPending || ev.Kind == event.FileDiff && !inode.IsZero() && ev.File.Inode == inode
	})
}

func TestChangedLinesOfDefinitionFiles(t *testing.T) {
	h := newHost(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(dir, ".ssh", "authorized_keys")
	key := "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx6yq0pV9Ty3vVgrBvJ5aVQ0m4b9wWmSx8v0mM0dEEk mallory@example"
	expect := func(ev *event.Event, added, removed []string) {
		t.Helper()
		want := &event.Diff{State: event.DiffOK, Added: added, Removed: removed}
		if got := ev.File.Changed(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s of %s: %+v, want %+v", ev.Kind, ev.File.Path, got, want)
		}
		if ev.Process == nil || ev.Process.Key.IsZero() {
			t.Errorf("%s of %s has no process", ev.Kind, ev.File.Path)
		}
	}
	h.sh("mkdir " + filepath.Dir(keys) + "; echo '" + key + "' > " + keys)
	first := h.diffOf(event.FileCloseWrite, keys, nil)
	expect(first, []string{key}, nil)

	// The path of a closed file is looked up when it is told: it must be told
	// before it has the other name, or it has the change.
	draft := filepath.Join(filepath.Dir(keys), "new")
	h.sh("cd " + filepath.Dir(keys) + "; (cat authorized_keys; echo '# PASSWORD=Tr0ub4dor3') > new")
	h.find("the draft", func(ev *event.Event) bool { return ev.Kind == event.FileCloseWrite && ev.File.Path == draft })
	h.sh("mv " + draft + " " + keys)
	renamed := h.diffOf(event.FileRename, keys, first)
	diff := renamed.File.Changed()
	if diff.State != event.DiffOK || len(diff.Added) != 1 || len(diff.Removed) != 0 || !strings.HasPrefix(diff.Added[0], "# PASSWORD=[redacted:") {
		t.Fatalf("renamed onto: %+v", diff)
	}
	secret := diff.Added[0]

	h.sh("rm " + keys)
	expect(h.diffOf(event.FileUnlink, keys, renamed), nil, []string{key, secret})
}

// A file that only the writer's mount namespace has is read through it, though
// the writer has ended.
func TestChangedLinesInAMountNamespace(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: a mount namespace of its own")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	holder := exec.Command("sh", "-c", "mount --make-rprivate / && mount -t tmpfs tmpfs "+dir+" && echo ready && exec sleep 300")
	holder.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = holder.Process.Kill(); _ = holder.Wait() })
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	h := newHost(t)
	rc := filepath.Join(dir, ".bashrc")
	h.sh(fmt.Sprintf("nsenter -t %d -m sh -c 'echo \"alias sudo=x\" > %s'", holder.Process.Pid, rc))
	ev := h.diffOf(event.FileCloseWrite, rc, nil)
	if got := ev.File.Changed(); !reflect.DeepEqual(got, &event.Diff{State: event.DiffOK, Added: []string{"alias sudo=x"}}) {
		t.Errorf("%+v", got)
	}
	if _, err := os.Lstat(rc); err == nil {
		t.Error("the file is the host's as well: nothing was shown")
	}
}

// The keeper knows what was there before the agent: the first change of such a
// file is told as one.
func TestDefinitionsOfTheHostAreReadAtStart(t *testing.T) {
	tab := "/etc/cron.d/baize-test-definitions"
	if os.Getuid() == 0 {
		if err := os.WriteFile(tab, []byte("# one\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Remove(tab) })
	}
	h := newHost(t)
	h.eventually("the definition files", func() bool { return strings.Contains(h.log.String(), "definition files read") })
	h.sh("echo '# two' >> " + tab)
	ev := h.diffOf(event.FileCloseWrite, tab, nil)
	if got := ev.File.Changed(); !reflect.DeepEqual(got, &event.Diff{State: event.DiffOK, Added: []string{"# two"}}) {
		t.Errorf("%+v", got)
	}
}
