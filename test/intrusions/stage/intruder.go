package stage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"baize/test/intrusions"
)

// Intruder does things on one host, and writes down what he did.
type Intruder struct {
	Host *Host
	// From is his address.
	From string
	// Actor names who he is, where several are at work.
	Actor string

	stage  *Stage
	roots  []*branch
	behind []*branch
	label  intrusions.Intrusion
}

// Intruder begins an intrusion on a host.
func (s *Stage) Intruder(h *Host, from string) *Intruder {
	i := &Intruder{Host: h, From: from, stage: s}
	i.label.Host = h.Name
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intruders = append(s.intruders, i)
	return i
}

// Inject sends a command through the hole of the host's web service, and waits
// until its shell has ended.
func (i *Intruder) Inject(ctx context.Context, command string) error {
	i.Host.hole.Lock() // so that the shell is known to be his
	defer i.Host.hole.Unlock()
	since := sinceBoot()
	_, err := i.stage.world.request(ctx, i.Host.url("lookup"), "127.0.0.1;"+command, i.From)
	if err != nil {
		return fmt.Errorf("inject %q: %w", command, err)
	}
	i.label.Sources = add(i.label.Sources, i.From)
	return i.shell(ctx, since)
}

// shell notes the one that the web service has started since a time.
func (i *Intruder) shell(ctx context.Context, since uint64) error {
	return until(ctx, "the kernel's word on a shell", func() (bool, error) {
		service := i.stage.service(i.Host)
		if service == nil {
			return false, errors.New("the kernel told nothing of the web service")
		}
		shells := i.stage.tree.jobs(service, since)
		if len(shells) > 1 {
			return false, fmt.Errorf("%d shells for one request", len(shells))
		}
		for _, b := range shells {
			i.roots, i.behind = append(i.roots, b), append(i.behind, service)
		}
		return len(shells) == 1, nil
	})
}

// root notes that a process and all below it are the intruder's; daemon is what
// it was started by.
func (i *Intruder) root(pid, daemon int) error {
	b, ok := i.stage.tree.find(pid)
	if !ok {
		return fmt.Errorf("the kernel told nothing of process %d", pid)
	}
	if hub, ok := i.stage.tree.find(daemon); ok {
		i.behind = append(i.behind, hub)
	}
	i.roots = append(i.roots, b)
	return nil
}

// SSH logs in with a key and runs a command, with input as its stdin.
func (i *Intruder) SSH(ctx context.Context, key, command, input string) error {
	i.Host.sessions.Lock()
	defer i.Host.sessions.Unlock()
	since := sinceBoot()
	if err := i.stage.ssh(ctx, i.From, key, i.Host, command, input); err != nil {
		return err
	}
	i.label.Sources = add(i.label.Sources, i.From)
	return i.jobs(i.Host.daemons["sshd"], since)
}

// jobs are those that a daemon started since a time: they are the intruder's.
func (i *Intruder) jobs(daemon int, since uint64) error {
	hub, ok := i.stage.tree.find(daemon)
	if !ok {
		return fmt.Errorf("the kernel told nothing of daemon %d", daemon)
	}
	found := i.stage.tree.jobs(hub, since)
	if len(found) == 0 {
		return fmt.Errorf("daemon %d started nothing", daemon)
	}
	for _, b := range found {
		i.roots = append(i.roots, b)
		i.behind = append(i.behind, hub)
		i.label.Behind = append(i.label.Behind, i.stage.tree.behind(b, hub)...)
	}
	return nil
}

// Brought notes files that the intruder made, by path, each with the names that
// it had before, as NOW=BEFORE.
func (i *Intruder) Brought(names ...string) {
	for _, name := range names {
		i.label.Files = append(i.label.Files, i.file(name))
	}
}

// Persists notes files that make something run later.
func (i *Intruder) Persists(names ...string) {
	for _, name := range names {
		f := i.file(name)
		f.Persists = true
		i.label.Files = append(i.label.Files, f)
	}
}

func (i *Intruder) file(name string) intrusions.File {
	f := intrusions.File{Paths: strings.Split(name, "=")}
	var st unix.Stat_t
	if unix.Lstat(i.Host.path(f.Paths[0]), &st) == nil {
		f.Inode, f.Device = st.Ino, fmt.Sprintf("%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev))
	}
	return f
}

// Read notes sensitive files that he read.
func (i *Intruder) Read(names ...string) { i.label.Reads = append(i.label.Reads, names...) }

// Called notes whom his processes called.
func (i *Intruder) Called(peers ...string) {
	for _, p := range peers {
		i.label.Peers = add(i.label.Peers, p)
	}
}

// Asked notes names that his processes asked for.
func (i *Intruder) Asked(names ...string) {
	for _, n := range names {
		i.label.Names = add(i.label.Names, n)
	}
}

func add(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// labels are written when everything has happened.
func (i *Intruder) labels() (intrusions.Intrusion, error) {
	l := i.label
	l.Actor = i.Actor
	if len(i.roots) == 0 {
		return l, errors.New("an intruder did nothing")
	}
	l.Entry = i.roots[0].Process
	for _, root := range i.roots {
		for _, p := range i.stage.tree.all(root) {
			if !slices.ContainsFunc(l.Processes, func(q intrusions.Process) bool { return q.PID == p.PID && q.Start == p.Start }) {
				l.Processes = append(l.Processes, p)
			}
		}
	}
	for _, hub := range i.behind {
		l.Behind = append(l.Behind, hub.Process)
	}
	slices.SortFunc(l.Behind, func(a, b intrusions.Process) int { return int(int64(a.Start) - int64(b.Start)) })
	l.Behind = slices.CompactFunc(l.Behind, func(a, b intrusions.Process) bool { return a.PID == b.PID && a.Start == b.Start })
	return l, nil
}
