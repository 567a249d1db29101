package app

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestRedactionKeysStayAndDifferByOrganisation(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	keys, err := redactionKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := redactionKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(keys("a"), again("a")) || bytes.Equal(keys("a"), keys("b")) || len(keys("a")) != 32 {
		t.Errorf("a %x and %x, b %x", keys("a"), again("a"), keys("b"))
	}
	file := filepath.Join(dir, "redaction.key")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.WriteFile(file, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := redactionKeys(dir); err == nil {
		t.Error("a key of five letters was taken")
	}
}
