package guest

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Each entry is found again where the format says, up to the trailer.
func TestCpio(t *testing.T) {
	var c cpio
	c.add("dir", modeDirectory|0o755, nil)
	c.add("dir/file", modeRegular|0o600, []byte("seven b"))
	rest := c.end()
	for _, want := range []struct {
		name, content string
		mode          uint32
	}{{"dir", "", modeDirectory | 0o755}, {"dir/file", "seven b", modeRegular | 0o600}, {"TRAILER!!!", "", 0}} {
		field := func(n int) int {
			v, err := strconv.ParseUint(string(rest[6+8*n:14+8*n]), 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			return int(v)
		}
		padded := func(n int) int { return (n + 3) &^ 3 }
		mode, size, name := field(1), field(6), field(11)
		body := rest[padded(110+name):]
		if string(rest[:6]) != "070701" || string(rest[110:110+name]) != want.name+"\x00" || mode != int(want.mode) || string(body[:size]) != want.content {
			t.Errorf("%s: %q", want.name, rest)
		}
		rest = body[padded(size):]
	}
	if len(rest) != 0 {
		t.Errorf("%q is left", rest)
	}
}

func TestParseDependencies(t *testing.T) {
	for info, want := range map[string][]string{
		"license=GPL\x00depends=virtio,virtio-ring\x00retpoline=Y\x00": {"virtio", "virtio_ring"},
		"depends=\x00name=x\x00": nil,
		"name=x\x00":             nil,
	} {
		if got := parseDependencies(info); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", info, got, want)
		}
	}
}

func TestKitIsVerified(t *testing.T) {
	k := kit{t.TempDir()}
	for _, name := range []string{"vmlinuz", "root/bin/true"} {
		if err := os.MkdirAll(filepath.Dir(k.path(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(k.path(name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.seal([]string{"0123  linux.deb"}); err != nil {
		t.Fatal(err)
	}
	if err := k.verify(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(k.path("vmlinuz"), []byte("another"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := k.verify(); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("a changed kernel passes: %v", err)
	}
}
