package container

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"baize/internal/event"
)

// store writes what containers/storage keeps of one container, the OCI
// configuration with annotations.
func store(t *testing.T, metadata string, annotations map[string]string) string {
	t.Helper()
	root := t.TempDir()
	put := func(path string, v any) {
		t.Helper()
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	image := strings.Repeat("1b", 32)
	put("overlay-containers/containers.json", []map[string]any{{"id": strings.Repeat("0c", 32), "metadata": "{}"}, {"id": id, "image": image, "metadata": metadata}})
	put("overlay-images/images.json", []map[string]any{{"id": image, "digest": "sha256:44"}})
	put("overlay-containers/"+id+"/userdata/config.json", map[string]any{"annotations": annotations})
	return root
}

func TestStorageOfCRIO(t *testing.T) {
	root := store(t, `{"pod-name":"k8s_shop_default_u1_0","pod-id":"99","image-name":"quay.io/shop/web:7","name":"k8s_web_shop_default_u1_0","metadata-name":"web"}`, map[string]string{
		"io.container.manager":        "cri-o",
		"io.kubernetes.cri-o.Labels":  `{"io.kubernetes.container.name":"web","io.kubernetes.pod.name":"shop","io.kubernetes.pod.namespace":"default","io.kubernetes.pod.uid":"u1","tier":"front"}`,
		"io.kubernetes.pod.name":      "shop",
		"io.kubernetes.pod.namespace": "default",
		"io.kubernetes.pod.uid":       "u1",
	})
	found, _ := fromPath("/kubepods.slice/kubepods-podu1.slice/crio-" + id + ".scope")
	box := ask(t, Sockets{Storage: []string{root}}, found)
	if box.State != event.ContainerOK || box.Runtime != CRIO || box.Name != "web" || *box.Image != (event.Name{Name: "quay.io/shop/web:7", Digest: "sha256:44"}) {
		t.Errorf("%+v, image %+v", box, box.Image)
	}
	if box.Pod == nil || *box.Pod != (event.Pod{Name: "shop", Namespace: "default", UID: "u1"}) || box.Labels["tier"] != "front" {
		t.Errorf("pod %+v, labels %v", box.Pod, box.Labels)
	}
}

func TestStorageThatIsDamaged(t *testing.T) {
	root := store(t, "{", nil)
	s := &storage{root}
	if box, err := s.inspect(t.Context(), id); err == nil {
		t.Errorf("malformed metadata gave %+v", box)
	}
	if _, err := s.inspect(t.Context(), "../"+id); !errors.Is(err, ErrUnknown) {
		t.Errorf("a path for an id: %v", err)
	}
	if _, err := s.inspect(t.Context(), strings.Repeat("0d", 32)); !errors.Is(err, ErrUnknown) {
		t.Errorf("another id: %v", err)
	}
	if _, err := (&storage{t.TempDir()}).inspect(t.Context(), id); !errors.Is(err, ErrUnknown) {
		t.Errorf("an empty store: %v", err)
	}
}

func TestStorageRoot(t *testing.T) {
	config := filepath.Join(t.TempDir(), "storage.conf")
	for text, want := range map[string]string{
		"[storage]\ndriver = \"vfs\"\ngraphroot = \"/srv/c\"\n": "/srv/c",
		"# graphroot = \"/srv/c\"\n":                            defaultStorage,
		"graphroot = \"relative\"\n":                            defaultStorage,
	} {
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := storageRoot(config); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := storageRoot(config + ".none"); got != defaultStorage {
		t.Errorf("without a file: %s", got)
	}
}

func TestLabelsAreBounded(t *testing.T) {
	labels := map[string]string{}
	for i := range 2 * maxLabels {
		labels["l"+strconv.Itoa(i)+strings.Repeat("x", maxLabel)] = strings.Repeat("é", maxLabel)
	}
	kept := bounded(labels)
	if len(kept) != maxLabels {
		t.Errorf("%d labels", len(kept))
	}
	for name, value := range kept {
		if len(name) > maxLabel || len(value) > maxLabel || strings.Contains(value, "\ufffd") {
			t.Errorf("%d, %d bytes", len(name), len(value))
		}
	}
	if bounded(nil) != nil || podOf(map[string]string{"a": "b"}) != nil {
		t.Error("something of nothing")
	}
}
