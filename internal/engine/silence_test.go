package engine

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
)

// fleet speaks and is silent by the second.
type fleet struct {
	*Engine
	now    time.Time
	seq    uint64
	alerts []alert.Alert
}

func newFleet() *fleet {
	return &fleet{Engine: New(Config{}), now: time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)}
}

func (f *fleet) process(ev *event.Event) {
	out := f.Process(ev)
	f.alerts = append(f.alerts, out.Alerts...)
}

func (f *fleet) says(host string, kind event.Kind) {
	f.seq++
	f.process(&event.Event{Org: "o", Host: event.Host{ID: host}, Boot: "b", Seq: f.seq, Time: f.now, Kind: kind})
}

func (f *fleet) pass(seconds int) {
	for range seconds {
		f.now = f.now.Add(time.Second)
		f.process(&event.Event{Kind: event.EngineTick, Time: f.now})
	}
}

func (f *fleet) expect(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, a := range f.alerts {
		got = append(got, a.Host.ID+" "+a.Rule.ID)
		if a.Kind != alert.KindSensor {
			t.Errorf("%s is of kind %s", a.Rule.ID, a.Kind)
		}
	}
	if strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("alerts %q, want %q", got, want)
	}
}

func TestASilentHostIsToldOnce(t *testing.T) {
	f := newFleet()
	f.says("a", event.SensorStart)
	f.says("b", event.SensorStart)
	f.pass(60)
	f.says("b", event.ProcessFork)
	f.pass(29)
	f.expect(t)
	f.pass(2)
	f.expect(t, "a baize.host.silent")
	f.pass(500)
	f.expect(t, "a baize.host.silent", "b baize.host.silent")
	f.says("a", event.ProcessFork)
	f.pass(91)
	f.expect(t, "a baize.host.silent", "b baize.host.silent", "a baize.host.silent")
}

func TestAnOrderlyStopIsSaid(t *testing.T) {
	f := newFleet()
	f.says("a", event.SensorStop)
	f.pass(91)
	if f.expect(t, "a baize.host.silent"); !strings.Contains(f.alerts[0].Event.Message, "stopped in order") {
		t.Errorf("message %q", f.alerts[0].Event.Message)
	}
}

// A server that was away an hour itself heard nobody, and says nothing of it.
func TestAServerThatWasAwayAccusesNobody(t *testing.T) {
	f := newFleet()
	f.says("a", event.SensorStart)
	f.pass(10)
	f.now = f.now.Add(time.Hour)
	f.pass(10)
	f.expect(t)
	f.pass(80)
	f.expect(t, "a baize.host.silent")
}

func TestASnapshotKeepsWhoIsSilent(t *testing.T) {
	f := newFleet()
	f.says("a", event.SensorStart)
	f.pass(60)
	var kept bytes.Buffer
	if err := f.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	again := New(Config{})
	if err := again.Restore(&kept); err != nil {
		t.Fatal(err)
	}
	f.Engine = again
	f.pass(29)
	f.expect(t)
	f.pass(2)
	f.expect(t, "a baize.host.silent")
}

func TestTamperingIsAnAlertOfTheSensor(t *testing.T) {
	f := newFleet()
	f.seq = 7
	who := &event.Process{Key: event.ProcessKey{Host: "a", Boot: "b", PID: 9, Start: 9}, PID: 9, Executable: "/bin/x"}
	login := &event.Context{Kind: event.ContextLogin, Root: who.Key}
	login.ID = login.Kind + ":" + who.Key.String()
	who.Context = login
	for _, message := range []string{"process.ptrace of the agent", "file.unlink of the agent's files", "process.ptrace of the agent"} {
		f.seq++
		f.process(&event.Event{Org: "o", Host: event.Host{ID: "a"}, Boot: "b", Seq: f.seq, Time: f.now, Kind: event.SensorTamper, Process: who, Message: message})
	}
	f.says("a", event.SensorOffline)
	f.expect(t, "a baize.sensor.tamper", "a baize.sensor.tamper", "a baize.sensor.offline")
	if f.alerts[0].Lineage == "" || f.alerts[0].Incident == "" {
		t.Errorf("the intruder's own lineage has no incident: %+v", f.alerts[0])
	}
}
