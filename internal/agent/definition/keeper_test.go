package definition

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"baize/internal/agent/digest"
	"baize/internal/agent/procfs"
	"baize/internal/event"
	"baize/internal/redact"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is a directory with files, and a keeper of them.
type host struct {
	*Keeper
	t   *testing.T
	dir string
}

// newHost makes a keeper that runs once run is called.
func newHost(t *testing.T, seeds Seeds) *host {
	t.Helper()
	redactor, err := redact.New([]byte("key"), redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &host{New(procfs.FS{Root: filepath.Join(dir, "proc")}, redactor, seeds, slog.New(slog.DiscardHandler)), t, dir}
}

func (h *host) run() *host {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); h.Run(ctx) }()
	h.t.Cleanup(func() { cancel(); <-ended })
	return h
}

func (h *host) write(name, text string) string {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// file is what the sensor would say of a path.
func (h *host) file(path string) digest.File {
	h.t.Helper()
	var s unix.Stat_t
	if err := unix.Lstat(path, &s); err != nil {
		h.t.Fatal(err)
	}
	return digest.File{Path: path, HostRoot: true, Inode: s.Ino, Device: event.MakeDevice(unix.Major(s.Dev), unix.Minor(s.Dev))}
}

// told submits a change and returns the answer.
func (h *host) told(c Change) event.Diff {
	h.t.Helper()
	if !h.Submit(c, "token") {
		h.t.Fatal("the queue refused")
	}
	select {
	case done := <-h.Done():
		if done.Token != "token" {
			h.t.Fatalf("token %v", done.Token)
		}
		return done.Diff
	case <-time.After(20 * time.Second):
		h.t.Fatal("no answer within 20 s")
		return event.Diff{}
	}
}

func (h *host) expect(c Change, want event.Diff) {
	h.t.Helper()
	if got := h.told(c); !reflect.DeepEqual(got, want) {
		h.t.Errorf("%s: %+v, want %+v", c.File.Path, got, want)
	}
}

func ok(added, removed []string) event.Diff {
	return event.Diff{State: event.DiffOK, Added: added, Removed: removed}
}

func lines(l ...string) []string { return l }

func TestChangesOfAFile(t *testing.T) {
	h := newHost(t, Seeds{}).run()
	tab := h.write("crontab", "")
	h.Submit(Change{How: Created, File: h.file(tab)}, nil)
	h.write("crontab", "# jobs\n\n* * * * * root /bin/a\n")
	h.expect(Change{File: h.file(tab)}, ok(lines("# jobs", "* * * * * root /bin/a"), nil))
	h.write("crontab", "# jobs\n* * * * * root /bin/b\n")
	h.expect(Change{File: h.file(tab)}, ok(lines("* * * * * root /bin/b"), lines("* * * * * root /bin/a")))
	h.expect(Change{File: h.file(tab)}, ok(nil, nil))
	if err := os.Remove(tab); err != nil {
		t.Fatal(err)
	}
	h.expect(Change{How: Removed, File: digest.File{Path: tab, HostRoot: true}}, ok(nil, lines("# jobs", "* * * * * root /bin/b")))
	h.expect(Change{How: Removed, File: digest.File{Path: tab, HostRoot: true}}, event.Diff{State: event.DiffFailed})
}

// Editors write another file and rename it.
func TestAFileThatReplacesAnother(t *testing.T) {
	h := newHost(t, Seeds{}).run()
	tab := h.write("crontab", "a\nb\n")
	h.expect(Change{File: h.file(tab)}, event.Diff{State: event.DiffWhole, Added: lines("a", "b")})
	draft := h.write("crontab.new", "b\nc\n")
	h.expect(Change{File: h.file(draft)}, event.Diff{State: event.DiffWhole, Added: lines("b", "c")})
	if err := os.Rename(draft, tab); err != nil {
		t.Fatal(err)
	}
	h.expect(Change{File: h.file(tab), From: draft}, ok(lines("c"), lines("a")))
	if h.files.kept.Len() != 1 { // the worker waits for the next change
		t.Errorf("%d files are kept", h.files.kept.Len())
	}
}

func TestALinkIsWhereItLeads(t *testing.T) {
	h := newHost(t, Seeds{}).run()
	link := filepath.Join(h.dir, "x.service")
	if err := os.Symlink("/opt/x.service", link); err != nil {
		t.Fatal(err)
	}
	h.expect(Change{File: h.file(link)}, event.Diff{State: event.DiffWhole, Added: lines("-> /opt/x.service")})
}

func TestWhatIsNotLines(t *testing.T) {
	h := newHost(t, Seeds{}).run()
	large := h.write("large", strings.Repeat("x\n", maxFile))
	h.expect(Change{File: h.file(large)}, event.Diff{State: event.DiffTooLarge})
	binary := h.write("binary", "\x7fELF\x00\x01")
	h.expect(Change{File: h.file(binary)}, event.Diff{State: event.DiffBinary})
	gone := h.file(binary)
	if err := os.Remove(binary); err != nil {
		t.Fatal(err)
	}
	h.expect(Change{File: gone}, event.Diff{State: event.DiffFailed})
	h.expect(Change{File: func() digest.File { f := h.file(large); f.Inode++; return f }()}, event.Diff{State: event.DiffFailed})
	pipe := filepath.Join(h.dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	h.expect(Change{File: h.file(pipe)}, event.Diff{State: event.DiffFailed})
}

func TestARemovalThatIsNotSureIsLookedAt(t *testing.T) {
	h := newHost(t, Seeds{}).run()
	tab := h.write("crontab", "a\n")
	h.told(Change{File: h.file(tab)})
	h.expect(Change{How: Removed, File: h.file(tab), Unsure: true}, event.Diff{State: event.DiffFailed})
	gone := h.file(tab)
	if err := os.Remove(tab); err != nil {
		t.Fatal(err)
	}
	h.expect(Change{How: Removed, File: gone, Unsure: true}, ok(nil, lines("a")))
}

// A process that writes a job and keeps the file open has it run all the same.
func TestAFileHeldOpenIsLookedAt(t *testing.T) {
	h := newHost(t, Seeds{}).run()
	tab := h.write("crontab", "")
	if !h.Submit(Change{How: Created, File: h.file(tab)}, "token") {
		t.Fatal("refused")
	}
	h.write("crontab", "* * * * * root /bin/a\n")
	h.expect(Change{How: Opened, File: h.file(tab)}, ok(lines("* * * * * root /bin/a"), nil))
	h.expect(Change{File: h.file(tab)}, ok(nil, nil))
}

func TestSecretsAreNotKept(t *testing.T) {
	h := newHost(t, Seeds{}).run()
	const blob = "AAAAC3NzaC1lZDI1NTE5AAAAIJx6yq0pV9Ty3vVgrBvJ5aVQ0m4b9wWmSx8v0mM0dEEk"
	key := `command="/opt/sync --password Tr0ub4dor3" ssh-ed25519 ` + blob + " mallory@example"
	body := strings.Repeat("b3BlbnNzaC1rZXktdjEAAAAABG5vbmU", 2)
	keys := h.write("authorized_keys", key+"\n# don't\nDB_PASSWORD=Tr0ub4dor3\n-----BEGIN OPENSSH PRIVATE KEY-----\n"+body+"\n-----END OPENSSH PRIVATE KEY-----\n")
	got := h.told(Change{File: h.file(keys)})
	text := strings.Join(got.Added, "\n")
	if strings.Contains(text, "Tr0ub4dor3") || strings.Contains(text, body) || strings.Count(text, "[redacted:") != 3 {
		t.Errorf("secrets: %s", text)
	}
	if !strings.HasPrefix(got.Added[0], `command="`) || !strings.HasSuffix(got.Added[0], " ssh-ed25519 "+blob+" mallory@example") {
		t.Errorf("the key is %s", got.Added[0])
	}
}

func TestLongChangesAreCut(t *testing.T) {
	h := newHost(t, Seeds{}).run()
	long := h.write("long", strings.Repeat("ä", maxLine)+"\nshort\n")
	got := h.told(Change{File: h.file(long)})
	if !got.Truncated || len(got.Added) != 2 || got.Added[0] != strings.Repeat("ä", maxLine/2) || got.Added[1] != "short" {
		t.Errorf("%d lines, truncated %v", len(got.Added), got.Truncated)
	}
	var many strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&many, "line %d\n", i)
	}
	got = h.told(Change{File: h.file(h.write("many", many.String()))})
	bytes := 0
	for _, line := range got.Added {
		bytes += len(line)
	}
	if !got.Truncated || bytes > maxDiff || bytes < maxDiff-maxLine {
		t.Errorf("%d bytes, truncated %v", bytes, got.Truncated)
	}
}

// The same path in a container is another file, reached through its root.
func TestContainers(t *testing.T) {
	h := newHost(t, Seeds{})
	tab := h.write("proc/7/root/etc/crontab", "a\n")
	inside := h.file(tab)
	inside.Path, inside.HostRoot, inside.PID, inside.Others = "/etc/crontab", false, 5, []uint32{7}
	h.run()
	h.expect(Change{Box: "c1", File: inside}, event.Diff{State: event.DiffWhole, Added: lines("a")})
	h.write("proc/7/root/etc/crontab", "b\n")
	h.expect(Change{Box: "c1", File: inside}, ok(lines("b"), lines("a")))
	h.expect(Change{Box: "c2", File: inside}, event.Diff{State: event.DiffWhole, Added: lines("b")})
	// No link in the container leads out of it.
	if err := os.Symlink(h.write("secret", "s\n"), filepath.Join(h.dir, "proc/7/root/etc/link")); err != nil {
		t.Fatal(err)
	}
	inside.Path, inside.Inode = "/etc/link", 0
	if got := h.told(Change{Box: "c1", File: inside}); len(got.Added) != 1 || !strings.HasPrefix(got.Added[0], "-> ") {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsThereAtStartIsKnown(t *testing.T) {
	dir := t.TempDir()
	h := newHost(t, Seeds{Passwd: filepath.Join(dir, "passwd"), Patterns: []string{filepath.Join(dir, "cron.d/*"), "**/.ssh/authorized_keys"}})
	tab, unit := h.write("cron.d/a", "a\n"), h.write("cron.d/x.wants/u", "u\n")
	keys := h.write("home/o/.ssh/authorized_keys", "k\n")
	if err := os.Symlink(h.dir+"/cron.d", filepath.Join(dir, "cron.d")); err != nil {
		t.Fatal(err)
	}
	passwd := fmt.Sprintf("root:x:0:0::/nowhere:/bin/sh\nbroken\no:x:1:1::%s/home/o:/bin/sh\n", h.dir)
	if err := os.WriteFile(filepath.Join(dir, "passwd"), []byte(passwd), 0o600); err != nil {
		t.Fatal(err)
	}
	h.run()
	for _, path := range []string{tab, unit, keys} {
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(before, "more\n"...), 0o600); err != nil {
			t.Fatal(err)
		}
		// The keeper reads at start, which may be now.
		if got := h.told(Change{File: h.file(path)}); got.State != event.DiffOK {
			t.Errorf("%s was not known at start: %+v", path, got)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		h.expect(Change{How: Removed, File: digest.File{Path: path, HostRoot: true}}, ok(nil, lines(strings.TrimSpace(string(before)), "more")))
	}
}

// TestAChangeBeforeTheStartIsNotWhatWasThere: what was changed between the arming of
// the sensor and the reading is not taken for what it had before.
func TestAChangeBeforeTheStartIsNotWhatWasThere(t *testing.T) {
	dir := t.TempDir()
	h := newHost(t, Seeds{Patterns: []string{filepath.Join(dir, "cron.d/*")}, Since: time.Now().Add(-time.Hour)})
	tab := h.write("cron.d/a", "a\n")
	if err := os.Symlink(h.dir+"/cron.d", filepath.Join(dir, "cron.d")); err != nil {
		t.Fatal(err)
	}
	h.run()
	if got := h.told(Change{File: h.file(tab)}); got.State != event.DiffWhole || len(got.Added) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	f := newFiles()
	text := strings.Repeat("x", 32<<10)
	for i := range 2 * maxFiles {
		f.put(key{path: fmt.Sprint(i)}, []string{text})
		if f.bytes > maxBytes {
			t.Fatalf("%d bytes", f.bytes)
		}
	}
	if n := f.kept.Len(); n < maxBytes/(33<<10) || f.get(key{path: "0"}) != nil || f.get(key{path: fmt.Sprint(2*maxFiles - 1)}) == nil {
		t.Errorf("%d files are kept", n)
	}
	for i := range 2 * maxFiles {
		f.put(key{path: fmt.Sprint("small", i)}, nil)
	}
	if n := f.kept.Len(); n != maxFiles {
		t.Errorf("%d files are kept", n)
	}
	for k := range f.kept.All() {
		f.bytes -= len(k.path)
	}
	if f.bytes != 0 {
		t.Errorf("%d bytes are counted of nothing", f.bytes)
	}
}
