package graph

import (
	"baize/internal/event"
)

// apply changes p by what the event says.
func (g *Graph) apply(h *host, p *process, ev *event.Event, now int64) {
	switch ev.Kind {
	case event.ProcessExec:
		g.describe(p, ev.Process)
		g.serve(h, p, ev.Process.Server, ev.Process.Context)
	case event.ProcessExit:
		g.exited(h, p, now)
	case event.NetworkAccept:
		g.takeIn(h, p, ev, now)
		g.serve(h, p, true, ev.Process.Context)
	case event.LoginSuccess:
		g.loggedIn(h, p, ev)
	case event.NetworkListen:
		g.serve(h, p, true, ev.Process.Context)
	default:
		g.serve(h, p, p.Server || ev.Process.Server, ev.Process.Context)
	}
}

// serve sets whether p is a server, and places it anew where that or its
// context changed. A listener of a lineage that raised an alert stays in it:
// an intruder's bind shell is no hub.
func (g *Graph) serve(h *host, p *process, server bool, ctx *event.Context) {
	moved := ctx != nil && ctx.ID != p.Context
	if server == p.Server && !moved {
		return
	}
	p.Server = server
	tainted := p.Lineage != "" && p.Node.heaviest(g.at).Weight >= half
	switch {
	case tainted && moved && ctx.Kind == event.ContextService:
		p.Context, p.Kind, p.Root = g.texts.share(ctx.ID), g.texts.share(ctx.Kind), p.Key == ctx.Root
	case moved || !tainted:
		g.place(h, p, ctx)
	}
}

// over tells the intrusions of a process that it ended.
func (h *host) over(p *process) {
	for _, t := range p.Node.taints() {
		if i := h.intrusion(taint{Of: t.Of, Weight: p.Node.of(t, h.graph.at)}, half); i != nil {
			i.Books.exited(p)
			h.touch(i, h.graph.at)
		}
	}
}

// takeIn keeps the peer of an accept.
func (g *Graph) takeIn(h *host, p *process, ev *event.Event, now int64) {
	if ev.Source == nil {
		return
	}
	if c, ok := conversationOf(ev); ok {
		g.accepted.Put(taken{h.id, c.From}, c, now)
	}
	if !event.Outside(ev.Source.IP) {
		takeInOurs(p, ev, now)
		return
	}
	peer, r := ev.Source.IP.String(), p.rarely()
	if r.Source != "" && r.Source != peer {
		r.OtherTime = r.SourceTime
	}
	r.Source, r.SourceTime = peer, now
}

// takeInOurs keeps who of ours called.
func takeInOurs(p *process, ev *event.Event, now int64) {
	c, ok := conversationOf(ev)
	if !ok {
		return
	}
	r := p.rarely()
	if r.Caller.From.IsValid() && r.Caller.From.Addr() != c.From.Addr() {
		r.OtherCaller = r.CallerTime
	}
	r.Caller, r.CallerTime = c, now
}

// subject says what is known of p.
func (g *Graph) subject(p *process) Subject {
	s := Subject{Lineage: p.Lineage, Context: p.Context, Service: p.Service, Hub: p.hub()}
	if p.Kind != event.ContextWebShell {
		return s
	}
	if info := g.contexts.Peek(p.Lineage); info != nil {
		s.Source, s.Shell = (*info).Source, (*info).Command
		s.ServiceExe, s.ServiceCommand = (*info).ServiceExe, (*info).ServiceCommand
	}
	return s
}
