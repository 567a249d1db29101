package inventory

import (
	"os"
	"path/filepath"
	"testing"
)

func TestThisHost(t *testing.T) {
	host, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	name, err := os.Hostname()
	if err != nil || host.Name != name || host.Kernel == "" {
		t.Errorf("%+v, %v", host, err)
	}
}

func TestPrettyName(t *testing.T) {
	for text, want := range map[string]string{
		"ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n": "Debian GNU/Linux 12",
		"PRETTY_NAME='x'": "x",
		"":                "",
	} {
		if got := prettyName(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestMachineIDIsStableAndSaysNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "id")
	first, err := MachineID(file)
	if err != nil {
		t.Fatal(err)
	}
	second, err := MachineID(file)
	if err != nil || first != second || len(first) != 64 {
		t.Errorf("%q, then %q, %v", first, second, err)
	}
	if Derive(first, "a") == Derive(first, "b") || Derive(first, "a") == first {
		t.Error("scopes share an id")
	}
}
