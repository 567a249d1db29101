// Package guest boots Debian's kernels under QEMU and runs test binaries in
// them, so that the sensor is tested where every kind of BPF program attaches
// and where the kernel's types lie otherwise than on the developer's machine.
// Emulation (TCG) is used throughout: it needs nothing of the host.
package guest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Guest is a machine to boot: a kernel and what runs on it.
type Guest struct {
	Kernel Kernel
	// Binary is a static test binary of the kernel's architecture; Args are its
	// arguments.
	Binary string
	Args   []string
	// Env are variables of its environment, as NAME=value.
	Env []string
}

// diskSize of the guest's root file system; a sparse file.
const diskSize = "1G"

// ErrNoEnd says that the guest ended without a word from its init: it
// crashed, or its time was up.
var ErrNoEnd = errors.New("the guest did not say how its command ended")

// Run boots the guest and returns what its command wrote and its exit status.
// The guest ends with the command, or by force with ctx.
func (g Guest) Run(ctx context.Context, dir string) (output string, status int, err error) {
	kit, err := g.Kernel.prepare(ctx)
	if err != nil {
		return "", 0, err
	}
	initramfs, disk := filepath.Join(dir, "initramfs"), filepath.Join(dir, "disk")
	if err := writeInitramfs(ctx, initramfs, g.Kernel.Arch, kit); err != nil {
		return "", 0, err
	}
	if err := g.makeDisk(ctx, dir, disk, kit); err != nil {
		return "", 0, err
	}
	text, err := g.boot(ctx, kit, initramfs, disk)
	if err != nil {
		return text, 0, err
	}
	return parseConsole(text)
}

// hurried makes the kernel's grace periods short, which attaching and detaching
// programs waits for, and leaves out the detours around the faults of real
// processors: emulated ones are slow enough.
const hurried = "rcupdate.rcu_expedited=1 rcupdate.rcu_task_ipi_delay=0 mitigations=off"

// accelerator emulates all processors in one thread: in threads of their own they
// ran, once, into a breakpoint that the kernel had taken back, as it patches its
// own code while others execute it. Programs that share the machine have the other
// processor.
const accelerator = "tcg,thread=single"

// boot runs the emulator until the guest powers off and returns its console.
func (g Guest) boot(ctx context.Context, kit kit, initramfs, disk string) (string, error) {
	m := machines[g.Kernel.Arch]
	args := append([]string{
		"-accel", accelerator, "-smp", "2", "-m", "1024", "-nodefaults", "-no-reboot", "-display", "none",
		"-serial", "stdio",
		"-kernel", kit.path("vmlinuz"), "-initrd", initramfs,
		"-append", "console=" + m.console + " quiet loglevel=3 panic=-1 lsm=lockdown,capability,landlock,bpf " + hurried + " " + g.Kernel.Parameters,
		"-drive", "file=" + disk + ",format=raw,if=virtio,cache=unsafe",
	}, m.args...)
	command := exec.CommandContext(ctx, m.emulator, args...)
	command.WaitDelay = 10 * time.Second
	// Whoever runs the tests may be killed.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var console strings.Builder
	command.Stdout = &console
	command.Stderr = &console
	// No end of input: the emulator would take it for one of the guest's.
	in, err := command.StdinPipe()
	if err != nil {
		return "", err
	}
	defer in.Close()
	if err := command.Run(); err != nil {
		return console.String(), fmt.Errorf("%s: %w", m.emulator, errors.Join(err, ctx.Err()))
	}
	return console.String(), nil
}

// makeDisk makes the root file system: Debian's programs, the test binary and
// the command.
func (g Guest) makeDisk(ctx context.Context, dir, disk string, kit kit) error {
	root := filepath.Join(dir, "root")
	if err := os.CopyFS(root, os.DirFS(kit.path("root"))); err != nil {
		return fmt.Errorf("copy the guest's programs: %w", err)
	}
	for _, d := range []string{"dev", "proc", "sys", "tmp", "run", "root", "etc", "guest", "var/tmp"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			return err
		}
	}
	for _, d := range []string{"bin", "sbin", "lib", "lib64"} {
		// Since trixie Debian's packages have all below /usr.
		if _, err := os.Stat(filepath.Join(root, d)); err == nil {
			continue
		}
		if err := os.Symlink("usr/"+d, filepath.Join(root, d)); err != nil {
			return err
		}
	}
	for name, text := range rootFiles {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if err := copyFile(g.Binary, filepath.Join(root, "guest/test"), 0o755); err != nil {
		return err
	}
	line := strings.Join(append([]string{"/guest/test"}, g.Args...), "\n")
	for name, text := range map[string]string{"guest/command": line, "guest/environment": strings.Join(g.Env, "\n")} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return command(ctx, "/usr/sbin/mkfs.ext4", "-q", "-F", "-d", root, disk, diskSize)
}

// rootFiles are what a Debian system would have in /etc.
var rootFiles = map[string]string{
	"etc/passwd":  "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
	"etc/group":   "root:x:0:\nnogroup:x:65534:\n",
	"etc/shadow":  "root:*:19000:0:99999:7:::\n",
	"etc/profile": "PATH=/usr/bin:/bin\n",
	"etc/hosts":   "127.0.0.1 localhost\n",
}

// command runs a program and says what it said if it failed.
func command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, strings.TrimSpace(string(out)))
	}
	return nil
}

func copyFile(from, to string, mode os.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
