package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// MakeHome makes the state directory, or refuses one that others could have
// prepared: root writes below it and gives a part of it away, and must not be
// led elsewhere by another user's link.
func MakeHome(home string) error {
	if err := os.MkdirAll(home, 0o755); err != nil {
		return fmt.Errorf("%w: state directory: %w", ErrPrerequisite, err)
	}
	if err := owned(home, os.Geteuid()); err != nil {
		return err
	}
	for dir := filepath.Dir(home); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("%w: state directory: %w", ErrPrerequisite, err)
		}
		if info.Mode()&0o002 != 0 && info.Mode()&os.ModeSticky == 0 {
			return fmt.Errorf("%w: state directory %s: everyone may replace what is in %s", ErrPrerequisite, home, dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// owned refuses what is not a directory of one of those users, or is open to
// changes by others.
func owned(dir string, users ...int) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("%w: state directory: %w", ErrPrerequisite, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%w: state directory: %s is a %s: give the directory itself", ErrPrerequisite, dir, kind(info.Mode()))
	}
	stat := info.Sys().(*syscall.Stat_t) // what os.Lstat returns on Linux
	for _, user := range users {
		if int(stat.Uid) == user && info.Mode()&0o022 == 0 {
			return nil
		}
	}
	return fmt.Errorf("%w: state directory: %s belongs to user %d with mode %04o: others must not be able to change it",
		ErrPrerequisite, dir, stat.Uid, info.Mode().Perm())
}

func kind(mode os.FileMode) string {
	if mode&os.ModeSymlink != 0 {
		return "symbolic link"
	}
	return "file"
}

// makeHome makes the directories: the server's belongs to its user.
func (s *Stack) makeHome(account account) error {
	if err := MakeHome(s.opts.Home); err != nil {
		return err
	}
	server, agent := filepath.Join(s.opts.Home, "server"), filepath.Join(s.opts.Home, "agent")
	for dir, users := range map[string][]int{server: {0, account.uid}, agent: {0}} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("%w: state directory: %w", ErrPrerequisite, err)
		}
		if err := owned(dir, users...); err != nil {
			return err
		}
	}
	return os.Lchown(server, account.uid, account.gid)
}
