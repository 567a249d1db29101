package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Ways to run the image without a file that a scanner could open.
const (
	// asMemfd copies the image into a memfd and executes that.
	asMemfd = "memfd"
	// asDeleted executes a copy whose name is already gone.
	asDeleted = "deleted"
)

// fileless replaces this process by a copy of its image made in the given way.
// It returns only on failure.
func fileless(way string) error {
	image, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	fd, err := place(way, image)
	if err != nil {
		return fmt.Errorf("place a %s image: %w", way, err)
	}
	path := fmt.Sprintf("/proc/self/fd/%d", fd)
	return syscall.Exec(path, os.Args[:1], os.Environ())
}

// place returns a descriptor, open for reading only, of a file with content.
func place(way string, content []byte) (int, error) {
	switch way {
	case asMemfd:
		fd, err := unix.MemfdCreate("", unix.MFD_CLOEXEC)
		if err != nil {
			return -1, err
		}
		if _, err := unix.Write(fd, content); err != nil {
			return -1, err
		}
		// A descriptor open for writing would make the exec fail.
		return unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	case asDeleted:
		name := filepath.Join("/dev/shm", fmt.Sprintf(".%d", os.Getpid()))
		if err := os.WriteFile(name, content, 0o700); err != nil {
			return -1, err
		}
		defer os.Remove(name)
		return unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	}
	return -1, fmt.Errorf("unknown way %q", way)
}
