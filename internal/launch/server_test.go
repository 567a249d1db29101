package launch

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMayWalkNeedsEveryDirectory(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: looks at directories as another user would")
	}
	open := t.TempDir()
	for dir := open; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	closed := filepath.Join(open, "closed")
	below := filepath.Join(closed, "below")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	nobody := account{uid: 65534, gid: 65534}
	if !nobody.mayWalk(open) {
		t.Errorf("%s is said to be out of reach", open)
	}
	if nobody.mayWalk(below) || nobody.mayWalk(filepath.Join(open, "missing")) {
		t.Error("a directory below a closed one, or a missing one, is said to be in reach")
	}
	if !(account{uid: 0, gid: 0}).mayWalk(below) {
		t.Error("the owner is said not to reach their own directory")
	}
}
