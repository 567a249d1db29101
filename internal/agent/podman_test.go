package agent_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// podman is an installation of the test's own.
type podman struct {
	t   *testing.T
	dir string
	// run is the command with its options.
	run string
}

// podmanIn has Podman keep everything in a directory. It and the agent find it by
// $CONTAINERS_STORAGE_CONF.
func podmanIn(t *testing.T) *podman {
	t.Helper()
	dir := short(t)
	if _, err := exec.LookPath("podman"); err != nil {
		t.Skip("needs podman")
	}
	config := filepath.Join(dir, "storage.conf")
	text := fmt.Sprintf("[storage]\ndriver = \"vfs\"\ngraphroot = %q\nrunroot = %q\n", dir+"/graph", dir+"/run")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONTAINERS_STORAGE_CONF", config)
	return &podman{t: t, dir: dir, run: "podman --runtime runc --cgroup-manager cgroupfs --tmpdir " + dir + "/tmp"}
}

func (p *podman) sh(command string) string {
	p.t.Helper()
	out, err := exec.Command("sh", "-c", p.run+" "+command).Output()
	if err != nil {
		p.t.Logf("%s: %v: %s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

// image makes an image of one static program, and returns its name and digest.
func (p *podman) image() (name, digest string) {
	p.t.Helper()
	program, err := binary()
	if err != nil {
		p.t.Fatal(err)
	}
	packed := filepath.Join(p.dir, "image.tar")
	content, err := os.ReadFile(program)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(packed, archive(p.t, map[string][]byte{filepath.Base(program): content}), 0o600); err != nil {
		p.t.Fatal(err)
	}
	name = "localhost/baize-agent-test:1"
	p.sh("import " + packed + " " + name)
	return name, p.sh("image inspect --format '{{.Digest}}' " + name)
}

// crioBox is a container as CRI-O would have made it.
type crioBox struct{ id, bundle string }

// asCRIO makes a container with Podman and then writes what differs with CRI-O:
// the metadata in the store that they share, and an OCI configuration with its
// annotations and cgroup. It does not run yet.
func (p *podman) asCRIO(image string) crioBox {
	p.t.Helper()
	id := p.sh("create --network none --name web " + image + " " + waiting)
	root := p.sh("mount " + id)
	list := p.dir + "/graph/vfs-containers/containers.json"
	var all []map[string]any
	p.change(list, &all, func() {
		for _, c := range all {
			if c["id"] == id {
				c["names"] = []string{"k8s_web_shop_prod_u1_0"}
				c["metadata"] = string(encoded(p.t, map[string]any{
					"pod-name": "k8s_shop_prod_u1_0", "pod-id": strings.Repeat("0e", 32), "image-name": image, "image-id": c["image"],
					"name": "k8s_web_shop_prod_u1_0", "metadata-name": "web", "created-at": 1, "attempt": 0,
				}))
			}
		}
	})
	labels := map[string]string{
		"io.kubernetes.container.name": "web", "io.kubernetes.pod.name": "shop", "io.kubernetes.pod.namespace": "prod",
		"io.kubernetes.pod.uid": "u1", "tier": "front",
	}
	bundle := p.dir + "/graph/vfs-containers/" + id + "/userdata"
	if out, err := exec.Command("runc", "spec", "--bundle", bundle).CombinedOutput(); err != nil {
		p.t.Fatalf("runc spec: %v: %s", err, out)
	}
	var config map[string]any
	p.change(bundle+"/config.json", &config, func() {
		annotations := map[string]string{
			"io.container.manager": "cri-o", "io.kubernetes.cri-o.ContainerType": "container",
			"io.kubernetes.cri-o.Labels": string(encoded(p.t, labels)),
		}
		maps.Copy(annotations, labels)
		config["annotations"] = annotations
		config["root"] = map[string]any{"path": root, "readonly": false}
		process := config["process"].(map[string]any)
		process["terminal"], process["args"] = false, strings.Fields(waiting)
		config["linux"].(map[string]any)["cgroupsPath"] = "/kubepods/burstable/podu1/crio-" + id
	})
	return crioBox{id, bundle}
}

// change edits a file of JSON.
func (p *podman) change(file string, v any, edit func()) {
	p.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		p.t.Fatal(err)
	}
	edit()
	if err := os.WriteFile(file, encoded(p.t, v), 0o600); err != nil {
		p.t.Fatal(err)
	}
}
