package sensor

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// openByHandle opens args[0] by its handle alone, as root may.
func openByHandle(args []string) error {
	handle, _, err := unix.NameToHandleAt(unix.AT_FDCWD, args[0], 0)
	if err != nil {
		return err
	}
	mount, err := unix.Open(filepath.Dir(args[0]), unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	_, err = unix.OpenByHandleAt(mount, handle, unix.O_RDONLY)
	return err
}

// otherProc mounts the proc file system a second time, at args[0], and opens
// there the memory of process args[1] and a setting, and its own environment.
// Nothing is written.
func otherProc(args []string) error {
	at := func(name string) string { return filepath.Join(args[0], name) }
	open := func(name string, flags int) func() error {
		return func() error {
			fd, err := unix.Open(name, flags, 0)
			if err != nil {
				return err
			}
			return unix.Close(fd)
		}
	}
	return steps(
		func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") },
		func() error { return unix.Mount("none", args[0], "proc", 0, "") },
		open(at(itoa(os.Getpid())+"/environ"), unix.O_RDONLY),
		open(at("sys/kernel/core_pattern"), unix.O_WRONLY),
		open(at(args[1]+"/task/"+args[1]+"/mem"), unix.O_RDWR),
	)
}

// sameNumber has a process of its own pid namespace, with the number args[0],
// read the environment of the one that has this number in the namespace of /proc.
func sameNumber(args []string) error {
	number := number(args[0])
	for range 50 { // threads of ours may take the number
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(itoa(number-1)), 0); err != nil {
			return err
		}
		reader := exec.Command("/bin/cat", "/proc/"+args[0]+"/environ")
		if err := reader.Run(); err != nil || reader.Process.Pid == number {
			return err
		}
	}
	return fmt.Errorf("no process got the number %d", number)
}

// deepOpen makes a directory so deep that no path leads there, and opens a key at
// its end.
func deepOpen(args []string) error {
	if err := os.Chdir(args[0]); err != nil {
		return err
	}
	for range 200 {
		const name = "a-directory-in-a-directory"
		if err := os.Mkdir(name, 0o700); err != nil {
			return err
		}
		if err := os.Chdir(name); err != nil {
			return err
		}
	}
	if err := os.Mkdir(".aws", 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(".aws/credentials", []byte("x"), 0o600); err != nil {
		return err
	}
	if _, err := os.ReadFile(".aws/credentials"); err != nil {
		return err
	}
	image, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	if err := os.WriteFile("image", image, 0o700); err != nil {
		return err
	}
	return syscall.Exec("./image", []string{"image", "/bin/true"}, []string{helperEnv + "=exec"})
}
