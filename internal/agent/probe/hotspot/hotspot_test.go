package hotspot

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"baize/internal/agent/probe/jvmtest"
	"baize/internal/agent/probe/target"
)

func TestMain(m *testing.M) {
	code := m.Run()
	jvmtest.Clean()
	os.Exit(code)
}

// nobody is the user that most VMs here run as.
const nobody = 65534

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func version(t *testing.T, jvm *jvmtest.JVM) string {
	t.Helper()
	answer, err := Execute(within(t), jvm.Process, "jcmd", "VM.version")
	if err != nil || answer.Code != 0 {
		t.Fatalf("%v: %+v", err, answer)
	}
	return answer.Text
}

func expect(t *testing.T, err error, reason target.Reason) {
	t.Helper()
	var failure *target.Error
	if !errors.As(err, &failure) || failure.Reason != reason {
		t.Errorf("%v, want %s", err, reason)
	}
}

func inspect(t *testing.T, jvm *jvmtest.JVM) *VM {
	t.Helper()
	mappings, err := jvm.Mappings()
	if err != nil {
		t.Fatal(err)
	}
	mapped, found := Library(mappings)
	if !found {
		t.Fatal("no library")
	}
	vm, err := Inspect(jvm.Process, mapped)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

// Each Java there is, as a user of its own: asleep, awake, an agent loaded, one
// that fails, none.
func TestAttach(t *testing.T) {
	for _, jdk := range jvmtest.All(t) {
		t.Run(jdk.Name(), func(t *testing.T) {
			o := jvmtest.Options{JDK: jdk, UID: nobody, GID: nobody}
			jvm := jvmtest.Start(t, o)
			vm := inspect(t, jvm)
			if vm.Feature < 8 || vm.AttachDisabled() || vm.SignalsReduced() || vm.LoadingDisabled() {
				t.Errorf("%+v", vm)
			}
			if text := version(t, jvm); !strings.Contains(text, "JDK "+strconv.Itoa(vm.Feature)+".") {
				t.Errorf("release %d (%s) says %q", vm.Feature, vm.Version, text)
			}
			version(t, jvm)
			jar := o.Dir(t) + "/agent.jar"
			if err := Load(within(t), jvm.Process, jar, "hello"); err != nil {
				t.Error(err)
			}
			jvm.Await(t, "agent hello\n")
			expect(t, Load(within(t), jvm.Process, jar, "fail"), target.LoadFailed)
			expect(t, Load(within(t), jvm.Process, "/nonexistent.jar", ""), target.LoadFailed)
			if strings.Contains(jvm.Output(), "Full thread dump") {
				t.Errorf("it printed its threads: %s", jvm.Output())
			}
			if left, _ := filepath.Glob("/.attach_pid*"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// jattach is another implementation of the protocol.
func TestTheSameAsJattach(t *testing.T) {
	jvm := jvmtest.Start(t, jvmtest.Options{UID: nobody, GID: nobody})
	output, err := exec.Command("jattach", strconv.Itoa(int(jvm.PID)), "jcmd", "VM.version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if ours := version(t, jvm); !strings.Contains(string(output), strings.TrimSpace(ours)) {
		t.Errorf("jattach says %q, ours %q", output, ours)
	}
	jar := jvmtest.Classes(t) + "/agent.jar"
	if output, err = exec.Command("jattach", strconv.Itoa(int(jvm.PID)), "load", "instrument", "false", jar+"=theirs").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
	if err := Load(within(t), jvm.Process, jar, "ours"); err != nil {
		t.Error(err)
	}
	jvm.Await(t, "agent ours\n")
	jvm.Await(t, "agent theirs\n")
}

// Arguments that version 1 cannot carry, on releases that know version 2 and
// others.
func TestLongArguments(t *testing.T) {
	long := strings.Repeat("x", 3000)
	for _, jdk := range jvmtest.All(t) {
		t.Run(jdk.Name(), func(t *testing.T) {
			o := jvmtest.Options{JDK: jdk, UID: nobody, GID: nobody}
			jvm := jvmtest.Start(t, o)
			err := Load(within(t), jvm.Process, o.Dir(t)+"/agent.jar", long)
			if inspect(t, jvm).Feature < 24 {
				expect(t, err, target.Argument)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			jvm.Await(t, "agent "+long+"\n")
		})
	}
	jvm := jvmtest.Start(t, jvmtest.Options{})
	_, err := Execute(within(t), jvm.Process, "jcmd", strings.Repeat("x", maxLong))
	expect(t, err, target.Argument)
	_, err = Execute(within(t), jvm.Process, "jcmd", "a\x00b")
	expect(t, err, target.Argument)
}

func TestOptionsThatKeepAgentsOut(t *testing.T) {
	files := t.TempDir()
	if err := os.WriteFile(files+"/options", []byte("-XX:+DisableAttachMechanism\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]jvmtest.Options{
		"command line": {Flags: []string{"-XX:+DisableAttachMechanism"}},
		"file":         {Flags: []string{"@" + files + "/options"}},
		"environment":  {Env: []string{"JAVA_TOOL_OPTIONS=-XX:+DisableAttachMechanism"}},
	} {
		jvm := jvmtest.Start(t, o)
		if !inspect(t, jvm).AttachDisabled() {
			t.Errorf("%s: it is not seen", name)
		}
		_, err := Execute(within(t), jvm.Process, "jcmd", "VM.version")
		expect(t, err, target.AttachDisabled)
		if strings.Contains(jvm.Output(), "Full thread dump") {
			t.Errorf("%s: it was sent the signal: %s", name, jvm.Output())
		}
	}
	jvm := jvmtest.Start(t, jvmtest.Options{Flags: []string{"-XX:-EnableDynamicAgentLoading"}})
	if !inspect(t, jvm).LoadingDisabled() {
		t.Error("it is not seen that it loads no agents")
	}
	version(t, jvm)
	expect(t, Load(within(t), jvm.Process, jvmtest.Classes(t)+"/agent.jar", ""), target.LoadingDisabled)
}

// With -Xrs the VM would be ended by the signal; it listens from the beginning.
func TestReducedSignals(t *testing.T) {
	jvm := jvmtest.Start(t, jvmtest.Options{Flags: []string{"-Xrs"}})
	if !inspect(t, jvm).SignalsReduced() {
		t.Error("it is not seen")
	}
	version(t, jvm)
	if err := os.Remove("/tmp/.java_pid" + strconv.Itoa(int(jvm.PID))); err != nil {
		t.Fatal(err)
	}
	_, err := Execute(within(t), jvm.Process, "jcmd", "VM.version")
	expect(t, err, target.SignalsReduced)
	if err := jvm.Alive(); err != nil {
		t.Error(err)
	}
}

// A socket that an earlier VM left is no obstacle, nor one that a cleaner of
// /tmp removed.
func TestStaleAndRemovedSockets(t *testing.T) {
	jvm := jvmtest.Start(t, jvmtest.Options{UID: nobody, GID: nobody})
	path := "/tmp/.java_pid" + strconv.Itoa(int(jvm.PID))
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Close(fd)
	version(t, jvm)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	version(t, jvm)
}

// Where /tmp is shared, another process may listen at a VM's name.
func TestAnothersSocketIsNotUsed(t *testing.T) {
	jvm := jvmtest.Start(t, jvmtest.Options{})
	path := "/tmp/.java_pid" + strconv.Itoa(int(jvm.PID))
	other := exec.Command("python3", "-c", "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\nprint('up',flush=True)\nc=s.accept()[0]\nprint(c.recv(99),flush=True)\nsys.stdin.read()", path)
	input, _ := other.StdinPipe()
	output, _ := other.StdoutPipe()
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = input.Close(); _ = other.Process.Kill(); _ = other.Wait(); _ = os.Remove(path) }()
	lines := bufio.NewReader(output)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_, err := Execute(within(t), jvm.Process, "jcmd", "VM.version")
	expect(t, err, target.Foreign)
	if said, err := lines.ReadString('\n'); err != nil || said != "b''\n" {
		t.Errorf("it was told %q, %v", said, err)
	}
	// And a link is not followed.
	_ = os.Remove(path)
	if err := os.Symlink("/run/elsewhere", path); err != nil {
		t.Fatal(err)
	}
	_, err = Execute(within(t), jvm.Process, "jcmd", "VM.version")
	expect(t, err, target.Foreign)
}

func TestOthersThanVMs(t *testing.T) {
	sleep := exec.Command("sleep", "60")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sleep.Process.Kill(); _ = sleep.Wait() }()
	p, err := target.Open(uint32(sleep.Process.Pid), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	_, err = Execute(within(t), p, "jcmd", "VM.version")
	expect(t, err, target.NoRuntime)
	if err := p.Alive(); err != nil {
		t.Error(err)
	}
}

// The library is mapped, and no VM handles the signal: it would end the process.
func TestASignalThatIsNotCaughtIsNotSent(t *testing.T) {
	libraries, err := filepath.Glob("/usr/lib/jvm/*/lib/server/libjvm.so")
	if err != nil || len(libraries) == 0 {
		t.Fatal(libraries, err)
	}
	loader := exec.Command("python3", "-c", "import ctypes,sys\nctypes.CDLL(sys.argv[1])\nprint('up',flush=True)\nsys.stdin.read()", libraries[0])
	input, _ := loader.StdinPipe()
	output, _ := loader.StdoutPipe()
	if err := loader.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = input.Close(); _ = loader.Process.Kill(); _ = loader.Wait() }()
	if _, err := bufio.NewReader(output).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	p, err := target.Open(uint32(loader.Process.Pid), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	_, err = Execute(within(t), p, "jcmd", "VM.version")
	expect(t, err, target.TooYoung)
	expect(t, p.Signal(syscall.SIGQUIT), target.NotCaught)
	if err := p.Alive(); err != nil {
		t.Error(err)
	}
}

func TestGone(t *testing.T) {
	jvm := jvmtest.Start(t, jvmtest.Options{})
	jvm.End()
	_, err := Execute(within(t), jvm.Process, "jcmd", "VM.version")
	expect(t, err, target.Gone)
	_, err = target.Open(jvm.PID, jvm.Start)
	expect(t, err, target.Gone)
	_, err = target.Open(uint32(os.Getpid()), 10_000_000)
	expect(t, err, target.Gone)
}

// A VM that is stopped comes to no safepoint.
func TestSilence(t *testing.T) {
	jvm := jvmtest.Start(t, jvmtest.Options{})
	version(t, jvm)
	stop(t, jvm)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := Execute(ctx, jvm.Process, "jcmd", "VM.version")
	expect(t, err, target.Silent)
	asleep := jvmtest.Start(t, jvmtest.Options{})
	stop(t, asleep)
	ctx, cancel = context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err = Execute(ctx, asleep.Process, "jcmd", "VM.version")
	expect(t, err, target.Silent)
}

func stop(t *testing.T, jvm *jvmtest.JVM) {
	t.Helper()
	if err := syscall.Kill(int(jvm.PID), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(int(jvm.PID), syscall.SIGCONT) })
}

func TestAnswers(t *testing.T) {
	for text, want := range map[string]target.Reason{
		"0\n0\n": "", "0\nreturn code: 0\n": "", "0\n": target.LoadFailed,
		"0\nreturn code: 100\n": target.LoadFailed, "0\n102\n": target.LoadFailed, "100\nmodule java.instrument\n": target.NoInstrument,
		"0\nDynamic agent loading is not enabled. Use…\n": target.LoadingDisabled, "101\n": target.LoadFailed, "": target.Protocol, "x\ny": target.Protocol,
	} {
		answer, err := parse([]byte(text))
		if err == nil {
			err = loaded(answer)
		}
		if want == "" && err != nil {
			t.Errorf("%q: %v", text, err)
		} else if want != "" {
			expect(t, err, want)
		}
	}
}
