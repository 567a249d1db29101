package engine

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"baize/internal/alert"
	"baize/internal/engine/enginetest"
	"baize/internal/event"
	_ "baize/test/rapidseed" // the same cases each time
)

// correlations are rules of every kind over the scripts' events.
var correlations = fstest.MapFS{"c.yml": {Data: []byte(`
title: Download tool
name: download
logsource: {product: linux, category: process_creation}
detection: {s: {Image|endswith: /curl}, condition: s}
---
title: Made executable
name: executable
logsource: {product: linux, category: file_attributes}
detection: {s: {File.Executable: true}, condition: s}
---
title: Written
name: written
logsource: {product: linux, category: file_event}
detection: {s: {TargetFilename|startswith: [/dev/shm/, /tmp/]}, condition: s}
---
title: Executed
name: executed
logsource: {product: linux, category: process_creation}
detection: {s: {Image|startswith: [/dev/shm/, /tmp/]}, condition: s}
---
title: Connects
name: connects
logsource: {product: linux, category: network_connection}
detection: {s: {Network.Outside: true}, condition: s}
---
title: Written, made executable and executed
id: 22222222-0000-4000-8000-000000000001
name: dropped
level: high
tags: [attack.execution]
correlation:
  type: temporal_ordered
  rules: [written, executable, executed]
  group-by: [File]
  timespan: 5m
---
title: Three downloads of one lineage
id: 22222222-0000-4000-8000-000000000002
level: low
correlation: {type: event_count, rules: [download], group-by: [Lineage], timespan: 1h, condition: {gte: 3}}
---
title: One address from several hosts
id: 22222222-0000-4000-8000-000000000003
level: medium
correlation: {type: value_count, rules: [connects], group-by: [DestinationIp], timespan: 10m, condition: {field: Computer, gte: 2}}
---
title: Few downloads
name: few
id: 22222222-0000-4000-8000-000000000004
level: low
correlation: {type: event_count, rules: [download], group-by: [Computer], timespan: 1m, condition: {lte: 1}}
---
title: Dropped, then few downloads
id: 22222222-0000-4000-8000-000000000005
level: medium
generate: true
correlation: {type: temporal, rules: [dropped, few], group-by: [Computer], timespan: 1h}
`)}}

func correlated(t testing.TB) Rules {
	t.Helper()
	rules, report, err := LoadRules(correlations)
	if err != nil || report.Loaded != 1 {
		t.Fatalf("%v %+v", err, report)
	}
	return rules
}

func kindsOf(events []*event.Event) (list []event.Kind) {
	for _, ev := range events {
		list = append(list, ev.Kind)
	}
	return list
}

// TestACorrelationsAlertShowsItsEvents : one intrusion in order, by file.
func TestACorrelationsAlertShowsItsEvents(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	enginetest.First.Round(h.Service("app.service", "/usr/bin/java"))
	s := collect(t, New(Config{Rules: correlated(t), Trace: true}), *events)
	dropped := s.ofRule('1')
	if len(dropped) != 1 || len(s.alerts) != 1 {
		t.Fatalf("%d of %d alerts", len(dropped), len(s.alerts))
	}
	a := dropped[0]
	want := []event.Kind{event.FileCloseWrite, event.FileAttributes, event.ProcessExec}
	if got := kindsOf(a.Evidence); !slices.Equal(got, want) || a.Contributing != 3 || a.Count != 1 {
		t.Errorf("evidence %v, %d events, count %d", got, a.Contributing, a.Count)
	}
	if len(a.Group) != 1 || a.Group[0] != (alert.GroupValue{Field: "File", Value: h.File("/dev/shm/kworker").String()}) {
		t.Errorf("group %+v", a.Group)
	}
	if a.Incident == "" || a.Lineage == "" || a.Event.Kind != event.ProcessExec {
		t.Errorf("%+v", a)
	}
	for _, wanted := range []string{"/usr/bin/curl", "/usr/bin/chmod", "/dev/shm/kworker"} {
		if !slices.ContainsFunc(a.Entities, func(e alert.Entity) bool { return e.Value == "web-1:"+wanted }) {
			t.Errorf("no entity of %s in %+v", wanted, a.Entities)
		}
	}
}

// TestRepeatsOfAGroupAreOneAlert whose evidence grows up to its bound.
func TestRepeatsOfAGroupAreOneAlert(t *testing.T) {
	w, events := enginetest.Record()
	admin := w.Host("web-1").Login()
	for i := range 50 {
		admin.Spawn("/usr/bin/curl", fmt.Sprint("http://203.0.113.9/", i)).Exit()
		if i%10 == 0 {
			w.Advance(time.Second)
		}
	}
	s := collect(t, New(Config{Rules: correlated(t)}), *events)
	many := s.ofRule('2')
	if len(many) != 1 || many[0].Count != 48 || many[0].Contributing != 50 || len(many[0].Evidence) != 32 {
		t.Fatalf("%d alerts, %+v", len(many), many)
	}
	if many[0].Incident != "" || many[0].Revision < 2 {
		t.Errorf("%+v", many[0])
	}
}

// TestGroupsMayCrossHosts but never organisations.
func TestGroupsMayCrossHosts(t *testing.T) {
	w, events := enginetest.Record()
	for i, id := range []string{"a", "b", "c"} {
		w.Host(id).Login().Spawn("/usr/bin/nc").Connect("203.0.113.9", uint16(80+i))
	}
	var last *event.Event
	for _, ev := range *events {
		ev.Org = "one"
		if ev.Host.ID == "c" {
			ev.Org = "two"
		}
		last = ev
	}
	if last.Org != "two" {
		t.Fatal("the other organisation says nothing")
	}
	s := collect(t, New(Config{Rules: correlated(t)}), *events)
	if many := s.ofRule('3'); len(many) != 1 || many[0].Org != "one" || many[0].Contributing != 2 {
		t.Fatalf("%+v", many)
	}
}

// TestSilenceRaisesAnAlert when the clock's ticks say that a window is over.
func TestSilenceRaisesAnAlert(t *testing.T) {
	w, events := enginetest.Record()
	w.Bus = 1
	w.Host("a").Login().Spawn("/usr/bin/curl", "x")
	began := w.Now
	e := New(Config{Rules: correlated(t)})
	for w.Now.Sub(began) < 3*time.Minute {
		w.Advance(time.Second)
		w.Tick()
	}
	var raised time.Duration
	s := seen{alerts: map[string]alert.Alert{}}
	for _, ev := range *events {
		out := e.Process(ev)
		// That the host itself is silent is an alert of its own.
		if raised == 0 && slices.ContainsFunc(out.Alerts, func(a alert.Alert) bool { return a.Kind != alert.KindSensor }) {
			raised = ev.Time.Sub(began)
		}
		s.alerts = add(s.alerts, out.Alerts)
	}
	few := s.ofRule('4')
	if len(few) != 1 || few[0].Event.Process.Executable != "/usr/bin/curl" || few[0].Host.ID != "a" || few[0].Lineage == "" {
		t.Fatalf("%+v", few)
	}
	if raised < 2*time.Minute || raised > 2*time.Minute+2*time.Second {
		t.Errorf("raised after %s", raised)
	}
}

func add(to map[string]alert.Alert, list []alert.Alert) map[string]alert.Alert {
	for _, a := range list {
		to[a.ID] = a
	}
	return to
}

// TestCorrelationsSurviveSnapshots cuts a log anywhere, also by a revision of
// the rules, and compares bytes.
func TestCorrelationsSurviveSnapshots(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := script(rapid.Uint64Range(0, 1000).Draw(rt, "seed"), rapid.IntRange(1, 12).Draw(rt, "rounds"))
		cut := rapid.IntRange(0, len(log)).Draw(rt, "cut")
		cfg := Config{Rules: correlated(t)}
		whole := New(cfg)
		feed(t, whole, log[:cut])
		var snapshot bytes.Buffer
		if err := whole.Snapshot(&snapshot); err != nil {
			rt.Fatal(err)
		}
		again := New(cfg)
		if err := again.Restore(&snapshot); err != nil {
			rt.Fatal(err)
		}
		if rapid.Bool().Draw(rt, "revised") {
			again.use(correlated(t)) // the same rules, compiled anew
		}
		want := append(feed(t, whole, log[cut:]), lines(t, whole.Finish())...)
		got := append(feed(t, again, log[cut:]), lines(t, again.Finish())...)
		if !bytes.Equal(got, want) {
			rt.Fatalf("cut at %d of %d: restored engine differs", cut, len(log))
		}
	})
}

func TestTheSameLogCorrelatesAlike(t *testing.T) {
	log := script(11, 40)
	want := feed(t, New(Config{Rules: correlated(t)}), log)
	if !bytes.Contains(want, []byte("22222222-0000-4000-8000-000000000001")) || !bytes.Contains(want, []byte("000000000005")) {
		t.Fatalf("the log says too little: %.2000s", want)
	}
	for range 3 {
		if got := feed(t, New(Config{Rules: correlated(t)}), log); !bytes.Equal(got, want) {
			t.Fatal("two runs of one log differ")
		}
	}
}

// TestLostGroupsAreTold : a host that makes groups without end is named.
func TestLostGroupsAreTold(t *testing.T) {
	rules, report, err := LoadRules(fstest.MapFS{"c.yml": {Data: []byte("title: any\nname: any\nlogsource: {product: linux}\ndetection: {s: {CommandLine: '*'}, condition: s}\n---\ntitle: c\nid: crowded\ncorrelation: {type: event_count, rules: [any], group-by: [CommandLine], timespan: 1d, condition: {gte: 9}}\n")}})
	if err != nil || report.Loaded != 1 {
		t.Fatalf("%v %+v", err, report)
	}
	w, events := enginetest.Record()
	session := w.Host("noisy").Login()
	e := New(Config{Rules: rules})
	s := seen{alerts: map[string]alert.Alert{}}
	for i := range 10_100 {
		session.Spawn("/bin/echo", fmt.Sprint(i)).Exit()
		s.take(t, e.Process((*events)[len(*events)-1]))
		s.take(t, e.Process((*events)[len(*events)-2]))
		*events = nil
	}
	s.take(t, e.Finish())
	if len(s.alerts) != 1 {
		t.Fatalf("%d alerts", len(s.alerts))
	}
	for _, a := range s.alerts {
		if a.Kind != alert.KindSensor || a.Host.ID != "noisy" || a.Event.Message != "correlation rule crowded" || a.Count < 90 || a.Incident != "" {
			t.Errorf("%+v", a)
		}
	}
	if c := e.Correlations(); c.Evicted < 90 || c.Groups != 10_000 || c.Bytes == 0 {
		t.Errorf("%+v", c)
	}
}

// TestDisabledCorrelationsLeaveRulesAlone : what a disabled correlation refers
// to raises its own alerts again.
func TestDisabledCorrelationsLeaveRulesAlone(t *testing.T) {
	const text = "title: any\nid: any\nlevel: low\nlogsource: {product: linux, category: process_creation}\ndetection: {s: {Image: /bin/id}, condition: s}\n---\ntitle: c\nid: two\nlevel: low\ncorrelation: {type: event_count, rules: [any], timespan: 1d, condition: {gte: 2}}\n"
	for disabled, want := range map[string]string{"": "two", "two\n": "any", "any\n": "two", "any\ntwo\n": ""} {
		rules, _, err := LoadRules(fstest.MapFS{"c.yml": {Data: []byte(text)}, DisabledFile: {Data: []byte(disabled)}})
		if err != nil {
			t.Fatal(err)
		}
		w, events := enginetest.Record()
		session := w.Host("h").Login()
		session.Spawn("/bin/id")
		session.Spawn("/bin/id")
		got := ""
		for _, a := range collect(t, New(Config{Rules: rules}), *events).alerts {
			got += a.Rule.ID
		}
		if got != want {
			t.Errorf("disabled %q: %q, want %q", disabled, got, want)
		}
	}
}
