package graph_test

import (
	"strings"
	"testing"
	"time"

	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/provenance"
)

// TestAJobThatRanBeforeItsAuthorWasNoticed: what a crontab or a unit had started
// by the time of the alert is its author's, and what the lines of others had is
// not, whoever wrote to the file before and after.
func TestAJobThatRanBeforeItsAuthorWasNoticed(t *testing.T) {
	for name, crontab := range map[string]string{"in place": "/etc/crontab", "replaced": "/var/spool/cron/crontabs/root"} {
		s := newScene(graph.DefaultLimits())
		h, web := s.web("h")
		cron := h.Cron()
		define := func(p *enginetest.Process, text string) {
			if name == "in place" {
				p.Define(crontab, text)
			} else {
				p.Write(crontab+".tmp").RenameDefinition(crontab+".tmp", crontab, []string{text}, nil)
			}
			cron.Open(crontab, "definition")
		}
		define(h.Login(), "1 1 * * * /usr/local/bin/backup")
		sh := web.Fork().Exec("/bin/sh", "-c", "x")
		define(sh, "* * * * * /opt/.x/run")
		define(h.Login(), "2 2 * * * /usr/local/bin/rotate")
		s.Advance(time.Minute)
		jobs := map[string]*enginetest.Process{}
		for _, command := range []string{"/opt/.x/run", "/usr/local/bin/backup", "/usr/local/bin/rotate"} {
			jobs[command] = cron.Job(command)
		}
		s.Advance(time.Minute)
		sh.Spawn("/usr/bin/id")
		id := s.root("an alert of the shell")
		for command, want := range map[string]string{"/opt/.x/run": id, "/usr/local/bin/backup": "", "/usr/local/bin/rotate": ""} {
			if got := s.of(jobs[command]); got != want {
				t.Errorf("%s: the job %s belongs to %q, want %q", name, command, got, want)
			}
		}
		if i := s.told(t, "h", id); len(i.Changes) == 0 || len(i.Changes[len(i.Changes)-1].Ran) != 1 {
			t.Errorf("%s: %+v", name, i.Changes)
		}
	}
}

// TestTheWayBackOverAJob: a job raises the first alert. Its way back goes over
// the line that ordered it to who wrote that line, not to who wrote another.
func TestTheWayBackOverAJob(t *testing.T) {
	for _, guilty := range []bool{true, false} {
		s := newScene(graph.DefaultLimits())
		h, web := s.web("h")
		cron := h.Cron()
		sh := web.Fork().Exec("/bin/sh", "-c", "x").Define("/etc/crontab", "* * * * * root /opt/.x/run")
		admin := h.Login().Define("/etc/crontab", "1 1 * * * root /usr/local/bin/backup")
		cron.Open("/etc/crontab", "definition")
		if s.Advance(time.Hour); guilty {
			cron.Job("/opt/.x/run").Spawn("/usr/bin/nc", "203.0.113.9", "443")
		} else {
			sh.Spawn("/usr/bin/id")
			s.root("an alert of the shell")
			cron.Job("/usr/local/bin/backup").Spawn("/usr/bin/nc", "203.0.113.9", "443")
		}
		alert := s.seen[len(s.seen)-1]
		trace := s.graph.Trace(alert, s.root("a connection by hand"))
		want := admin
		if guilty {
			want = sh
		}
		if trace.Entry != want.Key().String() {
			t.Errorf("guilty %v: entry %q, want %q; stopped %q", guilty, trace.Entry, want.Key(), trace.Stopped)
		}
	}
}

// TestAUnitThatRanBeforeItsAuthorWasNoticed is the same for a unit.
func TestAUnitThatRanBeforeItsAuthorWasNoticed(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	sh := web.Fork().Exec("/bin/sh", "-c", "x").Define("/etc/systemd/system/x.service", "ExecStart=/opt/x")
	h.Init.Open("/etc/systemd/system/x.service", "definition")
	unit := h.Unit("x.service", "/opt/x")
	other := h.Unit("y.service", "/opt/y")
	sh.Spawn("/usr/bin/id")
	id := s.root("an alert of the shell")
	if got := s.of(unit); got != id {
		t.Errorf("the unit belongs to %q, want %q", got, id)
	}
	if got := s.of(other); got != "" {
		t.Errorf("another unit belongs to %q", got)
	}
}

// TestACrontabThatIsReadBeforeItsCloseIsTold: the close of a file is told late,
// and the scheduler may have read it by then.
func TestACrontabThatIsReadBeforeItsCloseIsTold(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	cron := h.Cron()
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	id := s.root("a shell")
	sh.OpenFor("/etc/crontab", "definition", "write")
	cron.Open("/etc/crontab", "definition")
	sh.Define("/etc/crontab", "* * * * * root /opt/.x/run")
	if got := s.of(cron.Job("/opt/.x/run")); got != id {
		t.Errorf("the job belongs to %q, want %q", got, id)
	}
}

// TestTwoAuthorsOfOneUnit stay two: what the unit runs is surely of who changed
// it last, whichever of them is noticed first, and before or after it ran.
func TestTwoAuthorsOfOneUnit(t *testing.T) {
	const unit = "/etc/systemd/system/x.service"
	for _, early := range []bool{true, false} {
		s := newScene(graph.DefaultLimits())
		h, web := s.web("h")
		a := web.Fork().Exec("/bin/sh", "-c", "a")
		b := h.Service("other.service", "/usr/bin/php").Fork().Exec("/bin/sh", "-c", "b")
		var first, second string
		notice := func() {
			a.Spawn("/usr/bin/id")
			first = s.root("an alert", "command a")
			b.Spawn("/usr/bin/id")
			second = s.root("an alert", "command b")
		}
		if early {
			notice()
		}
		a.Define(unit, "ExecStart=/opt/a")
		b.Define(unit, "ExecStartPost=/opt/b")
		h.Init.Open(unit, "definition")
		p := h.Unit("x.service", "/opt/a")
		if !early {
			notice()
		}
		s.apart(t, "two authors", first, second)
		s.Advance(5 * time.Hour)
		if got := s.of(p); got != second {
			t.Errorf("early %v: hours later the unit belongs to %q, want %q", early, got, second)
		}
		for _, id := range []string{first, second} {
			if i := s.told(t, "h", id); len(i.Changes) != 1 || len(i.Changes[0].Ran) != 1 {
				t.Errorf("early %v: %s tells of %+v", early, id, i.Changes)
			}
		}
	}
}

// TestALongChangeIsCut: what a host tells of the lines of a definition is bounded
// here as well, and said to be cut. A job of a line that is not told may be the
// intruder's, and nothing is undone that is not known.
func TestALongChangeIsCut(t *testing.T) {
	flood := make([]string, 500)
	for k := range flood {
		flood[k] = strings.Repeat("# ", 100) + string(rune('a'+k%26)) + strings.Repeat("x", k)
	}
	for name, diff := range map[string]*event.Diff{
		"one long line":      {State: event.DiffOK, Added: []string{"* * * * * root /opt/known", strings.Repeat("界", 1<<20)}},
		"many lines":         {State: event.DiffOK, Added: append([]string{"* * * * * root /opt/known"}, flood...)},
		"cut by the sensor":  {State: event.DiffOK, Added: []string{"* * * * * root /opt/known"}, Truncated: true},
		"many lines removed": {State: event.DiffOK, Added: []string{"* * * * * root /opt/known"}, Removed: flood},
	} {
		s := newScene(graph.DefaultLimits())
		h, web := s.web("h")
		cron := h.Cron()
		sh := web.Fork().Exec("/bin/sh", "-c", "x").Change("/etc/crontab", diff)
		id := s.root("crontab written")
		cron.Open("/etc/crontab", "definition")
		i := s.told(t, "h", id)
		c, bytes := i.Changes[0], 0
		for _, text := range append(c.Added, c.Removed...) {
			bytes += len(text)
			if text != strings.ToValidUTF8(text, "") {
				t.Errorf("%s: cut within a character", name)
			}
		}
		if !c.Cut || len(c.Added) > 64 || len(c.Removed) > 64 || bytes > 16<<10 || c.Added[0] != "* * * * * root /opt/known" {
			t.Errorf("%s: %d and %d lines, %d bytes, cut %v", name, len(c.Added), len(c.Removed), bytes, c.Cut)
		}
		if a := i.Answers[provenance.Persistence]; !strings.HasSuffix(a.Evidence[0], "(and more)") {
			t.Errorf("%s: the answer is %v", name, a.Evidence)
		}
		for _, command := range []string{"/opt/known", "/opt/unknown"} {
			if got := s.of(cron.Job(command)); got != id {
				t.Errorf("%s: the job %s belongs to %q", name, command, got)
			}
		}
		by := sh
		if len(c.Removed) > 0 {
			by = h.Login()
		}
		by.Undefine("/etc/crontab", c.Added...)
		if i := s.told(t, "h", id); i.Changes[0].Undone {
			t.Errorf("%s: undone, and not all of it is known", name)
		}
	}
}

// TestAnOverwrittenToolIsTheIntruders: a program that many use and that an intruder
// overwrites in place is his from then on, and wholly: that many ran it when it was
// another does not count. Who ran it before is not his.
func TestAnOverwrittenToolIsTheIntruders(t *testing.T) {
	for _, late := range []bool{false, true} {
		s := newScene(graph.DefaultLimits())
		h, web := s.web("h")
		h.Login().Install("/usr/local/bin/tool")
		var before *enginetest.Process
		for range 6 {
			before = h.Login().Spawn("/usr/local/bin/tool")
		}
		sh := web.Fork().Exec("/bin/sh", "-c", "x")
		id := ""
		if !late {
			id = s.root("a shell")
		}
		sh.Install("/usr/local/bin/tool")
		after := h.Login().Spawn("/usr/local/bin/tool")
		if late {
			sh.Spawn("/usr/bin/id")
			id = s.root("a shell")
		}
		s.Advance(9 * time.Hour)
		if got := s.of(after); got != id {
			t.Errorf("late %v: who runs the overwritten tool belongs to %q, want %q", late, got, id)
		}
		if got := s.of(before); got != "" {
			t.Errorf("late %v: who ran it before belongs to %q", late, got)
		}
	}
}
