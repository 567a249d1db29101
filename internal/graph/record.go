package graph

import (
	"strings"

	"baize/internal/event"
)

// connecting is EINPROGRESS: the connection is on its way.
const connecting = -115

// sort out what an event says of files, peers and other processes, and keep it.
// It returns whether it ties the lineage of p to another through a file.
func (g *Graph) keep(h *host, p *process, ev *event.Event, now int64) *Flow {
	at := ev.Time.UnixNano()
	g.last = edge{}
	switch ev.Kind {
	case event.ProcessFork:
		g.forked(h, p, ev, at)
	case event.ProcessExec:
		return g.execed(h, p, ev, at, now)
	case event.ProcessCredentials:
		elevated(p, ev)
	case event.ProcessPtrace:
		g.injected(h, p, ev, at, now)
	case event.FileCreate, event.FileCloseWrite, event.MemfdCreate, event.FileAttributes, event.FileRename, event.FileLink, event.FileUnlink,
		event.FileHash, event.FileDiff:
		g.onFile(h, p, ev, at, now)
	case event.FileOpen:
		return g.opened(h, p, ev, at, now)
	case event.NetworkConnect, event.NetworkAccept, event.NetworkClose, event.NetworkBytes, event.DNSQuery:
		g.onPeer(h, p, ev, at, now)
	}
	return nil
}

// connect keeps an edge and books it.
func (g *Graph) connect(h *host, from, to *node, x edge) {
	x.From, x.To = from.ID, to.ID
	e := h.record(from, to, x)
	if e == nil {
		return
	}
	h.spread(e, x.First)
	x.Count = max(x.Count, 1)
	h.book(&x, &x, x.First)
	g.last = x
}

func edgeOf(ev *event.Event, what op, at int64) edge {
	return edge{Op: what, Count: uint32(min(ev.Repeats(), 1<<31)), First: at, Seq: uint32(ev.Seq)}
}

func (g *Graph) forked(h *host, p *process, ev *event.Event, at int64) {
	if parent := h.get(p.Parent); parent != nil {
		g.connect(h, &parent.Node, &p.Node, edgeOf(ev, opFork, at))
	}
}

// execed ties p to the file that it runs, and to the definition because of which
// it was started.
func (g *Graph) execed(h *host, p *process, ev *event.Event, at, now int64) *Flow {
	image, script := h.executed(p, ev, now)
	p.Brought = false
	for _, v := range []*version{image, script} {
		if v == nil {
			continue
		}
		if x := ev.Process.Hash; v == image && x != nil && x.SHA256 != "" {
			v.SHA256 = x.SHA256
		}
		p.Brought = p.Brought || v.Node.heaviest(at).Weight >= half
		g.connect(h, &v.Node, &p.Node, edgeOf(ev, opExec, at))
	}
	if v, sure := g.definitionOf(h, p, ev); v != nil {
		what := opMaybe
		switch {
		case sure:
			what = opStart
		case p.Kind == event.ContextLogin:
			what = opAdmit
		}
		g.connect(h, &v.Node, &p.Node, edgeOf(ev, what, at))
	}
	if len(p.Node.taints()) > 0 {
		h.ranImage(p, at)
	}
	return p.rare().Flow
}

// elevated notes that a process became root without being it.
func elevated(p *process, ev *event.Event) {
	e := ev.Process.EffectiveUser
	if e == nil || e.ID != 0 || ev.Process.User == nil || ev.Process.User.ID == 0 {
		return
	}
	p.rarely().Elevated = h1(p.text()) + " became " + firstText(e.Name, "root")
}

func h1(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func (g *Graph) injected(h *host, p *process, ev *event.Event, at, now int64) {
	if ev.Target == nil || ev.Target.Key.IsZero() || ev.Result != nil && *ev.Result < 0 || ev.Target.Key == ev.Process.Key {
		return
	}
	target := g.process(h, ev.Target, now)
	g.connect(h, &p.Node, &target.Node, edgeOf(ev, opInject, at))
}
