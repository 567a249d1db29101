package agent_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"baize/internal/event"
)

// importImage makes an image of one static program.
func importImage(t *testing.T) (image, id string) {
	t.Helper()
	if out, err := exec.Command("docker", "version").CombinedOutput(); err != nil {
		t.Skipf("needs a Docker engine: %v: %s", err, firstLine(out))
	}
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

func firstLine(out []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
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
}
