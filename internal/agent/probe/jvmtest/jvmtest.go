// Package jvmtest runs real Java VMs for tests: as other users, with options, and
// in containers. Every VM ends with the test that started it, for its input
// ends then.
package jvmtest

import (
	"bufio"
	_ "embed"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"baize/internal/agent/probe/target"
)

//go:embed Idle.java
var idleSource []byte

//go:embed Agent.java
var agentSource []byte

//go:embed Shop.java
var shopSource []byte

//go:embed Relay.java
var relaySource []byte

// JDK is an installed Java.
type JDK struct {
	// Root is the root directory that it runs in: "" for the host's.
	Root string
	// Java is its launcher, within Root.
	Java string
}

// Name tells it from others.
func (j JDK) Name() string {
	return strings.NewReplacer("/usr/lib/jvm/", "", "/jre/bin/java", "", "/bin/java", "").Replace(j.Java)
}

// All are the Javas of this machine, and those of the root directories in
// $BAIZE_TEST_JDK_ROOTS (with colons between them), each once.
func All(t testing.TB) []JDK {
	t.Helper()
	var list []JDK
	var seen []string
	for _, root := range append([]string{""}, filepath.SplitList(os.Getenv("BAIZE_TEST_JDK_ROOTS"))...) {
		for _, pattern := range []string{"/usr/lib/jvm/*/bin/java", "/usr/lib/jvm/*/jre/bin/java"} {
			found, err := filepath.Glob(root + pattern)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range found {
				file, err := filepath.EvalSymlinks(path)
				if err != nil || slices.Contains(seen, file) {
					continue
				}
				seen = append(seen, file)
				list = append(list, JDK{Root: root, Java: strings.TrimPrefix(file, root)})
			}
		}
	}
	if len(list) == 0 {
		t.Fatal("no Java under /usr/lib/jvm")
	}
	return list
}

// One is a Java of this machine's own.
func One(t testing.TB) JDK { return All(t)[0] }

var classes = sync.OnceValues(compile)

// Classes is a directory that all users can read, with the classes Idle and
// Shop, and the agents agent.jar and relay.jar.
func Classes(t testing.TB) string {
	t.Helper()
	dir, err := classes()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// compiled is the directory of the classes, once there is one.
var compiled string

func compile() (string, error) {
	dir, err := os.MkdirTemp("", "jvmtest-")
	if err != nil {
		return "", err
	}
	compiled = dir
	err = os.Chmod(dir, 0o755)
	for name, text := range map[string][]byte{
		"Idle.java": idleSource, "Agent.java": agentSource, "Relay.java": relaySource, "Shop.java": shopSource,
		"agent.mf": []byte("Agent-Class: Agent\n"), "relay.mf": []byte("Agent-Class: Relay\n"),
	} {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
	for _, line := range []string{
		"javac --release 8 -Xlint:-options -d " + dir + " " + dir + "/Idle.java " + dir + "/Agent.java " + dir + "/Relay.java " + dir + "/Shop.java",
		"jar cfm " + dir + "/agent.jar " + dir + "/agent.mf -C " + dir + " Agent.class",
		"jar cfm " + dir + "/relay.jar " + dir + "/relay.mf -C " + dir + " Relay.class",
	} {
		if err != nil {
			break
		}
		words := strings.Fields(line)
		var output []byte
		if output, err = exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			err = errors.Join(err, errors.New(string(output)))
		}
	}
	return dir, err
}

// Probe is the path of the Java VM's probe as the build leaves it.
// $BAIZE_PROBE_JVM is another.
func Probe(t testing.TB) string {
	t.Helper()
	path := os.Getenv("BAIZE_PROBE_JVM")
	for dir := "."; path == "" && len(dir) < 32; dir = filepath.Join("..", dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			path = filepath.Join(dir, "bin", "baize-probe-jvm.jar")
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("the probe is not built (make build): %v", err)
	}
	return path
}

// Options of a VM.
type Options struct {
	JDK JDK
	// Flags are options of the VM.
	Flags []string
	// Program is the class with its arguments and options of the class path; nil is Idle.
	Program []string
	// UID and GID run it; 0 is root.
	UID, GID uint32
	// Env is its environment.
	Env []string
	// Container has it run in one; nil runs it on the host. A JDK with a root
	// directory always does.
	Container *Container
	// Ready is how the line begins that it prints when it is up; "" is Idle's.
	Ready string
}

// JVM is a running VM.
type JVM struct {
	*target.Process
	cmd *exec.Cmd

	mu     sync.Mutex
	output strings.Builder
}

// Start runs a VM, and waits until it is up. It ends with the test.
func Start(t testing.TB, o Options) *JVM {
	t.Helper()
	if o.JDK.Java == "" {
		o.JDK = One(t)
	}
	if o.JDK.Root != "" && o.Container == nil {
		o.Container = &Container{}
	}
	if o.Program == nil {
		o.Program = []string{"-cp", o.Dir(t), "Idle"}
	}
	if o.Ready == "" {
		o.Ready = "up"
	}
	words := slices.Concat([]string{o.JDK.Java, "-Xmx64m", "-XX:+UseSerialGC"}, o.Flags, o.Program)
	if o.Container != nil {
		cmd, pid := contained(t, &o, words)
		return run(t, cmd, pid, o.Ready)
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir, cmd.Env = "/", append(o.Env, "PATH=/usr/bin:/bin:/usr/sbin:/sbin")
	if o.UID != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: o.UID, Gid: o.GID}}
	}
	return run(t, cmd, func() uint32 { return uint32(cmd.Process.Pid) }, o.Ready)
}

// Dir is where the VM sees the classes.
func (o *Options) Dir(t testing.TB) string {
	if o.Container != nil || o.JDK.Root != "" {
		return "/classes"
	}
	return Classes(t)
}

func run(t testing.TB, cmd *exec.Cmd, pid func() uint32, ready string) *JVM {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	jvm := &JVM{cmd: cmd}
	up, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		jvm.read(stdout, ready, sync.OnceFunc(func() { close(up) }))
	}()
	t.Cleanup(func() { _ = stdin.Close(); jvm.kill(); <-ended; _ = cmd.Wait() })
	select {
	case <-up:
	case <-ended:
		t.Fatalf("%v ended: %s", cmd.Args, jvm.Output())
	case <-time.After(time.Minute):
		t.Fatalf("%v is not up: %s", cmd.Args, jvm.Output())
	}
	if jvm.Process, err = target.Open(pid(), 0); err != nil {
		t.Fatal(err)
	}
	return jvm
}

// kill ends the VM: in a container, the runtime ends with it.
func (j *JVM) kill() {
	if j.Process == nil {
		_ = j.cmd.Process.Kill()
		return
	}
	_ = syscall.Kill(int(j.PID), syscall.SIGKILL)
	j.Close()
}

func (j *JVM) read(from io.Reader, ready string, up func()) {
	for lines := bufio.NewScanner(from); lines.Scan(); {
		j.mu.Lock()
		j.output.WriteString(lines.Text() + "\n")
		j.mu.Unlock()
		if strings.HasPrefix(lines.Text(), ready) {
			up()
		}
	}
}

// Output is what it has printed so far.
func (j *JVM) Output() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.output.String()
}

// Await waits until it has printed a text.
func (j *JVM) Await(t testing.TB, text string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(j.Output(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%q is not in its output: %s", text, j.Output())
		}
	}
}

// End ends it and waits for that.
func (j *JVM) End() {
	_ = syscall.Kill(int(j.PID), syscall.SIGKILL)
	_, _ = j.cmd.Process.Wait()
}

// Clean removes what was compiled; for TestMain.
func Clean() {
	if compiled != "" {
		_ = os.RemoveAll(compiled)
	}
}
