package enrich

import "baize/internal/event"

// lineage is a process as its children carry it.
type lineage struct {
	parent    *event.Process
	ancestors []event.Process
}

// short is the process as every event carries it: key, names, user, parent and
// context. It is shared between events and must not be changed.
func (e *Enricher) short(p *process) *event.Process {
	if p.view == nil {
		view := p.summary()
		view.Exec, view.Start = p.exec, p.start
		view.EffectiveUser, view.Exe = p.effective, &p.image.exe
		view.Agent, view.Login = p.agent, p.login
		if p.session != noID {
			view.Session = p.session
		}
		view.TTY = p.image.tty
		view.Parent = p.parent
		p.view = view
	}
	return p.view
}

// summary is the process as another one's parent or ancestor.
func (p *process) summary() *event.Process {
	view := &event.Process{
		Key: p.key, PID: p.id.PID, Name: p.name,
		Executable: p.image.path, CommandLine: p.commandLine(), Redacted: p.redacted(),
		User: p.user, KernelThread: p.kernel, Server: p.server, Context: p.context,
	}
	// Whoever trusts the path must know.
	if p.image.exe.Foreign {
		view.Exe = &p.image.exe
	}
	return view
}

func (p *process) commandLine() string {
	if p.title != "" {
		return p.title
	}
	return p.image.commandLine
}

func (p *process) redacted() uint32 {
	if p.title != "" {
		return p.titleRedacted
	}
	return p.image.redacted
}

// descended is the process with its ancestors: whether a sensitive file was
// touched on behalf of a package manager is told by them.
func (e *Enricher) descended(p *process) *event.Process {
	view := *e.short(p)
	view.Ancestors = p.ancestors
	return &view
}

// whole is the process as an exec carries it.
func (e *Enricher) whole(p *process) *event.Process {
	whole := *e.short(p)
	img := p.image
	whole.Args, whole.ArgsTruncated = img.args, img.truncated
	whole.WorkingDirectory, whole.Script, whole.Env = img.cwd, img.script, img.env
	whole.Stdin, whole.Stdout, whole.Stderr = img.fds[0], img.fds[1], img.fds[2]
	whole.Ancestors = p.ancestors
	return &whole
}

// children is what a child forked now gets as parent and ancestors. It is
// computed once for all children between two changes of p.
func (p *process) children() *lineage {
	if p.below == nil {
		l := &lineage{parent: p.summary()}
		if p.parent != nil {
			above := *p.parent
			above.User, above.Name = nil, ""
			kept := p.ancestors[:min(len(p.ancestors), event.MaxAncestors-1)]
			l.ancestors = append([]event.Process{above}, kept...)
		}
		p.below = l
	}
	return p.below
}
