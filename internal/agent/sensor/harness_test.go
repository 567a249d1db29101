package sensor

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait of the live tests: on an emulated processor a sensor
// takes half of it to be armed.
const patience = time.Minute

// lab is an armed sensor with all that it delivered, as one test uses it.
type lab struct {
	t      *testing.T
	sensor *Sensor
	*log
}

// log collects records.
type log struct {
	mu      sync.Mutex
	records []Record
	changed chan struct{}
}

// start opens a sensor and runs it until end is called.
func start(t *testing.T, o Options) (l *lab, end func() error) {
	t.Helper()
	needKernel(t)
	s, err := Open(o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	l = &lab{t: t, sensor: s, log: &log{changed: make(chan struct{})}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, l.take) }()
	return l, func() error {
		cancel()
		return errors.Join(<-done, s.Close())
	}
}

// arm gives a test a sensor of its own.
func arm(t *testing.T, o Options) *lab {
	t.Helper()
	l, end := start(t, o)
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Errorf("end: %v", err)
		}
	})
	return l
}

// common is the sensor that most tests share: detaching takes the kernel
// seconds, and their records do not meet.
var common struct {
	sync.Mutex
	lab *lab
	end func() error
}

// shared is an armed sensor of the whole host. TestMain ends it.
func shared(t *testing.T) *lab {
	t.Helper()
	common.Lock()
	defer common.Unlock()
	if common.lab == nil {
		common.lab, common.end = start(t, Options{})
	}
	return &lab{t: t, sensor: common.lab.sensor, log: common.lab.log}
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

func (l *log) take(batch []Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, batch...)
	close(l.changed)
	l.changed = make(chan struct{})
}

// matching returns all records that match so far, and what closes when there
// are more.
func (l *log) matching(match func(*Record) bool) (found []Record, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.records {
		if match(&l.records[i]) {
			found = append(found, l.records[i])
		}
	}
	return found, l.changed
}

// await waits for a record that matches.
func (l *lab) await(what string, match func(*Record) bool) *Record {
	l.t.Helper()
	deadline := time.After(patience)
	for {
		found, more := l.matching(match)
		if len(found) > 0 {
			return &found[0]
		}
		select {
		case <-more:
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
