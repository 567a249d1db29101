package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
)

func open(t *testing.T, dir string) *Vault {
	t.Helper()
	v, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWhatGoesInComesOut(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir)
	for _, size := range []int{0, 1, piece - 1, piece, piece + 1, 3*piece + 7, 4 * piece} {
		content := bytes.Repeat([]byte("evil"), size/4+1)[:size]
		n, sum, err := v.Put(t.Context(), "item", iotest.OneByteReader(bytes.NewReader(content)), int64(size))
		digest := sha256.Sum256(content)
		if err != nil || n != int64(size) || sum != hex.EncodeToString(digest[:]) {
			t.Fatalf("%d bytes: %d, %s, %v", size, n, sum, err)
		}
		sealed, err := os.ReadFile(filepath.Join(dir, "item"))
		if err != nil || bytes.Contains(sealed, []byte("evil")) || len(sealed) < size {
			t.Errorf("%d bytes are readable on disk: %v", size, err)
		}
		var out bytes.Buffer
		if err := open(t, dir).Get(t.Context(), "item", &out, sum); err != nil || !bytes.Equal(out.Bytes(), content) {
			t.Errorf("%d bytes came out as %d: %v", size, out.Len(), err)
		}
	}
	for name, want := range map[string]os.FileMode{"key": 0o600, "item": 0o600, ".": 0o700} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want && name != "." {
			t.Errorf("%s: %v", name, info.Mode())
		}
	}
	if err := v.Remove("item"); err != nil {
		t.Error(err)
	}
	if names, err := v.Names(); err != nil || len(names) != 0 {
		t.Errorf("%v, %v", names, err)
	}
}

// Pieces that were changed, exchanged, cut off or taken from another item do not
// come out.
func TestDamageIsFound(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir)
	content := bytes.Repeat([]byte("x"), 3*piece)
	_, sum, err := v.Put(t.Context(), "a", bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	const sealed = piece + 16
	exchanged := bytes.Clone(whole)
	copy(exchanged[saltSize:], whole[saltSize+sealed:saltSize+2*sealed])
	copy(exchanged[saltSize+sealed:], whole[saltSize:saltSize+sealed])
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for what, text := range map[string][]byte{
		"exchanged": exchanged, "flipped": flipped, "cut at a piece": whole[:saltSize+2*sealed], "cut": whole[:len(whole)-1],
		"longer": append(bytes.Clone(whole), 0), "empty": nil,
	} {
		if err := os.WriteFile(filepath.Join(dir, "a"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := v.Get(t.Context(), "a", io.Discard, sum); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "b"), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := v.Get(t.Context(), "b", io.Discard, sum); !errors.Is(err, ErrDamaged) {
		t.Errorf("under another name: %v", err)
	}
}

func TestWhatCannotBeKeptLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for what, put := range map[string]func() error{
		"too large": func() error { _, _, err := v.Put(t.Context(), "a", bytes.NewReader(nil), MaxFile+1); return err },
		"a broken reader": func() error {
			_, _, err := v.Put(t.Context(), "a", iotest.ErrReader(io.ErrNoProgress), 1)
			return err
		},
		"ended":  func() error { _, _, err := v.Put(ended, "a", bytes.NewReader(nil), 0); return err },
		"a path": func() error { _, _, err := v.Put(t.Context(), "../a", bytes.NewReader(nil), 0); return err },
		"a key":  func() error { _, _, err := v.Put(t.Context(), "key", bytes.NewReader(nil), 0); return err },
	} {
		if put() == nil {
			t.Errorf("%s was put in", what)
		}
	}
	if names, err := v.Names(); err != nil || len(names) != 0 {
		t.Errorf("%v are left, %v", names, err)
	}
	for _, name := range []string{"one", "two", "half.new"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Clear(map[string]bool{"one": true}); err != nil {
		t.Error(err)
	}
	if names, _ := v.Names(); len(names) != 1 || names[0] != "one" {
		t.Errorf("%v are left", names)
	}
	if err := os.Truncate(filepath.Join(dir, "one"), MaxTotal); err != nil { // no block of it is on disk
		t.Fatal(err)
	}
	if _, _, err := v.Put(t.Context(), "a", bytes.NewReader([]byte("x")), 1); !errors.Is(err, ErrQuota) {
		t.Errorf("over the quota: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil {
		t.Error("a short key is taken")
	}
}
