package graph_test

import (
	"fmt"
	"testing"
	"time"

	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/provenance"
)

// state is that of one answer of an intrusion.
func (s *scene) state(t *testing.T, host, id, question string) string {
	t.Helper()
	i := s.told(t, host, id)
	return i.Answers[question].State
}

// TestWhatFadedBeforeTheAlertIsUnknown: an intruder was at work for hours before
// he was noticed. What he did then is forgotten, and nobody can say that he did
// nothing; what is certain stays certain.
func TestWhatFadedBeforeTheAlertIsUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(s *scene)
		want map[string]string
	}{
		"nothing": {func(*scene) {}, map[string]string{"files": "not_seen", "persistence": "not_seen", "lateral": "not_seen", "data": "not_seen"}},
		"a crontab": {func(s *scene) { s.shell.Define("/etc/cron.d/x", "* * * * * x") }, map[string]string{
			"files": "unknown", "persistence": "unknown", "lateral": "not_seen", "data": "not_seen",
		}},
		"a file":         {func(s *scene) { s.shell.Write("/tmp/x") }, map[string]string{"files": "unknown", "persistence": "not_seen", "lateral": "not_seen"}},
		"a host":         {func(s *scene) { s.shell.Connect("10.0.0.7", 22) }, map[string]string{"files": "not_seen", "lateral": "unknown", "data": "unknown"}},
		"a key":          {func(s *scene) { s.shell.Open("/root/.ssh/id_rsa", "ssh_key") }, map[string]string{"files": "not_seen", "lateral": "not_seen", "data": "unknown"}},
		"by a child":     {func(s *scene) { s.shell.Spawn("/usr/bin/ssh").Connect("10.0.0.7", 22).Exit() }, map[string]string{"files": "not_seen", "lateral": "unknown"}},
		"by a grandson":  {func(s *scene) { s.shell.Fork().Spawn("/usr/bin/ssh").Connect("10.0.0.7", 22).Exit() }, map[string]string{"files": "not_seen", "lateral": "unknown"}},
		"a harmless one": {func(s *scene) { s.shell.Spawn("/usr/bin/id").Exit() }, map[string]string{"files": "not_seen", "lateral": "not_seen", "data": "not_seen"}},
	} {
		s := newScene(graph.DefaultLimits())
		h := s.Host("h")
		began := s.Now
		s.shell = h.Login()
		c.act(s)
		other := h.Login()
		for range 12 {
			s.Advance(30 * time.Minute)
			other.Connect("203.0.113.1", 443)
			other.Spawn("/usr/bin/true").Exit()
		}
		h.Vouch(began.Add(-time.Second), event.CoverageComplete)
		s.shell.Spawn("/usr/bin/id")
		id := s.root("an alert")
		for q, want := range c.want {
			if got := s.state(t, "h", id, q); got != want {
				t.Errorf("%s: %s is %s, want %s", name, q, got, want)
			}
		}
	}
}

// TestAFloodBeforeTheAlertIsDoubt: a flood of forks, files and peers pushes out
// what was done before.
func TestAFloodBeforeTheAlertIsDoubt(t *testing.T) {
	limits := graph.DefaultLimits()
	limits.ProcessesPerHost, limits.FilesPerHost, limits.PeersPerHost, limits.EdgesPerHost = 100, 100, 50, 5000
	s := newScene(limits)
	h := s.Host("h")
	began := s.Now
	shell := h.Login()
	shell.Spawn("/usr/bin/crontab").Define("/etc/cron.d/x", "* * * * * x").Exit()
	shell.Spawn("/usr/bin/ssh").Connect("10.0.0.7", 22).Exit()
	for n := range 300 {
		shell.Spawn("/usr/bin/true").Write(fmt.Sprintf("/tmp/%d", n)).Connect("203.0.113.9", uint16(n+1)).Exit()
	}
	h.Vouch(began.Add(-time.Second), event.CoverageComplete)
	shell.Spawn("/usr/bin/id")
	id := s.root("an alert")
	for _, q := range []string{provenance.Persistence, provenance.Lateral} {
		if got := s.state(t, "h", id, q); got == provenance.NotSeen {
			t.Errorf("%s is %s", q, got)
		}
	}
}

// TestAForgottenTrojanIsDoubt: processes of intrusions are bounded too. A quiet
// trojan that was pushed out may do what it likes unseen.
func TestAForgottenTrojanIsDoubt(t *testing.T) {
	limits := graph.DefaultLimits()
	limits.ProcessesPerHost, limits.KeptPerHost = 50, 50
	s := newScene(limits)
	h, web := s.web("h")
	began := s.Now
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	id := s.root("a shell")
	sh.Fork().Fork().Exec("/tmp/trojan")
	h.Vouch(began.Add(-time.Second), event.CoverageComplete)
	if got := s.state(t, "h", id, provenance.Persistence); got != provenance.NotSeen {
		t.Fatalf("persistence is %s", got)
	}
	for range 200 {
		sh.Fork()
	}
	h.Vouch(began.Add(-time.Second), event.CoverageComplete)
	if got := s.state(t, "h", id, provenance.Persistence); got != provenance.Unknown {
		t.Errorf("the trojan is forgotten, and persistence is %s", got)
	}
	if i := s.told(t, "h", id); stage(&i, provenance.Persist).State != provenance.Unknown {
		t.Errorf("the stage is %+v", stage(&i, provenance.Persist))
	}
}

// TestALongLivedChildIsPartOfIt: the trojan was started hours before anybody
// noticed its parent.
func TestALongLivedChildIsPartOfIt(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	shell := s.Host("h").Login()
	trojan := shell.Spawn("/tmp/trojan")
	for range 6 {
		s.Advance(time.Hour)
		trojan.Ask("c2.example")
	}
	shell.Spawn("/usr/bin/id")
	id := s.root("an alert")
	trojan.Connect("203.0.113.9", 443)
	if got := s.graph.IntrusionOf(s.seen[len(s.seen)-1]); got != id {
		t.Errorf("the trojan belongs to %q, want %q", got, id)
	}
}

// TestABindShellIsNoHub: the alert is about the trojan's listening itself.
func TestABindShellIsNoHub(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	_, web := s.web("h")
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	sh.Write("/tmp/x")
	sh.Spawn("/usr/bin/nc", "-lp", "4444").Listen(4444)
	id := s.root("a bind shell")
	if i := s.told(t, "h", id); len(i.Files) != 1 || i.Roots[0].Process != sh.Key() {
		t.Errorf("files %v, roots %+v", paths(&i), i.Roots)
	}
}

// TestCoverageIsOfItsTime: what the sensor and the server say of windows, at
// their edges and when the host's clock steps.
func TestCoverageIsOfItsTime(t *testing.T) {
	for name, c := range map[string]struct {
		say  func(s *scene, vouch func(from, to time.Duration, state string, class event.Class))
		want string
	}{
		"complete": {func(_ *scene, vouch func(from, to time.Duration, state string, class event.Class)) {
			vouch(-time.Second, time.Hour, event.CoverageComplete, event.ClassFile)
		}, "not_seen"},
		"filtered": {func(_ *scene, vouch func(from, to time.Duration, state string, class event.Class)) {
			vouch(-time.Second, time.Hour, event.CoverageFiltered, event.ClassFile)
		}, "unknown"},
		"throttled": {func(_ *scene, vouch func(from, to time.Duration, state string, class event.Class)) {
			vouch(-time.Second, time.Hour, event.CoverageThrottled, event.ClassFile)
		}, "unknown"},
		"only later": {func(_ *scene, vouch func(from, to time.Duration, state string, class event.Class)) {
			vouch(time.Minute, time.Hour, event.CoverageComplete, event.ClassFile)
		}, "unknown"},
		"a hole between": {func(_ *scene, vouch func(from, to time.Duration, state string, class event.Class)) {
			vouch(-time.Second, time.Minute, event.CoverageComplete, event.ClassFile)
			vouch(2*time.Minute, time.Hour, event.CoverageComplete, event.ClassFile)
		}, "unknown"},
		"a gap in the numbers before the first event": {func(_ *scene, vouch func(from, to time.Duration, state string, class event.Class)) {
			vouch(-time.Second, time.Hour, event.CoverageComplete, event.ClassFile)
			vouch(0, 0, event.CoverageLost, event.ClassAll)
		}, "unknown"},
		"a gap in the numbers, told of by the next event": {func(s *scene, vouch func(from, to time.Duration, state string, class event.Class)) {
			vouch(-time.Second, time.Minute, event.CoverageComplete, event.ClassFile)
			vouch(2*time.Hour, 2*time.Hour, event.CoverageLost, event.ClassAll)
			vouch(time.Minute, time.Hour, event.CoverageComplete, event.ClassFile)
		}, "unknown"},
		"a loss of before, told of late": {func(_ *scene, vouch func(from, to time.Duration, state string, class event.Class)) {
			vouch(-2*time.Hour, time.Minute, event.CoverageComplete, event.ClassFile)
			vouch(-2*time.Hour, -time.Hour, event.CoverageLost, event.ClassFile)
			vouch(time.Minute, time.Hour, event.CoverageComplete, event.ClassFile)
		}, "not_seen"},
		"the clock stepped back": {func(_ *scene, vouch func(from, to time.Duration, state string, class event.Class)) {
			vouch(-2*time.Hour, time.Hour, event.CoverageComplete, event.ClassFile)
			vouch(-time.Hour, -time.Minute, event.CoverageComplete, event.ClassFile)
		}, "unknown"},
		"the clock stepped back within a window": {func(_ *scene, vouch func(from, to time.Duration, state string, class event.Class)) {
			vouch(-2*time.Hour, time.Hour, event.CoverageComplete, event.ClassFile)
			vouch(time.Hour, -time.Minute, event.CoverageComplete, event.ClassFile)
		}, "unknown"},
		"lost while the clock stepped back": {func(_ *scene, vouch func(from, to time.Duration, state string, class event.Class)) {
			vouch(-2*time.Hour, time.Hour, event.CoverageComplete, event.ClassFile)
			vouch(time.Hour, -time.Minute, event.CoverageLost, event.ClassFile)
			vouch(-time.Minute, 2*time.Hour, event.CoverageComplete, event.ClassFile)
		}, "unknown"},
	} {
		s := newScene(graph.DefaultLimits())
		h := s.Host("h")
		h.Login().Spawn("/usr/bin/id")
		id := s.root("an alert")
		i := s.told(t, "h", id)
		c.say(s, func(from, to time.Duration, state string, class event.Class) {
			s.graph.Cover(&event.Event{Host: event.Host{ID: "h"}, Kind: event.SensorCoverage, Coverage: &event.Coverage{
				Class: class, From: i.Opened.Add(from), To: i.Opened.Add(to), State: state,
			}}, s.Now.UnixNano())
		})
		if got := s.state(t, "h", id, provenance.Deleted); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestOneOfManyIsLeft: the book of files is full, and one that is not in it may
// be there still.
func TestOneOfManyIsLeft(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	began := s.Now
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	id := s.root("a shell")
	for n := range 300 {
		sh.Install(fmt.Sprintf("/tmp/%d", n)).Spawn(fmt.Sprintf("/tmp/%d", n)).Exit()
	}
	for n := range 256 {
		sh.Unlink(fmt.Sprintf("/tmp/%d", n))
	}
	h.Vouch(began.Add(-time.Second), event.CoverageComplete)
	if got := s.state(t, "h", id, provenance.Deleted); got != provenance.Unknown {
		t.Errorf("deleted is %s", got)
	}
}
