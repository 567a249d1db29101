package graph_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"baize/internal/engine/enginetest"
	"baize/internal/graph"
	"baize/internal/provenance"
)

// two lets two strangers in through two services of one host, both noticed.
func (s *scene) two() (h *enginetest.Host, a, b *enginetest.Process, first, second string) {
	h, web := s.web("h")
	a = web.Fork().Exec("/bin/sh", "-c", "a")
	first = s.root("a shell", "command a")
	b = h.Service("other.service", "/usr/bin/php").Fork().Exec("/bin/sh", "-c", "b")
	second = s.root("a shell", "command b")
	return h, a, b, first, second
}

// apart fails where the two are one.
func (s *scene) apart(t *testing.T, name, first, second string) {
	t.Helper()
	if a, b := s.told(t, "h", first), s.told(t, "h", second); a.ID == b.ID {
		t.Errorf("%s: two intruders are one", name)
	}
}

// of is the intrusion that what a process does now belongs to.
func (s *scene) of(p *enginetest.Process) string {
	p.Connect("203.0.113.200", 443)
	return s.graph.IntrusionOf(s.seen[len(s.seen)-1])
}

// TestStrangersStayApart: what two intruders have in common by chance, or because
// one of them touches what everybody uses, does not make one of them.
func TestStrangersStayApart(t *testing.T) {
	for name, act := range map[string]func(h *enginetest.Host, a, b *enginetest.Process){
		"attributes of a popular program": func(_ *enginetest.Host, a, b *enginetest.Process) {
			a.Chmod("/usr/bin/curl")
			b.Spawn("/usr/bin/curl")
		},
		"a popular program is another": func(h *enginetest.Host, a, b *enginetest.Process) {
			a.Install("/usr/bin/ls")
			for range 8 {
				h.Login().Spawn("/usr/bin/ls")
			}
			b.Spawn("/usr/bin/ls")
		},
		"the same log": func(_ *enginetest.Host, a, b *enginetest.Process) {
			a.Write("/var/log/app.log")
			b.Write("/var/log/app.log")
		},
		"the same hub": func(h *enginetest.Host, a, b *enginetest.Process) {
			sshd := h.Service("ssh.service", "/usr/sbin/sshd")
			a.Inject(sshd)
			b.Inject(sshd)
		},
		"the same crontab": func(h *enginetest.Host, a, b *enginetest.Process) {
			cron := h.Cron()
			a.Define("/etc/crontab", "* * * * * root /opt/a")
			b.Define("/etc/crontab", "* * * * * root /opt/b")
			cron.Open("/etc/crontab", "definition")
			cron.Job("/opt/a")
			cron.Job("/opt/b")
		},
		"the same peers": func(_ *enginetest.Host, a, b *enginetest.Process) {
			a.Connect("203.0.113.9", 443).Ask("github.example")
			b.Connect("203.0.113.9", 443).Ask("github.example")
		},
		"a package manager": func(h *enginetest.Host, a, b *enginetest.Process) {
			apt := h.Login().Spawn("/usr/bin/apt-get")
			a.Chmod("/usr/bin/apt-get").Chmod("/usr/bin/dpkg")
			apt.Spawn("/usr/bin/dpkg", "-i").Install("/usr/bin/tool")
			b.Spawn("/usr/bin/tool")
		},
	} {
		s := newScene(graph.DefaultLimits())
		h, a, b, first, second := s.two()
		act(h, a, b)
		s.apart(t, name, first, second)
		if got := s.of(h.Login().Spawn("/bin/sh")); got != "" {
			t.Errorf("%s: a login belongs to %q", name, got)
		}
	}
}

// TestAnInjectedHubIsDoubt: what a hub does for an intruder cannot be told from
// what it does for all others.
func TestAnInjectedHubIsDoubt(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	sshd := h.Service("ssh.service", "/usr/sbin/sshd")
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	id := s.root("a shell")
	sh.Inject(sshd)
	if got := s.of(sshd.Fork().Exec("/usr/bin/id")); got != "" {
		t.Errorf("what sshd starts belongs to %q", got)
	}
	i := s.told(t, "h", id)
	if stage(&i, provenance.Privilege).State != provenance.Yes || i.Pruned.Taints == 0 {
		t.Errorf("%+v, pruned %+v", stage(&i, provenance.Privilege), i.Pruned)
	}
}

// TestAJobBelongsToTheAuthorOfItsLine: several edit one crontab, the intruder
// neither first nor last.
func TestAJobBelongsToTheAuthorOfItsLine(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, a, b, first, second := s.two()
	cron := h.Cron()
	a.Define("/etc/crontab", "* * * * * root /opt/a")
	b.Define("/etc/crontab", "* * * * * root /opt/b")
	h.Login().Define("/etc/crontab", "1 1 * * * root /usr/local/bin/backup")
	cron.Open("/etc/crontab", "definition")
	s.Advance(3 * time.Hour)
	for command, want := range map[string]string{"/opt/a": first, "/opt/b": second, "/usr/local/bin/backup": ""} {
		if got := s.of(cron.Job(command)); got != want {
			t.Errorf("the job %s belongs to %q, want %q", command, got, want)
		}
	}
	for id, command := range map[string]string{first: "/opt/a", second: "/opt/b"} {
		i := s.told(t, "h", id)
		if len(i.Changes) != 1 || !slices.Equal(i.Changes[0].Ran, []string{"/bin/sh -c " + command}) {
			t.Errorf("%s: %+v", command, i.Changes)
		}
	}
}

// TestMergedStaysMerged: many intrusions come after two that turned out to be
// one; what belonged to the younger belongs to the older still.
func TestMergedStaysMerged(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, a, b, first, second := s.two()
	trojan := b.Spawn("/usr/bin/sleep")
	a.Install("/opt/tool")
	b.Spawn("/opt/tool").Exit()
	for n := range 62 {
		h.Login().Spawn("/usr/bin/id")
		s.root(fmt.Sprint("an alert ", n))
		a.Connect("203.0.113.9", 443)
	}
	h.Login().Spawn("/usr/bin/id")
	s.root("one more")
	if got := s.of(trojan); got != first {
		t.Errorf("the younger's process belongs to %q, want %q", got, first)
	}
	if i := s.told(t, "h", second); i.ID != first {
		t.Errorf("%s leads to %s", second, i.ID)
	}
}

// TestManyAlertsPushNoIntruderOut: jobs that raise an alert each, which reach no
// stage, do not make room for one another at the expense of an intruder.
func TestManyAlertsPushNoIntruderOut(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	id, trojan := s.intrude(web)
	cron := h.Cron()
	for n := range 200 {
		cron.Job("/usr/local/bin/check").Spawn("/usr/bin/id")
		s.root(fmt.Sprint("noise ", n))
	}
	if got := s.of(trojan); got != id {
		t.Errorf("the trojan belongs to %q, want %q", got, id)
	}
}

// TestAForgottenIntrusionComesBackNewer: a store takes only a higher revision.
func TestAForgottenIntrusionComesBackNewer(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h := s.Host("h")
	shell := h.Login()
	again := func() provenance.Intrusion {
		shell.Spawn("/usr/bin/id")
		id := s.root("an alert")
		for _, i := range s.graph.Changed(true, s.Now.UnixNano()) {
			if i.ID == id {
				return i
			}
		}
		t.Fatalf("%s was not told", id)
		return provenance.Intrusion{}
	}
	again()
	before := again()
	for n := range 100 {
		h.Login().Spawn("/usr/bin/id")
		s.root(fmt.Sprint("noise ", n))
	}
	after := again()
	if after.ID != before.ID || after.Revision <= before.Revision {
		t.Errorf("%s revision %d, then %s revision %d", before.ID, before.Revision, after.ID, after.Revision)
	}
}
