package engine

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"baize/internal/engine/enginetest"
	"baize/internal/event"
)

// stranger is an intruder who shares nothing with the first but what a test adds.
var stranger = enginetest.Trojan{From: "198.51.100.90", URL: "http://203.0.113.60/get.php?id=1", File: "/var/tmp/.cache/sshd", C2: "203.0.113.61", Title: "[kswapd1]"}

// apart demands that a log's intrusions stay n incidents.
func apart(t *testing.T, events []*event.Event, n int) {
	t.Helper()
	if open := runOpen(t, events); len(open) != n {
		for _, i := range open {
			t.Logf("%s: %d alerts, reasons %+v", i.Title, len(i.Alerts), i.Reasons)
		}
		t.Fatalf("%d incidents, want %d", len(open), n)
	}
}

// TestTwoBehindOneAddressStayTwo: many reach their services through one
// translated address, intruders among them.
func TestTwoBehindOneAddressStayTwo(t *testing.T) {
	const nat = "198.51.100.200"
	for _, oneHost := range []bool{true, false} {
		w, events := enginetest.Record()
		h := w.Host("web-1")
		one := h.Service("a.service", "/usr/bin/java", "a")
		if !oneHost {
			h = w.Host("web-2")
		}
		two := h.Service("b.service", "/usr/bin/node", "b")
		for range 20 {
			one.Accept(nat)
			two.Accept(nat)
		}
		first, second := enginetest.First, stranger
		first.From, second.From = nat, nat
		first.Round(one)
		second.Round(two)
		apart(t, *events, 2)
	}
}

// TestAProgramOfEverybodyJoinsNobody: the image of both intruders is one that
// others use too; an image that only they use does join them.
func TestAProgramOfEverybodyJoinsNobody(t *testing.T) {
	const busybox = "/opt/busybox/sh"
	for others, want := range map[int]int{0: 1, 1: 2, 20: 2} {
		w, events := enginetest.Record()
		for i := range others {
			w.Host(fmt.Sprintf("ci-%d", i)).Login().Spawn(busybox, "build.sh").Exit()
		}
		w.Host("web-1").Service("a.service", "/usr/bin/java").Accept("198.51.100.5").Write(busybox).Spawn(busybox, "-c", "id")
		w.Host("web-2").Service("b.service", "/usr/bin/node").Accept("198.51.100.6").Write(busybox).Spawn(busybox, "-c", "whoami")
		apart(t, *events, want)
	}
}

// TestAResolverJoinsNobody: both ask the public resolver that the whole fleet
// asks, or that none but they ask.
func TestAResolverJoinsNobody(t *testing.T) {
	for _, fleet := range []int{0, 5} {
		w, events := enginetest.Record()
		for i := range fleet {
			w.Host(fmt.Sprintf("db-%d", i)).Service("db.service", "/usr/bin/postgres").Ask("updates.example")
		}
		enginetest.First.Round(w.Host("web-1").Service("a.service", "/usr/bin/java")).Ask("x.dnslog.example")
		stranger.Round(w.Host("web-2").Service("b.service", "/usr/bin/node")).Ask("feed.other.example")
		for _, ev := range *events {
			if ev.Kind == event.DNSQuery {
				ev.Destination = &event.Endpoint{IP: netip.MustParseAddr("203.0.113.53"), Port: 53}
			}
		}
		apart(t, *events, 2)
	}
}

// TestADirectoryOfEverybodyJoinsNobody: two logins of different people, each
// with a file of its own in the same directory for temporary files.
func TestADirectoryOfEverybodyJoinsNobody(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	h.Login().Write("/tmp/one").Spawn("/tmp/one").Connect("203.0.113.70", 443)
	h.Login().Write("/tmp/two").Spawn("/tmp/two").Connect("203.0.113.80", 443)
	apart(t, *events, 2)
}

// TestOneWhoRotatesStaysOne: source, address, file and title change each time;
// how the service is made to fetch and run it does not.
func TestOneWhoRotatesStaysOne(t *testing.T) {
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	for i := range 6 {
		again := enginetest.First
		again.From = fmt.Sprintf("198.51.100.%d", 10+i)
		again.URL = fmt.Sprintf("http://203.0.113.%d/t", 10+i)
		again.C2 = fmt.Sprintf("203.0.113.%d", 110+i)
		again.File = fmt.Sprintf("/dev/shm/kworker%d", i)
		again.Title = fmt.Sprintf("[kworker/%d:0]", i)
		again.Round(java)
		w.Advance(3 * time.Hour)
	}
	apart(t, *events, 1)
}

// TestADecoyDoesNotBridge: benign work between the intruders, of the kinds
// that touch both, leaves them apart.
func TestADecoyDoesNotBridge(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	one, two := h.Service("a.service", "/usr/bin/java", "a"), h.Service("b.service", "/usr/bin/node", "b")
	enginetest.First.Round(one)
	backup := h.Login().Spawn("/usr/bin/tar", "cf", "/backup.tar", "/")
	backup.Open(enginetest.First.File, "").Open(stranger.File, "").Write("/backup.tar")
	backup.Connect("203.0.113.200", 22)
	enginetest.Benign(h, 3)
	stranger.Round(two)
	apart(t, *events, 2)
}

// TestARestoredEngineKeepsRotationOne: what joins the rounds survives a restart
// between any two of them.
func TestARestoredEngineKeepsRotationOne(t *testing.T) {
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	e := New(Config{Rules: testRules(t)})
	s := collect(t, e, nil)
	for _, trojan := range []enginetest.Trojan{enginetest.First, enginetest.Second, enginetest.First} {
		*events = (*events)[:0]
		trojan.Round(java)
		w.Advance(time.Minute)
		w.Tick()
		for _, ev := range *events {
			s.take(t, e.Process(ev))
		}
		var snapshot bytes.Buffer
		if err := e.Snapshot(&snapshot); err != nil {
			t.Fatal(err)
		}
		e = New(Config{Rules: testRules(t)})
		if err := e.Restore(&snapshot); err != nil {
			t.Fatal(err)
		}
	}
	s.take(t, e.Finish())
	if open := s.open(); len(open) != 1 || len(open[0].Alerts) != len(s.alerts)+len(s.chains) {
		t.Fatalf("%d incidents of %d alerts: %+v", len(open), len(s.alerts), open)
	}
}
