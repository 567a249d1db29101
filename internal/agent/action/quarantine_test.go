package action

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"baize/internal/agent/procfs"
	"baize/internal/event"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

// snapshot is all that a file is, but its inode and the time of its last change.
func snapshot(t *testing.T, path string) string {
	t.Helper()
	f, err := procfs.Open(path)
	must(t, err)
	defer f.Close()
	a, err := attributesOf(f)
	must(t, err)
	content, err := io.ReadAll(f)
	must(t, err)
	return fmt.Sprintf("%q %04o %d:%d %v %v %q %x", content, a.Mode, a.UID, a.GID, a.Accessed, a.Modified, a.Extended, a.Flags)
}

// meantFileArguments are the arguments for a file, as a dry run tells them.
func (h *host) meantFileArguments(t *testing.T, path string) map[string]string {
	t.Helper()
	planned := decodeAs[response.Taken](t, h.asked(t, response.ActionQuarantine, map[string]string{"path": path, "dry_run": "true"}))
	if !planned.DryRun || planned.Refused != "" || planned.Record != "" {
		t.Fatalf("%+v", planned)
	}
	return map[string]string{"path": path, "inode": planned.Inode.String(), "sha256": planned.SHA256}
}

// trojan is a file with all that a file can have.
func trojan(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "trojan")
	must(t, os.WriteFile(path, []byte("#!/bin/sh\nexec evil\n"), 0o600))
	must(t, os.Chown(path, 1234, 4321))
	must(t, unix.Chmod(path, 0o6751))
	must(t, unix.Setxattr(path, "user.origin", []byte("c2\x00x"), 0))
	must(t, unix.Setxattr(path, "trusted.mark", []byte("m"), 0))
	// cap_net_raw=ep, of linux/capability.h, version 2
	must(t, unix.Setxattr(path, "security.capability", []byte{1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0))
	when := time.Unix(1_600_000_000, 987_654_321)
	must(t, os.Chtimes(path, when.Add(time.Hour), when))
	return path
}

// shm is a directory in shared memory.
func shm(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "baize-test-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestQuarantineAndRestore(t *testing.T) {
	for _, dir := range []string{t.TempDir(), shm(t)} {
		state := t.TempDir()
		h, path := start(t, state).may(t, mayAll), trojan(t, dir)
		before := snapshot(t, path)
		meant := h.meantFileArguments(t, path)
		if snapshot(t, path) != before {
			t.Error("a dry run changed it")
		}
		taken := decodeAs[response.Taken](t, h.asked(t, response.ActionQuarantine, meant))
		if taken.Record != "c" || taken.SHA256 != meant["sha256"] || taken.Size != 20 || taken.Links != 0 {
			t.Errorf("%+v", taken)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("left in %s: %v, %v", dir, left, err)
		}
		sealed, err := os.ReadFile(filepath.Join(state, "vault", "c"))
		if err != nil || bytes.Contains(sealed, []byte("evil")) {
			t.Errorf("%q in the vault, %v", sealed, err)
		}
		h = start(t, state) // what can be undone outlives the agent
		if undone := decodeAs[response.Undone](t, h.asked(t, response.ActionRestore, map[string]string{"record": "c", "dry_run": "true"})); !undone.DryRun || undone.Path != path {
			t.Errorf("%+v", undone)
		}
		if undone := decodeAs[response.Undone](t, h.asked(t, response.ActionRestore, map[string]string{"record": "c"})); undone.Detail != "" {
			t.Errorf("%+v", undone)
		}
		if after := snapshot(t, path); after != before {
			t.Errorf("before %s\nafter  %s", before, after)
		}
		if names, err := os.ReadDir(filepath.Join(state, "vault")); err != nil || len(names) != 1 || len(h.records.all()) != 0 {
			t.Errorf("left: %v, %v", names, err)
		}
		h.expect(t, h.envelope(t, response.ActionRestore, map[string]string{"record": "c"}), Refused, "nothing to undo")
	}
}

// A file that keeps itself from being removed is removed, and has its flag again
// when it is back.
func TestQuarantineOfAnImmutableFile(t *testing.T) {
	h := start(t, t.TempDir()).may(t, mayAll)
	path := filepath.Join(t.TempDir(), "trojan")
	write(t, path, "evil")
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	stubborn := attributes{Flags: 0x10}
	if err := stubborn.hardened(f, true); err != nil {
		t.Skip("this file system has no immutable files: ", err)
	}
	t.Cleanup(func() {
		if f, err := os.Open(path); err == nil {
			_ = stubborn.hardened(f, false)
			_ = f.Close()
		}
	})
	before := snapshot(t, path)
	meant := h.meantFileArguments(t, path)
	decodeAs[response.Taken](t, h.asked(t, response.ActionQuarantine, meant))
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("it is there: %v", err)
	}
	decodeAs[response.Undone](t, h.asked(t, response.ActionRestore, map[string]string{"record": "c"}))
	if after := snapshot(t, path); after != before || !strings.HasSuffix(after, " 10") {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}

// Who executes it is named, and goes on.
func TestQuarantineOfARunningImage(t *testing.T) {
	h := start(t, t.TempDir()).may(t, mayAll)
	path := filepath.Join(shm(t), "trojan")
	process := sleeper(t, path)
	must(t, os.Link(path, path+"2"))
	taken := decodeAs[response.Taken](t, h.asked(t, response.ActionQuarantine, h.meantFileArguments(t, path)))
	if len(taken.Running) != 1 || taken.Running[0].PID != process.PID || taken.Links != 1 {
		t.Errorf("%+v", taken)
	}
	if _, err := os.Stat(path + "2"); err != nil || !(procfs.FS{}).Is(process.PID, process.Start) {
		t.Errorf("%v", err)
	}
}

// Only the file that is meant is taken: by inode and content, and what takes its
// place in the middle is put back.
func TestAnotherFileIsNotTaken(t *testing.T) {
	h, dir := start(t, t.TempDir()).may(t, mayAll), t.TempDir()
	path := filepath.Join(dir, "trojan")
	write(t, path, "evil")
	meant := h.meantFileArguments(t, path)
	refused := func(want string, arguments map[string]string) {
		t.Helper()
		h.expect(t, h.envelope(t, response.ActionQuarantine, arguments), Refused, want)
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("%s: left %v, %v", want, left, err)
		}
		if names, _ := os.ReadDir(filepath.Join(h.options.Dir, "vault")); len(h.records.all()) != 0 || len(names) > 1 {
			t.Errorf("%s: on record %v, in the vault %v", want, h.records.all(), names)
		}
	}
	refused("name its SHA-256", map[string]string{"path": path, "inode": meant["inode"]})
	refused("name its inode", map[string]string{"path": path, "sha256": meant["sha256"]})
	refused("content is not the one", map[string]string{"path": path, "inode": meant["inode"], "sha256": digestOf("good")})
	write(t, path, "good") // the same inode
	refused("content is not the one", meant)
	if text, _ := os.ReadFile(path); string(text) != "good" {
		t.Errorf("%q", text)
	}
	other, err := event.ParseFileKey(meant["inode"])
	must(t, err)
	other.Inode++
	refused("not the file that is meant", map[string]string{"path": path, "inode": other.String(), "sha256": digestOf("good")})
	must(t, os.Rename(path, dir+"/../old"))
	must(t, os.Symlink("/etc/passwd", path))
	refused("not a regular file", meant)
	must(t, os.Remove(path))
	must(t, os.Mkdir(path, 0o700))
	refused("not a regular file", meant)
}

// exchanged in the moment between the look and the act: what is there now stays.
func TestAFileExchangedInTheMiddle(t *testing.T) {
	h, dir := start(t, t.TempDir()).may(t, mayAll), t.TempDir()
	path := filepath.Join(dir, "trojan")
	write(t, path, "evil")
	meant := h.meantFileArguments(t, path)
	c := command(h.counter + 1)
	c.Action, c.Arguments = response.ActionQuarantine, meant
	for what, change := range map[string]func(){
		"replaced": func() { write(t, path+"2", "good"); must(t, os.Rename(path+"2", path)) },
		"changed":  func() { write(t, path, "evil, and more") },
	} {
		_ = os.Remove(path)
		write(t, path, "evil")
		m, err := h.fileOf(&baizev1.Command{Action: c.Action, Arguments: h.meantFileArguments(t, path)})
		must(t, err)
		f, err := h.find(m)
		must(t, err)
		change()
		want, err := os.ReadFile(path)
		must(t, err)
		if err := h.takeName(f, "c"); err == nil || !strings.Contains(err.Error(), what+" meanwhile") {
			t.Errorf("%s: %v", what, err)
		}
		f.close()
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || left[0].Name() != "trojan" {
			t.Errorf("%s: %v, %v", what, left, err)
		}
		if text, _ := os.ReadFile(path); !bytes.Equal(text, want) {
			t.Errorf("%s: %q", what, text)
		}
	}
}

func TestWhatIsNotTaken(t *testing.T) {
	h := start(t, t.TempDir()).may(t, mayAll)
	own := filepath.Join(h.options.Dir, PolicyFile)
	sleep := filepath.Join(t.TempDir(), "tool")
	write(t, sleep, "tool")
	kept := filepath.Join(t.TempDir(), "shop", "data")
	write(t, kept, "data")
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(h.options.Dir, link))
	h.may(t, mayAll+"protect: {executables: ["+sleep+"], paths: ["+filepath.Dir(kept)+"]}\n")
	protected := map[string]string{
		own: "the agent's own", filepath.Join(link, PolicyFile): "the agent's own", sleep: "policy names", kept: "named by this host's policy",
	}
	if initial, err := os.Readlink("/proc/1/exe"); err == nil { // a sandbox may hide it
		protected[initial] = "the host's init"
	}
	for path, want := range protected {
		planned := decodeAs[response.Taken](t, h.asked(t, response.ActionQuarantine, map[string]string{"path": path, "dry_run": "true"}))
		if !strings.Contains(planned.Refused, want) {
			t.Errorf("%s: %+v", path, planned)
		}
		inode := keyOf(t, path)
		sum := digestOf("x")
		h.expect(t, h.envelope(t, response.ActionQuarantine, map[string]string{"path": path, "inode": inode.String(), "sha256": sum}), Refused, "protected")
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// Whatever was interrupted, the file is in one place, whole.
func TestAQuarantineThatWasInterrupted(t *testing.T) {
	for what, step := range map[string]struct {
		do    func(*testing.T, *host, string)
		there bool
	}{
		"before the name": {func(*testing.T, *host, string) {}, true},
		"aside": {func(t *testing.T, _ *host, path string) {
			must(t, os.Rename(path, filepath.Join(filepath.Dir(path), hidden("c"))))
		}, true},
		"taken": {func(t *testing.T, _ *host, path string) { must(t, os.Remove(path)) }, false},
	} {
		dir := t.TempDir()
		h, path := start(t, dir).may(t, mayAll), trojan(t, t.TempDir())
		before := snapshot(t, path)
		m, err := h.fileOf(&baizev1.Command{Arguments: h.meantFileArguments(t, path)})
		must(t, err)
		f, err := h.find(m)
		must(t, err)
		v, err := h.vault()
		must(t, err)
		r := record{ID: "c", Action: response.ActionQuarantine, Boot: "b1", Acting: true}
		_, sum, err := v.Put(t.Context(), "c", f.file, 20)
		must(t, err)
		r.File = &takenFile{Path: path, Inode: f.facts.key, SHA256: sum, Size: 20, attributes: f.attributes}
		must(t, h.records.put(r))
		f.close()
		must(t, os.WriteFile(filepath.Join(dir, "vault", "half.new"), []byte("x"), 0o600))
		step.do(t, h, path)
		h = start(t, dir)
		_, err = os.Stat(path)
		if (err == nil) != step.there || (len(h.records.all()) == 0) != step.there {
			t.Errorf("%s: %v, on record %+v", what, err, h.records.all())
		}
		names, err := os.ReadDir(filepath.Join(dir, "vault"))
		must(t, err)
		if kept := slices.ContainsFunc(names, func(e os.DirEntry) bool { return e.Name() == "c" }); kept == step.there || len(names) > 2 {
			t.Errorf("%s: in the vault %v", what, names)
		}
		if !step.there {
			decodeAs[response.Undone](t, h.asked(t, response.ActionRestore, map[string]string{"record": "c"}))
		}
		if after := snapshot(t, path); after != before {
			t.Errorf("%s: before %s\nafter  %s", what, before, after)
		}
	}
}

// Where something else is now, or nothing can be written, the vault keeps it.
func TestRestoreDoesNotOverwrite(t *testing.T) {
	h, dir := start(t, t.TempDir()).may(t, mayAll), t.TempDir()
	path := filepath.Join(dir, "d", "trojan")
	write(t, path, "evil")
	decodeAs[response.Taken](t, h.asked(t, response.ActionQuarantine, h.meantFileArguments(t, path)))
	record := map[string]string{"record": "c"}
	write(t, path, "new")
	h.expect(t, h.envelope(t, response.ActionRestore, record), Refused, "something else is there")
	must(t, os.RemoveAll(filepath.Dir(path)))
	h.expect(t, h.envelope(t, response.ActionRestore, record), Refused, "no such file")
	must(t, os.Mkdir(filepath.Dir(path), 0o700))
	sealed := filepath.Join(h.options.Dir, "vault", "c")
	text, err := os.ReadFile(sealed)
	must(t, err)
	must(t, os.WriteFile(sealed, append(text, 'x'), 0o600))
	h.expect(t, h.envelope(t, response.ActionRestore, record), Failed, "damaged")
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 0 {
		t.Errorf("half a file: %v", left)
	}
	must(t, os.WriteFile(sealed, text, 0o600))
	decodeAs[response.Undone](t, h.asked(t, response.ActionRestore, record))
}

// A file system without room, or that is read-only: nothing is half done.
func TestAFullAndAReadOnlyDisk(t *testing.T) {
	script := "mount -t tmpfs -o size=128k none " + t.TempDir()
	if out, err := exec.Command("unshare", "-m", "sh", "-c", script).CombinedOutput(); err != nil {
		t.Skipf("no mounts here: %v %s", err, out)
	}
	full, state := shm(t), shm(t)
	must(t, unix.Mount("none", state, "tmpfs", 0, "size=64k"))
	t.Cleanup(func() { _ = unix.Unmount(state, unix.MNT_DETACH) })
	h := start(t, state).may(t, mayAll)
	path := filepath.Join(full, "trojan")
	write(t, path, strings.Repeat("evil", 50_000))
	before := snapshot(t, path)
	meant := h.meantFileArguments(t, path)
	h.expect(t, h.envelope(t, response.ActionQuarantine, meant), Failed, "no space left")
	if snapshot(t, path) != before || len(h.records.all()) != 0 {
		t.Error("something is half done")
	}
	read := shm(t)
	must(t, unix.Mount("none", read, "tmpfs", 0, "size=64k"))
	t.Cleanup(func() { _ = unix.Unmount(read, unix.MNT_DETACH) })
	path = filepath.Join(read, "trojan")
	write(t, path, "evil")
	meant = h.meantFileArguments(t, path)
	must(t, unix.Mount("none", read, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, "size=64k"))
	h.expect(t, h.envelope(t, response.ActionQuarantine, meant), Failed, "read-only")
	if text, _ := os.ReadFile(path); string(text) != "evil" || len(h.records.all()) != 0 {
		t.Error("something is half done")
	}
}
