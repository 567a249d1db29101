package sensor

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"baize/internal/event"
)

func itoa(n int) string { return strconv.Itoa(n) }

// fileOf awaits a record of a kind about a path by a process.
func (l *lab) fileOf(kind event.Kind, pid int, path string) *Record {
	l.t.Helper()
	return l.await(string(kind)+" of "+path, func(r *Record) bool {
		return r.Kind == kind && int(r.Task.PID) == pid && r.File.Path == path
	})
}

func TestFileCalls(t *testing.T) {
	for _, dir := range []string{t.TempDir(), inMemory(t)} {
		l := shared(t)
		h := prepare(t, nil, "files", dir)
		h.finish()
		at := func(name string) string { return filepath.Join(dir, name) }
		second := inode(t, at("second"))

		made := l.fileOf(event.FileCreate, h.pid, at("first"))
		if made.File.FromUser || made.File.Inode != second || made.Task.Start/tick != h.ticks {
			t.Errorf("create %+v by %+v", made.File, made.Task)
		}
		checkSettled(t, l, h, at, made.File.FileRef)
		if r := l.fileOf(event.FileUnlink, h.pid, at("third")); r.File.FromUser == l.mediated() {
			t.Errorf("unlink %+v", r.File)
		}
		l.fileOf(event.FileUnlink, h.pid, at("dir"))
		checkAttributes(t, l, h, at("second"))
	}
}

// found tells whether a record has the file that is at a path.
func (l *lab) found(r *Record, path string) bool {
	l.t.Helper()
	return l.isInode(r, inode(l.t, path))
}

// isInode tells whether a record is of that inode. At tier 2 names are looked up
// at another time than the call's: on an emulated processor that may be so late
// or early that nothing is found, and of a request through io_uring on any, but
// never another file.
func (l *lab) isInode(r *Record, ino uint64) bool {
	l.t.Helper()
	return r.File.Inode == ino || r.File.Inode == 0 && (emulated() || r.Ring) && !l.mediated()
}

func emulated() bool { return os.Getenv(tierEnv) != "" }

// inMemory is a directory on tmpfs.
func inMemory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "sensor")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// checkSettled checks records of calls that only had names: where the name led
// is the file that was made, down to its generation.
func checkSettled(t *testing.T, l *lab, h *helper, at func(string) string, made FileRef) {
	t.Helper()
	rename := l.fileOf(event.FileRename, h.pid, at("first"))
	if rename.File.NewPath != at("second") || rename.File.FromUser == l.mediated() {
		t.Errorf("rename %+v", rename.File)
	}
	link := l.fileOf(event.FileLink, h.pid, at("second"))
	if link.File.NewPath != at("third") {
		t.Errorf("link %+v", link.File)
	}
	soft := l.fileOf(event.FileCreate, h.pid, at("soft"))
	if soft.File.NewPath != "/target" || !l.found(soft, at("soft")) || soft.File.Inode != 0 && soft.File.Mode&modeMask != syscall.S_IFLNK {
		t.Errorf("symlink %+v", soft.File)
	}
	l.fileOf(event.FileCreate, h.pid, at("dir"))
	if got := rename.File.FileRef; !l.found(rename, at("second")) || got.Inode != 0 && (got.Inode != made.Inode || got.Gen != made.Gen || got.Device != made.Device) {
		t.Errorf("renamed %+v, made %+v", got, made)
	}
}

func checkAttributes(t *testing.T, l *lab, h *helper, path string) {
	t.Helper()
	ino := inode(t, path)
	for _, change := range []string{"mode", "owner", "xattr", "size"} {
		r := l.await("a change of "+change, func(r *Record) bool {
			return r.Kind == event.FileAttributes && int(r.Task.PID) == h.pid && r.File.Change == change
		})
		if r.File.Path != path || !l.isInode(r, ino) {
			t.Errorf("%s: %+v", change, r.File)
		}
		if change == "xattr" && r.File.Attribute != "trusted.baize" {
			t.Errorf("attribute %q", r.File.Attribute)
		}
	}
}

// The mode comes from the call itself: nothing is left of the file afterwards.
func TestModesOfFilesThatAreGone(t *testing.T) {
	l := shared(t)
	dir := t.TempDir()
	modes := map[string]uint32{"chmod": 0o4755, "fchmod": 0o2755, "fchmodat": 0o6711}
	at := func(name string) string { return filepath.Join(dir, name) }
	h := act(t, "chmod", at("chmod"), at("fchmod"), at("fchmodat"))
	for name, want := range modes {
		r := l.fileOf(event.FileAttributes, h.pid, at(name))
		if r.File.Change != "mode" || r.File.Mode&^modeMask != want {
			t.Errorf("%s: change %q to %#o, want %#o", name, r.File.Change, r.File.Mode, want)
		}
	}
}

func TestCloseAfterWrite(t *testing.T) {
	l := shared(t)
	for _, how := range []string{"leave", "dup2", "range", "mmap"} {
		for _, dir := range []string{t.TempDir(), inMemory(t)} {
			name := filepath.Join(dir, how)
			h := act(t, how, name)
			r := l.fileOf(event.FileCloseWrite, h.pid, name)
			made := l.fileOf(event.FileCreate, h.pid, name)
			var st syscall.Stat_t
			if err := syscall.Stat(name, &st); err != nil {
				t.Fatal(err)
			}
			if r.File.Inode != st.Ino || r.File.Size != uint64(st.Size) || r.Task.Start/tick != h.ticks {
				t.Errorf("%s: %+v by %+v", how, r.File, r.Task)
			}
			if r.File.Gen != made.File.Gen || r.File.Device != made.File.Device {
				t.Errorf("%s: made %+v, closed %+v", how, made.File.FileRef, r.File.FileRef)
			}
		}
	}
}

// What is written through an overlay is told once, as the overlay's.
func TestOverlayWritesAreToldOnce(t *testing.T) {
	l := shared(t)
	for _, dir := range []string{t.TempDir(), inMemory(t)} {
		h := prepare(t, newNamespaces, "overlay", dir)
		h.finish()
		at := func(name string) string { return filepath.Join(dir, name) }
		for _, name := range []string{"merged/new", "merged/old"} {
			if r := l.fileOf(event.FileCloseWrite, h.pid, at(name)); r.File.Magic != magicOverlay {
				t.Errorf("%s: %+v", name, r.File)
			}
		}
		l.fileOf(event.FileCloseWrite, h.pid, at("lower/old"))
		// The mounts may be gone with the process by now, and so the path above.
		l.await("the last write", func(r *Record) bool {
			return ofPID(event.FileCloseWrite, h.pid)(r) && filepath.Base(r.File.Path) == "last"
		})
		twice, _ := l.matching(func(r *Record) bool {
			return ofPID(event.FileCloseWrite, h.pid)(r) && r.File.Magic != magicOverlay &&
				filepath.Base(r.File.Path) != "last" && r.File.Path != at("lower/old")
		})
		for _, r := range twice {
			t.Errorf("also %+v", r.File)
		}
	}
}

const magicOverlay = 0x794c7630

func TestWatchedOpens(t *testing.T) {
	l := shared(t)
	home := t.TempDir()
	key := filepath.Join(home, ".ssh", "id_ed25519")
	if err := os.Mkdir(filepath.Dir(key), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, []byte("k"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, class := range map[string]string{
		"/etc/shadow": WatchCredentials, key: WatchSSHKey, "/etc/profile": WatchDefinition,
		"/proc/" + itoa(os.Getpid()) + "/environ": WatchMemory,
	} {
		pid := run(t, "/bin/cat", path)
		if r := l.fileOf(event.FileOpen, pid, path); r.File.Watch != class || r.File.FromUser {
			t.Errorf("%s: %+v", path, r.File)
		}
	}
	// A path of the same name elsewhere, and one's own memory, are no records.
	if err := os.WriteFile(filepath.Join(home, "shadow"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	pid := run(t, "/bin/cat", filepath.Join(home, "shadow"), "/proc/self/environ", "/etc/shadow")
	l.fileOf(event.FileOpen, pid, "/etc/shadow")
	other, _ := l.matching(func(r *Record) bool {
		return ofPID(event.FileOpen, pid)(r) && r.File.Path != "/etc/shadow"
	})
	for _, r := range other {
		t.Errorf("unwatched open %+v", r.File)
	}
}

// A bind mount in a namespace of its own gives a file another path, but not
// another name within its file system.
func TestOpenIsSeenThroughBindMounts(t *testing.T) {
	l := shared(t)
	dir := t.TempDir()
	h := prepare(t, newNamespaces, "bound", dir, "shadow")
	h.finish()
	r := l.fileOf(event.FileOpen, h.pid, filepath.Join(dir, "shadow"))
	if r.File.Watch != WatchCredentials || r.File.Origin != "/etc/shadow" || r.File.Inode != inode(t, "/etc/shadow") {
		t.Errorf("%+v", r.File)
	}
}

// A path through a symbolic link and a descriptor is the kernel's path.
func TestOpenIsSeenThroughLinks(t *testing.T) {
	l := shared(t)
	link := filepath.Join(t.TempDir(), "harmless")
	if err := os.Symlink("/etc/shadow", link); err != nil {
		t.Fatal(err)
	}
	pid := run(t, "/bin/cat", link)
	l.fileOf(event.FileOpen, pid, "/etc/shadow")
}
