package graph

import (
	"slices"
	"strings"
	"time"

	"baize/internal/event"
)

// contextInfo is what is kept of the context of one web-spawned shell.
type contextInfo struct {
	Kind   string
	Parent string
	// Service it came from, and Source of the request.
	Service, Source string
	// ServiceExe and ServiceCommand describe the process of Service.
	ServiceExe, ServiceCommand string
	// Command of the shell.
	Command string
}

// maxNesting bounds how far web-spawned shells within one another are followed.
const maxNesting = 16

// process finds the process of an event, or makes it and those above it from
// what the event says of them.
func (g *Graph) process(h *host, ep *event.Process, now int64) *process {
	key := h.key(ep.Key)
	if p := h.used(key, now); p != nil {
		return p
	}
	parent := g.ancestors(h, ep, now)
	p := g.newProcess(h, ep, parent, now)
	g.put(h, key, p, now)
	g.describe(p, ep)
	g.place(h, p, ep.Context)
	return p
}

// newProcess makes one that is met for the first time. One that was started
// before anything was told of it began, by what is known, no later than now.
func (g *Graph) newProcess(h *host, ep *event.Process, parent procKey, now int64) *process {
	p := &process{Key: h.name(ep.Key), Parent: parent, Server: ep.Server, First: now, Born: g.at}
	if !ep.Start.IsZero() {
		p.Born = min(p.Born, ep.Start.UnixNano())
	}
	h.number(&p.Node, holder{process: p})
	if above := h.get(parent); above != nil {
		if taints := above.Node.taints(); len(taints) > 0 {
			p.Node.marked().Taints = slices.Clone(taints)
		}
	}
	return p
}

// ancestors makes the processes above ep that are not known yet, topmost
// first, and returns the key of the parent. They get the context of ep: where
// it began below them, their own events or the walk up will say so.
func (g *Graph) ancestors(h *host, ep *event.Process, now int64) procKey {
	if ep.Parent == nil || ep.Parent.Key.IsZero() {
		return procKey{}
	}
	above := procKey{}
	for i := min(len(ep.Ancestors), event.MaxAncestors) - 1; i >= 0; i-- {
		above = g.ancestor(h, &ep.Ancestors[i], above, ep.Context, now)
	}
	return g.ancestor(h, ep.Parent, above, ep.Context, now)
}

func (g *Graph) ancestor(h *host, ep *event.Process, above procKey, ctx *event.Context, now int64) procKey {
	if ep.Key.IsZero() {
		return above
	}
	key := h.key(ep.Key)
	if h.used(key, now) != nil {
		return key
	}
	p := g.newProcess(h, ep, above, now)
	g.put(h, key, p, now)
	g.describe(p, ep)
	if ep.Context != nil {
		ctx = ep.Context
	}
	g.place(h, p, enclosing(ctx, ep.Key))
	return key
}

// enclosing is the context of an ancestor: that of its descendant, unless the
// descendant's begins below it. Only the root tells; a process started before
// the root is above it.
func enclosing(ctx *event.Context, key event.ProcessKey) *event.Context {
	if ctx == nil || key == ctx.Root || key.Start >= ctx.Root.Start && key.Boot == ctx.Root.Boot {
		return ctx
	}
	kind, _, _ := strings.Cut(ctx.Parent, ":")
	return &event.Context{ID: ctx.Parent, Kind: kind}
}

// describe takes over what an event says of its process.
func (g *Graph) describe(p *process, ep *event.Process) {
	if ep.Executable != "" {
		p.Exe, p.Foreign = g.texts.share(ep.Executable), ep.Exe != nil && ep.Exe.Foreign
	}
	if ep.CommandLine != "" {
		p.Command = g.texts.share(ep.CommandLine)
	}
	if ep.User != nil {
		p.User = g.texts.share(ep.User.Name)
	}
}

// place assigns context, lineage and service. It runs when a process is first
// seen, when its context changes, and when it becomes or stops being a server.
func (g *Graph) place(h *host, p *process, ctx *event.Context) {
	if ctx != nil {
		p.Context, p.Kind, p.Root = g.texts.share(ctx.ID), g.texts.share(ctx.Kind), p.Key == ctx.Root
		g.learn(h, p, ctx)
		g.calledBy(h, p, ctx.Kind)
	}
	parent := h.get(p.Parent)
	p.Service = g.service(h, p, parent)
	p.Lineage = g.lineage(p, parent)
}

// lineage names the lineage of p: its context where that is one, otherwise
// the tree below the nearest hub.
func (g *Graph) lineage(p, parent *process) string {
	if p.Kind == event.ContextWebShell {
		return g.outermost(p.Context)
	}
	if p.Kind != "" && !hubKind(p.Kind) {
		return p.Context
	}
	if p.hub() {
		return ""
	}
	if parent != nil && parent.Context == p.Context && parent.Lineage != "" {
		return parent.Lineage
	}
	return treeOf(p)
}

// treeOf is the lineage of which p is the first process, where no context is one.
func treeOf(p *process) string { return "tree:" + p.Key.String() }

// outermost follows web-spawned shells up to the first: what a trojan that
// listens spawns belongs to the intrusion that brought it.
func (g *Graph) outermost(id string) string {
	for range maxNesting {
		info := g.contexts.Peek(id)
		if info == nil || !strings.HasPrefix((*info).Parent, event.ContextWebShell+":") {
			return id
		}
		id = (*info).Parent
	}
	return id
}

// service names the service instance behind p.
func (g *Graph) service(h *host, p, parent *process) string {
	switch p.Kind {
	case event.ContextService, event.ContextContainer:
		return p.Context
	case event.ContextWebShell:
		if info := g.contexts.Peek(g.outermost(p.Context)); info != nil {
			return (*info).Service
		}
		return ""
	}
	if p.Server {
		return "server:" + h.listener(p).Key.String()
	}
	if parent != nil && parent.Key.PID > 2 && parent.Kind == p.Kind {
		return parent.Service
	}
	return ""
}

// listener is the first of the processes that serve together: forked workers
// run the image of the process that started them.
func (h *host) listener(p *process) *process {
	for range maxNesting {
		parent := h.get(p.Parent)
		if parent == nil || parent.Exe != p.Exe || parent.Key.PID <= 2 {
			return p
		}
		p = parent
	}
	return p
}

// sourceWindow is how long before a web-spawned shell its request may have
// been accepted.
const sourceWindow = int64(10 * time.Second)

// learn keeps the context of a web-spawned shell, with the service instance,
// which outlives every retry, and the source of the request. Nothing is asked
// of other contexts, and the jobs of a fleet would soon push these out.
func (g *Graph) learn(h *host, p *process, ctx *event.Context) {
	if ctx.ID == "" || ctx.Kind != event.ContextWebShell || g.contexts.Get(ctx.ID, g.now) != nil {
		return
	}
	info := &contextInfo{Kind: ctx.Kind, Parent: ctx.Parent}
	g.learnShell(h, p, ctx, info)
	g.contexts.Put(ctx.ID, info, g.now)
}

func (g *Graph) learnShell(h *host, p *process, ctx *event.Context, info *contextInfo) {
	kind, _, _ := strings.Cut(ctx.Parent, ":")
	if kind == event.ContextService || kind == event.ContextContainer {
		info.Service = ctx.Parent
	}
	if p.Root {
		info.Command = p.Command
	}
	server := h.get(p.Parent)
	if !p.Root || server == nil {
		return
	}
	server.Server = true // the host says so by making this context
	first := h.listener(server)
	info.ServiceExe, info.ServiceCommand = first.Exe, first.Command
	if info.Service == "" {
		info.Service = "server:" + first.Key.String()
	}
	if r := server.rare(); r.Source != "" && g.now-r.SourceTime <= sourceWindow && g.now-r.OtherTime > sourceWindow {
		info.Source = r.Source
	}
}
