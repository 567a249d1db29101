package jvmtest

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Container is what a VM in a container has of its own.
type Container struct {
	// ReadOnly says that nothing in it can be written to.
	ReadOnly bool
	// Tmp is a directory of the host that it has as /tmp; "" is one of its own.
	Tmp string
	// UserNS gives it a user namespace, in which its root is an ordinary user of
	// the host.
	UserNS bool
}

// mappedUID is the host's user that is root in a user namespace.
const mappedUID = 200_000

type dict = map[string]any

// contained makes the command that runs words in a container, by runc. The
// returned function waits for the pid of the first process in it.
func contained(t testing.TB, o *Options, words []string) (*exec.Cmd, func() uint32) {
	t.Helper()
	bundle, err := os.MkdirTemp("", "jvmtest-bundle-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(bundle) })
	random := make([]byte, 32) // runtimes name containers so
	_, _ = rand.Read(random)
	id := hex.EncodeToString(random)
	text, err := json.Marshal(o.config(t, bundle, id, words))
	if err == nil {
		err = os.WriteFile(bundle+"/config.json", text, 0o644)
	}
	if err == nil {
		err = os.Chmod(bundle, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	runc := []string{"--root", bundle + "/state"}
	pidFile := bundle + "/pid"
	cmd := exec.Command("runc", append(runc, "run", "--bundle", bundle, "--pid-file", pidFile, id)...)
	t.Cleanup(func() { _ = exec.Command("runc", append(runc, "delete", "--force", id)...).Run() })
	return cmd, func() uint32 { return awaitPID(t, pidFile) }
}

func awaitPID(t testing.TB, path string) uint32 {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if pid, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32); err == nil {
			return uint32(pid)
		}
	}
	t.Fatal("the container has no process")
	return 0
}

func (o *Options) config(t testing.TB, bundle, id string, words []string) dict {
	root := o.JDK.Root
	tmp := dict{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": []string{"mode=1777"}}
	if o.Container.Tmp != "" {
		tmp = dict{"destination": "/tmp", "type": "bind", "source": o.Container.Tmp, "options": []string{"rbind", "rw"}}
	}
	mounts := []dict{
		{"destination": "/proc", "type": "proc", "source": "proc"},
		{"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": []string{"mode=755"}},
		{"destination": "/classes", "type": "bind", "source": Classes(t), "options": []string{"rbind", "ro"}},
	}
	if o.Container.ReadOnly {
		mounts[1]["options"] = []string{"mode=755", "ro"}
	} else {
		mounts = append(mounts, tmp)
	}
	if root == "" {
		root = filepath.Join(bundle, "root")
		for _, dir := range []string{"tmp", "proc", "dev", "classes", "usr", "bin", "lib", "lib64", "etc"} {
			if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		// Where it is mounted over, runc keeps the mode.
		if err := os.Chmod(filepath.Join(root, "tmp"), 0o777|os.ModeSticky); err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{"/usr", "/bin", "/lib", "/lib64", "/etc"} {
			mounts = append(mounts, dict{"destination": dir, "type": "bind", "source": dir, "options": []string{"rbind", "ro"}})
		}
	}
	linux := dict{
		"cgroupsPath": "/libpod-" + id,
		"namespaces":  []dict{{"type": "pid"}, {"type": "mount"}, {"type": "uts"}, {"type": "ipc"}},
	}
	if o.Container.UserNS {
		linux["namespaces"] = append(linux["namespaces"].([]dict), dict{"type": "user"})
		mapping := []dict{{"containerID": 0, "hostID": mappedUID, "size": 65536}}
		linux["uidMappings"], linux["gidMappings"] = mapping, mapping
	}
	return dict{
		"ociVersion": "1.0.2", "hostname": "jvmtest", "mounts": mounts, "linux": linux,
		"root": dict{"path": root, "readonly": o.Container.ReadOnly},
		"process": dict{
			"user": dict{"uid": o.UID, "gid": o.GID}, "args": words, "cwd": "/",
			"env": append(o.Env, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"),
		},
	}
}
