package sensor

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// BenchmarkHooks gives the nanoseconds of each program by the kernel's own
// count, once for what it passes over and once for what becomes a record.
func BenchmarkHooks(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("needs root: loading BPF programs")
	}
	stats, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME))
	if err != nil {
		b.Fatal(err)
	}
	defer stats.Close()
	runtime.LockOSThread()
	for _, c := range costs(b) {
		b.Run(c.program+"/"+c.what, func(b *testing.B) { c.run(b) })
	}
}

// cost is one use of a program.
type cost struct {
	program, what string
	// once does what runs the program.
	once func() error
}

func (c cost) run(b *testing.B) {
	s, err := Open(Options{RingBytes: 64 << 20, Rate: 1 << 20}) // all of them become records
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	before := runs(b, s, c.program)
	for b.Loop() {
		if err := c.once(); err != nil {
			b.Fatal(err)
		}
	}
	after := runs(b, s, c.program)
	if n := after.RunCount - before.RunCount; n > 0 {
		b.ReportMetric(float64(after.Runtime-before.Runtime)/float64(n), "bpf-ns/run")
	}
}

func runs(b *testing.B, s *Sensor, program string) *ebpf.ProgramStats {
	b.Helper()
	stats, err := s.loader.programs[program].Stats()
	if err != nil {
		b.Fatal(err)
	}
	return stats
}

// errnoOf runs a system call for its hook; its outcome is of no interest.
func errnoOf(trap, a, b, c uintptr) error {
	_, _, _ = unix.Syscall(trap, a, b, c)
	return nil
}

func socketOf(family, kind int) func() error {
	return func() error {
		fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		return unix.Close(fd)
	}
}

func openOf(name string) func() error {
	return func() error {
		fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		return unix.Close(fd)
	}
}

func costs(b *testing.B) []cost {
	dir := b.TempDir()
	dropIn := filepath.Join(dir, "x.d", "file")
	if err := os.Mkdir(filepath.Dir(dropIn), 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(dropIn, nil, 0o600); err != nil {
		b.Fatal(err)
	}
	r, err := newRing()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { unix.Close(r.fd) })
	unlink := request{op: ringUnlinkOp, fd: atCwd, addr: text(filepath.Join(dir, "none"))}
	name := append([]byte("bench"), 0)
	return []cost{
		{sensorProgOnOpen, "unwatched", openOf("/etc/hostname")},
		{sensorProgOnOpen, "below .d", openOf(dropIn)},
		{sensorProgOnOpen, "record", openOf("/etc/shadow")},
		{sensorProgOnExec, "record", forkTrue},
		{sensorProgOnFork, "record", forkTrue},
		{sensorProgOnSignal, "passed over", func() error { return unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGURG) }},
		{sensorProgOnRingSubmit, "passed over", func() error { _, err := r.do(request{}); return err }},
		{sensorProgOnRingComplete, "passed over", func() error { _, err := r.do(request{}); return err }},
		{sensorProgOnRingSubmit, "record", func() error { _, _ = r.do(unlink); return nil }},
		{sensorProgOnPrctl, "passed over", func() error { return errnoOf(unix.SYS_PRCTL, unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0) }},
		{sensorProgOnPrctl, "record", func() error { return unix.Prctl(unix.PR_SET_KEEPCAPS, 1, 0, 0, 0) }},
		{sensorProgOnSeccomp, "passed over", func() error { return errnoOf(unix.SYS_SECCOMP, 3, 0, 0) }},
		{sensorProgOnUnshare, "passed over", func() error { return unix.Unshare(0) }},
		{sensorProgOnSocket, "passed over", socketOf(unix.AF_INET, unix.SOCK_DGRAM)},
		{sensorProgOnSocket, "record", socketOf(unix.AF_PACKET, unix.SOCK_RAW)},
		{sensorProgOnConnect, "passed over", connectUnix(b, filepath.Join(dir, "other.sock"))},
		{sensorProgOnConnect, "record", connectUnix(b, filepath.Join(dir, "docker.sock"))},
		{sensorProgOnBpf, "passed over", func() error { return errnoOf(unix.SYS_BPF, unix.BPF_PROG_GET_NEXT_ID, 0, 0) }},
	}
}

func forkTrue() error {
	pid, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{})
	if err != nil {
		return err
	}
	_, err = syscall.Wait4(pid, nil, 0, nil)
	return err
}

// connectUnix connects datagram sockets to one that listens at a path.
func connectUnix(b *testing.B, name string) func() error {
	server, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { unix.Close(server) })
	to := &unix.SockaddrUnix{Name: name}
	if err := unix.Bind(server, to); err != nil {
		b.Fatal(err)
	}
	client, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { unix.Close(client) })
	return func() error { return unix.Connect(client, to) }
}
