package enginetest

import (
	"net/netip"
	"time"

	"baize/internal/event"
)

// Define writes a definition file: a crontab, a unit, a start file.
func (p *Process) Define(name string, added ...string) *Process {
	return p.define(name, &event.Diff{State: event.DiffOK, Added: added})
}

// Undefine writes a definition file without lines that it had.
func (p *Process) Undefine(name string, removed ...string) *Process {
	return p.define(name, &event.Diff{State: event.DiffOK, Removed: removed})
}

// Change writes a definition file, of which is told what changed.
func (p *Process) Change(name string, d *event.Diff) *Process { return p.define(name, d) }

func (p *Process) define(name string, d *event.Diff) *Process {
	p.host.emit(&event.Event{Kind: event.FileCloseWrite, Process: p.whole(), File: &event.File{
		Path: name, Inode: p.host.File(name), Size: 50, Mode: "0644", Sensitive: "definition", Diff: d,
	}})
	return p
}

// Install writes a file that may be executed from the start.
func (p *Process) Install(name string) *Process {
	p.host.emit(&event.Event{Kind: event.FileCloseWrite, Process: p.whole(), File: &event.File{Path: name, Inode: p.host.File(name), Size: 912, Mode: "0755"}})
	return p
}

// Unlink removes a file. The next one of that name is another.
func (p *Process) Unlink(name string) *Process {
	p.host.emit(&event.Event{Kind: event.FileUnlink, Process: p.whole(), File: &event.File{Path: name, Inode: p.host.File(name)}})
	delete(p.host.files, name)
	return p
}

// Rename gives a file another name; what had that name is gone.
func (p *Process) Rename(from, to string) *Process {
	key := p.host.File(from)
	p.host.emit(&event.Event{Kind: event.FileRename, Process: p.whole(), File: &event.File{Path: from, Inode: key, Target: &event.File{Path: to}}})
	delete(p.host.files, from)
	p.host.files[to] = key
	return p
}

// RenameDefinition puts a file in the place of a definition file.
func (p *Process) RenameDefinition(from, to string, added, removed []string) *Process {
	key := p.host.File(from)
	p.host.emit(&event.Event{Kind: event.FileRename, Process: p.whole(), File: &event.File{
		Path: from, Inode: key, Target: &event.File{Path: to, Sensitive: "definition", Diff: &event.Diff{State: event.DiffOK, Added: added, Removed: removed}},
	}})
	delete(p.host.files, from)
	p.host.files[to] = key
	return p
}

// ByPath is an event about a file of which the sensor knows the path alone.
func (p *Process) ByPath(kind event.Kind, name, mode string) *Process {
	p.host.emit(&event.Event{Kind: kind, Process: p.whole(), File: &event.File{Path: name, Mode: mode, Change: "mode"}})
	return p
}

// Memory makes a file without a name and runs it.
func (p *Process) Memory(name string) *Process {
	key := p.host.File("memfd:" + name)
	p.host.emit(&event.Event{Kind: event.MemfdCreate, Process: p.whole(), File: &event.File{Path: "memfd:" + name, Inode: key}})
	p.host.emit(&event.Event{Kind: event.FileCloseWrite, Process: p.whole(), File: &event.File{Path: "memfd:" + name, Inode: key, Size: 912, Mode: "0777"}})
	c := p.Fork()
	c.self.Executable, c.self.Args, c.self.CommandLine, c.self.Name = "memfd:"+name, []string{name}, name, name
	c.self.Exec++
	c.self.Exe = &event.Image{Inode: key, Memfd: true, Deleted: true}
	p.host.emit(&event.Event{Kind: event.ProcessExec, Process: c.whole()})
	return c
}

// Close ends a connection after so many bytes.
func (p *Process) Close(peer string, port uint16, out, in uint64) *Process {
	p.host.emit(&event.Event{
		Kind: event.NetworkClose, Process: p.whole(), Network: &event.Network{Transport: "tcp", Initiated: true, BytesOut: out, BytesIn: in},
		Source: &event.Endpoint{IP: netip.MustParseAddr("10.0.0.1"), Port: 50000}, Destination: &event.Endpoint{IP: netip.MustParseAddr(peer), Port: port},
	})
	return p
}

// Inject traces another process.
func (p *Process) Inject(target *Process) *Process {
	p.host.emit(&event.Event{Kind: event.ProcessPtrace, Process: p.whole(), Target: target.whole(), Operation: &event.Operation{Name: "attach"}})
	return p
}

// Cron starts a scheduler.
func (h *Host) Cron() *Process {
	p := h.Init.Fork()
	p.context = &event.Context{ID: "service:" + p.self.Key.String(), Kind: event.ContextService, Root: p.self.Key, Parent: h.Init.context.ID, Service: "cron.service"}
	return p.Exec("/usr/sbin/cron", "-f")
}

// Job is what a scheduler runs: it forks, and the fork's child is the shell.
func (p *Process) Job(command string) *Process {
	c := p.Fork().Fork()
	c.context = &event.Context{ID: "cron:" + c.self.Key.String(), Kind: event.ContextCron, Root: c.self.Key, Parent: p.context.ID}
	return c.Exec("/bin/sh", "-c", command)
}

// Session is the shell of somebody whom a login daemon let in: a process of the
// daemon's own reads the keys first.
func (p *Process) Session(keys string) *Process {
	own := p.Fork().Exec(p.self.Args...)
	own.Open(keys, "definition")
	c := own.Fork()
	c.context = &event.Context{ID: "login:" + c.self.Key.String(), Kind: event.ContextLogin, Root: c.self.Key, Parent: p.context.ID}
	c.server = false
	c.self.User = &event.User{Name: "root"}
	return c.Exec("/bin/bash")
}

// Visit is a session of a login daemon that is opened for a command. The process of
// the connection is the daemon's own, and writes to the log.
func (p *Process) Visit(command string) (session, connection *Process) {
	connection = p.Fork().Exec(p.self.Args...)
	session = connection.Fork()
	session.context = &event.Context{ID: "login:" + session.self.Key.String(), Kind: event.ContextLogin, Root: session.self.Key, Parent: p.context.ID}
	session.server = false
	session.self.User = &event.User{Name: "root"}
	return session.Exec("bash", "-c", command), connection
}

// Accepted is the line by which the process of a connection says who was let in, with
// which key.
func (p *Process) Accepted(from string, port uint16, key string) *Process {
	p.host.emit(&event.Event{
		Kind: event.LoginSuccess, Process: p.whole(), Source: &event.Endpoint{IP: netip.MustParseAddr(from), Port: port},
		Log:    &event.Log{Source: event.LogFile, Service: "sshd"},
		Access: &event.Access{Outcome: event.OutcomeSuccess, Service: "sshd", Method: "publickey", User: &event.Account{Name: "root"}, Fingerprint: key},
	})
	return p
}

// Unit starts a service of the init process.
func (h *Host) Unit(name string, args ...string) *Process {
	p := h.Init.Fork()
	p.context = &event.Context{ID: "service:" + p.self.Key.String(), Kind: event.ContextService, Root: p.self.Key, Parent: h.Init.context.ID, Service: name}
	return p.Exec(args...)
}

// Vouch says what the sensor saw of some classes from a time until now. No class
// means all of them.
func (h *Host) Vouch(from time.Time, state string, classes ...event.Class) {
	if len(classes) == 0 {
		classes = []event.Class{event.ClassProcess, event.ClassFile, event.ClassNetwork, event.ClassDNS, event.ClassKernel}
	}
	until := h.world.Now
	for _, class := range classes {
		h.emit(&event.Event{Kind: event.SensorCoverage, Coverage: &event.Coverage{Class: class, From: from, To: until, State: state}})
	}
}

// AcceptFrom takes a connection whose both ends are told.
func (p *Process) AcceptFrom(from string, fromPort uint16, to string, toPort uint16) *Process {
	p.server = true
	p.host.emit(&event.Event{
		Kind: event.NetworkAccept, Process: p.whole(), Source: &event.Endpoint{IP: netip.MustParseAddr(from), Port: fromPort},
		Destination: &event.Endpoint{IP: netip.MustParseAddr(to), Port: toPort},
	})
	return p
}

// Reboot starts the host anew: another boot, with only pid 1.
func (h *Host) Reboot() *Host {
	h.boot += "'"
	h.pid = firstPID
	h.start()
	return h
}

// Link gives a file another name besides.
func (p *Process) Link(from, to string) *Process {
	key := p.host.File(from)
	p.host.emit(&event.Event{Kind: event.FileLink, Process: p.whole(), File: &event.File{Path: from, Inode: key, Target: &event.File{Path: to}}})
	p.host.files[to] = key
	return p
}
