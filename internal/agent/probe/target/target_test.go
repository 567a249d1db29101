package target

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// idle in the environment has the program wait for the end of its input.
const idle = "TARGET_TEST_IDLE"

func TestMain(m *testing.M) {
	if os.Getenv(idle) != "" {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func self(t *testing.T) *Process {
	t.Helper()
	p, err := Open(uint32(os.Getpid()), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestStatus(t *testing.T) {
	s, err := self(t).Status()
	if err != nil || s.NSPID != uint32(os.Getpid()) || s.UID != uint32(os.Geteuid()) || !s.Catches(unix.SIGQUIT) || s.Catches(unix.SIGKILL) {
		t.Errorf("%+v, %v", s, err)
	}
	for text, want := range map[string]string{
		"Uid:\t1 2\nGid:\t1 2\n": "without", "Uid:\t1 -2\nGid:\t1 2\nSigCgt:\t0": "invalid", "NSpid:\t4294967296\n": "range", "": "without",
	} {
		if _, err := parseStatus(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Only the one call runs as somebody else, and nothing of it stays.
func TestAs(t *testing.T) {
	ids := func() string {
		text, err := os.ReadFile("/proc/thread-self/status")
		if err != nil {
			return err.Error()
		}
		_, rest, _ := strings.Cut(string(text), "Uid:")
		return strings.Join(strings.Fields(rest)[:7], " ")
	}
	before := ids()
	var inside string
	want := errors.New("what it returned")
	if err := As(1234, 4321, func() error { inside = ids(); return want }); !errors.Is(err, want) {
		t.Error(err)
	}
	if inside != "0 1234 0 1234 Gid: 0 4321" {
		t.Errorf("ran as %s", inside)
	}
	tasks, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if text, err := os.ReadFile(task); err == nil && strings.Contains(string(text), "1234") && !strings.Contains(string(text), "State:\tX") {
			t.Errorf("%s: %s", task, text)
		}
	}
	if now := ids(); now != before {
		t.Errorf("was %s, is %s", before, now)
	}
}

// A target's links lead nowhere but into its own root.
func TestLinksDoNotLeadOut(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"etc", "sub"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"abs": "/etc", "up": "../../../../etc", "magic": "/proc/1/root"} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	// This program itself needs nothing of the root that it runs in.
	text, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(filepath.Join(root, "idle"), text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/idle")
	cmd.SysProcAttr, cmd.Dir, cmd.Env = &syscall.SysProcAttr{Chroot: root}, "/", []string{idle + "=1"}
	input, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = input.Close(); _ = cmd.Wait() }()
	p, err := Open(uint32(cmd.Process.Pid), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var want unix.Stat_t
	if err := unix.Stat(filepath.Join(root, "etc"), &want); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/abs", "/up", "/etc"} {
		dir, err := p.Dir(name)
		if err != nil {
			t.Fatal(err)
		}
		var got unix.Stat_t
		if err := unix.Fstat(int(dir.Fd()), &got); err != nil || got.Ino != want.Ino {
			t.Errorf("%s leads to inode %d, want %d (%v)", name, got.Ino, want.Ino, err)
		}
		_ = dir.Close()
	}
	if dir, err := p.Dir("/magic"); err == nil {
		t.Errorf("%s is found", dir.Name())
	}
}

func TestCreateTakesNothingThatIsThere(t *testing.T) {
	path := t.TempDir()
	dir, err := os.OpenFile(path, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := os.Symlink("/etc/elsewhere", path+"/link"); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, "link", 0o600, 0, 0); !errors.Is(err, unix.EEXIST) {
		t.Errorf("%v", err)
	}
	if _, err := Create(dir, "new", 0o600, 1234, 4321); !errors.Is(err, unix.EACCES) {
		t.Errorf("a user who may not: %v", err)
	}
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := Create(dir, "new", 0o600, 1234, 4321)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var stat unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &stat); err != nil || stat.Uid != 1234 || stat.Gid != 4321 || stat.Mode&0o7777 != 0o600 {
		t.Errorf("%+v, %v", stat, err)
	}
}

func TestMappings(t *testing.T) {
	for line, want := range map[string]Mapping{
		"7f0000000000-7f0000001000 r--p 00001000 fd:01 12 /a b/libjvm.so (deleted)\n": {0x7f0000000000, 0x7f0000001000, 0x1000, "/a b/libjvm.so"},
		"7f0000000000-7f0000001000 rw-p 00000000 00:00 0\n":                           {},
		"7f0000000000-7f0000001000 rw-p 00000000 00:00 0 [heap]\n":                    {},
		"x-7f0000001000 rw-p 00000000 00:00 1 /a\n":                                   {},
		"": {},
	} {
		if got, found := parseMapping(line); found != (want.Path != "") || found && got != want {
			t.Errorf("%q: %+v", line, got)
		}
	}
	p := self(t)
	list, err := p.Mappings()
	if err != nil || len(list) == 0 || list[0].Path != p.ExecutablePath() {
		t.Fatalf("%+v, %v", list, err)
	}
	f, err := p.OpenMapping(list[0])
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
}
