package sensor

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait of the live tests.
const patience = 20 * time.Second

// lab is an armed sensor and all that it delivered.
type lab struct {
	t      *testing.T
	sensor *Sensor

	mu      sync.Mutex
	records []Record
	changed chan struct{}
}

// arm opens a sensor and runs it until the test ends.
func arm(t *testing.T, o Options) *lab {
	t.Helper()
	needKernel(t)
	s, err := Open(o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	l := &lab{t: t, sensor: s, changed: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, l.take) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

// needKernel skips where the sensor cannot run by nature, and fails where the
// kernel should have what it needs.
func needKernel(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: loading BPF programs")
	}
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		t.Fatalf("the kernel has no BTF: %v", err)
	}
}

func (l *lab) take(batch []Record) {
	l.mu.Lock()
	l.records = append(l.records, batch...)
	l.mu.Unlock()
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// find returns the first record that matches.
func (l *lab) find(match func(*Record) bool) *Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.records {
		if match(&l.records[i]) {
			r := l.records[i]
			return &r
		}
	}
	return nil
}

// await waits for a record that matches.
func (l *lab) await(what string, match func(*Record) bool) *Record {
	l.t.Helper()
	deadline := time.After(patience)
	for {
		if r := l.find(match); r != nil {
			return r
		}
		select {
		case <-l.changed:
		case <-deadline:
			l.t.Fatalf("no record of %s", what)
		}
	}
}

// startOf is field 22 of /proc/PID/stat in ticks.
func startOf(t *testing.T, pid int) uint64 {
	t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	ticks, err := strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return ticks
}

// tick is the unit of /proc/PID/stat, USER_HZ, in nanoseconds.
const tick = uint64(time.Second) / 100

// run starts a command to its end and returns its pid.
func run(t *testing.T, name string, args ...string) int {
	t.Helper()
	c := exec.Command(name, args...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return c.Process.Pid
}
