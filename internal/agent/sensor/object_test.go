package sensor

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The committed objects are what the committed sources give.
func TestObjectsMatchSources(t *testing.T) {
	if _, err := exec.LookPath("clang"); err != nil {
		t.Skip("needs clang")
	}
	version, err := exec.Command("clang", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	// Another compiler gives other bytes from the same sources.
	if !bytes.Contains(version, []byte("clang version 14.")) {
		t.Skipf("needs clang 14, which made the objects; here is %s", bytes.SplitN(version, []byte("\n"), 2)[0])
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(".", "rebuild")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(filepath.Join(dir, "bpf"), os.DirFS("bpf")); err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "gen.go"), source, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("go", "generate", "./"+filepath.Join("internal/agent/sensor", dir))
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{
		"sensor_x86_bpfel.o", "sensor_x86_bpfel.go", "sensor_arm64_bpfel.o", "sensor_arm64_bpfel.go",
	} {
		sameFile(t, name, filepath.Join(dir, name))
	}
}

func sameFile(t *testing.T, committed, rebuilt string) {
	t.Helper()
	want, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(rebuilt)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from its sources; run go generate", committed)
	}
}
