// Package enginetest makes the telemetry of hosts that do not exist, for tests
// and benchmarks: processes with lineage, contexts as an agent assigns them,
// files with inodes, connections. What it makes is a function of the calls.
package enginetest

import (
	"net/netip"
	"path"
	"strings"
	"time"

	"baize/internal/event"
)

// step is how much time passes with each event.
const step = time.Millisecond

// World is a number of hosts with one clock. Emit receives every event.
type World struct {
	Now  time.Time
	Emit func(*event.Event)
	// Bus numbers the events as the gateway does, from 1; 0 leaves them
	// without a stamp, as in foreign files.
	Bus   uint64
	hosts []*Host
}

// New returns a world that begins at a fixed time.
func New(emit func(*event.Event)) *World {
	return &World{Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Emit: emit}
}

// Record returns a world whose events are appended to the result.
func Record() (*World, *[]*event.Event) {
	var events []*event.Event
	return New(func(ev *event.Event) { events = append(events, ev) }), &events
}

// Advance lets time pass.
func (w *World) Advance(d time.Duration) { w.Now = w.Now.Add(d) }

// Tick is the gateway's tick.
func (w *World) Tick() { w.send(&event.Event{Kind: event.EngineTick, Time: w.Now}) }

// Say puts a record of the log, that of no host.
func (w *World) Say(ev *event.Event) { w.send(ev) }

func (w *World) send(ev *event.Event) {
	if w.Bus > 0 {
		ev.Ingest = &event.Ingest{Bus: w.Bus, Received: w.Now}
		w.Bus++
	}
	w.Emit(ev)
}

// Host is one machine.
type Host struct {
	ID, Name string
	Init     *Process
	// SlowDigests : digests are pending when an image is executed.
	SlowDigests bool
	// Container that everything happens in from here on; nil for none.
	Container *event.Container
	world     *World
	boot      string
	seq       uint64
	pid       uint32
	inode     uint64
	files     map[string]event.FileKey
}

// firstPID is above what a kernel keeps for itself.
const firstPID = 100

// Host adds a machine with only pid 1 on it.
func (w *World) Host(id string) *Host {
	h := &Host{ID: id, Name: id + ".example", world: w, boot: "boot-" + id, pid: firstPID, inode: 1000, files: map[string]event.FileKey{}}
	h.start()
	w.hosts = append(w.hosts, h)
	return h
}

// start makes pid 1.
func (h *Host) start() {
	h.Init = &Process{host: h, self: event.Process{PID: 1, Executable: "/usr/lib/systemd/systemd", CommandLine: "/sbin/init", Key: event.ProcessKey{Host: h.ID, Boot: h.boot, PID: 1, Start: 1}}}
	h.Init.context = &event.Context{ID: "boot:" + h.Init.self.Key.String(), Kind: event.ContextBoot, Root: h.Init.self.Key}
}

// File returns the identity of the file at a path, made at first use.
func (h *Host) File(name string) event.FileKey {
	key, ok := h.files[name]
	if !ok {
		h.inode++
		key = event.FileKey{Host: h.ID, Device: event.MakeDevice(254, 1), Inode: h.inode}
		h.files[name] = key
	}
	return key
}

func (h *Host) emit(ev *event.Event) {
	h.world.Advance(step)
	h.seq++
	ev.Org, ev.Host, ev.Boot, ev.Seq, ev.Time = "default", event.Host{ID: h.ID, Name: h.Name}, h.boot, h.seq, h.world.Now
	ev.Container = h.Container
	h.world.send(ev)
}

// Process is a process of a host.
type Process struct {
	host    *Host
	parent  *Process
	self    event.Process
	context *event.Context
	server  bool
	agent   bool
}

// Key of the process.
func (p *Process) Key() event.ProcessKey { return p.self.Key }

// Context of the process.
func (p *Process) Context() *event.Context { return p.context }

// brief is a process as others carry it.
func (p *Process) brief() event.Process {
	return event.Process{Key: p.self.Key, PID: p.self.PID, Executable: p.self.Executable, CommandLine: p.self.CommandLine, Server: p.server}
}

// whole is a process as its own events carry it.
func (p *Process) whole() *event.Process {
	w := p.self
	w.Context, w.Server, w.Agent = p.context, p.server, p.agent
	if w.User == nil {
		w.User = &event.User{ID: 1000, Name: "app"}
	}
	if p.parent != nil {
		parent := p.parent.brief()
		w.Parent = &parent
		for a := p.parent.parent; a != nil && len(w.Ancestors) < event.MaxAncestors; a = a.parent {
			w.Ancestors = append(w.Ancestors, a.brief())
		}
	}
	return &w
}

// Serve makes the process the root of a service of its own, as a host does with
// one that begins to listen outside any.
func (p *Process) Serve(name string) *Process {
	p.context = &event.Context{ID: "service:" + p.self.Key.String(), Kind: event.ContextService, Root: p.self.Key, Parent: p.context.ID, Service: name}
	return p.Listen(4445)
}

// Fork starts a child that still runs the same image.
func (p *Process) Fork() *Process {
	p.host.pid++
	c := &Process{host: p.host, parent: p, self: p.self, context: p.context, server: p.server, agent: p.agent}
	c.self.PID = p.host.pid
	c.self.Key.PID, c.self.Key.Start = c.self.PID, uint64(p.host.world.Now.UnixNano())
	c.self.Exec = 0
	p.host.emit(&event.Event{Kind: event.ProcessFork, Process: c.whole()})
	return c
}

// shells are the images that make a web-spawned shell of a server's child.
var shells = map[string]bool{"/bin/sh": true, "/bin/bash": true, "/usr/bin/python3": true}

// Exec runs another image in the process.
func (p *Process) Exec(args ...string) *Process {
	if p.server && shells[args[0]] {
		p.context = &event.Context{ID: "web_shell:" + p.self.Key.String(), Kind: event.ContextWebShell, Root: p.self.Key, Parent: p.context.ID, Service: p.context.Service}
	}
	p.server = false
	p.self.Exec++
	p.self.Executable, p.self.Args, p.self.CommandLine = args[0], args, strings.Join(args, " ")
	p.self.Name = path.Base(args[0])
	p.self.Exe = &event.Image{Inode: p.host.File(args[0]), Tmpfs: strings.HasPrefix(args[0], "/dev/shm/")}
	p.self.Hash = &event.Hash{State: event.HashOK, SHA256: digest(args[0])}
	if p.host.SlowDigests {
		p.self.Hash = &event.Hash{State: event.HashPending}
	}
	p.host.emit(&event.Event{Kind: event.ProcessExec, Process: p.whole()})
	return p
}

// Spawn is Fork and Exec.
func (p *Process) Spawn(args ...string) *Process { return p.Fork().Exec(args...) }

// Service starts a service below pid 1 that listens.
func (h *Host) Service(name string, args ...string) *Process {
	p := h.Init.Fork()
	p.context = &event.Context{ID: "service:" + p.self.Key.String(), Kind: event.ContextService, Root: p.self.Key, Parent: h.Init.context.ID, Service: name}
	p.Exec(args...)
	return p.Listen(8080)
}

// Daemon starts a server in the boot context, as on a host without units.
func (h *Host) Daemon(args ...string) *Process { return h.Init.Spawn(args...).Listen(8080) }

// Login starts a login session and its shell.
func (h *Host) Login() *Process {
	p := h.Init.Fork()
	p.context = &event.Context{ID: "login:" + p.self.Key.String(), Kind: event.ContextLogin, Root: p.self.Key, Parent: h.Init.context.ID}
	return p.Exec("/bin/bash")
}

// Agent marks the process as the agent's own.
func (p *Process) Agent() *Process {
	p.agent = true
	return p
}

// Listen makes the process a server.
func (p *Process) Listen(port uint16) *Process {
	p.server = true
	p.host.emit(&event.Event{Kind: event.NetworkListen, Process: p.whole(), Source: &event.Endpoint{IP: netip.IPv4Unspecified(), Port: port}})
	return p
}

// Accept takes a connection from a peer.
func (p *Process) Accept(peer string) *Process {
	p.server = true
	p.host.emit(&event.Event{Kind: event.NetworkAccept, Process: p.whole(), Source: &event.Endpoint{IP: netip.MustParseAddr(peer), Port: 40000}, Destination: &event.Endpoint{IP: netip.MustParseAddr("10.0.0.1"), Port: 8080}})
	return p
}

// Write makes or overwrites a file.
func (p *Process) Write(name string) *Process {
	p.host.emit(&event.Event{Kind: event.FileCloseWrite, Process: p.whole(), File: &event.File{Path: name, Inode: p.host.File(name), Size: 912, Mode: "0644"}})
	return p
}

// Open reads a watched file of a class.
func (p *Process) Open(name, class string) *Process { return p.OpenFor(name, class, "read") }

// OpenFor opens a watched file of a class for an access.
func (p *Process) OpenFor(name, class, access string) *Process {
	p.host.emit(&event.Event{Kind: event.FileOpen, Process: p.whole(), File: &event.File{Path: name, Inode: p.host.File(name), Sensitive: class, Access: access}})
	return p
}

// Digest reports the digest of the process's image, which was pending before.
func (p *Process) Digest() *Process {
	name := p.self.Executable
	p.host.emit(&event.Event{Kind: event.FileHash, Process: p.whole(), File: &event.File{Path: name, Inode: p.host.File(name), Hash: &event.Hash{State: event.HashOK, SHA256: digest(name)}}})
	return p
}

// Chmod makes a file executable.
func (p *Process) Chmod(name string) *Process {
	p.host.emit(&event.Event{Kind: event.FileAttributes, Process: p.whole(), File: &event.File{Path: name, Inode: p.host.File(name), Mode: "0755", Change: "mode"}})
	return p
}

// Connect opens a connection.
func (p *Process) Connect(peer string, port uint16) *Process {
	return p.ConnectFrom(50000, peer, port)
}

// ConnectFrom opens a connection from a port of its own.
func (p *Process) ConnectFrom(own uint16, peer string, port uint16) *Process {
	zero := 0
	p.host.emit(&event.Event{
		Kind: event.NetworkConnect, Process: p.whole(), Result: &zero, Network: &event.Network{Transport: "tcp", Initiated: true},
		Source: &event.Endpoint{IP: netip.MustParseAddr("10.0.0.1"), Port: own}, Destination: &event.Endpoint{IP: netip.MustParseAddr(peer), Port: port},
	})
	return p
}

// Ask sends a DNS question.
func (p *Process) Ask(name string) *Process {
	p.host.emit(&event.Event{Kind: event.DNSQuery, Process: p.whole(), DNS: &event.DNS{Question: event.DNSQuestion{Name: name, Type: "A"}}, Destination: &event.Endpoint{IP: netip.MustParseAddr("10.0.0.53"), Port: 53}})
	return p
}

// Retitle overwrites the process's own command line.
func (p *Process) Retitle(title string) *Process {
	p.self.OldName, p.self.OldCommandLine = p.self.Name, p.self.CommandLine
	p.self.Name, p.self.CommandLine = title, title
	p.host.emit(&event.Event{Kind: event.ProcessRename, Process: p.whole()})
	p.self.OldName, p.self.OldCommandLine = "", ""
	return p
}

// Exit ends the process.
func (p *Process) Exit() {
	p.host.emit(&event.Event{Kind: event.ProcessExit, Process: p.whole()})
}
