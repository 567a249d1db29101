//go:build linux

// Command init is the first process of a guest of package test/guest: it loads
// the modules, goes over to the disk, mounts what a Linux system has, runs
// one command, says how it ended and powers the machine off.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	status, err := start()
	if err != nil {
		fmt.Println("baize-guest: init:", err)
	} else {
		fmt.Println("baize-guest: end", status)
	}
	unix.Sync()
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func start() (int, error) {
	for _, step := range []func() error{loadModules, goToDisk, mountAll, loopback} {
		if err := step(); err != nil {
			return 0, err
		}
	}
	return run()
}

// loadModules loads those that the harness chose. One that finds no device of
// its kind is none the worse.
func loadModules() error {
	order, err := os.ReadFile("/modules/order")
	if err != nil {
		return err
	}
	for name := range strings.FieldsSeq(string(order)) {
		f, err := os.Open(filepath.Join("/modules", name))
		if err != nil {
			return err
		}
		err = unix.FinitModule(int(f.Fd()), "", 0)
		f.Close()
		if err != nil && !errors.Is(err, unix.ENODEV) && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("load %s: %w", name, err)
		}
	}
	return nil
}

// patience bounds the wait for the disk.
const patience = 30 * time.Second

// goToDisk makes the disk the root file system, as any initramfs does.
func goToDisk() error {
	if err := mount("devtmpfs", "/dev", "devtmpfs"); err != nil && !errors.Is(err, unix.EBUSY) {
		return err
	}
	deadline := time.Now().Add(patience)
	for err := mount("/dev/vda", "/root", "ext4"); err != nil; err = mount("/dev/vda", "/root", "ext4") {
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := os.Chdir("/root"); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move the disk to the root: %w", err)
	}
	return errors.Join(unix.Chroot("."), os.Chdir("/"))
}

func mount(source, target, kind string) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(source, target, kind, 0, ""); err != nil {
		return fmt.Errorf("mount %s: %w", target, err)
	}
	return nil
}

func mountAll() error {
	for _, m := range [][2]string{
		{"/dev", "devtmpfs"},
		{"/proc", "proc"},
		{"/sys", "sysfs"},
		{"/dev/shm", "tmpfs"},
		{"/dev/pts", "devpts"},
		{"/run", "tmpfs"},
		{"/sys/fs/cgroup", "cgroup2"},
		{"/sys/kernel/security", "securityfs"},
	} {
		if err := mount("none", m[0], m[1]); err != nil {
			return err
		}
	}
	return nil
}

// loopback sets the interface lo up.
func loopback() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	return nil
}

// run runs the command to its end, and reaps whoever else ends meanwhile.
func run() (int, error) {
	line, err := os.ReadFile("/guest/command")
	if err != nil {
		return 0, err
	}
	args := strings.Split(string(line), "\n")
	environment, err := os.ReadFile("/guest/environment")
	if err != nil {
		return 0, err
	}
	env := []string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/root", "TMPDIR=/tmp"}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	fmt.Println("baize-guest: begin")
	p, err := os.StartProcess(args[0], args, &os.ProcAttr{
		Dir: "/guest", Env: append(env, strings.Fields(string(environment))...),
		Files: []*os.File{null, os.Stdout, os.Stdout},
	})
	if err != nil {
		return 0, err
	}
	for {
		var state syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &state, 0, nil)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return 0, err
		}
		if pid == p.Pid && state.Exited() {
			return state.ExitStatus(), nil
		}
		if pid == p.Pid && state.Signaled() {
			return 128 + int(state.Signal()), nil
		}
	}
}
