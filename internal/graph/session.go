package graph

import (
	"net/netip"
	"path"

	"baize/internal/event"
)

// admits reports whether a file of keys may let somebody in as a user: which of
// its keys a session used is not known.
func (v *version) admits(user string) bool {
	if v.rare().Persists != "ssh" {
		return false
	}
	home := path.Dir(path.Dir(v.Path))
	return user == "" || path.Base(home) == user
}

// letIn finds the intrusion whose keys may have opened the session of p. That
// alone makes nobody an intruder: others come in through the same file. It is
// asked where a session raises an alert.
func (h *host) letIn(p *process) (i *intrusion, how string) {
	keys := h.keysOf(h.top(p))
	if keys == nil {
		return nil, ""
	}
	if i = h.intrusion(keys.Node.heaviest(0), half); i == nil {
		return nil, ""
	}
	return i, "keys " + keys.Path
}

// keysOf is the changed file of keys that was read before a session began; nil
// for none.
func (h *host) keysOf(top *process) (keys *version) {
	if top.Kind != event.ContextLogin {
		return nil
	}
	h.in(&top.Node, func(e *edge) bool {
		if e.Op == opAdmit {
			keys = h.nodes[e.From].file
		}
		return keys == nil
	})
	return keys
}

// Login is how somebody came in, as the daemon of logins wrote it down.
type Login struct {
	// Source is an outside address, "" where he came from inside.
	Source string
	// Key is the fingerprint of the key that he used.
	Key string
}

// keptLogin is a login as a process keeps it, with the conversation that it came by.
type keptLogin struct {
	Login
	Over conversation
}

// Entry is how a lineage came in.
type Entry struct {
	// Lineage that came in.
	Lineage string
	Login
	// Command that a session was opened for, "" where that is not known.
	Command string
	// Behind is the lineage on another host whose process began the conversation; ""
	// where that is not known.
	Behind string
}

// taken names a conversation by the host that took it in and the far end.
type taken struct {
	Host string
	From netip.AddrPort
}

// maxHops is how many hosts back it is followed where somebody came from.
const maxHops = 4

// loggedIn keeps a login with the process that wrote it down, which is above the
// session's. A line can be forged: it must tell of a conversation that this host has
// taken in, and the first of a process stands.
func (g *Graph) loggedIn(h *host, p *process, ev *event.Event) {
	if ev.Access == nil || ev.Access.Service != "sshd" || ev.Source == nil || !ev.Source.IP.IsValid() || p.rare().Login != nil {
		return
	}
	c := g.accepted.Peek(taken{h.id, netip.AddrPortFrom(ev.Source.IP.Unmap(), ev.Source.Port)})
	if c == nil {
		return
	}
	l := &keptLogin{Login: Login{Key: ev.Access.Fingerprint}, Over: *c}
	if event.Outside(ev.Source.IP) {
		l.Source = ev.Source.IP.Unmap().String()
	}
	p.rarely().Login = l
}

// Entries say how the lineage of an event's process came in, then how the one on
// another host did that began it, and so on.
func (g *Graph) Entries(ev *event.Event) []Entry {
	slot := g.hosts.Peek(ev.Host.ID)
	if slot == nil || ev.Process == nil {
		return nil
	}
	h := *slot
	return g.entries(h, h.lookup(ev.Process.Key))
}

func (g *Graph) entries(h *host, p *process) []Entry {
	var list []Entry
	for range maxHops {
		if p == nil || p.Lineage == "" {
			break
		}
		e, far, by := g.entry(h, h.top(p))
		list = append(list, e)
		if by == nil || by.Lineage == "" {
			break
		}
		h, p = far, by
	}
	return list
}

// entry also returns the process that began the conversation, and its host.
func (g *Graph) entry(h *host, top *process) (e Entry, far *host, by *process) {
	e.Lineage = top.Lineage
	over := top.rare().Caller
	if top.Kind == event.ContextLogin {
		if top.Root {
			e.Command = top.Command
		}
		if l := h.login(top); l != nil {
			e.Login, over = l.Login, l.Over
		}
	}
	from := g.callers.Peek(over)
	if from == nil || from.Host == h.id || g.now-from.At > int64(calleeFor) {
		return e, nil, nil
	}
	if slot := g.hosts.Peek(from.Host); slot != nil {
		far = *slot
		if by = far.lookup(from.Process); by != nil {
			e.Behind = by.Lineage
		}
	}
	return e, far, by
}

// login is the one by which a session began: of a process above it.
func (h *host) login(top *process) *keptLogin {
	above := top.Parent
	for range maxServers {
		p := h.get(above)
		if p == nil {
			return nil
		}
		if l := p.rare().Login; l != nil {
			return l
		}
		above = p.Parent
	}
	return nil
}

// Sessions are the lineages that are part of intrusions and began with the login that
// an event tells of: it may be told after what was done there.
func (g *Graph) Sessions(ev *event.Event) []Entry {
	slot := g.hosts.Peek(ev.Host.ID)
	if slot == nil || ev.Process == nil {
		return nil
	}
	h := *slot
	by := h.lookup(ev.Process.Key)
	if by == nil || by.rare().Login == nil {
		return nil
	}
	var found []Entry
	for _, i := range h.intrusions.All() {
		for _, root := range (*i).Roots {
			top := h.lookup(root.Process)
			if (*i).Into == 0 && top != nil && top.Kind == event.ContextLogin && h.login(top) == by.rare().Login {
				found = append(found, g.entries(h, top)...)
			}
		}
	}
	return found
}
