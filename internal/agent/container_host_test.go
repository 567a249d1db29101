package agent_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"baize/internal/event"
)

// importImage makes an image of one static program.
func importImage(t *testing.T) (image, id string) {
	t.Helper()
	startDocker(t)
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	image = fmt.Sprintf("baize-agent-test/static:%d", os.Getpid())
	script := fmt.Sprintf("tar -C %s -c %s | docker import - %s", filepath.Dir(program), filepath.Base(program), image)
	out, err := exec.Command("sh", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
	t.Cleanup(func() { _ = exec.Command("docker", "rmi", "-f", image).Run() })
	return image, strings.TrimSpace(string(out))
}

func TestAContainerHasItsNameAndImage(t *testing.T) {
	image, digest := importImage(t)
	h := newHost(t)
	name := fmt.Sprintf("baize-agent-test-%d", os.Getpid())
	// A program that waits: it tries to enrol where nobody listens.
	token := "x." + strings.Repeat("00", 32)
	h.sh("docker run -d --rm --network none --name " + name + " " + image + " /baize-agent enrol --state /s --server 127.0.0.1:1 --token " + token)
	t.Cleanup(func() { _ = exec.Command("docker", "rm", "-f", name).Run() })
	ev := h.find("the exec in the container", executed("/baize-agent"))
	if ev.Container == nil || ev.Container.ID == "" || ev.Process.Context.Kind != event.ContextContainer || ev.Process.Agent {
		t.Fatalf("container %+v, context %+v", ev.Container, ev.Process.Context)
	}
	start := h.find("the start of the container", func(ev *event.Event) bool {
		return ev.Kind == event.ContainerStart && ev.Container.Name == name
	})
	if c := start.Container; c.State != event.ContainerOK || c.Image.Name != image || c.Image.Digest != digest || c.ID != ev.Container.ID {
		t.Errorf("%+v, image %+v; want %s, %s", c, c.Image, image, digest)
	}
	if ev.Process.Hash == nil || ev.Process.Hash.SHA256 == "" {
		t.Errorf("digest %+v", ev.Process.Hash)
	}
	h.sh("docker kill " + name)
	h.find("its end", func(ev *event.Event) bool { return ev.Kind == event.ContainerStop && ev.Container.Name == name })
	h.find("the runtime's stage in the container, through a mount that is nowhere", func(ev *event.Event) bool {
		return ev.Kind == event.ProcessExec && ev.Process.Exe.Detached && path.Base(ev.Process.Executable) == "runc"
	})
	if above := ev.Process.Parent; above == nil || !path.IsAbs(above.Executable) || above.Executable == "/" {
		t.Errorf("the container's first process is a child of %+v", above)
	}
}

// containerd keeps images by the digest of their manifest. Its own client names
// containers freely.
func TestAContainerOfContainerdHasItsNameAndImage(t *testing.T) {
	startContainerd(t)
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	image, name := "docker.io/baize/agent-test:1", fmt.Sprintf("baize-agent-test-%d", os.Getpid())
	packed := filepath.Join(t.TempDir(), "image.tar")
	digest := imageArchive(t, packed, image, program)
	h := newHost(t)
	h.sh("ctr -n default images import " + packed)
	token := "x." + strings.Repeat("00", 32)
	t.Cleanup(func() {
		_ = exec.Command("ctr", "-n", "default", "task", "rm", "-f", name).Run()
		_ = exec.Command("ctr", "-n", "default", "container", "rm", name).Run()
	})
	h.sh("ctr -n default run -d " + image + " " + name + " /baize-agent enrol --state /s --server 127.0.0.1:1 --token " + token)
	ev := h.find("the exec in the container", executed("/baize-agent"))
	if ev.Container == nil || ev.Container.ID != name || ev.Process.Context.Kind != event.ContextContainer {
		t.Fatalf("container %+v, context %+v", ev.Container, ev.Process.Context)
	}
	start := h.find("the start of the container", func(ev *event.Event) bool {
		return ev.Kind == event.ContainerStart && ev.Container.ID == name
	})
	c := start.Container
	if c.State != event.ContainerOK || c.Name != name || c.Runtime != "containerd" || *c.Image != (event.Name{Name: image, Digest: digest}) {
		t.Errorf("%+v, image %+v; want %s, %s", c, c.Image, image, digest)
	}
	h.sh("ctr -n default task kill -s SIGKILL " + name)
	h.find("its end", func(ev *event.Event) bool { return ev.Kind == event.ContainerStop && ev.Container.Name == name })
}
