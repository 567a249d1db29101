package hotspot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"baize/internal/agent/probe/jvmtest"
	"baize/internal/agent/probe/target"
)

// In namespaces of its own: of pids, mounts and users.
func TestContainers(t *testing.T) {
	for _, jdk := range jvmtest.All(t) {
		t.Run(jdk.Name(), func(t *testing.T) {
			for name, o := range map[string]jvmtest.Options{
				"root":           {Container: &jvmtest.Container{}},
				"a user":         {UID: nobody, GID: nobody, Container: &jvmtest.Container{}},
				"user namespace": {Container: &jvmtest.Container{UserNS: true}},
			} {
				if o.Container.UserNS && jdk.Root != "" {
					continue // its files would have to be that user's
				}
				o.JDK = jdk
				jvm := jvmtest.Start(t, o)
				if status, err := jvm.Status(); err != nil || status.NSPID != 1 {
					t.Errorf("%s: %+v, %v", name, status, err)
				}
				version(t, jvm)
				if err := Load(within(t), jvm.Process, "/classes/agent.jar", "hello"); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				jvm.Await(t, "agent hello\n")
			}
		})
	}
}

func TestNothingCanBeWrittenTo(t *testing.T) {
	jvm := jvmtest.Start(t, jvmtest.Options{Container: &jvmtest.Container{ReadOnly: true}})
	_, err := Execute(within(t), jvm.Process, "jcmd", "VM.version")
	expect(t, err, target.ReadOnly)
	if strings.Contains(jvm.Output(), "Full thread dump") {
		t.Errorf("it was sent the signal: %s", jvm.Output())
	}
}

// Two containers with one /tmp: both VMs are pid 1 and want the same name.
func TestContainersThatShareTmp(t *testing.T) {
	tmp := t.TempDir()
	if err := os.Chmod(tmp, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(tmp), 0o755); err != nil {
		t.Fatal(err)
	}
	shared := &jvmtest.Container{Tmp: tmp}
	one := jvmtest.Start(t, jvmtest.Options{Container: shared})
	other := jvmtest.Start(t, jvmtest.Options{Container: shared})
	version(t, one)
	_, err := Execute(within(t), other.Process, "jcmd", "VM.version")
	expect(t, err, target.Foreign)
	version(t, one)
	one.End()
	version(t, other) // what the first left is no obstacle
}
