package agent_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"baize/internal/event"
)

// yard is a part of this machine with a journal, /etc, /run and /dev/log of its
// own, in which daemons and tools log for real.
type yard struct {
	h   *host
	pid int
	dir string
}

const yardScript = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal /run/dev/pts /run/sshd /run/sudo /run/lock
cp -a /dev/null /dev/zero /dev/random /dev/urandom /dev/tty /dev/ptmx /run/dev/
ln -s /run/systemd/journal/dev-log /run/dev/log
ln -s /proc/self/fd /run/dev/fd
mount --bind /dev/pts /run/dev/pts
mount --rbind /run/dev /dev
cp -a /etc /run/etc
mount --bind /run/etc /etc
exec /lib/systemd/systemd-journald`

// newYard makes a yard, and h's agent read its journal.
func newYard(t *testing.T, needs ...string) (*host, *yard) {
	t.Helper()
	for _, path := range append(needs, "/lib/systemd/systemd-journald", "/usr/bin/nsenter") {
		if _, err := os.Stat(path); err != nil {
			t.Skipf("%s is not installed", path)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("needs root: a mount namespace of its own")
	}
	cmd := exec.Command("sh", "-c", yardScript)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	y := &yard{pid: cmd.Process.Pid, dir: fmt.Sprintf("/proc/%d/root/run/log/journal", cmd.Process.Pid)}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if names, _ := filepath.Glob(y.dir + "/*/*.journal"); len(names) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no journal within 30 s")
		}
	}
	h := newHostAt(t, filepath.Join(t.TempDir(), "agent"), "defaults: false\njournal_directories: ["+y.dir+"]\n")
	y.h = h
	begun := line("baize-begin", "x")
	h.eventually("the journal is followed", func() bool { // what is older than that is passed over
		y.say("baize-begin", "x")
		time.Sleep(200 * time.Millisecond)
		return slices.ContainsFunc(h.gateway.Events(), begun)
	})
	return h, y
}

// in runs a command in the yard.
func (y *yard) in(args ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{"-t", strconv.Itoa(y.pid), "-m", "--"}, args...)...)
}

// say writes a line with a tag, as a shell of root's would.
func (y *yard) say(tag, message string) {
	y.h.t.Helper()
	if out, err := y.in("logger", "-t", tag, message).CombinedOutput(); err != nil {
		y.h.t.Fatalf("logger: %v: %s", err, out)
	}
}

// line matches a line of a program.
func line(tag, message string) func(*event.Event) bool {
	return func(ev *event.Event) bool {
		return ev.Log != nil && ev.Log.Syslog != nil && ev.Log.Syslog.AppName == tag && ev.Message == message
	}
}

// TestLogins lets people in, and turns them away, by the real programs.
func TestLogins(t *testing.T) {
	h, y := newYard(t, "/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/sudo", "/usr/sbin/useradd")
	port := y.sshd()
	ssh := func(user, key string) {
		args := []string{"ssh", "-p", port, "-i", key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-F", "/dev/null", user + "@127.0.0.1", "true"}
		_ = exec.Command(args[0], args[1:]...).Run()
	}
	ssh("root", filepath.Join(h.state, "own"))
	ssh("root", filepath.Join(h.state, "strange"))
	in := h.find("the login", func(ev *event.Event) bool { return ev.Kind == event.LoginSuccess })
	if a := in.Access; a.User.Name != "root" || a.Method != "publickey" || !strings.HasPrefix(a.Fingerprint, "SHA256:") || in.Source.IP.String() != "127.0.0.1" || in.Source.Port == 0 {
		t.Errorf("login %+v from %+v", a, in.Source)
	}
	if p := in.Process; p == nil || !strings.Contains(p.Executable, "sshd") || p.Key.IsZero() || in.Log.Service != "sshd" || in.Log.Sender == nil || in.Log.Sender.User.Name != "root" {
		t.Errorf("its process is %+v, of %+v", p, in.Log)
	}
	h.find("the refusal", func(ev *event.Event) bool { return ev.Kind == event.LoginFailure && ev.Access.User.Name == "root" })
	ssh("nobody-here", filepath.Join(h.state, "own"))
	h.find("the unknown user", func(ev *event.Event) bool {
		return ev.Access != nil && ev.Access.UnknownUser && ev.Access.User.Name == "nobody-here"
	})

	_ = y.in("sudo", "-u", "nobody", "true").Run()
	sudo := h.find("sudo", func(ev *event.Event) bool { return ev.Kind == event.LoginElevate && ev.Access.Service == "sudo" })
	if a := sudo.Access; a.By.Name != "root" || a.User.Name != "nobody" || !strings.HasSuffix(a.Command, "true") || a.Outcome != event.OutcomeSuccess {
		t.Errorf("sudo %+v", a)
	}
	// Another caller: the kernel names him as the writer of sudo's line.
	const allow = `echo 'nobody ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/test && chmod 440 /etc/sudoers.d/test && exec setpriv --reuid 65534 --regid 65534 --clear-groups sudo -n true`
	if out, err := y.in("sh", "-c", allow).CombinedOutput(); err != nil {
		t.Fatalf("sudo: %v: %s", err, out)
	}
	lent := h.find("sudo by another", func(ev *event.Event) bool { return ev.Kind == event.LoginElevate && ev.Access.By.Name == "nobody" })
	if lent.Access.User.Name != "root" || lent.Access.Outcome != event.OutcomeSuccess {
		t.Errorf("sudo by another %+v, written by %+v", lent.Access, lent.Log.Sender)
	}
	t.Logf("sudo's line for another is written by %+v", lent.Log.Sender.User)
	out := h.find("the logout", func(ev *event.Event) bool { return ev.Kind == event.LoginLogout })
	if a := out.Access; a.User.Name != "root" || a.Service != "sshd" || out.Process == nil || !strings.Contains(out.Process.Executable, "sshd") {
		t.Errorf("logout %+v of %+v", a, out.Process)
	}
	if out, err := y.in("su", "-s", "/bin/true", "nobody").CombinedOutput(); err != nil {
		t.Fatalf("su: %v: %s", err, out)
	}
	su := h.find("su", func(ev *event.Event) bool { return ev.Kind == event.LoginElevate && ev.Access.Service == "su" })
	if su.Access.User.Name != "nobody" || su.Process == nil || filepath.Base(su.Process.Executable) != "su" {
		t.Errorf("su: %+v by %+v", su.Access, su.Process)
	}
	if out, err := y.in("useradd", "-o", "-u", "0", "-M", "toor-test").CombinedOutput(); err != nil {
		t.Fatalf("useradd: %v: %s", err, out)
	}
	added := h.find("the account", func(ev *event.Event) bool { return ev.Change != nil && ev.Change.Account != nil }).Change
	if added.Action != event.AccountCreate || added.Account.Name != "toor-test" || added.Account.ID == nil || *added.Account.ID != 0 {
		t.Errorf("account %+v", added)
	}
	h.find("complete lines", func(ev *event.Event) bool {
		return ev.Coverage != nil && ev.Coverage.Class == event.ClassLog && ev.Coverage.State == event.CoverageComplete
	})
}

// sshd starts a daemon of the yard's own on loopback; it ends with the test.
func (y *yard) sshd() (port string) {
	t := y.h.t
	t.Helper()
	for _, key := range []string{"host", "own", "strange"} {
		y.h.sh("ssh-keygen -q -t ed25519 -N '' -f " + filepath.Join(y.h.state, key))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	_ = listener.Close()
	daemon := y.in("/usr/sbin/sshd", "-D", "-f", "/dev/null", "-p", port,
		"-o", "ListenAddress=127.0.0.1", "-o", "HostKey="+filepath.Join(y.h.state, "host"), "-o", "AuthorizedKeysFile="+filepath.Join(y.h.state, "own.pub"),
		"-o", "StrictModes=no", "-o", "UsePAM=yes", "-o", "PermitRootLogin=yes", "-o", "LogLevel=VERBOSE", "-o", "PidFile=none")
	daemon.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = daemon.Process.Kill(); _ = daemon.Wait() })
	y.h.eventually("sshd listens", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return port
}

// TestLinesComeOnceOverAKill writes numbered lines while the agent is killed
// and started again: none is missing, none comes twice.
func TestLinesComeOnceOverAKill(t *testing.T) {
	h, y := newYard(t)
	written := 0
	burst := func() {
		for range 5 {
			y.say("numbered", fmt.Sprint("number ", written))
			written++
		}
	}
	for range 2 {
		burst()
		if err := h.process.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = h.process.Wait()
		burst()
		h.start()
	}
	burst()
	h.find("the last line", line("numbered", fmt.Sprint("number ", written-1)))
	times := map[string]int{}
	for _, ev := range h.gateway.Events() {
		if ev.Log != nil && ev.Log.Syslog != nil && ev.Log.Syslog.AppName == "numbered" {
			times[ev.Message]++
		}
	}
	for i := range written {
		if n := times[fmt.Sprint("number ", i)]; n != 1 {
			t.Errorf("line %d came %d times", i, n)
		}
	}
}
