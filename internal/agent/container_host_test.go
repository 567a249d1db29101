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

// waiting is a program that waits: it tries to enrol where nobody listens.
var waiting = "/baize-agent enrol --state /s --server 127.0.0.1:1 --token x." + strings.Repeat("00", 32)

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
	h.sh("docker run -d --rm --network none --label tier=front --label db=postgres://u:hunter22@db/x --name " + name + " " + image + " " + waiting)
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
	if l := start.Container.Labels; l["tier"] != "front" || l["db"] == "" || strings.Contains(l["db"], "hunter22") || ev.Container.Labels != nil {
		t.Errorf("labels at the start %v, later %v", l, ev.Container.Labels)
	}
	if h.digest(ev) == "" {
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
	t.Cleanup(func() {
		_ = exec.Command("ctr", "-n", "default", "task", "rm", "-f", name).Run()
		_ = exec.Command("ctr", "-n", "default", "container", "rm", name).Run()
	})
	h.sh("ctr -n default run -d --label tier=front --label io.kubernetes.pod.name=shop --label io.kubernetes.pod.namespace=prod --label io.kubernetes.pod.uid=u1 " + image + " " + name + " " + waiting)
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
	if c.Labels["tier"] != "front" || c.Pod == nil || *c.Pod != (event.Pod{Name: "shop", Namespace: "prod", UID: "u1"}) {
		t.Errorf("labels %v, pod %+v", c.Labels, c.Pod)
	}
	h.sh("ctr -n default task kill -s SIGKILL " + name)
	h.find("its end", func(ev *event.Event) bool { return ev.Kind == event.ContainerStop && ev.Container.Name == name })
}

// Podman has no daemon: what it knows is on disk.
func TestAContainerOfPodmanHasItsNameAndImage(t *testing.T) {
	podman := podmanIn(t)
	image, digest := podman.image()
	h := newHost(t)
	name := fmt.Sprintf("baize-agent-test-%d", os.Getpid())
	h.sh(podman.run + " run -d --rm --network none --ulimit nofile=512:512 --ulimit nproc=512:512 --name " + name + " " + image + " " + waiting)
	t.Cleanup(func() { podman.sh("rm -f -t 0 " + name) })
	ev := h.find("the exec in the container", executed("/baize-agent"))
	if ev.Container == nil || ev.Process.Context.Kind != event.ContextContainer {
		t.Fatalf("container %+v, context %+v", ev.Container, ev.Process.Context)
	}
	start := h.find("the start of the container", func(ev *event.Event) bool {
		return ev.Kind == event.ContainerStart && ev.Container.Name == name
	})
	c := start.Container
	if c.State != event.ContainerOK || c.Runtime != "podman" || c.ID != ev.Container.ID || *c.Image != (event.Name{Name: image, Digest: digest}) {
		t.Errorf("%+v, image %+v; want %s, %s", c, c.Image, image, digest)
	}
	podman.sh("kill " + name)
	h.find("its end", func(ev *event.Event) bool { return ev.Kind == event.ContainerStop && ev.Container.Name == name })
}

// CRI-O keeps its containers in the same store as Podman, with metadata and
// annotations of its own, and gives the OCI runtime a cgroup of its own naming.
func TestAContainerAsCRIOMakesItHasItsPod(t *testing.T) {
	podman := podmanIn(t)
	image, digest := podman.image()
	box := podman.asCRIO(image)
	h := newHost(t)
	h.sh("runc --root " + podman.dir + "/runc run -d --bundle " + box.bundle + " " + box.id + " < /dev/null > /dev/null 2>&1")
	t.Cleanup(func() { _ = exec.Command("runc", "--root", podman.dir+"/runc", "delete", "-f", box.id).Run() })
	start := h.find("the start of the container", func(ev *event.Event) bool {
		return ev.Kind == event.ContainerStart && ev.Container.ID == box.id
	})
	c := start.Container
	if c.State != event.ContainerOK || c.Runtime != "cri-o" || c.Name != "web" || *c.Image != (event.Name{Name: image, Digest: digest}) {
		t.Errorf("%+v, image %+v", c, c.Image)
	}
	if c.Pod == nil || *c.Pod != (event.Pod{Name: "shop", Namespace: "prod", UID: "u1"}) || c.Labels["tier"] != "front" {
		t.Errorf("pod %+v, labels %v", c.Pod, c.Labels)
	}
}
