package enrich

import (
	"strings"
	"testing"
	"time"

	"baize/internal/agent/procfs"
	"baize/internal/event"
)

// What a probe says carries the process as the sensor knows it, and no secrets.
func TestProbesSpeakOfTheProcess(t *testing.T) {
	w := newWorld(t)
	pid := w.fork(1)
	task := w.tasks[pid]
	say := func(start uint64, p *event.Probe) *event.Event {
		ev := &event.Event{Time: w.now, Kind: event.ProbeCall, Probe: p, Process: &event.Process{Key: event.ProcessKey{Host: "h", Boot: "b", PID: pid, Start: start}}}
		w.Probe(w.now, ev)
		return ev
	}
	secret := "Tr0ub4dor3"
	ev := say(task.Start/procfs.TickNanos*procfs.TickNanos, &event.Probe{Hook: processStart, Arguments: []event.ProbeArgument{
		{Name: "command", Value: "mysql"}, {Name: "directory", Value: "/srv"}, {Name: "command", Value: "-p" + secret}, {Name: "command", Value: "shop"},
	}})
	if ev.Process.Key.Start != task.Start || ev.Process.Parent == nil {
		t.Errorf("%+v", ev.Process)
	}
	var values []string
	for _, a := range ev.Probe.Arguments {
		values = append(values, a.Value)
	}
	if text := strings.Join(values, " "); !strings.HasPrefix(text, "mysql /srv -p[redacted:") || !strings.HasSuffix(text, " shop") || strings.Contains(text, secret) {
		t.Errorf("arguments %q", text)
	}
	ev = say(task.Start+10*uint64(time.Second), &event.Probe{Hook: "http.request", Arguments: []event.ProbeArgument{{Name: "url", Value: "http://u:" + secret + "@db/"}}})
	if ev.Process.Parent != nil {
		t.Error("another process of the same number is taken for it")
	}
	if strings.Contains(ev.Probe.Arguments[0].Value, secret) {
		t.Errorf("%q", ev.Probe.Arguments[0].Value)
	}
}
