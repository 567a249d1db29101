package launch

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// below makes a directory that only its owner may change.
func below(t *testing.T, names ...string) string {
	t.Helper()
	dir := filepath.Join(append([]string{t.TempDir()}, names...)...)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestHomesThatOthersMayChangeAreRefused(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: prepares directories of another user")
	}
	const stranger = 65534
	for name, prepare := range map[string]func(home string) error{
		"of a stranger":         func(home string) error { return errors.Join(os.Mkdir(home, 0o755), os.Chown(home, stranger, stranger)) },
		"open to all":           func(home string) error { return errors.Join(os.Mkdir(home, 0o755), os.Chmod(home, 0o777)) },
		"a link":                func(home string) error { return os.Symlink("/etc", home) },
		"below what all change": func(home string) error { return os.Chmod(filepath.Dir(home), 0o777) },
	} {
		home := filepath.Join(below(t, "parent"), "home")
		if err := prepare(home); err != nil {
			t.Fatal(err)
		}
		if err := MakeHome(home); !errors.Is(err, ErrPrerequisite) {
			t.Errorf("%s: %v", name, err)
		}
	}
	home := filepath.Join(below(t, "parent"), "new", "home")
	for range 2 {
		if err := MakeHome(home); err != nil {
			t.Errorf("a new one, or one of before: %v", err)
		}
	}
}

func TestTheServersDirectoryIsGivenAwayAndNothingElse(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: gives a directory away")
	}
	other := account{uid: 65534, gid: 65534}
	home := below(t, "home")
	stack := New(Options{Home: home})
	for range 2 {
		if err := stack.makeHome(other); err != nil {
			t.Fatal(err)
		}
	}
	if err := owned(filepath.Join(home, "server"), other.uid); err != nil {
		t.Error(err)
	}
	if err := owned(filepath.Join(home, "agent"), 0); err != nil {
		t.Error(err)
	}
	victim, led := below(t, "victim"), below(t, "home")
	if err := os.Symlink(victim, filepath.Join(led, "server")); err != nil {
		t.Fatal(err)
	}
	if err := New(Options{Home: led}).makeHome(other); !errors.Is(err, ErrPrerequisite) {
		t.Errorf("led by a link: %v", err)
	}
	if err := owned(victim, 0); err != nil {
		t.Errorf("the link's target was given away: %v", err)
	}
}
