package engine

import (
	"testing"
	"time"

	"baize/internal/engine/enginetest"
	"baize/internal/event"
)

// TestAWrongClockIsPutRight: an intruder goes from a host to another one whose clock is
// days ahead or behind. He is one incident all the same, and its alerts are in the order
// in which things happened; a clock that trembles changes no times.
func TestAWrongClockIsPutRight(t *testing.T) {
	for _, skew := range []time.Duration{0, time.Second, 72 * time.Hour, -72 * time.Hour} {
		w, events := enginetest.Record()
		session := func(host, from, name string) {
			sshd := w.Host(host).Service("ssh.service", "/usr/sbin/sshd", "-D")
			sshd.AcceptFrom(from, 50000, "10.0.0.2", 22)
			s, connection := sshd.Visit(tool(name))
			connection.Accepted(from, 50000, stolenKey)
			s.Install("/dev/shm/" + name).Spawn("/dev/shm/" + name)
			w.Advance(time.Minute)
		}
		session("web-1", "198.51.100.7", "one")
		session("db-1", "203.0.113.7", "two")
		session("web-2", "203.0.113.8", "three")
		w.Tick()
		when := map[uint64]time.Time{}
		for n, ev := range *events {
			ev.Ingest = &event.Ingest{Bus: uint64(n + 1), Received: ev.Time}
			when[ev.Ingest.Bus] = ev.Time
			if ev.Host.ID == "db-1" {
				ev.Shift(skew)
				ev.Ingest.Skew = (skew + time.Duration(n%3)*100*time.Millisecond).Milliseconds()
			}
		}
		open := runOpen(t, *events)
		if len(open) != 1 || len(open[0].Hosts) != 3 {
			t.Errorf("%v: %d incidents", skew, len(open))
		}
		for _, ev := range *events {
			off := ev.Time.Sub(when[ev.Ingest.Bus])
			if off > tolerated || off < -tolerated {
				t.Fatalf("%v: an event is %v off", skew, off)
			}
			if p := ev.Process; p != nil && !p.Start.IsZero() && p.Start.Sub(ev.Time) > tolerated {
				t.Fatalf("%v: process %d begins %v after its own event", skew, p.PID, p.Start.Sub(ev.Time))
			}
		}
	}
}
