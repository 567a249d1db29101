package graph_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/provenance"
)

// root raises an alert about the last event, with marks as KIND VALUE, and
// returns the intrusion that it belongs to.
func (s *scene) root(title string, marks ...string) string {
	r := graph.Root{Alert: title, Title: title, Opens: true}
	for _, m := range marks {
		kind, value, _ := strings.Cut(m, " ")
		r.Marks = append(r.Marks, graph.Mark{Kind: kind, Value: value})
	}
	ev := s.seen[len(s.seen)-1]
	r.At = ev.Time
	return s.graph.Root(ev, &r)
}

// told is an intrusion as the graph has it.
func (s *scene) told(t *testing.T, host, id string) provenance.Intrusion {
	t.Helper()
	i, ok := s.graph.Intrusion(host, id)
	if !ok {
		t.Fatalf("intrusion %q is not known", id)
	}
	return i
}

// web is a host with a service through which shells are spawned.
func (s *scene) web(host string) (*enginetest.Host, *enginetest.Process) {
	h := s.Host(host)
	return h, h.Service("shop.service", "/usr/bin/java", "-jar", "shop.jar")
}

func paths(i *provenance.Intrusion) []string {
	var list []string
	for _, f := range i.Files {
		list = append(list, f.Path)
	}
	return list
}

// TestARootReachesBack: what a lineage did before it raised an alert is part of
// the intrusion as well, and what it does afterwards.
func TestARootReachesBack(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	_, web := s.web("h")
	web.Accept("198.51.100.7")
	sh := web.Fork().Exec("/bin/sh", "-c", "curl …")
	sh.Spawn("/usr/bin/curl").Connect("203.0.113.9", 80).Write("/dev/shm/kworker").Exit()
	sh.Spawn("/usr/bin/chmod").Chmod("/dev/shm/kworker").Exit()
	trojan := sh.Spawn("/dev/shm/kworker")
	id := s.root("execution from shared memory")
	trojan.Connect("203.0.113.77", 443)
	i := s.told(t, "h", id)
	if got := paths(&i); !slices.Equal(got, []string{"/dev/shm/kworker"}) {
		t.Errorf("files %v", got)
	}
	f := i.Files[0]
	if !f.Executed || !f.Executable || f.Gone || f.From != "203.0.113.9:80" || !strings.HasPrefix(f.By, "/usr/bin/curl") {
		t.Errorf("file %+v", f)
	}
	if i.Alive != 2 || len(i.Processes) != 4 {
		t.Errorf("%d processes alive of %d, want the shell and the trojan of 4", i.Alive, len(i.Processes))
	}
	if len(i.Roots) != 1 || i.Roots[0].Process != sh.Key() || i.Roots[0].Source != "198.51.100.7" {
		t.Errorf("roots %+v", i.Roots)
	}
	for _, want := range []string{provenance.InitialAccess, provenance.Download, provenance.Permission, provenance.Execution, provenance.CommandControl} {
		if stage(&i, want).State != provenance.Yes {
			t.Errorf("stage %s: %+v", want, stage(&i, want))
		}
	}
	if got := stage(&i, provenance.Persist); got.State != provenance.Unknown {
		t.Errorf("nothing vouches for the host, and persistence is %q", got.State)
	}
}

func stage(i *provenance.Intrusion, name string) provenance.Stage {
	for _, s := range i.Stages {
		if s.Stage == name {
			return s
		}
	}
	return provenance.Stage{}
}

// TestTheServiceIsNotTheIntruder: what a hub does and starts otherwise is no
// part of what one of its children does.
func TestTheServiceIsNotTheIntruder(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	_, web := s.web("h")
	web.Fork().Exec("/bin/sh", "-c", "x").Write("/tmp/evil")
	id := s.root("a shell")
	web.Write("/var/lib/shop/data").Connect("203.0.113.50", 443)
	web.Spawn("/usr/bin/convert").Write("/var/lib/shop/thumb.png")
	i := s.told(t, "h", id)
	if got := paths(&i); !slices.Equal(got, []string{"/tmp/evil"}) || len(i.Peers) != 0 {
		t.Errorf("files %v, peers %v", got, i.Peers)
	}
}

// TestRetriesAreOneIntrusion: rotating all marks but one leaves one intrusion,
// and another intruder in the same service is another.
func TestRetriesAreOneIntrusion(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	_, web := s.web("h")
	retry := func(source string, marks ...string) string {
		s.Advance(time.Minute)
		web.Accept(source).Fork().Exec("/bin/sh", "-c", "x")
		return s.root("a shell", append(marks, "source "+source)...)
	}
	first := retry("198.51.100.7", "command a", "path /dev/shm/<tmp>")
	for name, id := range map[string]string{
		"the same command": retry("198.51.100.8", "command a"),
		"the same path":    retry("198.51.100.9", "command b", "path /dev/shm/<tmp>"),
		"the same source":  retry("198.51.100.7", "command c"),
	} {
		if id != first {
			t.Errorf("%s: %s, want %s", name, id, first)
		}
	}
	other := retry("198.51.100.66", "command z")
	if other == first {
		t.Error("an intruder with another command and source is the same one")
	}
	i := s.told(t, "h", first)
	if len(i.Roots) != 4 || i.Roots[1].Joined == "" || i.Roots[0].Joined != "" {
		t.Errorf("roots %+v", i.Roots)
	}
	s.Advance(25 * time.Hour)
	if id := retry("198.51.100.7", "command a"); id == first {
		t.Error("a day later it is still the same intrusion")
	}
}

// TestRunningWhatAnotherBroughtJoins: two intrusions turn out to be one when one
// runs what the other brought.
func TestRunningWhatAnotherBroughtJoins(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	_, web := s.web("h")
	web.Fork().Exec("/bin/sh", "-c", "x").Write("/opt/tool")
	first := s.root("a shell", "command a")
	second := web.Fork().Exec("/bin/sh", "-c", "y")
	id := s.root("a shell", "command b")
	if id == first {
		t.Fatal("strangers are one intrusion")
	}
	second.Spawn("/opt/tool")
	changed := s.graph.Changed(true, s.Now.UnixNano())
	merged := slices.IndexFunc(changed, func(i provenance.Intrusion) bool { return i.ID == id })
	if merged < 0 || changed[merged].MergedInto != first {
		t.Fatalf("%+v", changed)
	}
	if i := s.told(t, "h", id); i.ID != first || len(i.Roots) != 2 {
		t.Errorf("the id of the younger leads to %+v", i)
	}
}

// TestAHubHasOneIntrusion: alerts about what a service itself does, which have
// nothing in common but it.
func TestAHubHasOneIntrusion(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	_, web := s.web("h")
	web.Open("/etc/shadow", "credentials")
	first := s.root("credentials read")
	web.Connect("203.0.113.9", 443)
	if second := s.root("an odd connection"); second != first {
		t.Errorf("%q and %q", first, second)
	}
	web.Spawn("/usr/bin/convert").Write("/var/lib/shop/x.png")
	i := s.told(t, "h", first)
	if len(i.Reads) != 1 || len(i.Peers) != 1 || len(i.Files) != 0 || s.graph.Told(first) != nil {
		t.Errorf("%+v", i)
	}
	s.graph.Changed(true, 0)
	if s.graph.Told(first) == nil {
		t.Error("the answers are not known by the id")
	}
}

// TestAJobIsNoRetry: the shell of a retry and that of a job are shown apart.
func TestAJobIsNoRetry(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	cron := h.Cron()
	crontab := "/var/spool/cron/crontabs/root"
	web.Fork().Exec("/bin/sh", "-c", "x").Define(crontab, "* * * * * /opt/.x/run")
	id := s.root("crontab written", "command x")
	retry := web.Fork().Exec("/bin/sh", "-c", "x")
	if again := s.root("shell", "command x"); again != id {
		t.Fatalf("the retry belongs to %q", again)
	}
	cron.Open(crontab, "definition")
	job := cron.Job("/opt/.x/run")
	job.Spawn("/opt/.x/run").Connect("203.0.113.9", 443)
	whole, _ := s.graph.Whole("h", id)
	for _, want := range []*enginetest.Process{retry, job} {
		if n := nodeOf(&whole, want.Key().String()); n == nil || n.Count > 1 {
			t.Errorf("%s is shown as %+v", want.Key(), n)
		}
	}
}

// TestAJobBelongsToItsAuthor: cron passes nothing on, but what a crontab has it
// run belongs to who wrote the line, hours later; other jobs do not.
func TestAJobBelongsToItsAuthor(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	cron := h.Cron()
	crontab := "/var/spool/cron/crontabs/root"
	h.Login().Define(crontab, "5 4 * * * /usr/local/bin/backup")
	web.Fork().Exec("/bin/sh", "-c", "x").Define(crontab, "* * * * * /opt/.x/run")
	id := s.root("crontab written")
	cron.Open(crontab, "definition")
	s.Advance(5 * time.Hour)
	cron.Job("/usr/local/bin/backup").Spawn("/usr/bin/tar").Write("/backup/a.tar")
	if got := s.graph.IntrusionOf(s.seen[len(s.seen)-1]); got != "" {
		t.Errorf("the job of another line belongs to %q", got)
	}
	job := cron.Job("/opt/.x/run")
	job.Spawn("/opt/.x/run").Connect("203.0.113.9", 443)
	if got := s.graph.IntrusionOf(s.seen[len(s.seen)-1]); got != id {
		t.Errorf("the job belongs to %q, want %q", got, id)
	}
	i := s.told(t, "h", id)
	if len(i.Changes) != 1 || len(i.Changes[0].Ran) != 1 || i.Changes[0].Class != "cron" {
		t.Errorf("%+v", i.Changes)
	}
	trace := s.graph.Trace(s.seen[len(s.seen)-1], id)
	if entry := nodeOf(&trace, trace.Entry); entry == nil || entry.Executable != "/bin/sh" || !strings.HasPrefix(entry.Context, "web_shell:") {
		t.Errorf("entry of the job %+v", entry)
	}
}

func nodeOf(g *provenance.Graph, id string) *provenance.Node {
	for k := range g.Nodes {
		if g.Nodes[k].ID == id {
			return &g.Nodes[k]
		}
	}
	return nil
}

func TestAUnitBelongsToItsAuthor(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	web.Fork().Exec("/bin/sh", "-c", "x").Define("/etc/systemd/system/dbus-org.timer", "[Timer]")
	id := s.root("unit written")
	h.Init.Open("/etc/systemd/system/dbus-org.timer", "definition")
	s.Advance(time.Hour)
	h.Unit("nginx.service", "/usr/sbin/nginx").Connect("10.0.0.9", 1)
	if got := s.graph.IntrusionOf(s.seen[len(s.seen)-1]); got != "" {
		t.Errorf("another unit belongs to %q", got)
	}
	h.Unit("dbus-org.service", "/usr/bin/curl").Connect("203.0.113.9", 443)
	if got := s.graph.IntrusionOf(s.seen[len(s.seen)-1]); got != id {
		t.Errorf("the unit belongs to %q, want %q", got, id)
	}
}

// TestAKeyLetsItsAuthorIn: a session that keys of an intruder may have opened is
// part of the intrusion once it raises an alert, and leads back to who left the
// key; others through the same file are not.
func TestAKeyLetsItsAuthorIn(t *testing.T) {
	const keys = "/root/.ssh/authorized_keys"
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	sshd := h.Service("ssh.service", "/usr/sbin/sshd", "-D")
	before := sshd.Session(keys)
	web.Fork().Exec("/bin/sh", "-c", "x").Define(keys, "ssh-ed25519 AAAA")
	id := s.root("keys changed")
	admin := sshd.Session(keys)
	admin.Write("/root/notes")
	if got := s.graph.IntrusionOf(s.seen[len(s.seen)-1]); got != "" {
		t.Errorf("whoever logs in belongs to %q", got)
	}
	s.Advance(3 * time.Hour)
	sshd.Session(keys).Spawn("/dev/shm/tool")
	alert := s.seen[len(s.seen)-1]
	if got := s.root("execution from shared memory"); got != id {
		t.Errorf("the session belongs to %q, want %q", got, id)
	}
	trace := s.graph.Trace(alert, id)
	if entry := nodeOf(&trace, trace.Entry); entry == nil || !strings.HasPrefix(entry.Context, "web_shell:") {
		t.Errorf("the entry is %+v, %s", entry, trace.Stopped)
	}
	i := s.told(t, "h", id)
	if len(i.Roots) != 2 || i.Roots[1].Joined != "keys "+keys || !slices.Equal(paths(&i), []string{keys}) {
		t.Errorf("roots %+v, files %v", i.Roots, paths(&i))
	}
	before.Spawn("/dev/shm/other")
	if got := s.root("execution from shared memory"); got == id {
		t.Error("a session from before the key belongs to it")
	}
}

// TestReadersFade: who reads what an intruder wrote is part of it a little, and
// less with time.
func TestReadersFade(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	web.Fork().Exec("/bin/sh", "-c", "x").Define("/root/.bashrc", "alias ls=…")
	id := s.root("start file written")
	h.Login().Open("/root/.bashrc", "definition").Write("/root/notes")
	if got := s.graph.IntrusionOf(s.seen[len(s.seen)-1]); got != "" {
		t.Errorf("who reads a start file belongs to %q", got)
	}
	if i := s.told(t, "h", id); len(i.Files) != 1 {
		t.Errorf("files %v", paths(&i))
	}
}

func TestInjectionCarries(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	victim := h.Login().Spawn("/usr/bin/agentd")
	web.Fork().Exec("/bin/sh", "-c", "x").Spawn("/tmp/inject").Inject(victim)
	id := s.root("injection")
	victim.Connect("203.0.113.9", 443)
	if got := s.graph.IntrusionOf(s.seen[len(s.seen)-1]); got != id {
		t.Errorf("the victim belongs to %q, want %q", got, id)
	}
}

// TestTheFiveAnswers: before and after a persistence step is added and removed,
// a trojan is deleted, and a gap.
func TestTheFiveAnswers(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	began := s.Now
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	sh.Spawn("/usr/bin/curl").Connect("203.0.113.9", 80).Write("/dev/shm/kworker").Exit()
	sh.Chmod("/dev/shm/kworker")
	id := s.root("a shell")
	expect := func(when string, want map[string]string) {
		t.Helper()
		i := s.told(t, "h", id)
		for q, state := range want {
			if got := i.Answers[q]; got.State != state {
				t.Errorf("%s: %s is %+v, want %s", when, q, got, state)
			}
		}
	}
	expect("before anything is vouched for", map[string]string{"files": "yes", "persistence": "unknown", "deleted": "unknown", "lateral": "unknown", "data": "unknown"})
	s.Advance(5 * time.Second)
	h.Vouch(began.Add(-time.Second), event.CoverageComplete)
	expect("vouched for", map[string]string{"files": "yes", "persistence": "not_seen", "deleted": "not_seen", "lateral": "not_seen", "data": "not_seen"})
	if a := s.told(t, "h", id).Answers["persistence"]; !a.AsOf.After(began) || len(a.Incomplete) != 0 {
		t.Errorf("%+v", a)
	}

	sh.Define("/etc/cron.d/x", "* * * * * root /dev/shm/kworker")
	sh.Connect("10.0.0.7", 22).Open("/root/.ssh/id_rsa", "ssh_key")
	expect("after more", map[string]string{"persistence": "yes", "lateral": "yes", "data": "yes"})
	sh.Connect("203.0.113.77", 443).Close("203.0.113.77", 443, 4096, 10)
	data := strings.Join(s.told(t, "h", id).Answers["data"].Evidence, "\n")
	for _, want := range []string{"ssh_key: /root/.ssh/id_rsa read by /bin/sh -c x, how much of it is unknown", "203.0.113.77 port 443, at least 4096 bytes out"} {
		if !strings.Contains(data, want) {
			t.Errorf("data is %q, which lacks %q", data, want)
		}
	}
	sh.Unlink("/etc/cron.d/x").Unlink("/dev/shm/kworker")
	expect("removed", map[string]string{"persistence": "not_seen", "deleted": "yes", "files": "yes"})
	if i := s.told(t, "h", id); !i.Changes[0].Undone || !i.Files[0].Gone || len(i.Answers["persistence"].Evidence) == 0 {
		t.Errorf("%+v", i)
	}

	s.Advance(5 * time.Second)
	h.Vouch(s.Now.Add(-5*time.Second), event.CoverageLost, event.ClassFile)
	expect("files were lost", map[string]string{"persistence": "unknown", "deleted": "yes"})
	a := s.told(t, "h", id).Answers["persistence"]
	if !slices.Equal(a.Incomplete, []string{"file"}) || !strings.Contains(a.Evidence[0], "file") {
		t.Errorf("%+v does not name the class", a)
	}
}

// TestALineThatIsTakenOutAgain: a crontab is rewritten without the line.
func TestALineThatIsTakenOutAgain(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	_, web := s.web("h")
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	sh.Define("/etc/crontab", "* * * * * root x")
	id := s.root("crontab written")
	sh.Undefine("/etc/crontab", "5 5 * * * root other")
	if i := s.told(t, "h", id); i.Changes[0].Undone {
		t.Error("another line was taken out, and the change counts as undone")
	}
	sh.Undefine("/etc/crontab", "* * * * * root x")
	if i := s.told(t, "h", id); i.Changes[0].Undone {
		t.Error("a line of others is out, and the change counts as undone")
	}
	own := newScene(graph.DefaultLimits())
	_, web = own.web("h")
	sh = web.Fork().Exec("/bin/sh", "-c", "x")
	sh.Define("/etc/crontab", "* * * * * root x")
	id = own.root("crontab written")
	sh.Undefine("/etc/crontab", "* * * * * root x")
	if i := own.told(t, "h", id); !i.Changes[0].Undone {
		t.Errorf("the intruder took the line out: %+v", i.Changes)
	}
	s2 := newScene(graph.DefaultLimits())
	h, web := s2.web("h")
	web.Fork().Exec("/bin/sh", "-c", "x").Define("/etc/crontab", "* * * * * root x")
	id = s2.root("crontab written")
	h.Login().Undefine("/etc/crontab", "* * * * * root x")
	if i := s2.told(t, "h", id); !i.Changes[0].Undone {
		t.Errorf("an administrator took the line out: %+v", i.Changes)
	}
}

// TestACrontabIsReplaced: crontab writes another file and renames it over the
// one before, as editors do. What was added before is still there.
func TestACrontabIsReplaced(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	h, web := s.web("h")
	const crontab = "/var/spool/cron/crontabs/root"
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	edit := func(p *enginetest.Process, added, removed []string) {
		p.Write("/var/spool/cron/crontabs/tmp.1").RenameDefinition("/var/spool/cron/crontabs/tmp.1", crontab, added, removed)
	}
	edit(sh, []string{"* * * * * one"}, nil)
	id := s.root("crontab written")
	edit(sh, []string{"* * * * * two"}, nil)
	expect := func(when string, undone bool, lines ...string) {
		t.Helper()
		i := s.told(t, "h", id)
		var changes []provenance.Change
		for _, c := range i.Changes {
			if c.Path == crontab {
				changes = append(changes, c)
			}
		}
		if len(changes) != 1 || changes[0].Undone != undone || !slices.Equal(changes[0].Added, lines) {
			t.Errorf("%s: %+v", when, changes)
		}
	}
	expect("two lines", false, "* * * * * one", "* * * * * two")
	edit(sh, nil, []string{"* * * * * one"})
	expect("one line", false, "* * * * * two")
	edit(h.Login(), nil, []string{"* * * * * two"})
	expect("an administrator took it out", true, "* * * * * two")
}

// TestChangesByPathAlone: where the sensor does not know the inode of what was
// made executable or removed, the name leads to the file that was written.
func TestChangesByPathAlone(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	_, web := s.web("h")
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	id := s.root("a shell")
	sh.Spawn("/usr/bin/curl").Write("/tmp/x")
	sh.ByPath(event.FileAttributes, "/tmp/x", "0755")
	if i := s.told(t, "h", id); !i.Files[0].Executable || stage(&i, provenance.Permission).State != provenance.Yes {
		t.Errorf("made executable: %+v", i.Files)
	}
	sh.ByPath(event.FileUnlink, "/tmp/x", "")
	if i := s.told(t, "h", id); !i.Files[0].Gone {
		t.Errorf("removed: %+v", i.Files)
	}
}

// TestBothEndsOfAConversation: the connect on one host and the accept on another
// are one conversation, whichever is told first.
func TestBothEndsOfAConversation(t *testing.T) {
	for _, acceptFirst := range []bool{false, true} {
		s := newScene(graph.DefaultLimits())
		_, web := s.web("a")
		far := s.Host("b").Service("ssh.service", "/usr/sbin/sshd")
		sh := web.Fork().Exec("/bin/sh", "-c", "x")
		id := s.root("a shell")
		accept := func() { far.AcceptFrom("10.0.0.1", 50000, "10.0.0.2", 22) }
		if acceptFirst {
			accept()
		}
		sh.Spawn("/usr/bin/ssh").Connect("10.0.0.2", 22)
		if !acceptFirst {
			accept()
		}
		i := s.told(t, "a", id)
		if len(i.Peers) != 1 || i.Peers[0].Host != "b" || i.Peers[0].Process != far.Key() {
			t.Errorf("accept first %v: %+v", acceptFirst, i.Peers)
		}
		if got := i.Answers["lateral"]; got.State != provenance.Yes || !strings.Contains(got.Evidence[0], "host b") {
			t.Errorf("%+v", got)
		}
	}
}

// TestTheSourceIsWhoCalledThen: the trace shows whose request led to the shell,
// not who called the service since.
func TestTheSourceIsWhoCalledThen(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	_, web := s.web("h")
	web.Accept("198.51.100.50")
	s.Advance(time.Minute)
	web.Accept("198.51.100.7").Fork().Exec("/bin/sh", "-c", "x")
	shell, id := s.seen[len(s.seen)-1], s.root("a shell")
	web.Accept("198.51.100.50")
	trace := s.graph.Trace(shell, id)
	var peers []string
	for _, n := range trace.Nodes {
		if n.Type == provenance.NodeSocket {
			peers = append(peers, n.Label)
		}
	}
	if !slices.Equal(peers, []string{"198.51.100.7"}) {
		t.Errorf("the trace shows %v", peers)
	}
}

// TestACloseIsToldLate: the close of a file may be told after its removal, and
// the file is gone all the same; one that is made under that name later is not.
func TestACloseIsToldLate(t *testing.T) {
	s := newScene(graph.DefaultLimits())
	_, web := s.web("h")
	sh := web.Fork().Exec("/bin/sh", "-c", "x").Install("/dev/shm/.1")
	id, closed := s.root("a shell"), s.seen[len(s.seen)-1]
	sh.Unlink("/dev/shm/.1")
	s.Emit(closed)
	if i := s.told(t, "h", id); len(i.Files) != 1 || !i.Files[0].Gone || i.Answers[provenance.Deleted].State != provenance.Yes {
		t.Errorf("%+v", i.Files)
	}
	sh.Install("/dev/shm/.1")
	if i := s.told(t, "h", id); len(i.Files) != 2 || i.Files[1].Gone {
		t.Errorf("%+v", i.Files)
	}
}
