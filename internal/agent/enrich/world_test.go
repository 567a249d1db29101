package enrich

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"baize/internal/agent/container"
	define "baize/internal/agent/definition"
	"baize/internal/agent/digest"
	"baize/internal/agent/procfs"
	"baize/internal/agent/sensor"
	"baize/internal/agent/traffic"
	"baize/internal/event"
	"baize/internal/redact"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a host whose records the tests write, with a procfs of its own.
type world struct {
	*Enricher
	t     *testing.T
	root  string
	now   time.Time
	mono  uint64
	tasks map[uint32]*sensor.Task
	next  uint32
	out   []*event.Event
}

const hostMountNS = 4026531840

var bootAt = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)

// newWorld has init (pid 1) and kthreadd (pid 2).
func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, root: t.TempDir(), now: bootAt.Add(time.Hour), tasks: map[uint32]*sensor.Task{}, next: 100, mono: 1e12}
	proc := procfs.FS{Root: w.root}
	redactor, err := redact.New([]byte("key"), redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	config := Config{
		Redactor: redactor,
		Host:     event.Host{ID: "h"}, Boot: "b", Org: "o", Proc: proc,
		Hasher: digest.New(proc), Resolver: container.NewResolver(container.Sockets{}), Titles: NewTitles(proc),
		Meter:       traffic.New(proc),
		Definitions: define.New(proc, redactor, define.Seeds{}, slog.New(slog.DiscardHandler)),
		BootTime:    bootAt.UnixNano,
	}
	for _, c := range change {
		c(&config)
	}
	w.Enricher = New(config)
	w.cold(&sensor.Task{PID: 1, Start: 10, Comm: "init"}, "/sbin/init")
	w.cold(&sensor.Task{PID: 2, Start: 10, Comm: "kthreadd", KernelThread: true}, "")
	return w
}

// cold is a process of the sensor's snapshot.
func (w *world) cold(task *sensor.Task, image string) uint32 {
	task.TID, task.Login, task.Session, task.MountNS = task.PID, noID, noID, hostMountNS
	w.tasks[task.PID] = task
	w.appear(task, "/")
	w.Handle(w.now, &sensor.Record{Kind: event.ProcessExec, Mono: w.tick(), Task: *task, Exec: &sensor.Exec{
		Image: file(image), Args: strings.Fields(image), ColdStart: true,
	}})
	return task.PID
}

func (w *world) tick() uint64 { w.mono += 1e6; return w.mono }

// appear makes /proc/PID.
func (w *world) appear(task *sensor.Task, cgroup string) {
	w.t.Helper()
	dir := filepath.Join(w.root, fmt.Sprint(task.PID))
	if err := os.MkdirAll(filepath.Join(dir, "ns"), 0o700); err != nil {
		w.t.Fatal(err)
	}
	stat := fmt.Sprintf("%d (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0", task.PID, task.Start/procfs.TickNanos)
	w.write(dir+"/stat", stat)
	w.write(dir+"/cgroup", "9:name=systemd:"+cgroup+"\n0::/\n")
	_ = os.Remove(dir + "/ns/mnt")
	if err := os.Symlink(fmt.Sprintf("mnt:[%d]", task.MountNS), dir+"/ns/mnt"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(path, text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// file is an ordinary file; its path makes its inode.
func file(path string) sensor.FileRef {
	var inode uint64 = 7
	for _, c := range path {
		inode = inode*31 + uint64(c)
	}
	return sensor.FileRef{Path: path, Inode: inode, Device: 1, Nlink: 1, Mode: 0o100755, Size: 10, Magic: 0xef53}
}

// fork makes a child of pid and returns it.
func (w *world) fork(pid uint32) uint32 {
	parent := w.tasks[pid]
	child := *parent
	w.next++
	child.PID, child.TID, child.Start = w.next, w.next, w.tick()
	child.ParentPID, child.ParentStart = parent.PID, parent.Start
	w.tasks[child.PID] = &child
	w.appear(&child, "/")
	w.Handle(w.now, &sensor.Record{Kind: event.ProcessFork, Mono: w.tick(), Task: *parent, Child: &child})
	return child.PID
}

// exec executes path with arguments and returns the event.
func (w *world) exec(pid uint32, path string, args ...string) *event.Event {
	w.t.Helper()
	task := w.tasks[pid]
	task.Comm = filepath.Base(path)
	w.Handle(w.now, &sensor.Record{Kind: event.ProcessExec, Mono: w.tick(), Task: *task, Exec: &sensor.Exec{
		Image: file(path), Args: append([]string{path}, args...),
	}})
	return w.last(event.ProcessExec)
}

// spawn is fork and exec.
func (w *world) spawn(parent uint32, path string, args ...string) (uint32, *event.Event) {
	w.t.Helper()
	pid := w.fork(parent)
	return pid, w.exec(pid, path, args...)
}

// record is any other record of pid.
func (w *world) record(kind event.Kind, pid uint32, change func(*sensor.Record)) {
	rec := &sensor.Record{Kind: kind, Mono: w.tick(), Task: *w.tasks[pid]}
	if change != nil {
		change(rec)
	}
	w.Handle(w.now, rec)
}

func (w *world) listen(pid uint32) {
	w.record(event.NetworkListen, pid, func(r *sensor.Record) {
		r.Socket = &sensor.Socket{Transport: "tcp", Local: netip.MustParseAddrPort("0.0.0.0:80")}
	})
}

// drain releases everything, whatever it waits for.
func (w *world) drain() []*event.Event {
	before := len(w.out)
	w.now = w.now.Add(2 * HoldFor)
	w.Release(w.now, func(ev *event.Event) { w.out = append(w.out, ev) })
	return w.out[before:]
}

// last is the newest event of a kind.
func (w *world) last(kind event.Kind) *event.Event {
	w.t.Helper()
	w.drain()
	for i := len(w.out) - 1; i >= 0; i-- {
		if w.out[i].Kind == kind {
			return w.out[i]
		}
	}
	w.t.Fatalf("no %s among %d events", kind, len(w.out))
	return nil
}

// expect holds the context of an event's process.
func (w *world) expect(ev *event.Event, kind string, root uint32, service string) {
	w.t.Helper()
	c := ev.Process.Context
	if c == nil || c.Kind != kind || c.Root.PID != root || c.Service != service {
		w.t.Errorf("%s of %s is in %+v, want %s of %d, service %q", ev.Kind, ev.Process.CommandLine, c, kind, root, service)
	}
}

// work answers what the helpers were asked.
func (w *world) work() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.config.Titles.Run(ctx) }()
	for len(w.config.Titles.jobs) > 0 || w.checking() {
		select {
		case title := <-w.config.Titles.Done():
			w.Retitled(w.now, title)
		case <-time.After(10 * time.Second):
			w.t.Fatal("no answer within 10 s")
		}
	}
	cancel()
	<-ended
}

func (w *world) checking() bool {
	for _, p := range w.procs.procs {
		if p.checking {
			return true
		}
	}
	return false
}
