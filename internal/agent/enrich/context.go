package enrich

import (
	"path"
	"strings"

	"baize/internal/event"
)

// Execution contexts are assigned here and nowhere else. A process has its
// parent's until one of these holds, asked in this order whenever it executes
// or moves to another cgroup or namespace:
//
//	container  it executes something in a container in which its parent was
//	           not: the runtime's own stages, which set it up, are not in it yet
//	service    its cgroup is another systemd unit's than its parent's
//	cron       a job scheduler's child executes something else
//	login      a login daemon's child executes something else; or, at any time,
//	           it gets an audit session of its own
//	web_shell  the child of a server executes a shell or an interpreter
//	service    it is a child of init; or it begins to listen outside any service
//
// pid 1 and kernel threads are in the boot context.

// unit is the running instance of a systemd service.
type unit struct {
	context *event.Context
	root    *process
}

// maxUnits bounds the unit instances remembered.
const maxUnits = 4096

var (
	// schedulers run other people's jobs.
	schedulers = set("cron", "crond", "anacron", "atd", "fcron", "dcron")
	// loginDaemons start sessions.
	loginDaemons = set("sshd", "sshd-session", "sshd-auth", "dropbear", "login", "in.telnetd", "telnetd", "gdm-session-worker")
	// hubs listen for connections, and what they start is not theirs.
	hubs = union(schedulers, loginDaemons, set(
		"systemd", "init", "inetd", "xinetd", "dockerd", "containerd", "containerd-shim", "containerd-shim-runc-v2",
		"crio", "conmon", "kubelet", "k3s", "supervisord", "runit", "s6-svscan", "tmux", "screen", "sudo", "su"))
	// shells and interpreters run what others wrote: a server that starts one
	// may run what its client wrote.
	shells       = set("sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "csh", "tcsh", "fish", "rbash", "busybox")
	interpreters = []string{"python", "perl", "ruby", "php", "node", "nodejs", "lua", "tclsh", "pwsh", "awk", "gawk", "mawk", "expect"}
)

func set(names ...string) map[string]bool {
	m := map[string]bool{}
	for _, name := range names {
		m[name] = true
	}
	return m
}

func union(sets ...map[string]bool) map[string]bool {
	m := map[string]bool{}
	for _, s := range sets {
		for name := range s {
			m[name] = true
		}
	}
	return m
}

// isInterpreter recognises versions too: python3.12, php8.2.
func isInterpreter(name string) bool {
	stem := strings.TrimRight(name, "0123456789.-")
	for _, known := range interpreters {
		if stem == known {
			return true
		}
	}
	return false
}

// assign applies the rules above. before is the image that an exec replaced,
// nil where nothing was executed.
func (e *Enricher) assign(p *process, before *image) {
	executed := before != nil
	switch {
	case p.kernel || p.id.PID == 1 || e.nestedInit(p):
		if p.context == nil || p.context.Root != p.key && p.context.Kind != event.ContextBoot {
			e.begin(p, event.ContextBoot, "")
		}
		return
	case executed && p.place.box != nil && p.inside != p.place.box:
		e.enter(p, p.place.box)
	case p.place.unit != "" && p.place.unit != p.unit:
		e.serve(p)
	}
	switch parent := p.parentBase(); {
	case executed && schedulers[parent] && !schedulers[p.image.base()]:
		e.beginOnce(p, event.ContextCron)
	case executed && loginDaemons[parent] && !loginDaemons[p.image.base()]:
		e.beginOnce(p, event.ContextLogin)
	case executed && e.isWebShell(p):
		e.begin(p, event.ContextWebShell, "")
	case p.context == nil || p.context.Kind == event.ContextBoot:
		e.begin(p, event.ContextService, p.image.base())
	}
}

// nestedInit reports whether p is the init of a host within this one: its
// parent is outside the scope and so unknown.
func (e *Enricher) nestedInit(p *process) bool {
	return e.config.Nested && p.context == nil && p.nested
}

func (p *process) parentBase() string {
	if p.parent == nil || p.parent.Executable == "" {
		return ""
	}
	return path.Base(p.parent.Executable)
}

// begin starts a context with p as its root, within the one it was in.
func (e *Enricher) begin(p *process, kind, service string) {
	next := &event.Context{ID: kind + ":" + p.key.String(), Kind: kind, Root: p.key, Service: service}
	if p.context != nil {
		next.Parent = p.context.ID
		if service == "" && kind != event.ContextBoot {
			next.Service = p.context.Service
		}
	}
	if p.context != nil && p.context.ID == next.ID {
		return
	}
	p.context = next
	p.changed()
}

// beginOnce is begin, unless p is within a context of that kind that began
// below the daemon which started it.
func (e *Enricher) beginOnce(p *process, kind string) {
	if p.context != nil && p.context.Kind == kind && (p.parent.Context == nil || p.parent.Context.Root == p.parent.Key || p.context.Root == p.key) {
		return
	}
	e.begin(p, kind, "")
}

// enter puts p into its container's context, which the first process in it
// begins. Leaving a container (through nsenter, or an escape) ends nothing.
func (e *Enricher) enter(p *process, b *box) {
	p.inside = b
	if b.context == nil {
		b.root = p
		e.begin(p, event.ContextContainer, "")
		b.context = p.context
		return
	}
	p.context = b.context
	p.changed()
}

// serve puts p into the context of its systemd unit's running instance, which
// lasts as long as the process that began it.
func (e *Enricher) serve(p *process) {
	p.unit = p.place.unit
	if u := e.units[p.unit]; u != nil && u.root.exited.IsZero() {
		p.context = u.context
		p.changed()
		return
	}
	if len(e.units) >= maxUnits {
		clear(e.units)
	}
	e.begin(p, event.ContextService, p.unit)
	e.units[p.unit] = &unit{context: p.context, root: p}
}

// isWebShell reports whether p, the child of a server, has executed a shell or
// an interpreter. A server that starts itself anew (workers of an interpreted
// service) has not.
func (e *Enricher) isWebShell(p *process) bool {
	if p.spawnedBy == nil || p.context != nil && p.context.Kind == event.ContextWebShell {
		return false
	}
	name := p.image.base()
	if shells[name] {
		return true
	}
	return isInterpreter(name) && p.spawnedBy.exe.Inode != p.image.exe.Inode
}

// listens notes that p serves. Outside any service it begins one: two servers
// started from one shell are two services.
func (e *Enricher) listens(p *process, accepted bool) {
	if p.server {
		return
	}
	p.server = true
	p.changed()
	if p.context == nil || p.unit != "" || p.context.Root == p.key && p.context.Kind == event.ContextService {
		return
	}
	switch p.context.Kind {
	case event.ContextLogin, event.ContextCron:
		e.begin(p, event.ContextService, p.image.base())
	case event.ContextService:
		if !accepted && p.spawnedBy == nil {
			e.begin(p, event.ContextService, p.image.base())
		}
	}
}
