package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheHostsOwnPatternsAreUsed(t *testing.T) {
	dir := t.TempDir()
	configure := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, redactFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	count := func(args ...string) (int, error) {
		r, problem := newRedactor(dir, []byte("key"))
		if r == nil {
			t.Fatal(problem)
		}
		_, n := r.Args(args, false)
		return n, problem
	}
	if n, err := count("tool", "--pin", "1234"); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	configure("add: [{id: pin, names: [pin]}]")
	if n, err := count("tool", "--pin", "1234"); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	configure("disable: [names")
	if n, err := count("tool", "--password", "1234"); n != 1 || err == nil || !strings.Contains(err.Error(), "default patterns") {
		t.Errorf("%d, %v", n, err)
	}
}
