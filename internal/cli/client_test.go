package cli

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAStrangersStateDirectoryIsNotTrusted(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: prepares a directory of another user")
	}
	t.Chdir(t.TempDir())
	t.Setenv("BAIZE_HOME", "")
	if err := os.MkdirAll(filepath.Dir(socket("var")), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(socket("var"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := connect(); err != nil {
		t.Errorf("the own one: %v", err)
	}
	if err := os.Chown("var", 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, err := connect(); err == nil {
		t.Error("a stranger's is trusted")
	}
	t.Setenv("BAIZE_HOME", "var")
	if _, err := connect(); err != nil {
		t.Errorf("named on purpose: %v", err)
	}
}
