package enrich

import (
	"net/netip"
	"testing"
	"time"

	"baize/internal/agent/sensor"
	"baize/internal/agent/traffic"
	"baize/internal/event"
)

// connect is a TCP connection that pid opens.
func (w *world) connect(pid uint32, cookie uint64, result int32) {
	w.record(event.NetworkConnect, pid, func(r *sensor.Record) {
		r.Result = result
		r.Socket = &sensor.Socket{
			Transport: "tcp", Cookie: cookie, NetNS: 7, Initiated: true,
			Local: netip.MustParseAddrPort("10.0.0.1:40000"), Remote: netip.MustParseAddrPort("203.0.113.9:443"),
		}
	})
}

// told are the network.bytes among what is released.
func (w *world) told() []*event.Event {
	var found []*event.Event
	for _, ev := range w.drain() {
		if ev.Kind == event.NetworkBytes {
			found = append(found, ev)
		}
	}
	return found
}

func TestWhoseConnectionsAreFollowed(t *testing.T) {
	w := newWorld(t)
	service, _ := w.spawn(1, "/usr/bin/java")
	w.listen(service)
	shell, _ := w.spawn(service, "/bin/sh")
	plain, _ := w.spawn(1, "/usr/bin/apt")
	brought, _ := w.spawn(plain, "/usr/bin/dpkg")
	written := file("/opt/tool")
	w.record(event.FileCloseWrite, plain, func(r *sensor.Record) { r.File = &sensor.File{FileRef: written} })
	w.exec(brought, "/opt/tool")
	memfd := w.fork(1)
	w.Handle(w.now, &sensor.Record{Kind: event.ProcessExec, Mono: w.tick(), Task: *w.tasks[memfd], Exec: &sensor.Exec{
		Image: sensor.FileRef{Path: "memfd:x", Inode: 5, Magic: magicTmpfs}, Args: []string{"x"},
	}})
	for cookie, c := range map[uint64]struct {
		pid  uint32
		want bool
	}{1: {shell, true}, 2: {plain, false}, 3: {brought, true}, 4: {memfd, true}, 5: {service, false}} {
		w.connect(c.pid, cookie, 0)
		if (w.flows.open[cookie] != nil) != c.want {
			t.Errorf("connection %d of %d is followed: %v", cookie, c.pid, !c.want)
		}
	}
	w.connect(shell, 6, -111)
	if w.flows.open[6] != nil {
		t.Error("a refused connection is followed")
	}
	w.record(event.NetworkClose, shell, func(r *sensor.Record) { r.Socket = &sensor.Socket{Transport: "tcp", Cookie: 1} })
	if w.flows.open[1] != nil {
		t.Error("a closed connection is followed")
	}
}

func TestWhatAConnectionCarriedIsToldByTimeAndBySize(t *testing.T) {
	w := newWorld(t)
	service, _ := w.spawn(1, "/usr/bin/java")
	w.listen(service)
	shell, _ := w.spawn(service, "/bin/sh")
	w.connect(shell, 9, 0)
	w.drain()
	f := w.flows.open[9]
	reading := func(out, in uint64, ago time.Duration) []*event.Event {
		f.told = time.Now().Add(-ago)
		w.Metered(w.now, []traffic.Reading{{Cookie: 9, Out: out, In: in}, {Cookie: 10, Out: 1 << 30}})
		return w.told()
	}
	if got := reading(0, 0, time.Hour); len(got) != 0 {
		t.Errorf("nothing was carried: %+v", got)
	}
	if got := reading(tellBytes-1, 0, tellEvery/2); len(got) != 0 {
		t.Errorf("too soon: %+v", got)
	}
	got := reading(tellBytes-1, 1, tellEvery/2)
	if len(got) != 1 || got[0].Network.BytesOut != tellBytes-1 || got[0].Network.BytesIn != 1 || got[0].Network.Cookie != 9 || !got[0].Network.Initiated {
		t.Fatalf("by size: %+v", got)
	}
	if got[0].Process.PID != shell || got[0].Destination.IP.String() != "203.0.113.9" || got[0].Source.Port != 40000 {
		t.Errorf("%+v", got[0])
	}
	if got = reading(tellBytes-1, 3, 2*tellEvery); len(got) != 1 || got[0].Network.BytesIn != 3 {
		t.Errorf("by time: %+v", got)
	}
	if got = reading(tellBytes-1, 3, 2*tellEvery); len(got) != 0 {
		t.Errorf("nothing since: %+v", got)
	}
	w.Metered(w.now, []traffic.Reading{{Cookie: 9, Gone: true}})
	if len(w.flows.open) != 0 {
		t.Error("a connection that is gone is followed")
	}
}

func TestTheMeterIsAskedWhileThereIsSomething(t *testing.T) {
	w := newWorld(t)
	asked := func(want bool) {
		t.Helper()
		w.now = w.now.Add(meterEvery)
		w.Tick(w.now)
		if w.flows.asked != want {
			t.Fatalf("asked: %v", !want)
		}
	}
	asked(true) // once of nothing: the meter lets go of what it holds
	w.Metered(w.now, nil)
	asked(false)
	shell, _ := w.spawn(1, "/dev/shm/x")
	w.flows.bring(w.fileKey(&sensor.FileRef{Path: "/dev/shm/x", Inode: file("/dev/shm/x").Inode, Device: 1}))
	w.connect(shell, 9, 0)
	for cookie := range uint64(2 * maxFlows) {
		w.connect(shell, 100+cookie, 0)
	}
	if len(w.flows.open) != maxFlows {
		t.Errorf("%d connections are followed", len(w.flows.open))
	}
}
