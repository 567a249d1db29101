package enrich

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"baize/internal/agent/digest"
	"baize/internal/agent/sensor"
	"baize/internal/event"
)

func TestLineageIsThatOfTheFork(t *testing.T) {
	w := newWorld(t)
	pid := uint32(1)
	var names []string
	for _, name := range strings.Fields("a b c d e f g h i j k") {
		pid, _ = w.spawn(pid, "/bin/"+name)
		names = append(names, "/bin/"+name)
	}
	parent := pid
	child := w.fork(parent)
	w.exec(parent, "/bin/changed")
	w.record(event.ProcessExit, parent, nil)
	w.tasks[child].ParentPID, w.tasks[child].ParentStart = 1, 10 // reparented
	ev := w.exec(child, "/bin/child", "x")
	p := ev.Process
	if p.Parent.Executable != "/bin/k" || p.Parent.PID != parent || p.Exec != 1 || p.CommandLine != "/bin/child x" {
		t.Errorf("%s, exec %d, parent %+v", p.CommandLine, p.Exec, p.Parent)
	}
	var above []string
	for _, a := range p.Ancestors {
		above = append(above, a.Executable)
	}
	slices.Reverse(names)
	if want := names[1 : 1+event.MaxAncestors]; !slices.Equal(above, want) {
		t.Errorf("ancestors %v, want %v", above, want)
	}
	if ev = w.exec(child, "/bin/again"); ev.Process.Exec != 2 || ev.Process.Key != p.Key {
		t.Errorf("second exec: %d of %v", ev.Process.Exec, ev.Process.Key)
	}
}

func TestAPidUsedAgainIsAnotherProcess(t *testing.T) {
	w := newWorld(t)
	first, ev := w.spawn(1, "/bin/first")
	key := ev.Process.Key
	w.record(event.ProcessExit, first, func(r *sensor.Record) { r.ExitCode = 3 << 8 })
	if code := w.last(event.ProcessExit).Process.ExitCode; code == nil || *code != 3 {
		t.Errorf("exit code %v", code)
	}
	w.next = first - 1
	second := w.fork(1)
	fork := w.last(event.ProcessFork)
	if second != first || fork.Process.Key == key || fork.Process.Executable != "/sbin/init" {
		t.Errorf("pid %d again: %+v", second, fork.Process)
	}
}

func TestExitCodes(t *testing.T) {
	for code, want := range map[uint32]int{0: 0, 1 << 8: 1, 255 << 8: 255, 9: 137, 15: 143, 0x80 | 11: 139} {
		if got := exitCode(code); got != want {
			t.Errorf("exitCode(%#x) = %d, want %d", code, got, want)
		}
	}
}

func TestTheAgentsOwnLineageIsMarked(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Agent = Identity{70, 3e9} })
	agent := w.cold(&sensor.Task{PID: 70, Start: 3e9 + 5, ParentPID: 1, ParentStart: 10}, "/usr/bin/baize-agent")
	_, ev := w.spawn(agent, "/bin/helper")
	if !ev.Process.Agent {
		t.Error("the agent's child is not marked")
	}
	if _, ev = w.spawn(1, "/usr/bin/baize-agent"); ev.Process.Agent {
		t.Error("a process of the same name is marked")
	}
}

func TestNamesAndTitles(t *testing.T) {
	w := newWorld(t)
	pid, _ := w.spawn(1, "/dev/shm/kworker", "-x")
	w.write(w.root+"/"+itoa(pid)+"/cmdline", "[kworker/14:1]\x00\x00\x00")
	rename := func(tid uint32) {
		w.record(event.ProcessRename, pid, func(r *sensor.Record) { r.Name, r.OldName, r.Task.TID = "[kworker/14:1]", "kworker", tid })
	}
	rename(pid + 1000)
	if n := len(w.drain()); n != 0 {
		t.Errorf("a thread's name made %d events", n)
	}
	rename(pid)
	ev := w.last(event.ProcessRename)
	if ev.Process.OldName != "kworker" || ev.Process.Name != "[kworker/14:1]" || ev.Process.KernelThread {
		t.Errorf("renamed %+v", ev.Process)
	}
	w.work()
	ev = w.last(event.ProcessRename)
	if ev.Process.OldCommandLine != "/dev/shm/kworker -x" || ev.Process.CommandLine != "[kworker/14:1]" {
		t.Errorf("retitled from %q to %q", ev.Process.OldCommandLine, ev.Process.CommandLine)
	}
	count := len(w.out)
	w.now = w.now.Add(titleDelay)
	w.Tick(w.now)
	w.work()
	if w.drain(); len(w.out) != count {
		t.Errorf("the same title again made %d events", len(w.out)-count)
	}
}

func itoa(pid uint32) string {
	var digits []byte
	for ; pid > 0; pid /= 10 {
		digits = append([]byte{byte('0' + pid%10)}, digits...)
	}
	return string(digits)
}

func TestATitleIsReadAtTheFirstNetworkRecordAndLater(t *testing.T) {
	w := newWorld(t)
	pid, _ := w.spawn(1, "/bin/quiet")
	w.write(w.root+"/"+itoa(pid)+"/cmdline", "/bin/quiet\x00")
	w.listen(pid)
	w.work()
	w.write(w.root+"/"+itoa(pid)+"/cmdline", "loud\x00")
	w.listen(pid) // not the first
	if len(w.config.Titles.jobs) != 0 {
		t.Error("asked again at the second network record")
	}
	w.now = w.now.Add(titleDelay)
	w.Tick(w.now)
	w.work()
	if ev := w.last(event.ProcessRename); ev.Process.CommandLine != "loud" {
		t.Errorf("title %q", ev.Process.CommandLine)
	}
}

// The event, its children's and the rewritten title are without the secret, and
// say so; the title read back is the same as that of the exec.
func TestSecretsDoNotLeaveTheHost(t *testing.T) {
	w := newWorld(t)
	pid, ev := w.spawn(1, "/usr/bin/mysql", "-uroot", "-phunter2")
	if p := ev.Process; p.Redacted != 1 || p.CommandLine != strings.Join(p.Args, " ") || strings.Contains(p.CommandLine, "hunter2") {
		t.Errorf("%d, %q, %q", p.Redacted, p.Args, p.CommandLine)
	}
	w.write(w.root+"/"+itoa(pid)+"/cmdline", "/usr/bin/mysql\x00-uroot\x00-phunter2\x00")
	w.now = w.now.Add(titleDelay)
	w.Tick(w.now)
	count := len(w.out)
	w.work()
	if w.drain(); len(w.out) != count {
		t.Errorf("an unchanged command line made %+v", w.out[len(w.out)-1].Process)
	}
	w.write(w.root+"/"+itoa(pid)+"/cmdline", "mysql --password=hunter2\x00")
	w.listen(pid)
	w.work()
	p := w.last(event.ProcessRename).Process
	if p.Redacted != 2 || strings.Contains(p.CommandLine+p.OldCommandLine, "hunter2") {
		t.Errorf("%d: %q was %q", p.Redacted, p.CommandLine, p.OldCommandLine)
	}
	_, child := w.spawn(pid, "/bin/true")
	if parent := child.Process.Parent; parent.Redacted != 1 || strings.Contains(parent.CommandLine, "hunter2") {
		t.Errorf("the child's parent is %q", parent.CommandLine)
	}
}

func TestTruncatedArgumentsAreNoRewriting(t *testing.T) {
	p := &process{image: &image{commandLine: "a b", truncated: true}}
	if p.differs("a b c d") || !p.differs("x") || p.differs("a b  ") || p.differs("") {
		t.Error("wrong judgement of a command line")
	}
	p.image.commandLine = "mysql -p[redacted]"
	if p.differs("mysql -p[redacted:01234567] x") {
		t.Error("a secret that was cut differs from the whole")
	}
}

func TestWhatIsPendingIsCarriedLater(t *testing.T) {
	w := newWorld(t)
	pid := w.fork(1)
	w.Release(w.now, func(*event.Event) {})
	task := w.tasks[pid]
	w.Handle(w.now, &sensor.Record{Kind: event.ProcessExec, Mono: w.tick(), Task: *task, Exec: &sensor.Exec{Image: file("/bin/x")}})
	w.listen(pid)
	w.Release(w.now.Add(HoldFor-1), func(ev *event.Event) { t.Fatalf("%s went out before its time", ev.Kind) })
	entry := w.out0().digest
	w.now = w.now.Add(HoldFor)
	w.Release(w.now, func(ev *event.Event) { w.out = append(w.out, ev) })
	exec := w.last(event.ProcessExec)
	if exec.Process.Hash.State != event.HashPending || w.out[len(w.out)-1].Kind != event.NetworkListen {
		t.Fatalf("hash %+v, last %s", exec.Process.Hash, w.out[len(w.out)-1].Kind)
	}
	w.Hashed(w.now, digest.Done{Token: entry, Hash: event.Hash{SHA256: "abc", State: event.HashOK}})
	late := w.last(event.FileHash)
	if late.File.Hash.SHA256 != "abc" || late.File.Inode != exec.Process.Exe.Inode || late.Process.Key != exec.Process.Key {
		t.Errorf("late %+v of %v", late.File, late.Process.Key)
	}
	if exec.Process.Hash.State != event.HashPending {
		t.Error("an event was changed after it went out")
	}
}

// out0 is the first event held.
func (w *world) out0() *item { return &w.Enricher.out.items[w.Enricher.out.head] }

func TestADigestInTimeGoesIntoTheEvent(t *testing.T) {
	w := newWorld(t)
	pid := w.fork(1)
	w.drain()
	w.Handle(w.now, &sensor.Record{Kind: event.ProcessExec, Mono: w.tick(), Task: *w.tasks[pid], Exec: &sensor.Exec{Image: file("/bin/x")}})
	w.Hashed(w.now, digest.Done{Token: w.out0().digest, Hash: event.Hash{SHA256: "abc", State: event.HashOK}})
	var got *event.Event
	w.Release(w.now, func(ev *event.Event) { got = ev })
	if got == nil || got.Process.Hash.SHA256 != "abc" {
		t.Errorf("released %+v", got)
	}
}

func TestHeldEventsAreBounded(t *testing.T) {
	w := newWorld(t)
	w.drain()
	w.spawn(1, "/bin/x")
	pid := w.fork(1)
	w.Handle(w.now, &sensor.Record{Kind: event.ProcessExec, Mono: w.tick(), Task: *w.tasks[pid], Exec: &sensor.Exec{Image: file("/bin/x")}})
	for range maxHeld {
		w.record(event.ProcessExit, pid, nil)
	}
	released := 0
	w.Release(w.now, func(*event.Event) { released++ })
	if stats := w.Statistics(); released == 0 || stats.Held > maxHeld || stats.Rushed == 0 {
		t.Errorf("released %d, %+v", released, stats)
	}
}

func TestTheCacheIsBoundedAndGraceEnds(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.MaxProcesses = 10 })
	first, _ := w.spawn(1, "/bin/first")
	w.record(event.ProcessExit, first, nil)
	for range 5 {
		w.fork(1)
	}
	w.now = w.now.Add(grace)
	w.Tick(w.now)
	if w.procs.procs[Identity{first, w.tasks[first].Start}] != nil {
		t.Error("an exited process outlived its grace")
	}
	for range 50 {
		w.fork(1)
	}
	if stats := w.Statistics(); stats.Processes > 10 || stats.Evicted == 0 {
		t.Errorf("%+v", stats)
	}
	last := w.fork(1)
	w.tasks[last].Comm = "known"
	evicted := first + 1
	w.write(w.root+"/"+itoa(evicted)+"/cmdline", "/bin/found\x00again\x00")
	w.record(event.ProcessExit, evicted, nil)
	if ev := w.last(event.ProcessExit); ev.Process.CommandLine != "/bin/found again" {
		t.Errorf("an evicted process came back as %q", ev.Process.CommandLine)
	}
}

func TestUsers(t *testing.T) {
	w := newWorld(t)
	pid := w.fork(1)
	w.write(w.root+"/"+itoa(pid)+"/root/etc/passwd", "root:x:0:0::/:\nwww:x:33:33::/:\n")
	w.tasks[pid].Credentials = sensor.Credentials{UID: 33, EUID: 0}
	ev := w.exec(pid, "/usr/bin/sudo")
	if ev.Process.User.Name != "www" || ev.Process.EffectiveUser == nil || ev.Process.EffectiveUser.Name != "root" {
		t.Errorf("user %+v, effective %+v", ev.Process.User, ev.Process.EffectiveUser)
	}
}

func TestFiles(t *testing.T) {
	w := newWorld(t)
	pid, _ := w.spawn(1, "/bin/sh")
	w.record(event.FileRename, pid, func(r *sensor.Record) {
		r.File = &sensor.File{FileRef: file("/tmp/a"), NewPath: "/etc/cron.d/b", FromUser: true}
	})
	f := w.last(event.FileRename).File
	if f.Path != "/tmp/a" || f.Target.Path != "/etc/cron.d/b" || f.Target.Sensitive != definition || !f.FromUser ||
		f.Mode != "0755" || f.Mount != "ext4" || f.Inode.IsZero() || f.Hash != nil {
		t.Errorf("%+v, target %+v", f, f.Target)
	}
	w.record(event.FileCloseWrite, pid, func(r *sensor.Record) { r.File = &sensor.File{FileRef: file("/tmp/a")} })
	if f = w.last(event.FileCloseWrite).File; f.Hash == nil || f.Hash.State != event.HashPending {
		t.Errorf("written executable has digest %+v", f.Hash)
	}
}

func TestWorthDigest(t *testing.T) {
	plain := sensor.FileRef{Path: "/srv/x", Inode: 1, Size: 1, Mode: 0o100644}
	for name, c := range map[string]struct {
		kind   event.Kind
		change func(*sensor.File)
		want   bool
	}{
		"plain file":         {event.FileCloseWrite, func(*sensor.File) {}, false},
		"executable":         {event.FileCloseWrite, func(f *sensor.File) { f.Mode |= 0o100 }, true},
		"in shared memory":   {event.FileCloseWrite, func(f *sensor.File) { f.Path = "/dev/shm/x" }, true},
		"empty":              {event.FileCloseWrite, func(f *sensor.File) { f.Path, f.Size = "/tmp/x", 0 }, false},
		"directory":          {event.FileAttributes, func(f *sensor.File) { f.Mode, f.Change = 0o040755, "mode" }, false},
		"made executable":    {event.FileAttributes, func(f *sensor.File) { f.Mode |= 0o100; f.Change = "mode" }, true},
		"given away":         {event.FileAttributes, func(f *sensor.File) { f.Mode |= 0o100; f.Change = "owner" }, false},
		"removed executable": {event.FileUnlink, func(f *sensor.File) { f.Mode |= 0o100 }, false},
	} {
		f := &sensor.File{FileRef: plain}
		c.change(f)
		if got := worthDigest(&sensor.Record{Kind: c.kind, File: f}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestImageFacts(t *testing.T) {
	e := &Enricher{}
	memfd := e.imageFacts(&sensor.FileRef{Path: "memfd:x", Magic: magicTmpfs, Inode: 1})
	deleted := e.imageFacts(&sensor.FileRef{Path: "/bin/x", Magic: 0xef53, Inode: 1})
	shm := e.imageFacts(&sensor.FileRef{Path: "/dev/shm/x", Magic: magicTmpfs, Inode: 1, Nlink: 1})
	if !memfd.Memfd || memfd.Deleted || !memfd.Tmpfs || deleted.Memfd || !deleted.Deleted || shm.Deleted || !shm.Tmpfs {
		t.Errorf("memfd %+v, deleted %+v, shm %+v", memfd, deleted, shm)
	}
}

func TestModes(t *testing.T) {
	for bits, want := range map[uint32]string{0: "", 0o100644: "0644", 0o104755: "04755", 0o101777: "01777", 0o7: "0007"} {
		if got := mode(bits); got != want {
			t.Errorf("mode(%o) = %q, want %q", bits, got, want)
		}
	}
}

func TestSensitiveFiles(t *testing.T) {
	for path, want := range map[string]string{
		"/etc/shadow": credentials, "/home/a/.ssh/id_ed25519": sshKey, "/home/a/.ssh/id_ed25519.pub": "",
		"/root/.ssh/authorized_keys": definition, "/etc/ssh/ssh_host_rsa_key": sshKey, "/home/a/.aws/credentials": cloudToken,
		"/etc/cron.daily/x": definition, "/tmp/id_card": "", "/etc/passwd": "",
		"/var/run/secrets/kubernetes.io/serviceaccount/token": podToken,
	} {
		if got := sensitive(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

func TestEnds(t *testing.T) {
	w := newWorld(t)
	pid, _ := w.spawn(1, "/bin/x")
	local, remote := netip.MustParseAddrPort("[::ffff:10.0.0.1]:1000"), netip.MustParseAddrPort("203.0.113.9:443")
	for _, c := range []struct {
		kind      event.Kind
		initiated bool
		source    uint16
	}{
		{event.NetworkConnect, true, 1000},
		{event.NetworkAccept, false, 443},
		{event.NetworkClose, true, 1000},
		{event.NetworkClose, false, 443},
	} {
		w.record(c.kind, pid, func(r *sensor.Record) {
			r.Socket = &sensor.Socket{Transport: "tcp", Local: local, Remote: remote, Initiated: c.initiated, BytesIn: 5}
		})
		ev := w.last(c.kind)
		if ev.Source.Port != c.source || ev.Network.BytesIn != 5 {
			t.Errorf("%s: source %+v, %+v", c.kind, ev.Source, ev.Network)
		}
		if ev.Source.Port == 1000 && ev.Source.IP.String() != "10.0.0.1" {
			t.Errorf("mapped address %s", ev.Source.IP)
		}
	}
}

func TestDNS(t *testing.T) {
	name := dnsmessage.MustNewName("X.Example.")
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{Response: true, RCode: dnsmessage.RCodeSuccess})
	_ = b.StartQuestions()
	_ = b.Question(dnsmessage.Question{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET})
	_ = b.StartAnswers()
	_ = b.CNAMEResource(dnsmessage.ResourceHeader{Name: name}, dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName("y.example.")})
	_ = b.AResource(dnsmessage.ResourceHeader{Name: name}, dnsmessage.AResource{A: [4]byte{203, 0, 113, 9}})
	payload, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	pid, _ := w.spawn(1, "/usr/bin/curl")
	query := func(payload []byte) {
		w.record(event.DNSQuery, pid, func(r *sensor.Record) { r.DNS = &sensor.DNSMessage{Payload: payload, Response: true} })
	}
	query(payload)
	d := w.last(event.DNSQuery).DNS
	if d.Question.Name != "x.example" || d.Question.Type != "A" || *d.Rcode != 0 || !slices.Equal(d.Answers, []string{"y.example", "203.0.113.9"}) {
		t.Errorf("%+v", d)
	}
	query(payload[:len(payload)-3])
	if d = w.last(event.DNSQuery).DNS; !slices.Equal(d.Answers, []string{"y.example"}) {
		t.Errorf("cut message: %+v", d)
	}
	before := len(w.out)
	query([]byte("no dns"))
	if w.drain(); len(w.out) != before {
		t.Error("what is no DNS made an event")
	}
}

func FuzzDNS(f *testing.F) {
	f.Add([]byte("\x00\x01\x80\x00\x00\x01\x00\x01\x00\x00\x00\x00\x01x\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04\x01\x02\x03\x04"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if d := parseDNS(payload); d != nil && len(d.Answers) > maxAnswers {
			t.Fatalf("%d answers", len(d.Answers))
		}
	})
}

// windows are the coverage events of the next windows.
func (w *world) windows() map[event.Class]*event.Coverage {
	w.now = w.now.Add(Window + settleTime)
	w.Tick(w.now)
	found := map[event.Class]*event.Coverage{}
	for _, ev := range w.drain() {
		if ev.Kind == event.SensorCoverage {
			found[ev.Coverage.Class] = ev.Coverage
		}
	}
	return found
}

func TestCoverageWindowsAreSeamless(t *testing.T) {
	w := newWorld(t)
	began := w.now
	w.Begin(began)
	say := func(class event.Class, state string, lost uint64) {
		w.Handle(w.now, &sensor.Record{Kind: event.SensorCoverage, Coverage: &event.Coverage{Class: class, State: state, Lost: lost, Reason: "r"}})
	}
	say(event.ClassFile, event.CoverageLost, 3)
	say(event.ClassFile, event.CoverageLost, 4)
	say(event.ClassDNS, event.CoverageUnavailable, 0)
	say("nonsense", event.CoverageLost, 1)
	first := w.windows()
	if c := first[event.ClassFile]; c.State != event.CoverageLost || c.Lost != 7 || !c.From.Equal(began) {
		t.Errorf("file: %+v", c)
	}
	if c := first[event.ClassProcess]; c.State != event.CoverageComplete || c.To.Sub(c.From) < Window {
		t.Errorf("process: %+v", c)
	}
	second := w.windows()
	if c := second[event.ClassFile]; c.State != event.CoverageComplete || c.Lost != 0 || !c.From.Equal(first[event.ClassFile].To) {
		t.Errorf("file afterwards: %+v", c)
	}
	if c := second[event.ClassDNS]; c.State != event.CoverageUnavailable || c.Reason != "r" {
		t.Errorf("dns afterwards: %+v", c)
	}
	say(event.ClassDNS, event.CoverageComplete, 0)
	w.windows()
	if c := w.windows()[event.ClassDNS]; c.State != event.CoverageComplete {
		t.Errorf("dns back: %+v", c)
	}
	if h := w.Health(); h[1].Class != event.ClassFile || h[1].Lost != 7 {
		t.Errorf("health %+v", h)
	}
}

func TestALossSaidBetweenWindowsCountsForBoth(t *testing.T) {
	w := newWorld(t)
	w.Begin(w.now)
	w.now = w.now.Add(Window + settleTime/2)
	w.Lose(w.now, event.ClassFile, 2, "r")
	w.now = w.now.Add(settleTime / 2)
	w.Tick(w.now)
	first := w.last(event.SensorCoverage) // log, the last of them
	if first.Coverage.Class != event.ClassLog {
		t.Fatalf("%+v", first.Coverage)
	}
	if c := w.windows()[event.ClassFile]; c.State != event.CoverageLost || c.Lost != 0 {
		t.Errorf("second window %+v", c)
	}
}

func TestStopClosesTheWindow(t *testing.T) {
	w := newWorld(t)
	w.Begin(w.now)
	w.now = w.now.Add(3 * time.Second)
	w.Stop(w.now)
	if c := w.last(event.SensorCoverage).Coverage; !c.To.Equal(w.now) && c.To.Sub(c.From) != 3*time.Second {
		t.Errorf("last window %+v", c)
	}
}
