package agent_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// startDocker runs an engine of the test's own. The client and the agent find it
// by $DOCKER_HOST.
func startDocker(t *testing.T) {
	t.Helper()
	dir := short(t)
	t.Setenv("DOCKER_HOST", "unix://"+dir+"/docker.sock")
	daemon(t, []string{"docker", "version"}, "dockerd", "--host", "unix://"+dir+"/docker.sock",
		"--data-root", dir+"/data", "--exec-root", dir+"/run", "--pidfile", dir+"/pid",
		"--bridge", "none", "--iptables=false", "--ip6tables=false", "--storage-driver", "vfs")
}

// startContainerd runs a containerd of the test's own, to be found by
// $CONTAINERD_ADDRESS.
func startContainerd(t *testing.T) {
	t.Helper()
	dir := short(t)
	config := filepath.Join(dir, "config.toml")
	text := "version = 2\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONTAINERD_ADDRESS", dir+"/c.sock")
	daemon(t, []string{"ctr", "version"}, "containerd", "--config", config,
		"--root", dir+"/root", "--state", dir+"/state", "--address", dir+"/c.sock")
}

// short is a directory whose name leaves room for that of a socket.
func short(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: runs containers")
	}
	dir, err := os.MkdirTemp("", "baize")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// An engine mounts its data on itself where the root is not shared.
		_ = syscall.Unmount(filepath.Join(dir, "data"), syscall.MNT_DETACH)
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// daemon runs a program until the test ends and waits until ready succeeds.
func daemon(t *testing.T, ready []string, name string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("needs %s", name)
	}
	var log bytes.Buffer
	c := exec.Command(path, args...)
	c.Stdout, c.Stderr = &log, &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-ended:
			t.Logf("%s ended: %v", name, err)
		case <-time.After(30 * time.Second):
			_ = c.Process.Kill()
			t.Errorf("%s does not end: %v", name, <-ended)
		}
	})
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		out, err := exec.Command(ready[0], ready[1:]...).CombinedOutput()
		if err == nil {
			return
		}
		if len(ended) > 0 || time.Now().After(deadline) {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
	}
}

// descriptor is one of the OCI image specification.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// imageArchive writes an OCI archive of one program, and returns the digest of
// the image's manifest.
func imageArchive(t *testing.T, path, name, program string) string {
	t.Helper()
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`)}
	add := func(kind string, blob []byte) descriptor {
		sum := sha256.Sum256(blob)
		digest := hex.EncodeToString(sum[:])
		files["blobs/sha256/"+digest] = blob
		return descriptor{MediaType: "application/vnd.oci.image." + kind, Digest: "sha256:" + digest, Size: len(blob)}
	}
	layer := add("layer.v1.tar", archive(t, map[string][]byte{filepath.Base(program): content}))
	config := add("config.v1+json", encoded(t, map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "config": map[string]any{},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{layer.Digest}},
	}))
	manifest := add("manifest.v1+json", encoded(t, map[string]any{
		"schemaVersion": 2, "config": config, "layers": []descriptor{layer},
	}))
	manifest.Annotations = map[string]string{"io.containerd.image.name": name}
	files["index.json"] = encoded(t, map[string]any{"schemaVersion": 2, "manifests": []descriptor{manifest}})
	if err := os.WriteFile(path, archive(t, files), 0o600); err != nil {
		t.Fatal(err)
	}
	return manifest.Digest
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func archive(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for name, content := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(fmt.Errorf("end the archive: %w", err))
	}
	return out.Bytes()
}
