package graph_test

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"baize/internal/event"
	"baize/internal/graph"
)

// odd draws events of any shape: parts that are missing, processes that are their
// own parents, boots by the dozen, times and counts that cannot be.
type odd struct{ *rapid.T }

func (o odd) n(limit int) int { return rapid.IntRange(0, limit-1).Draw(o.T, "n") }

func (o odd) maybe() bool { return o.n(3) > 0 }

func (o odd) text() string {
	return []string{"", "/tmp/x", "/etc/crontab", "/bin/sh", "a", "/", "intrusion:h/x"}[o.n(7)]
}

func (o odd) time() time.Time {
	return []time.Time{{}, time.Unix(0, 0), time.Unix(1, 5), time.Unix(1<<40, 0), time.Unix(0, math.MaxInt64), time.Unix(1_700_000_000, int64(o.n(9)))}[o.n(6)]
}

func (o odd) key() event.ProcessKey {
	return event.ProcessKey{Host: "h", Boot: []string{"", "a", "b", "c", "d", "e", "f", "g"}[o.n(8)], PID: uint32(o.n(4)), Start: uint64(o.n(3))}
}

func (o odd) process(depth int) *event.Process {
	if !o.maybe() {
		return nil
	}
	p := &event.Process{Key: o.key(), Executable: o.text(), CommandLine: o.text(), Script: o.text(), Start: o.time(), Server: o.n(4) == 0}
	for range o.n(3) {
		p.Args = append(p.Args, o.text())
	}
	if o.maybe() {
		kinds := []string{"", event.ContextWebShell, event.ContextLogin, event.ContextCron, event.ContextService, event.ContextContainer, event.ContextBoot}
		p.Context = &event.Context{ID: []string{"", "web_shell:1", "web_shell:2", "x"}[o.n(4)], Kind: kinds[o.n(7)], Parent: []string{"", "web_shell:1", "web_shell:2", "service:1"}[o.n(4)], Root: o.key(), Service: o.text()}
	}
	if o.maybe() {
		p.Exe = &event.Image{Inode: o.inode()}
		p.User, p.EffectiveUser = &event.User{ID: uint32(o.n(2))}, &event.User{}
	}
	if depth > 0 {
		p.Parent = o.process(depth - 1)
		for range o.n(4) {
			if a := o.process(0); a != nil {
				p.Ancestors = append(p.Ancestors, *a)
			}
		}
	}
	return p
}

func (o odd) inode() event.FileKey {
	return event.FileKey{Host: "h", Device: event.MakeDevice(0, 1), Inode: uint64(o.n(4))}
}

func (o odd) file(depth int) *event.File {
	if !o.maybe() {
		return nil
	}
	f := &event.File{Path: o.text(), Inode: o.inode(), Mode: []string{"", "0755", "x"}[o.n(3)], Type: []string{"", "", "dir", "fifo"}[o.n(4)], Sensitive: []string{"", "definition", "ssh_key"}[o.n(3)]}
	if o.maybe() {
		f.Diff = &event.Diff{State: []string{event.DiffOK, event.DiffWhole, ""}[o.n(3)], Added: []string{o.text()}, Removed: []string{o.text()}}
	}
	if depth > 0 {
		f.Target = o.file(depth - 1)
	}
	return f
}

func (o odd) endpoint() *event.Endpoint {
	if !o.maybe() {
		return nil
	}
	return &event.Endpoint{IP: []netip.Addr{{}, netip.IPv6Unspecified(), netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("::ffff:203.0.113.9")}[o.n(4)], Port: uint16(o.n(3))}
}

func (o odd) event() *event.Event {
	kinds := []event.Kind{
		event.ProcessFork, event.ProcessExec, event.ProcessExit, event.ProcessCredentials, event.ProcessPtrace, event.ProcessRename, event.FileCreate, event.FileCloseWrite,
		event.FileOpen, event.FileRename, event.FileLink, event.FileUnlink, event.FileAttributes, event.FileHash, event.FileDiff, event.MemfdCreate, event.NetworkConnect,
		event.NetworkAccept, event.NetworkListen, event.NetworkClose, event.NetworkBytes, event.DNSQuery, event.SensorCoverage, "",
	}
	ev := &event.Event{
		Kind: kinds[o.n(len(kinds))], Host: event.Host{ID: []string{"h", "i", ""}[o.n(3)]}, Time: o.time(), Seq: uint64(o.n(3)), Count: []uint64{0, 1, math.MaxUint64}[o.n(3)],
		Process: o.process(1), Target: o.process(0), File: o.file(1), Source: o.endpoint(), Destination: o.endpoint(),
	}
	if o.maybe() {
		result := -o.n(3)
		ev.Result = &result
		ev.DNS = &event.DNS{Question: event.DNSQuestion{Name: o.text()}}
		ev.Network = &event.Network{Initiated: o.maybe(), Cookie: uint64(o.n(2)), BytesOut: []uint64{0, 1, math.MaxUint64}[o.n(3)]}
	}
	if ev.Kind == event.SensorCoverage && o.maybe() {
		ev.Coverage = &event.Coverage{Class: []event.Class{event.ClassFile, event.ClassAll, "?"}[o.n(3)], From: o.time(), To: o.time(), State: []string{event.CoverageComplete, event.CoverageLost}[o.n(2)]}
	}
	return ev
}

// TestAnyEvents: nothing that comes makes the graph panic, and what it then knows
// can be kept.
func TestAnyEvents(t *testing.T) {
	small := graph.Limits{
		Hosts: 2, ProcessesPerHost: 5, FilesPerHost: 3, Processes: 8, Files: 4, Contexts: 3, PeersPerHost: 2, Peers: 3, EdgesPerHost: 9,
		BonesPerHost: 4, Edges: 12, Bones: 6, KeptPerHost: 2, Sides: 2, Exited: time.Second, Silent: time.Minute,
	}
	for name, limits := range map[string]graph.Limits{"default": graph.DefaultLimits(), "small": small} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				o, g := odd{rt}, graph.New(limits)
				for range rapid.IntRange(1, 60).Draw(rt, "events") {
					ev := o.event()
					now := ev.Time.UnixNano()
					g.Cover(ev, now)
					g.Observe(ev, now)
					if o.n(3) == 0 {
						id := g.Root(ev, &graph.Root{At: ev.Time, Opens: o.maybe(), Marks: []graph.Mark{{Kind: "command", Value: o.text()}}})
						g.Whole(ev.Host.ID, id)
					}
					g.Trace(ev, "")
					g.IntrusionOf(ev)
					if o.n(5) == 0 {
						g.Changed(o.maybe(), now)
					}
				}
				other := restored(rt, g, limits)
				g.Changed(true, 0)
				other.Changed(true, 0)
			})
		})
	}
}
