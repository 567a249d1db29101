package graph

import (
	"slices"
	"strings"

	"baize/internal/event"
	"baize/internal/provenance"
)

// Bounds of what is kept of one intrusion.
const (
	maxFiles     = 256
	maxChanges   = 128
	maxPeers     = 256
	maxReads     = 128
	maxProcesses = 256
	maxNames     = 4
	maxPrivilege = 16
)

// entry of a book: what is told of a node.
type entry[T any] struct {
	ID   nodeID
	Fact T
}

// book is a bounded list of facts about nodes, in the order in which they were
// first seen.
type book[T any] []entry[T]

// get returns the fact about a node, nil where there is none.
func (b book[T]) get(id nodeID) *T {
	for k := len(b) - 1; k >= 0; k-- {
		if b[k].ID == id {
			return &b[k].Fact
		}
	}
	return nil
}

// put adds a fact about a node. Where the book is full, the first of the facts
// that are worth least leaves, if the new one is worth more or that one nothing;
// otherwise the new one is left out, and added nil.
func (b *book[T]) put(id nodeID, fact T, limit int, worth func(*T) int) (added *T, lost bool) {
	if len(*b) >= limit {
		at, least := 0, worth(&(*b)[0].Fact)
		for k := range *b {
			if w := worth(&(*b)[k].Fact); w < least {
				at, least = k, w
			}
		}
		if least > 0 && least >= worth(&fact) {
			return nil, true
		}
		*b, lost = slices.Delete(*b, at, at+1), true
	}
	*b = append(*b, entry[T]{id, fact})
	return &(*b)[len(*b)-1].Fact, lost
}

// What facts are worth keeping in a full book: a flood of what tells little, made
// on purpose, neither pushes out nor keeps out what tells more.

func fileWorth(f *provenance.File) int {
	switch {
	case f.Executed:
		return 3
	case f.Executable && !f.Gone:
		return 2
	case f.Executable:
		return 1
	}
	return 0
}

func changeWorth(c *provenance.Change) int {
	if c.Undone {
		return 0
	}
	return 1
}

func peerWorth(p *provenance.Peer) int {
	switch {
	case p.Failed:
		return 0
	case p.IP == "" || p.Inside || p.Inbound:
		return 1
	}
	return 2
}

func readWorth(r *provenance.Read) int {
	if r.Denied {
		return 0
	}
	return 1
}

func processWorth(p *provenance.Process) int {
	worth := 0
	if p.Alive {
		worth++
	}
	if p.Brought {
		worth += 2
	}
	return worth
}

// facts are the facts alone.
func (b book[T]) facts() []T {
	out := make([]T, 0, len(b))
	for _, e := range b {
		out = append(out, e.Fact)
	}
	return out
}

// books are what is known of one intrusion, kept as it happens: what was
// forgotten of the graph is still here.
type books struct {
	Files     book[provenance.File]
	Changes   book[provenance.Change]
	Peers     book[provenance.Peer]
	Reads     book[provenance.Read]
	Processes book[provenance.Process]
	Privilege []string
	Stages    []provenance.Stage
	// Called is the peer that was called last.
	Called string
	// Out are the bytes that left for the outside.
	Out    uint64
	Pruned provenance.Pruned
	// advanced : a stage was reached that was not before.
	advanced bool
}

func newBooks() books {
	b := books{Stages: make([]provenance.Stage, len(provenance.StageNames))}
	for k, name := range provenance.StageNames {
		b.Stages[k].Stage = name
	}
	return b
}

// reach says that a stage was seen.
func (b *books) reach(name string, at int64, evidence string) *provenance.Stage {
	s := &b.Stages[slices.Index(provenance.StageNames, name)]
	b.advanced = b.advanced || s.Count == 0
	when := stamp(at)
	switch {
	case s.Count == 0:
		s.Time, s.Last, s.Evidence = when, when, evidence
	case when.Before(s.Time):
		s.Time, s.Evidence = when, evidence
	case when.After(s.Last):
		s.Last = when
	}
	s.Count++
	return s
}

// reached reports whether a stage was seen.
func (b *books) reached(name string) bool {
	return b.Stages[slices.Index(provenance.StageNames, name)].Count > 0
}

// process adds a process of the intrusion.
func (b *books) process(p *process) {
	if b.Processes.get(p.Node.ID) != nil {
		return
	}
	if _, lost := b.Processes.put(p.Node.ID, told(p), maxProcesses, processWorth); lost {
		b.Pruned.Processes++
	}
}

func told(p *process) provenance.Process {
	return provenance.Process{Key: p.Key, Executable: p.Exe, Command: p.Command, User: p.User, Alive: !p.Exited, Start: stamp(p.Born), Brought: p.Brought}
}

// update tells a process as it is now.
func (b *books) update(p *process) {
	if x := b.Processes.get(p.Node.ID); x != nil {
		*x = told(p)
	}
}

// exited says that a process ended.
func (b *books) exited(p *process) {
	if x := b.Processes.get(p.Node.ID); x != nil {
		x.Alive = false
	}
}

// file returns what is kept of a file that the intruder brought or changed, nil
// where there is no room for it.
func (b *books) file(v *version, p *process, at int64, executed bool) *provenance.File {
	if f := b.Files.get(v.Node.ID); f != nil {
		return f
	}
	f := provenance.File{
		Path: v.Path, Inode: v.inode(p.Key.Host), By: p.text(), Key: p.Key, Time: stamp(at), From: firstText(p.rare().Called, b.Called), Memory: v.Memory, Executable: v.Executable, Executed: executed,
	}
	added, lost := b.Files.put(v.Node.ID, f, maxFiles, fileWorth)
	if lost {
		b.Pruned.Files++
	}
	return added
}

// describe brings what is kept of a file up to date.
func (b *books) describe(v *version) {
	f := b.Files.get(v.Node.ID)
	if f == nil {
		return
	}
	if f.Path != v.Path && v.Path != "" {
		if len(f.Names) < maxNames && !slices.Contains(f.Names, f.Path) {
			f.Names = append(slices.Clone(f.Names), f.Path)
		}
		f.Path = v.Path
	}
	if v.SHA256 != "" {
		f.SHA256 = v.SHA256
	}
	if v.Size > 0 {
		f.Size = v.Size
	}
	f.Executable = f.Executable || v.Executable
	f.Gone = v.Gone
	if v.Gone {
		f.GoneAt = stamp(v.rare().GoneAt)
	}
}

// privilege notes that a process became somebody of more power.
func (b *books) privilege(text string) {
	switch {
	case slices.Contains(b.Privilege, text):
	case len(b.Privilege) < maxPrivilege:
		b.Privilege = append(slices.Clone(b.Privilege), text)
	default:
		b.Pruned.Credentials++
	}
}

// absorb takes in the books of an intrusion that turned out to be the same.
func (b *books) absorb(other *books) {
	absorbBook(&b.Files, other.Files, maxFiles, fileWorth, &b.Pruned.Files)
	absorbBook(&b.Changes, other.Changes, maxChanges, changeWorth, &b.Pruned.Changes)
	absorbBook(&b.Peers, other.Peers, maxPeers, peerWorth, &b.Pruned.Peers)
	absorbBook(&b.Reads, other.Reads, maxReads, readWorth, &b.Pruned.Reads)
	absorbBook(&b.Processes, other.Processes, maxProcesses, processWorth, &b.Pruned.Processes)
	for _, text := range other.Privilege {
		b.privilege(text)
	}
	for k := range b.Stages {
		mine, theirs := &b.Stages[k], &other.Stages[k]
		if mine.Count == 0 || theirs.Count > 0 && theirs.Time.Before(mine.Time) {
			mine.Time, mine.Evidence, mine.Alert = theirs.Time, theirs.Evidence, theirs.Alert
		}
		if theirs.Last.After(mine.Last) {
			mine.Last = theirs.Last
		}
		mine.Count += theirs.Count
	}
	b.Out += other.Out
	b.Called = firstText(b.Called, other.Called)
	p, q := &b.Pruned, &other.Pruned
	p.Roots, p.Files, p.Changes, p.Peers = p.Roots+q.Roots, p.Files+q.Files, p.Changes+q.Changes, p.Peers+q.Peers
	p.Reads, p.Processes, p.Taints, p.Credentials = p.Reads+q.Reads, p.Processes+q.Processes, p.Taints+q.Taints, p.Credentials+q.Credentials
}

func absorbBook[T any](to *book[T], from book[T], limit int, worth func(*T) int, pruned *int) {
	for _, e := range from {
		if to.get(e.ID) != nil {
			continue
		}
		if _, lost := to.put(e.ID, e.Fact, limit, worth); lost {
			*pruned++
		}
	}
}

// inode is the key of a file as events have it.
func (v *version) inode(host string) event.FileKey {
	return event.FileKey{Host: host, Device: v.Key.Device, Inode: v.Key.Inode, Gen: v.Key.Gen}
}

// text is how a process is named to people.
func (p *process) text() string { return firstText(p.Command, p.Exe, p.Key.String()) }

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// persistence is the class of a file that decides what is run later, "" for
// others. It is by path: the sensor marks the files that it watches, and an
// intruder may well make one that nobody watches.
func persistence(name, sensitive string) string {
	for _, c := range persistenceClasses {
		switch {
		case strings.HasSuffix(c.pattern, "/") && strings.HasPrefix(c.pattern, "/"):
			if strings.HasPrefix(name, c.pattern) {
				return c.class
			}
		case strings.HasPrefix(c.pattern, "/"):
			if name == c.pattern {
				return c.class
			}
		case strings.HasSuffix(name, "/"+c.pattern) || strings.HasSuffix(c.pattern, "/") && strings.Contains(name, "/"+c.pattern):
			return c.class
		}
	}
	if sensitive == definition {
		return "definition"
	}
	return ""
}

// persistenceClasses by path: a file, a directory (with a slash at the end), or
// without a slash at the front what any user has at home.
var persistenceClasses = []struct{ pattern, class string }{
	{"/etc/crontab", "cron"}, {"/etc/anacrontab", "cron"}, {"/var/spool/cron/", "cron"}, {"/etc/cron.d/", "cron"},
	{"/etc/cron.hourly/", "cron"}, {"/etc/cron.daily/", "cron"}, {"/etc/cron.weekly/", "cron"}, {"/etc/cron.monthly/", "cron"},
	{"/etc/periodic/", "cron"}, {"/var/spool/at/", "at"}, {"/var/spool/atjobs/", "at"}, {"/var/spool/cron/atjobs/", "at"},
	{"/etc/systemd/", "systemd"}, {"/run/systemd/system/", "systemd"}, {"/run/systemd/transient/", "systemd"},
	{"/usr/lib/systemd/", "systemd"}, {"/lib/systemd/", "systemd"}, {"/usr/local/lib/systemd/", "systemd"}, {".config/systemd/user/", "systemd"},
	{"/etc/init.d/", "init"}, {"/etc/rc.local", "init"}, {"/etc/rc.d/", "init"}, {"/etc/inittab", "init"},
	{"/etc/profile", "shell"}, {"/etc/profile.d/", "shell"}, {"/etc/bash.bashrc", "shell"}, {"/etc/environment", "shell"}, {"/etc/zsh/", "shell"},
	{".bashrc", "shell"}, {".bash_profile", "shell"}, {".bash_login", "shell"}, {".bash_logout", "shell"}, {".profile", "shell"},
	{".zshrc", "shell"}, {".zshenv", "shell"}, {".config/fish/", "shell"},
	{".ssh/authorized_keys", "ssh"}, {".ssh/authorized_keys2", "ssh"}, {".ssh/rc", "ssh"}, {"/etc/ssh/", "ssh"},
	{"/etc/ld.so.preload", "preload"}, {"/etc/ld.so.conf.d/", "preload"}, {"/etc/ld.so.conf", "preload"},
	{"/etc/passwd", "account"}, {"/etc/shadow", "account"}, {"/etc/group", "account"}, {"/etc/sudoers", "account"}, {"/etc/sudoers.d/", "account"},
	{"/etc/pam.d/", "pam"}, {"/etc/udev/rules.d/", "udev"}, {"/usr/lib/udev/rules.d/", "udev"},
	{"/etc/modules-load.d/", "module"}, {"/etc/modprobe.d/", "module"}, {"/etc/modules", "module"},
	{"/etc/update-motd.d/", "motd"}, {"/etc/xdg/autostart/", "desktop"}, {".config/autostart/", "desktop"}, {"/etc/apt/apt.conf.d/", "package"},
}
