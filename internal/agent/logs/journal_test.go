package logs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"baize/internal/event"
)

// journald is a real one, in a mount namespace of its own.
type journald struct {
	t   *testing.T
	pid int
	dir string
}

// journaldScript gives the daemon directories of its own before it runs.
const journaldScript = `mount --make-rprivate / && mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal /run/log/journal && exec "$0"`

func startJournald(t *testing.T) *journald {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: a mount namespace of its own")
	}
	var daemon string
	for _, path := range []string{"/lib/systemd/systemd-journald", "/usr/lib/systemd/systemd-journald"} {
		if _, err := os.Stat(path); err == nil {
			daemon = path
		}
	}
	if daemon == "" {
		t.Skip("systemd-journald is not installed")
	}
	cmd := exec.Command("sh", "-c", journaldScript, daemon)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	j := &journald{t: t, pid: cmd.Process.Pid, dir: fmt.Sprintf("/proc/%d/root/run/log/journal", cmd.Process.Pid)}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	j.until("the journal", func() bool { return len(journalNames(j.dir)) > 0 })
	return j
}

func (j *journald) until(what string, holds func() bool) {
	j.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			j.t.Fatalf("%s did not come", what)
		}
	}
}

// log writes a line as any program may, as the user of a number.
func (j *journald) log(uid int, tag, message string) {
	j.t.Helper()
	cmd := exec.Command("nsenter", "-t", fmt.Sprint(j.pid), "-m", "setpriv", "--reuid", fmt.Sprint(uid), "--clear-groups",
		"logger", "--size", "8192", "--socket", "/run/systemd/journal/dev-log", "-p", "auth.info", "-t", tag, message)
	if out, err := cmd.CombinedOutput(); err != nil {
		j.t.Fatalf("logger: %v: %s", err, out)
	}
}

// rotate makes the journal put its files away.
func (j *journald) rotate() {
	j.t.Helper()
	before := len(journalNames(j.dir))
	if err := syscall.Kill(j.pid, syscall.SIGUSR2); err != nil {
		j.t.Fatal(err)
	}
	j.until("the rotation", func() bool { return len(journalNames(j.dir)) > before })
}

// config reads that journal alone.
func (j *journald) config() Config {
	off := false
	return Config{Defaults: &off, JournalDirs: []string{j.dir}}
}

// of are the events of lines with a tag.
func (r *run) of(tag string) []*event.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*event.Event
	for _, item := range r.items {
		if item.Event != nil && item.Event.Log.Syslog.AppName == tag {
			all = append(all, item.Event)
		}
	}
	return all
}

func (r *run) journalBegun() {
	r.t.Helper()
	r.until("the start of the journal", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return slices.ContainsFunc(r.items, func(i Item) bool { return strings.HasPrefix(i.Log, journalLog("")) })
	})
}

func TestTheJournalKnowsWhoWrote(t *testing.T) {
	j := startJournald(t)
	r := start(t, j.config(), nil)
	r.journalBegun()
	const text = "Accepted password for root from 203.0.113.9 port 50022 ssh2"
	j.log(0, "sshd", text)
	j.log(65534, "sshd", text)
	r.until("both lines", func() bool { return len(r.of("sshd")) >= 2 })
	own, forged := r.of("sshd")[0], r.of("sshd")[1]
	if own.Kind != event.LoginSuccess || own.Access.User.Name != "root" || own.Log.Sender.User.ID != 0 || own.Log.Syslog.Facility.Name != "auth" {
		t.Errorf("sshd's own line: %+v, %+v", own, own.Log)
	}
	if forged.Kind != event.LogLine || forged.Access != nil || forged.Log.Sender.User.ID != 65534 {
		t.Errorf("a line in sshd's name: %+v, %+v", forged, forged.Log.Sender)
	}
	if age := time.Since(own.Time); age < 0 || age > patience {
		t.Errorf("its time is %s ago", age)
	}
}

// TestTheJournalOverRotationsAndRestarts writes lines while the journal is
// rotated and the reader stopped: each comes once, in order.
func TestTheJournalOverRotationsAndRestarts(t *testing.T) {
	j := startJournald(t)
	r := start(t, j.config(), nil)
	r.journalBegun()
	var want, got []string
	write := func(n int) {
		for range n {
			want = append(want, fmt.Sprintf("line %d %s", len(want), strings.Repeat("compressible ", 100*(len(want)%3))))
			j.log(0, "app", strings.TrimSpace(want[len(want)-1]))
			want[len(want)-1] = strings.TrimSpace(want[len(want)-1])
		}
	}
	restart := func(while func()) {
		defer func() { lost, _ := r.said(event.CoverageLost); t.Logf("said of losses: %q", lost) }()
		r.until("all lines", func() bool { return len(got)+len(r.of("app")) >= len(want) })
		marks := r.end()
		for _, ev := range r.of("app") {
			got = append(got, ev.Message)
		}
		while()
		r = start(t, j.config(), marks)
	}
	write(4)
	j.rotate()
	write(3)
	restart(func() { write(3) })
	restart(func() { write(2); j.rotate(); write(2); j.rotate(); write(1) })
	j.rotate()
	j.rotate()
	write(2)
	restart(func() {})
	r.end()
	for _, ev := range r.of("app") {
		got = append(got, ev.Message)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%d lines, want %d\n%.2000q", len(got), len(want), got)
	}
	if reasons, _ := r.said(event.CoverageLost); reasons != nil {
		t.Errorf("lost: %q", reasons)
	}
}

func TestWhatIsNoJournalIsRefused(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"empty": "", "short": journalMagic, "other": strings.Repeat("x", 300),
		"flags": journalMagic + "\x00\x00\x00\x00\xff\xff\xff\xff" + strings.Repeat("\x00", 300),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openJournalFile(path, 0); err == nil {
			t.Errorf("%s was opened", name)
		}
	}
}

// FuzzJournalFile reads anything: it must end, and hold little.
func FuzzJournalFile(f *testing.F) {
	head := make([]byte, headerSize)
	copy(head, journalMagic)
	head[88], head[176] = headerSize, headerSize
	array := append([]byte{objectEntryArray, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 24)...)
	array[24] = headerSize + 40
	entry := append([]byte{objectEntry, 0, 0, 0, 0, 0, 0, 0, 80}, make([]byte, 71)...)
	entry[64], entry[65] = (headerSize+120)&0xff, (headerSize+120)>>8
	data := append([]byte{objectData, 0, 0, 0, 0, 0, 0, 0, 73}, make([]byte, 55)...)
	f.Add(slices.Concat(head, array, entry, data, []byte("MESSAGE=x")))
	f.Add(head)
	f.Fuzz(func(t *testing.T, text []byte) {
		j, err := newJournalFile(bytes.NewReader(text), 1)
		if err != nil {
			return
		}
		for range 100 {
			e, err := j.step()
			if err != nil {
				return
			}
			for _, value := range e.fields {
				if len(value) > maxData {
					t.Fatalf("a field of %d bytes", len(value))
				}
			}
		}
	})
}

func TestLZ4(t *testing.T) {
	size := func(n byte) string { return string([]byte{n, 0, 0, 0, 0, 0, 0, 0}) }
	for name, c := range map[string]struct{ in, want string }{
		"literals":  {size(5) + "\x50hello", "hello"},
		"match":     {size(11) + "\x32abc\x03\x00\x20!!", "abcabcabc!!"},
		"overlap":   {size(8) + "\x13a\x01\x00", "aaaaaaaa"},
		"long":      {size(20) + "\xf0\x05" + strings.Repeat("y", 20), strings.Repeat("y", 20)},
		"long back": {size(25) + "\x1fa\x01\x00\x05", strings.Repeat("a", 25)},
	} {
		if out, err := unpackLZ4([]byte(c.in)); string(out) != c.want || err != nil {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	for name, in := range map[string]string{
		"nothing": "", "back before the start": size(9) + "\x11a\x05\x00", "literals missing": size(9) + "\x50he", "no distance": size(9) + "\x11a\x00\x00",
		"length open": size(90) + "\xf0\xff",
	} {
		if _, err := unpackLZ4([]byte(in)); !errors.Is(err, errUnpacked) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzLZ4(f *testing.F) {
	f.Add([]byte("\x0b\x00\x00\x00\x00\x00\x00\x00\x32abc\x03\x00\x20!!"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if out, _ := unpackLZ4(in); len(out) > maxData {
			t.Fatalf("%d bytes", len(out))
		}
	})
}
