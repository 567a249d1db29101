package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/provenance"
)

func (s *seen) chain(t *testing.T) alert.Alert {
	t.Helper()
	if len(s.chains) != 1 {
		t.Fatalf("%d kill chains, want one", len(s.chains))
	}
	for _, a := range s.chains {
		return a
	}
	return alert.Alert{}
}

func stageOfAlert(a *alert.Alert, name string) provenance.Stage {
	for _, s := range a.Stages {
		if s.Stage == name {
			return s
		}
	}
	return provenance.Stage{}
}

// TestOneKillChain: two rounds under other names, contents and addresses, with
// retries, are one kill chain that advances; it is in the incident of the alerts.
func TestOneKillChain(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	java := h.Service("app.service", "/usr/bin/java")
	for _, round := range []enginetest.Trojan{enginetest.First, enginetest.First, enginetest.Second, enginetest.Second} {
		round.Round(java)
	}
	s := run(t, *events)
	a := s.chain(t)
	open := s.open()
	if len(open) != 1 || a.Incident != open[0].ID || !slices.Contains(open[0].Alerts, a.ID) || a.Rule.Level != "critical" || len(s.intrusions) == 0 {
		t.Fatalf("%+v in %d incidents", a, len(open))
	}
	for _, name := range []string{provenance.InitialAccess, provenance.Download, provenance.Permission, provenance.Execution, provenance.CommandControl} {
		if got := stageOfAlert(&a, name); got.State != provenance.Yes || got.Time.IsZero() || got.Evidence == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := stageOfAlert(&a, provenance.Persist); got.State != provenance.Unknown || len(got.Incomplete) == 0 {
		t.Errorf("nothing vouches for the host: %+v", got)
	}
	for _, want := range []string{"web-1:/dev/shm/kworker", "web-1:/dev/shm/databus00000000123", "203.0.113.9", "203.0.113.77"} {
		if !slices.ContainsFunc(a.Entities, func(e alert.Entity) bool { return e.Value == want }) {
			t.Errorf("the chain does not name %s", want)
		}
	}
}

// TestAChainAdvances: what is vouched for and what comes later changes the same
// alert, with a higher revision each time.
func TestAChainAdvances(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	java := h.Service("app.service", "/usr/bin/java")
	began := w.Now
	trojan := enginetest.First.Round(java)
	h.Vouch(began.Add(-time.Second), event.CoverageComplete)
	w.Advance(2 * time.Second)
	w.Tick()
	s := run(t, *events)
	before := s.chain(t)
	if got := stageOfAlert(&before, provenance.Persist); got.State != provenance.NotSeen {
		t.Fatalf("all is vouched for, and persistence is %+v", got)
	}
	trojan.Define("/etc/cron.d/x", "* * * * * root /dev/shm/kworker")
	s = run(t, *events)
	after := s.chain(t)
	if after.ID != before.ID || after.Revision <= before.Revision || stageOfAlert(&after, provenance.Persist).State != provenance.Yes || after.Score <= before.Score {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if !strings.Contains(after.Rule.Title, "persistence") {
		t.Errorf("title %q", after.Rule.Title)
	}
}

// TestDisguises: however the file comes and is run, it is one kill chain.
func TestDisguises(t *testing.T) {
	for name, act := range map[string]func(java, sh *enginetest.Process, h *enginetest.Host, w *enginetest.World){
		"curl": func(_, sh *enginetest.Process, _ *enginetest.Host, _ *enginetest.World) {
			sh.Spawn("/usr/bin/curl").Connect("203.0.113.9", 80).Write("/tmp/x")
			sh.Spawn("/usr/bin/chmod").Chmod("/tmp/x")
			sh.Spawn("/tmp/x")
		},
		"install": func(_, sh *enginetest.Process, _ *enginetest.Host, _ *enginetest.World) {
			sh.Spawn("/usr/bin/wget").Connect("203.0.113.9", 80).Write("/tmp/y")
			sh.Spawn("/usr/bin/install").Install("/usr/local/bin/x").Exit()
			sh.Spawn("/usr/local/bin/x")
		},
		"memory": func(_, sh *enginetest.Process, _ *enginetest.Host, _ *enginetest.World) {
			sh.Spawn("/usr/bin/python3").Connect("203.0.113.9", 80).Memory("x")
		},
		"pipe": func(_, sh *enginetest.Process, _ *enginetest.Host, _ *enginetest.World) {
			sh.Spawn("/usr/bin/base64", "-d").Write("/tmp/x")
			sh.Chmod("/tmp/x").Spawn("/tmp/x")
		},
		"rename": func(_, sh *enginetest.Process, _ *enginetest.Host, _ *enginetest.World) {
			sh.Spawn("/usr/bin/curl").Connect("203.0.113.9", 80).Write("/tmp/a.txt")
			sh.Spawn("/usr/bin/mv").Rename("/tmp/a.txt", "/opt/svc").Exit()
			sh.Chmod("/opt/svc").Spawn("/opt/svc")
		},
		"loader": func(_, sh *enginetest.Process, _ *enginetest.Host, _ *enginetest.World) {
			sh.Spawn("/usr/bin/curl").Connect("203.0.113.9", 80).Write("/tmp/x")
			sh.Spawn("/lib64/ld-linux-x86-64.so.2", "--library-path", "/tmp", "/tmp/x")
		},
		"script": func(_, sh *enginetest.Process, _ *enginetest.Host, _ *enginetest.World) {
			sh.Spawn("/usr/bin/curl").Connect("203.0.113.9", 80).Write("/tmp/x.py")
			sh.Spawn("/usr/bin/python3", "-u", "/tmp/x.py")
		},
		"separate requests": func(java, sh *enginetest.Process, _ *enginetest.Host, w *enginetest.World) {
			sh.Spawn("/usr/bin/curl").Connect("203.0.113.9", 80).Write("/tmp/x")
			w.Advance(time.Hour)
			java.Accept("198.51.100.9").Fork().Exec("/bin/sh", "-c", "chmod +x /tmp/x").Spawn("/usr/bin/chmod").Chmod("/tmp/x")
			w.Advance(time.Hour)
			java.Accept("198.51.100.11").Fork().Exec("/bin/sh", "-c", "/tmp/x &").Spawn("/tmp/x")
		},
		"another process's chmod": func(_, sh *enginetest.Process, h *enginetest.Host, _ *enginetest.World) {
			sh.Spawn("/usr/bin/curl").Connect("203.0.113.9", 80).Write("/opt/x")
			h.Login().Spawn("/usr/bin/chmod", "-R", "+x", "/opt").Chmod("/opt/x")
			sh.Spawn("/opt/x")
		},
		"hours later": func(_, sh *enginetest.Process, _ *enginetest.Host, w *enginetest.World) {
			sh.Spawn("/usr/bin/curl").Connect("203.0.113.9", 80).Write("/opt/x").Exit()
			sh.Chmod("/opt/x")
			w.Advance(9 * time.Hour)
			sh.Spawn("/opt/x")
		},
		"cron": func(_, sh *enginetest.Process, h *enginetest.Host, w *enginetest.World) {
			cron := h.Cron()
			sh.Spawn("/usr/bin/curl").Connect("203.0.113.9", 80).Install("/opt/x").Exit()
			sh.Define("/etc/cron.d/x", "1 1 * * * root /opt/x")
			sh.Exit()
			cron.Open("/etc/cron.d/x", "definition")
			w.Advance(20 * time.Hour)
			cron.Job("/opt/x").Spawn("/opt/x")
		},
		"a unit": func(_, sh *enginetest.Process, h *enginetest.Host, w *enginetest.World) {
			sh.Spawn("/usr/bin/curl").Connect("203.0.113.9", 80).Install("/opt/x").Exit()
			sh.Define("/etc/systemd/system/x.service", "ExecStart=/opt/x")
			h.Init.Open("/etc/systemd/system/x.service", "definition")
			w.Advance(20 * time.Hour)
			h.Unit("x.service", "/opt/x")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, events := enginetest.Record()
			h := w.Host("web-1")
			java := h.Service("app.service", "/usr/bin/java").Accept("198.51.100.7")
			act(java, java.Fork().Exec("/bin/sh", "-c", "x"), h, w)
			s := run(t, *events)
			a := s.chain(t)
			for _, stage := range []string{provenance.InitialAccess, provenance.Download, provenance.Execution} {
				if stageOfAlert(&a, stage).State != provenance.Yes {
					t.Errorf("%s: %+v", stage, stageOfAlert(&a, stage))
				}
			}
			standing := 0
			for _, i := range s.intrusions {
				if i.MergedInto == "" && len(i.Files) > 0 {
					standing++
				}
			}
			if standing != 1 {
				t.Errorf("%d intrusions brought something, want one", standing)
			}
		})
	}
}

// TestOrdinaryWorkIsNoChain: builds run what they wrote, and packages what they
// installed.
func TestOrdinaryWorkIsNoChain(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("dev")
	enginetest.Benign(h, 5)
	dev := h.Login()
	for range 5 {
		dev.Spawn("/usr/bin/go", "build").Connect("203.0.113.80", 443).Install("/home/dev/tool")
		dev.Spawn("/home/dev/tool").Connect("203.0.113.80", 443)
	}
	if s := run(t, *events); len(s.chains) != 0 {
		t.Fatalf("%+v", s.chains)
	}
}

// TestAMergedIntrusionHasOneChain: the younger of two intrusions that turn out to
// be one has a kill chain already. It goes on as that of both.
func TestAMergedIntrusionHasOneChain(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	first := h.Service("app.service", "/usr/bin/java").Accept("198.51.100.7").Fork().Exec("/bin/sh", "-c", "x")
	enginetest.First.Round(h.Service("other.service", "/usr/bin/java"))
	w.Advance(time.Minute)
	w.Tick()
	s := run(t, *events)
	before := s.chain(t)
	first.Spawn(enginetest.First.File)
	w.Advance(time.Minute)
	first.Define("/etc/cron.d/x", "* * * * * root x")
	w.Advance(time.Minute)
	w.Tick()
	s = run(t, *events)
	merged := 0
	for _, i := range s.intrusions {
		if i.MergedInto != "" {
			merged++
		}
	}
	a := s.chain(t)
	if merged != 1 || a.ID != before.ID || a.Revision <= before.Revision || stageOfAlert(&a, provenance.Persist).State != provenance.Yes {
		t.Errorf("%d merged, %+v", merged, a)
	}
}

// TestTwoChainsBecomeOne: both of two intrusions that turn out to be one have a
// kill chain. The younger's says so, leads to the older intrusion, and stands still
// from then on; the older's goes on.
func TestTwoChainsBecomeOne(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	first := enginetest.First.Round(h.Service("app.service", "/usr/bin/java"))
	w.Advance(time.Minute)
	enginetest.Second.Round(h.Service("other.service", "/usr/bin/php"))
	w.Advance(time.Minute)
	w.Tick()
	before := run(t, *events).chains
	if len(before) != 2 {
		t.Fatalf("%d kill chains, want two", len(before))
	}
	first.Spawn(enginetest.Second.File)
	w.Advance(time.Minute)
	first.Define("/etc/cron.d/x", "* * * * * root x")
	w.Advance(time.Minute)
	w.Tick()
	s := run(t, *events)
	var older, younger alert.Alert
	for _, a := range s.chains {
		if strings.HasSuffix(a.Rule.Title, goesOn) {
			younger = a
		} else {
			older = a
		}
	}
	if len(s.chains) != 2 || younger.ID == "" || younger.Revision <= before[younger.ID].Revision || younger.Time.Before(older.Time) {
		t.Fatalf("older %+v, younger %+v", older, younger)
	}
	if younger.Intrusion != older.Intrusion || younger.Incident != older.Incident {
		t.Errorf("the younger leads to %s in %s, the older is %s in %s", younger.Intrusion, younger.Incident, older.Intrusion, older.Incident)
	}
	if stageOfAlert(&older, provenance.Persist).State != provenance.Yes || stageOfAlert(&younger, provenance.Persist).State == provenance.Yes {
		t.Errorf("what came later: older %+v, younger %+v", stageOfAlert(&older, provenance.Persist), stageOfAlert(&younger, provenance.Persist))
	}
}

// TestAChainSurvivesARestart: an engine restored from a snapshot advances the
// alert that the one before it opened.
func TestAChainSurvivesARestart(t *testing.T) {
	w, events := enginetest.Record()
	java := w.Host("web-1").Service("app.service", "/usr/bin/java")
	trojan := enginetest.First.Round(java)
	e := New(Config{Rules: testRules(t)})
	s := collect(t, e, *events)
	first := s.chain(t)
	e = resumed(t, e)
	*events = nil
	w.Advance(time.Hour)
	trojan.Define("/etc/crontab", "x")
	for _, ev := range *events {
		s.take(t, e.Process(ev))
	}
	s.take(t, e.Finish())
	if got := s.chain(t); got.ID != first.ID || got.Revision <= first.Revision || stageOfAlert(&got, provenance.Persist).State != provenance.Yes {
		t.Errorf("%+v", got)
	}
}
