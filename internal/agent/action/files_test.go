package action

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// asked gives a command with arguments and the next counter.
func (h *host) asked(t *testing.T, action string, arguments map[string]string) *baizev1.CommandResult {
	t.Helper()
	return h.Obey(context.Background(), h.envelope(t, action, arguments))
}

func (h *host) envelope(t *testing.T, action string, arguments map[string]string) *baizev1.Envelope {
	t.Helper()
	c := command(h.counter + 1)
	c.Action, c.Arguments = action, arguments
	return sign(t, key, c)
}

func (h *host) stat(t *testing.T, arguments map[string]string) response.Stat {
	t.Helper()
	result := h.asked(t, response.ActionStat, arguments)
	var found response.Stat
	if err := json.Unmarshal([]byte(result.GetDetail()), &found); err != nil || result.GetState() != Done {
		t.Fatalf("%v: %s", err, result)
	}
	return found
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func keyOf(t *testing.T, path string) event.FileKey {
	t.Helper()
	var s unix.Stat_t
	if err := unix.Lstat(path, &s); err != nil {
		t.Fatal(err)
	}
	return event.FileKey{Host: "h1", Device: event.MakeDevice(unix.Major(s.Dev), unix.Minor(s.Dev)), Inode: s.Ino}
}

func TestStat(t *testing.T) {
	h, dir := start(t, t.TempDir()), t.TempDir()
	path := filepath.Join(dir, "trojan")
	write(t, path, "evil")
	when := time.Unix(1_700_000_000, 5).UTC()
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
	inode := keyOf(t, path)
	found := h.stat(t, map[string]string{"path": path, "inode": inode.String()})
	if !found.Exists || found.Same == nil || !*found.Same || found.Size != 4 || found.Mode != "0640" || !found.Modified.Equal(when) || found.Type != "" {
		t.Errorf("%+v", found)
	}
	if found.Hash == nil || *found.Hash != (event.Hash{State: event.HashOK, SHA256: digestOf("evil")}) || found.Inode.Inode != inode.Inode {
		t.Errorf("%+v, hash %+v", found, found.Hash)
	}
	if again := h.stat(t, map[string]string{"path": path, "inode": found.Inode.String()}); !*again.Same {
		t.Errorf("it is not the file that it was: %s, %s", found.Inode, again.Inode)
	}
	other := inode
	other.Inode++
	if found = h.stat(t, map[string]string{"path": path, "inode": other.String()}); *found.Same {
		t.Error("another file is taken for the one meant")
	}
	if found = h.stat(t, map[string]string{"path": path}); found.Same != nil {
		t.Error("same as which?")
	}
	for _, gone := range []string{path + "x", path + "/x"} {
		if found = h.stat(t, map[string]string{"path": gone, "inode": inode.String()}); found.Exists || found.Same == nil || *found.Same {
			t.Errorf("%s: %+v", gone, found)
		}
	}
}

// None of these is opened: a pipe would block, a device act, a link lead away.
func TestStatOpensRegularFilesOnly(t *testing.T) {
	h, dir := start(t, t.TempDir()), t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", link); err != nil {
		t.Fatal(err)
	}
	for path, kind := range map[string]string{pipe: "pipe", link: "symlink", dir: "dir", "/dev/null": "device"} {
		if found := h.stat(t, map[string]string{"path": path}); !found.Exists || found.Type != kind || found.Hash != nil {
			t.Errorf("%s: %+v", path, found)
		}
		if kind == "device" {
			continue
		}
		if result := h.allowed(t).asked(t, response.ActionCollect, map[string]string{"what": "file", "path": path}); result.GetState() != Failed || !strings.Contains(result.GetDetail(), "not a regular file") {
			t.Errorf("collected %s: %s", path, result)
		}
	}
}

func TestWhereToLookMustBeClear(t *testing.T) {
	h := start(t, t.TempDir())
	for want, arguments := range map[string]map[string]string{
		"want an absolute one": {"path": "etc/passwd"},
		"malformed key":        {"path": "/etc/passwd", "inode": "7"},
		"another host's":       {"path": "/etc/passwd", "inode": "h2/8:1/7/0"},
		"no process of":        {"path": "/etc/passwd", "container": strings.Repeat("ab", 32)},
	} {
		result := h.asked(t, response.ActionStat, arguments)
		if result.GetState() != Failed || !strings.Contains(result.GetDetail(), want) {
			t.Errorf("%v: %s", arguments, result)
		}
	}
}

// A container's path is looked up in its root, and no link leads out of it.
func TestStatInAContainer(t *testing.T) {
	h, proc := start(t, t.TempDir()), t.TempDir()
	h.options.Proc = procfs.FS{Root: proc}
	id := strings.Repeat("ab", 32)
	for pid, cgroup := range map[string]string{"20": "/", "100": "/docker/" + id, "30": "/docker/" + strings.Repeat("cd", 32)} {
		write(t, filepath.Join(proc, pid, "cgroup"), "0::"+cgroup+"\n")
		write(t, filepath.Join(proc, pid, "root/srv/who"), pid)
	}
	if err := os.Symlink(proc+"/20/root", filepath.Join(proc, "100/root/out")); err != nil {
		t.Fatal(err)
	}
	found := h.stat(t, map[string]string{"path": "/srv/who", "container": id})
	if found.Hash == nil || found.Hash.SHA256 != digestOf("100") {
		t.Errorf("%+v", found)
	}
	if found = h.stat(t, map[string]string{"path": "/out/srv/who", "container": id}); found.Exists {
		t.Errorf("a link led out: %+v", found)
	}
	h.options.Covers = func(pid uint32) bool { return pid == 20 }
	if found = h.stat(t, map[string]string{"path": "/srv/who"}); found.Hash == nil || found.Hash.SHA256 != digestOf("20") {
		t.Errorf("within the scope: %+v", found)
	}
	if result := h.asked(t, response.ActionStat, map[string]string{"path": "/srv/who", "container": id}); result.GetState() != Failed {
		t.Errorf("outside of the scope: %s", result)
	}
}

// Who has ended and was not waited for is in the list of processes, and has no root.
func TestTheDeadHaveNoRoot(t *testing.T) {
	h := start(t, t.TempDir())
	dead, alive := exec.Command("true"), exec.Command("sleep", "60")
	for _, c := range []*exec.Cmd{dead, alive} {
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = c.Process.Kill()
			_ = c.Wait()
		})
	}
	if err := unix.Waitid(unix.P_PID, dead.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	h.options.Covers = func(pid uint32) bool { return int(pid) == dead.Process.Pid || int(pid) == alive.Process.Pid }
	path := filepath.Join(t.TempDir(), "trojan")
	write(t, path, "evil")
	if found := h.stat(t, map[string]string{"path": path}); !found.Exists {
		t.Errorf("%+v", found)
	}
}

// allowed lets the host collect.
func (h *host) allowed(t *testing.T) *host {
	t.Helper()
	if err := os.WriteFile(filepath.Join(h.options.Dir, PolicyFile), []byte("allow: [observe, collect]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *host) collected(t *testing.T, arguments map[string]string) response.Collected {
	t.Helper()
	result := h.asked(t, response.ActionCollect, arguments)
	var found response.Collected
	if err := json.Unmarshal([]byte(result.GetDetail()), &found); err != nil || result.GetState() != Done {
		t.Fatalf("%v: %s", err, result)
	}
	if h.kind != response.KindEvidence || h.name != result.GetId() || digestOf(string(h.sent)) != found.SHA256 || int64(len(h.sent)) != found.Size {
		t.Errorf("sent %d bytes as %s %s: %+v", len(h.sent), h.kind, h.name, found)
	}
	left, err := filepath.Glob(filepath.Join(h.options.Dir, "evidence-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return found
}

func TestTheOwnersPolicyHasTheLastWord(t *testing.T) {
	h := start(t, t.TempDir())
	h.expect(t, h.envelope(t, response.ActionCollect, map[string]string{"what": "file", "path": "/etc/hostname"}), Refused, `does not allow actions of class "collect"`)
	if h.sent != nil {
		t.Error("and it was sent")
	}
}

func TestCollectAFile(t *testing.T) {
	h := start(t, t.TempDir()).allowed(t)
	path := filepath.Join(t.TempDir(), "trojan")
	write(t, path, "evil")
	inode := keyOf(t, path)
	found := h.collected(t, map[string]string{"what": "file", "path": path, "inode": inode.String(), "sha256": digestOf("evil")})
	if string(h.sent) != "evil" || found.Path != path || found.Inode.Inode != inode.Inode || found.Mode != "0640" || found.Modified.IsZero() {
		t.Errorf("%q: %+v", h.sent, found)
	}
	h.sent = nil
	other := inode
	other.Inode++
	large := filepath.Join(t.TempDir(), "large")
	write(t, large, "")
	if err := os.Truncate(large, response.MaxEvidence+1); err != nil {
		t.Fatal(err)
	}
	for want, arguments := range map[string]map[string]string{
		"not the file that is meant":                     {"what": "file", "path": path, "inode": other.String()},
		"content is not the one":                         {"what": "file", "path": path, "sha256": digestOf("good")},
		"no such file":                                   {"what": "file", "path": path + "x"},
		"nothing that can be collected":                  {"what": "memory", "path": path},
		fmt.Sprint("larger than ", response.MaxEvidence): {"what": "file", "path": large},
	} {
		if result := h.asked(t, response.ActionCollect, arguments); result.GetState() != Failed || !strings.Contains(result.GetDetail(), want) {
			t.Errorf("%v: %s", arguments, result)
		}
	}
	if h.sent != nil {
		t.Error("something was sent")
	}
	h.upload = func(context.Context) error { return io.ErrShortWrite }
	if result := h.asked(t, response.ActionCollect, map[string]string{"what": "file", "path": path}); result.GetState() != Failed || !strings.Contains(result.GetDetail(), "send: short write") {
		t.Errorf("not delivered: %s", result)
	}
}

// sleeper runs a copy of sleep under a name and returns its key.
func sleeper(t *testing.T, path string, env ...string) event.ProcessKey {
	t.Helper()
	image, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, image, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "300")
	cmd.Env = env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	started, err := procfs.FS{}.Start(uint32(cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return event.ProcessKey{Host: "h1", Boot: "b1", PID: uint32(cmd.Process.Pid), Start: started}
}

func TestCollectAnImageThatIsDeleted(t *testing.T) {
	h := start(t, t.TempDir()).allowed(t)
	path := filepath.Join(t.TempDir(), "trojan")
	process := sleeper(t, path)
	inode := keyOf(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	found := h.collected(t, map[string]string{"what": "image", "process": process.String(), "inode": inode.String()})
	image, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(h.sent, image) || found.Path != path+" (deleted)" {
		t.Errorf("%d bytes, %+v", len(h.sent), found)
	}
	later := process
	later.Start += 1e9
	for want, key := range map[string]event.ProcessKey{"does not run any more": later, "another host or boot": {Host: "h1", Boot: "b0", PID: process.PID, Start: process.Start}, "no process is named": {}} {
		if result := h.asked(t, response.ActionCollect, map[string]string{"what": "image", "process": key.String()}); result.GetState() != Failed || !strings.Contains(result.GetDetail(), want) {
			t.Errorf("%s: %s", key, result)
		}
	}
	h.options.Covers = func(uint32) bool { return false }
	if result := h.asked(t, response.ActionCollect, map[string]string{"what": "image", "process": process.String()}); result.GetState() != Failed || !strings.Contains(result.GetDetail(), "scope") {
		t.Errorf("outside of the scope: %s", result)
	}
}

func TestCollectAProcess(t *testing.T) {
	h := start(t, t.TempDir()).allowed(t)
	path := filepath.Join(t.TempDir(), "trojan")
	process := sleeper(t, path, "DB_PASSWORD=Tr0ub4dor3", "LD_PRELOAD=/tmp/x.so", "odd")
	found := h.collected(t, map[string]string{"what": "process", "process": process.String()})
	var facts processFacts
	if err := json.Unmarshal(h.sent, &facts); err != nil {
		t.Fatal(err)
	}
	if found.Path != path || facts.Process != process || facts.Executable != path || !slices.Equal(facts.Args, []string{path, "300"}) {
		t.Errorf("%+v, %+v", found, facts)
	}
	if strings.Contains(string(h.sent), "Tr0ub4dor3") || facts.Redacted != 1 || !slices.Contains(facts.Environment, "LD_PRELOAD=/tmp/x.so") || !slices.Contains(facts.Environment, "odd") {
		t.Errorf("environment %v, %d redacted", facts.Environment, facts.Redacted)
	}
	if !slices.ContainsFunc(facts.Maps, func(line string) bool { return strings.HasSuffix(line, path) }) {
		t.Errorf("%d lines of maps do not name the image", len(facts.Maps))
	}
}

// While something is sent, other commands are obeyed; what waits is bounded.
func TestCollectingKeepsNothingWaiting(t *testing.T) {
	h := start(t, t.TempDir()).allowed(t)
	begun, finish := make(chan struct{}, 1), make(chan struct{})
	h.upload = func(context.Context) error { begun <- struct{}{}; <-finish; return nil }
	results := make(chan *baizev1.CommandResult, maxSlow)
	file := map[string]string{"what": "file", "path": "/etc/hostname"}
	for range maxSlow {
		accepted := h.Accept(h.envelope(t, response.ActionCollect, file))
		if !accepted.Slow {
			t.Fatal("collecting is not slow")
		}
		go func() { results <- accepted.Do(context.Background()) }()
	}
	<-begun
	if result := h.asked(t, response.ActionPing, nil); result.GetState() != Done {
		t.Errorf("ping: %s", result)
	}
	if result := h.asked(t, response.ActionCollect, file); result.GetState() != Refused || !strings.Contains(result.GetDetail(), "are waiting") {
		t.Errorf("one too many: %s", result)
	}
	go func() {
		for range maxSlow - 1 {
			<-begun
		}
	}()
	close(finish)
	for range maxSlow {
		if result := <-results; result.GetState() != Done {
			t.Errorf("%s", result)
		}
	}
	go func() { <-begun }()
	if result := h.asked(t, response.ActionCollect, file); result.GetState() != Done {
		t.Errorf("afterwards: %s", result)
	}
}

// A file system that does not answer holds up its own kind alone, and nobody who
// waits for the end.
func TestWhatHangsIsLeftBehind(t *testing.T) {
	h := start(t, t.TempDir()).allowed(t)
	begun, hangs := make(chan struct{}, 2), make(chan struct{})
	h.upload = func(context.Context) error { begun <- struct{}{}; <-hangs; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	file := map[string]string{"what": "file", "path": "/etc/hostname"}
	results := make(chan *baizev1.CommandResult, 1)
	accepted := h.Accept(h.envelope(t, response.ActionCollect, file))
	go func() { results <- accepted.Do(ctx) }()
	<-begun
	if found := h.stat(t, map[string]string{"path": "/etc/hostname"}); !found.Exists {
		t.Errorf("%+v", found)
	}
	cancel()
	select {
	case r := <-results:
		if r.GetState() != Failed || !strings.Contains(r.GetDetail(), "has not ended") {
			t.Errorf("%s", r)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it is waited for")
	}
	close(hangs)
	if r := h.asked(t, response.ActionCollect, file); r.GetState() != Done {
		t.Errorf("afterwards: %s", r)
	}
}
