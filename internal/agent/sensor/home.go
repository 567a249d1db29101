package sensor

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// findHome opens the root of the host, or of what is the host to this agent,
// and lets the programs know it: what is executed through the same mounts and
// root is the host's own file and needs no look.
func (s *settler) findHome(l *loader) error {
	const how = unix.O_PATH | unix.O_CLOEXEC | unix.O_DIRECTORY
	fd, err := unix.Open("/proc/1/root", how, 0)
	if err != nil {
		fd, err = unix.Open("/", how, 0)
	}
	if err != nil {
		return fmt.Errorf("open the host's root: %w", err)
	}
	s.home = fd
	program, err := l.load(sensorProgOnHome)
	if err != nil {
		return err
	}
	var a asked
	a.Count, a.Files[0] = 1, askedFile{FD: int32(fd)}
	if err := s.asks.Put(uint32(askHome), &a); err != nil {
		return fmt.Errorf("ask for the host's root: %w", err)
	}
	if _, err := program.Run(&ebpf.RunOptions{}); err != nil {
		return fmt.Errorf("ask for the host's root: %w", err)
	}
	return nil
}

// atHome opens what the host has at the path of an image; -1 if it has nothing.
// A file that both have has its name in the kernel's cache, so that only the
// cache is asked.
func (s *settler) atHome(image *FileRef) int {
	if image.Memfd || image.Detached || image.Deleted || !strings.HasPrefix(image.Path, "/") {
		image.Foreign = image.Foreign && !image.Memfd
		return -1
	}
	fd, err := unix.Openat2(s.home, image.Path, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC | unix.O_NOFOLLOW,
		Resolve: unix.RESOLVE_IN_ROOT | resolveCached | unix.RESOLVE_NO_SYMLINKS,
	})
	if err != nil {
		return -1
	}
	return fd
}

// compare tells the image of the host's own file at its path.
func (f *FileRef) compare(found *FileRef) {
	f.Foreign = f.Device != found.Device || f.Inode != found.Inode || f.Gen != found.Gen
}

func (s *settler) close() error { return unix.Close(s.home) }
