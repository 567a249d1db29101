package enrich

import (
	"testing"

	"golang.org/x/sys/unix"

	"baize/internal/agent/sensor"
	"baize/internal/event"
)

// guarded is a world with an agent, whose state is in a directory.
func guarded(t *testing.T) (w *world, agent uint32) {
	t.Helper()
	w = newWorld(t, func(c *Config) {
		c.Agent, c.Protected = Identity{70, 3e9}, []string{"/usr/bin/baize-agent", "/var/lib/baize/agent"}
	})
	w.mountNS = hostMountNS
	return w, w.cold(&sensor.Task{PID: 70, Start: 3e9 + 5, ParentPID: 1, ParentStart: 10}, "/usr/bin/baize-agent")
}

// tamper counts the reports of tampering that a record makes.
func (w *world) tamper(kind event.Kind, pid uint32, change func(*sensor.Record)) int {
	w.t.Helper()
	w.tampers.told = nil
	w.drain()
	w.record(kind, pid, change)
	found := 0
	for _, ev := range append(w.drain(), w.drain()...) { // a report follows its event
		if ev.Kind == event.SensorTamper {
			found++
		}
	}
	return found
}

func TestMountsOverTheAgentsFilesAreTold(t *testing.T) {
	w, agent := guarded(t)
	pid, _ := w.spawn(1, "/usr/bin/mount")
	for _, c := range []struct {
		by         uint32
		path, from string
		mountNS    uint32
		want       int
	}{
		{pid, "/var/lib/baize/agent", "none", hostMountNS, 1},
		{pid, "/var/lib/baize/agent/spool", "none", hostMountNS, 1},
		{pid, "/var/lib", "/dev/vdb", hostMountNS, 1},
		{pid, "/usr/bin/baize-agent", "/tmp/x", hostMountNS, 1},
		{pid, "/tmp/elsewhere", "/var/lib/baize/agent/policy.yaml", hostMountNS, 1},
		{pid, "/tmp/elsewhere", "/var/lib", hostMountNS, 0}, // as containers are given their volumes
		{pid, "/var/lib/baize-other", "none", hostMountNS, 0},
		{pid, "/var/lib/baize/agent", "none", hostMountNS + 1, 0}, // where nobody else sees it
		{agent, "/var/lib/baize/agent", "none", hostMountNS, 0},
	} {
		got := w.tamper(event.KernelMount, c.by, func(r *sensor.Record) {
			r.Task.MountNS = c.mountNS
			r.Request, r.Flags, r.Object = sensor.MountMount, unix.MS_BIND, c.from
			r.File = &sensor.File{FileRef: sensor.FileRef{Path: c.path}, FromUser: true}
		})
		if got != c.want {
			t.Errorf("%s at %s by %d in %d: %d reports, want %d", c.from, c.path, c.by, c.mountNS, got, c.want)
		}
	}
}

// Who opens the agent's memory is told, and who looks at its environment, as lists
// of processes do, is not.
func TestOpeningTheAgentsMemoryIsTold(t *testing.T) {
	w, agent := guarded(t)
	pid, _ := w.spawn(1, "/usr/bin/gdb")
	for _, c := range []struct {
		path  string
		of    uint32
		flags uint32
		want  int
	}{
		{"/proc/70/mem", agent, unix.O_RDONLY, 1},
		{"/host/70/mem", agent, unix.O_RDWR, 1},
		{"/proc/70/environ", agent, unix.O_RDONLY, 0},
		{"/proc/1/mem", 1, unix.O_RDWR, 0},
	} {
		got := w.tamper(event.FileOpen, pid, func(r *sensor.Record) {
			r.Child = w.tasks[c.of]
			r.File = &sensor.File{FileRef: sensor.FileRef{Path: c.path}, Watch: sensor.WatchMemory, Flags: c.flags}
		})
		if got != c.want {
			t.Errorf("%s: %d reports, want %d", c.path, got, c.want)
		}
	}
}
