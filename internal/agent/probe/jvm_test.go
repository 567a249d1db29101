package probe

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"baize/internal/agent/probe/hotspot"
	"baize/internal/agent/probe/jvmtest"
	"baize/internal/event"
	"baize/internal/response"
)

// The real probe, in each Java there is, in a container: attached, active, a
// call seen with its stack, detached, and all of it once more.
func TestTheProbeItself(t *testing.T) {
	file := jvmtest.Probe(t)
	for _, jdk := range jvmtest.All(t) {
		t.Run(jdk.Name(), func(t *testing.T) {
			w := newWorld(t, t.TempDir())
			w.options.Files[hotspot.Name] = file
			shop := jvmtest.Start(t, jvmtest.Options{JDK: jdk, UID: nobody, GID: nobody, Container: &jvmtest.Container{}, Program: []string{"-cp", "/classes", "Shop"}})
			for round := range 2 {
				watch(t, w, shop, fmt.Sprintf("/etc/absent-%d", round))
			}
		})
	}
}

func watch(t *testing.T, w *world, shop *jvmtest.JVM, path string) {
	t.Helper()
	probe, err := w.Attach(context.Background(), shop.PID, shop.Start)
	if err != nil || probe.State != response.ProbeActive {
		t.Fatalf("%v: %+v: %s", err, probe, shop.Output())
	}
	for _, h := range probe.Hooks {
		if h.Name == "file.open" && h.State != "live" || h.State == hookDead {
			t.Errorf("hook %+v", h)
		}
	}
	get(t, shop, path)
	call := w.await("call", func(ev *event.Event) bool {
		return ev.Kind == event.ProbeCall && ev.File != nil && ev.File.Path == path
	})
	top := call.Stack.Top()
	if top == nil || top.Class != "Shop" || top.Method != "read" || top.Line == 0 || call.Probe.Hook != "file.open" {
		t.Errorf("%+v: %+v", call.Probe, top)
	}
	if probe, err = w.Detach(context.Background(), shop.PID, "by a test"); err != nil || probe.State != response.ProbeDetached {
		t.Fatalf("%v: %+v", err, probe)
	}
	get(t, shop, path)
	root := "/proc/" + strconv.Itoa(int(shop.PID)) + "/root/tmp"
	if files := left(t, root); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// The real probe waits for an agent that went away, and goes on with the next.
func TestTheProbeItselfOutlivesTheAgent(t *testing.T) {
	dir, file := t.TempDir(), jvmtest.Probe(t)
	shop := jvmtest.Start(t, jvmtest.Options{UID: nobody, GID: nobody, Program: []string{"-cp", jvmtest.Classes(t), "Shop"}})
	first := newWorld(t, dir)
	first.options.Files[hotspot.Name] = file
	if _, err := first.Attach(context.Background(), shop.PID, shop.Start); err != nil {
		t.Fatal(err)
	}
	first.Close()
	get(t, shop, "/etc/absent-meanwhile")
	second := newWorld(t, dir)
	second.recover()
	second.await("return", func(ev *event.Event) bool {
		return ev.Kind == event.ProbeState && ev.Probe.State == response.ProbeActive
	})
	second.await("call", func(ev *event.Event) bool {
		return ev.Kind == event.ProbeCall && ev.File != nil && ev.File.Path == "/etc/absent-meanwhile"
	})
	if probe, err := second.Detach(context.Background(), shop.PID, ""); err != nil || probe.State != response.ProbeDetached {
		t.Errorf("%v: %+v", err, probe)
	}
	if files := left(t, "/tmp"); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// get asks the shop for a file that is not there.
func get(t *testing.T, shop *jvmtest.JVM, path string) {
	t.Helper()
	_, rest, _ := strings.Cut(shop.Output(), "up ")
	port, _, _ := strings.Cut(rest, "\n")
	answer, err := http.Get("http://127.0.0.1:" + port + "/download?" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusNotFound {
		t.Errorf("status %d, %v", answer.StatusCode, err)
	}
}

// A probe that is another than what the agent put there is not spoken with.
func TestAnotherProbesHash(t *testing.T) {
	i := &instance{manager: newWorld(t, t.TempDir()).Manager, token: "t", sum: "aa", seen: map[string]bool{}}
	hello := hello("t").GetHello()
	hello.ProbeHash = "bb"
	if err := i.greet(hello); err == nil || !strings.Contains(err.Error(), "another content") {
		t.Errorf("%v", err)
	}
	hello.ProbeHash = "aa"
	if err := i.greet(hello); err != nil {
		t.Error(err)
	}
}

// What lies beside the program and is copied must be the same.
func TestACopyIsCompared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.jar")
	if err := os.WriteFile(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := readJar(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	process := jvmtest.Start(t, jvmtest.Options{})
	if _, _, err := choose(process.Process, false, file); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("%v", err)
	}
	if files := left(t, "/tmp"); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}
