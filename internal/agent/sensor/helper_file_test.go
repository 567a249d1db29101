package sensor

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// fileCalls does one of everything in the directory args[0].
func fileCalls(args []string) error {
	dir, err := unix.Open(args[0], unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	at := func(name string) string { return filepath.Join(args[0], name) }
	steps := []func() error{
		func() error { return unix.Chdir(args[0]) },
		func() error { return os.WriteFile(at("first"), []byte("x"), 0o600) },
		func() error { return unix.Renameat(dir, "first", dir, "second") },
		func() error { return unix.Link(at("second"), "third") },
		func() error { return unix.Symlink("/target", at("soft")) },
		func() error { return unix.Mkdir(at("dir"), 0o700) },
		func() error { return unix.Chmod("second", 0o4755) },
		func() error { return unix.Chown(at("second"), 1, 1) },
		func() error { return unix.Setxattr(at("second"), "trusted.baize", []byte("1"), 0) },
		func() error { return unix.Truncate(at("second"), 100) },
		func() error { return unix.Unlinkat(dir, "third", 0) },
		func() error { return unix.Rmdir(at("dir")) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// chmodAndGone sets modes by every call and leaves nothing to look at.
func chmodAndGone(args []string) error {
	for i, set := range []func(*os.File, string) error{
		func(_ *os.File, name string) error { return unix.Chmod(name, 0o4755) },
		func(f *os.File, _ string) error { return unix.Fchmod(int(f.Fd()), 0o2755) },
		func(_ *os.File, name string) error { return unix.Fchmodat(unix.AT_FDCWD, name, 0o6711, 0) },
	} {
		name := args[i]
		f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if err := errors.Join(set(f, name), unix.Unlink(name), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// dupClose ends the last writing descriptor by dup2 over it.
func dupClose(args []string) error {
	fd, err := unix.Open(args[0], unix.O_CREAT|unix.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := unix.Write(fd, []byte("by dup2")); err != nil {
		return err
	}
	null, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return unix.Dup2(null, fd)
}

// overlay writes a new and a lower file through an overlay file system in
// args[0] until the sensor knows it, then one that says so.
func overlay(args []string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := os.Chdir(args[0]); err != nil {
		return err
	}
	for _, dir := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
	}
	if err := os.WriteFile("lower/old", []byte("old"), 0o600); err != nil {
		return err
	}
	if err := unix.Mount("overlay", "merged", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work"); err != nil {
		return err
	}
	for range 20 {
		time.Sleep(50 * time.Millisecond)
		for _, name := range []string{"merged/new", "merged/old"} {
			if err := os.WriteFile(name, []byte("written"), 0o600); err != nil {
				return err
			}
		}
	}
	return os.WriteFile("last", []byte("last"), 0o600)
}

// readThroughBind reads args[1] of /etc through a mount of that directory on
// args[0].
func readThroughBind(args []string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("/etc", args[0], "", unix.MS_BIND, ""); err != nil {
		return err
	}
	_, err := os.ReadFile(filepath.Join(args[0], args[1]))
	return err
}

// mapWrite writes through a shared mapping that outlives the descriptor.
func mapWrite(args []string) error {
	fd, err := unix.Open(args[0], unix.O_CREAT|unix.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := unix.Ftruncate(fd, 4096); err != nil {
		return err
	}
	m, err := unix.Mmap(fd, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	if err := unix.Close(fd); err != nil {
		return err
	}
	copy(m, "by mmap")
	return unix.Munmap(m)
}
