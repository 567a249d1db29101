package sensor

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// timed runs work with the sensor off, and with it on and read by a consumer
// that only counts.
func timed(b *testing.B, work func(b *testing.B)) {
	if os.Geteuid() != 0 {
		b.Skip("needs root: loading BPF programs")
	}
	b.Run("off", work)
	b.Run("on", func(b *testing.B) {
		s, err := Open(Options{})
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		records := 0
		go func() { done <- s.Run(ctx, func(batch []Record) { records += len(batch) }) }()
		b.ResetTimer()
		work(b)
		b.StopTimer()
		// Let the ring run dry before the losses are counted.
		time.Sleep(300 * time.Millisecond)
		cancel()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		report(b, s, records)
	})
}

func report(b *testing.B, s *Sensor, records int) {
	h, err := s.Health()
	if err != nil {
		b.Fatal(err)
	}
	lost := uint64(0)
	for _, c := range h.Classes {
		lost += c.Lost
		if c.Lost > 0 {
			b.Logf("%s: seen %d, lost %d (%s)", c.Class, c.Seen, c.Lost, c.Reason)
		}
	}
	b.ReportMetric(float64(lost), "lost")
	b.ReportMetric(float64(records)/float64(b.N), "records/op")
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err == nil {
		b.ReportMetric(float64(u.Maxrss)/1024, "MB-maxrss")
	}
}

func BenchmarkExec(b *testing.B) {
	timed(b, func(b *testing.B) {
		for b.Loop() {
			pid, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSaturated runs two closed loops of execs and two of file operations
// for 20 s (run it with -benchtime 1x) and tells what was offered and lost.
func BenchmarkSaturated(b *testing.B) {
	timed(b, func(b *testing.B) {
		stop := time.Now().Add(20 * time.Second)
		var execs, files atomic.Uint64
		var all sync.WaitGroup
		for i := range 2 {
			all.Go(func() {
				for time.Now().Before(stop) {
					pid, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{})
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = syscall.Wait4(pid, nil, 0, nil)
					execs.Add(1)
				}
			})
			all.Go(func() {
				name := "/dev/shm/sensor-saturated" + itoa(i)
				for time.Now().Before(stop) {
					fd, err := unix.Open(name, unix.O_CREAT|unix.O_WRONLY, 0o600)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = unix.Write(fd, []byte("x"))
					unix.Close(fd)
					_ = unix.Unlink(name)
					files.Add(4)
				}
			})
		}
		all.Wait()
		b.ReportMetric(float64(execs.Load())/20, "execs/s")
		b.ReportMetric(float64(files.Load())/20, "fileops/s")
	})
}

func BenchmarkOpenUnwatched(b *testing.B) {
	timed(b, func(b *testing.B) {
		for b.Loop() {
			fd, err := unix.Open("/etc/hostname", unix.O_RDONLY, 0)
			if err != nil {
				b.Fatal(err)
			}
			unix.Close(fd)
		}
	})
}

// BenchmarkFile makes, writes, renames and removes one file: four records.
func BenchmarkFile(b *testing.B) {
	dir, err := os.MkdirTemp("/dev/shm", "sensor")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	timed(b, func(b *testing.B) {
		one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
		for b.Loop() {
			fd, err := unix.Open(one, unix.O_CREAT|unix.O_WRONLY, 0o600)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = unix.Write(fd, []byte("x"))
			unix.Close(fd)
			if err := unix.Rename(one, two); err != nil {
				b.Fatal(err)
			}
			if err := unix.Unlink(two); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRoundTrip passes one byte to and fro over loopback: four packets, each
// through the programs on the root cgroup twice.
func BenchmarkRoundTrip(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, _ = io.Copy(c, c)
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	timed(b, func(b *testing.B) {
		one := make([]byte, 1)
		for b.Loop() {
			if _, err := c.Write(one); err != nil {
				b.Fatal(err)
			}
			if _, err := c.Read(one); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkGetppid(b *testing.B) {
	timed(b, func(b *testing.B) {
		for b.Loop() {
			unix.Getppid()
		}
	})
}

func BenchmarkDecodeExec(b *testing.B) {
	raw := samples()["exec"].bytes()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}
