package story

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"baize/internal/agent/procfs"
	"baize/internal/event"
	"baize/test/console"
	"baize/test/lab"
)

// Response is what came of fighting the intruder while he tries again.
type Response struct {
	// Problem is why it could not be played to the end, "" where it was.
	Problem string
	// Found are the members that the dry run named, Frozen those that were frozen.
	Found, Frozen int
	// Beacons that the C2 heard in Silence after the tree was frozen, and in as long
	// after it was let go.
	Beacons, Again int
	Silence        time.Duration
	// Standing are the processes that stood then, with their evidence.
	Standing int
	// Evidence is the state of the trojan's memory map, in bytes.
	Evidence int64
	// Left are the processes of the tree after the kill.
	Left int
	// Taken says that the file is gone from its name, and Record that it is kept.
	Taken  bool
	Record string
}

// silence is how long it is listened for beacons, one of which is due each second.
const silence = 4 * time.Second

// retries is how often the trojan is started again by its shell.
const retries = 12

// Respond has the intruder try once more, and fights him by the command line: a
// dry run, freeze, evidence, thaw and freeze again, kill, quarantine.
func (s *Stage) Respond(ctx context.Context) Response {
	var r Response
	if err := s.respond(ctx, &r); err != nil {
		r.Problem = err.Error()
	}
	return r
}

func (s *Stage) respond(ctx context.Context, r *Response) error {
	if err := s.allow(s.hosts[0]); err != nil {
		return err
	}
	if err := s.WaitHosts(ctx, len(s.hosts)); err != nil {
		return err
	}
	host, err := s.host(ctx, lab.Web)
	if err != nil {
		return err
	}
	round := lab.Rounds[0]
	before := len(s.Lab.Labels().Trojans)
	ended := make(chan struct{})
	go func() {
		defer close(ended) // by the kill, at the latest: its answer says nothing then
		_, _ = s.Lab.Inject(ctx, round.Command()+strings.Repeat("; "+round.Path, retries))
	}()
	trojan, err := s.nextTrojan(ctx, round.Path, before)
	if err != nil {
		return err
	}
	stat, err := procfs.FS{}.Stat(uint32(trojan.PID))
	if err != nil {
		return err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return err
	}
	start, err := procfs.FS{}.Start(stat.Parent)
	if err != nil {
		return err
	}
	f := &fight{Stage: s, host: host.ID, root: event.ProcessKey{Host: host.ID, Boot: strings.TrimSpace(string(boot)), PID: stat.Parent, Start: start}}
	if err := f.contain(ctx, r); err != nil {
		return err
	}
	if err := f.clean(ctx, r, round.Path); err != nil {
		return err
	}
	<-ended
	return nil
}

func (s *Stage) host(ctx context.Context, name string) (console.Host, error) {
	hosts, err := s.Console.Hosts(ctx)
	if err != nil {
		return console.Host{}, err
	}
	at := slices.IndexFunc(hosts, func(h console.Host) bool { return h.Name == name })
	if at < 0 && len(hosts) == 1 {
		at = 0 // this machine, by its own name
	}
	if at < 0 {
		return console.Host{}, fmt.Errorf("no host %s", name)
	}
	return hosts[at], nil
}

// nextTrojan waits for a trojan of a path that speaks to its C2.
func (s *Stage) nextTrojan(ctx context.Context, path string, known int) (lab.Trojan, error) {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		for _, t := range s.Lab.Labels().Trojans[known:] {
			if t.Path == path {
				return t, nil
			}
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return lab.Trojan{}, err
		}
	}
	return lab.Trojan{}, fmt.Errorf("no trojan of %s speaks", path)
}

// fight is a responder against one tree.
type fight struct {
	*Stage
	host string
	root event.ProcessKey
	pids []uint32
}

// told is what is read of the command line's answers.
type told struct {
	ID, Command, State, Detail string
	Size                       int64
	Tree                       *struct {
		Count   int
		Members []struct{ Key event.ProcessKey }
	}
}

func (f *fight) order(ctx context.Context, args ...string) (t told, err error) {
	out, err := f.Baize(ctx, append(args, "--json")...)
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(out, &t)
}

const why = "it speaks to its C2"

// contain freezes the tree, looks whether it is silent, collects evidence, and
// sees it go on when it is let go, to freeze it again.
func (f *fight) contain(ctx context.Context, r *Response) error {
	dry, err := f.order(ctx, "respond", "freeze", f.host, f.root.String(), "--dry-run")
	if err != nil {
		return err
	}
	r.Found = dry.Tree.Count
	frozen, err := f.freeze(ctx, r)
	if err != nil {
		return err
	}
	if r.Beacons, err = f.heard(ctx); err != nil {
		return err
	}
	r.Silence = silence
	for _, pid := range f.pids {
		if maps, _, err := (procfs.FS{}).Maps(pid); err == nil && len(maps) > 0 {
			r.Standing++
		}
	}
	last := f.pids[len(f.pids)-1]
	start, err := procfs.FS{}.Start(last)
	if err != nil {
		return err
	}
	key := event.ProcessKey{Host: f.host, Boot: f.root.Boot, PID: last, Start: start}
	evidence, err := f.order(ctx, "evidence", "collect", f.host, "--process", key.String())
	if err != nil {
		return err
	}
	r.Evidence = evidence.Size
	if _, err := f.order(ctx, "respond", "thaw", frozen.ID); err != nil {
		return err
	}
	if r.Again, err = f.heard(ctx); err != nil {
		return err
	}
	_, err = f.freeze(ctx, r)
	return err
}

// freeze freezes the tree and notes who is in it.
func (f *fight) freeze(ctx context.Context, r *Response) (told, error) {
	frozen, err := f.order(ctx, "respond", "freeze", f.host, f.root.String(), "--reason", why, "--yes")
	if err != nil {
		return frozen, err
	}
	var tree struct {
		Count   int
		Members []struct{ Key event.ProcessKey }
	}
	if err := json.Unmarshal([]byte(frozen.Detail), &tree); err != nil {
		return frozen, err
	}
	r.Frozen, f.pids = tree.Count, nil
	for _, m := range tree.Members {
		f.pids = append(f.pids, m.Key.PID)
	}
	return frozen, nil
}

// heard counts the beacons of the time that follows.
func (f *fight) heard(ctx context.Context) (int, error) {
	// What was on the way when the tree was frozen has arrived.
	if err := pause(ctx, 600*time.Millisecond); err != nil {
		return 0, err
	}
	before := f.Lab.Labels().Beacons
	err := pause(ctx, silence)
	return f.Lab.Labels().Beacons - before, err
}

// clean ends the tree and takes the file away.
func (f *fight) clean(ctx context.Context, r *Response, path string) error {
	if _, err := f.order(ctx, "respond", "kill", f.host, f.root.String(), "--reason", why, "--yes"); err != nil {
		return err
	}
	for _, pid := range f.pids {
		if s, err := (procfs.FS{}).Stat(pid); err == nil && s.State != 'Z' {
			r.Left++
		}
	}
	taken, err := f.order(ctx, "respond", "quarantine", f.host, path, "--reason", why, "--yes")
	if err != nil {
		return err
	}
	r.Record = taken.Command
	_, err = f.Baize(ctx, "hosts", "stat", f.host, path)
	r.Taken = err != nil && strings.Contains(err.Error(), "not there")
	return nil
}

// responseLine: the tree is frozen with its evidence, then ended, and the file kept.
func responseLine(f *Facts, v *verdict) {
	r := f.Response
	v.check(r.Problem == "", "the response: %s", r.Problem)
	v.check(r.Found > 1 && r.Frozen > 1, "the dry run named %d processes, %d were frozen: not the shell with its trojan", r.Found, r.Frozen)
	v.check(r.Beacons == 0 && r.Silence > 0, "the C2 heard %d beacons of a frozen tree", r.Beacons)
	v.check(r.Standing == r.Frozen, "%d of %d frozen processes have their memory map", r.Standing, r.Frozen)
	v.check(r.Evidence > 0, "no evidence was collected of the frozen trojan")
	v.check(r.Again > 0, "it did not go on when it was let go")
	v.check(r.Left == 0, "%d processes outlived the kill", r.Left)
	v.check(r.Taken && r.Record != "", "its file is still there")
	v.note("a tree of %d frozen: no beacon in %v, %d bytes of its memory map collected; let go, it sent %d in as long; frozen again, ended; its file is in the vault as %s",
		r.Frozen, r.Silence, r.Evidence, r.Again, r.Record)
}
