package procfs

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var self = uint32(os.Getpid())

func TestStartIdentifiesAProcess(t *testing.T) {
	start, err := FS{}.Start(self)
	if err != nil || start == 0 {
		t.Fatalf("Start = %d, %v", start, err)
	}
	if !(FS{}).Is(self, start+TickNanos-1) {
		t.Error("a start time within the same tick is not recognised")
	}
	if (FS{}).Is(self, start+TickNanos) {
		t.Error("another start time is taken for the same process")
	}
}

func TestParseStartSurvivesAnyComm(t *testing.T) {
	stat := "7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 0 0"
	if start, err := parseStart([]byte(stat)); err != nil || start != 12345*TickNanos {
		t.Errorf("parseStart = %d, %v", start, err)
	}
	for _, bad := range []string{"", "7 (a", "7 (a) S 1", "7 (a) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 x"} {
		if _, err := parseStart([]byte(bad)); err == nil {
			t.Errorf("parseStart(%q) gave no error", bad)
		}
	}
}

func TestArgs(t *testing.T) {
	args, err := FS{}.Args(self)
	if err != nil || !slices.Equal(args, os.Args) {
		t.Fatalf("Args = %q, %v, want %q", args, err, os.Args)
	}
	if got := splitArgs([]byte("[kworker/14:1]\x00\x00\x00")); !slices.Equal(got, []string{"[kworker/14:1]"}) {
		t.Errorf("retitled: %q", got)
	}
	if got := splitArgs(nil); got != nil {
		t.Errorf("kernel thread: %q", got)
	}
}

func TestCgroups(t *testing.T) {
	got := parseCgroups("9:name=systemd:/a:b\n0::/x\nnonsense\n")
	want := []Cgroup{{"name=systemd", "/a:b"}, {"", "/x"}}
	if !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	if groups, err := (FS{}).Cgroups(self); err != nil || len(groups) == 0 {
		t.Fatalf("own cgroups: %v, %v", groups, err)
	}
}

func TestOpenInDoesNotLeaveTheRoot(t *testing.T) {
	proc := t.TempDir()
	root := filepath.Join(proc, "1", "root")
	if err := os.MkdirAll(filepath.Join(root, "etc"), 0o700); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "secret")
	for path, text := range map[string]string{outside: "outside", filepath.Join(root, "etc/inside"): "inside"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(root, "etc/absolute")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/inside", filepath.Join(root, "etc/link")); err != nil {
		t.Fatal(err)
	}
	fs := FS{Root: proc}
	for _, path := range []string{"/etc/absolute", "/../../../../../../.." + outside, "/etc"} {
		if f, err := fs.OpenIn(1, path); err == nil {
			f.Close()
			t.Errorf("OpenIn(%q) succeeded", path)
		}
	}
	f, err := fs.OpenIn(1, "/etc/link")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

func TestOpenNeverBlocks(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(fifo); !errors.Is(err, ErrNotRegular) {
		t.Fatalf("Open(fifo) = %v, want ErrNotRegular", err)
	}
}

func TestListenersAreThoseThatHoldAListeningSocket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	child := exec.CommandContext(t.Context(), "sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	other := uint32(child.Process.Pid)
	got := FS{}.Listeners([]uint32{self, other})
	if !got[self] || got[other] {
		t.Fatalf("Listeners = %v, want only %d", got, self)
	}
	pids, err := FS{}.PIDs()
	if err != nil || !slices.Contains(pids, self) || !slices.Contains(pids, other) {
		t.Fatalf("PIDs = %v, %v", pids, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1 (x) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 5 0 0")
	f.Add("  sl  local\n   0: 0100007F:1F90 00000000:0000 0A 0 0 0 0 0 77 1")
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = parseStart([]byte(text))
		_ = parseCgroups(text)
		_ = splitArgs([]byte(text))
		parseListening(strings.NewReader(text), map[string]bool{}, "")
	})
}
