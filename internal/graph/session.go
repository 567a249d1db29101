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
	// Conversation that he came by, from his end.
	From netip.AddrPort
}

// Entry is how a lineage came in.
type Entry struct {
	// Lineage that came in.
	Lineage string
	Login
	// Command that a session was opened for, "" for one with a terminal.
	Command string
	// Behind is the lineage on another host whose process began the conversation; ""
	// where that is not known.
	Behind string
}

// maxHops is how many hosts back it is followed where somebody came from.
const maxHops = 4

// loggedIn keeps a login with the process that wrote it down: sshd has one for each
// connection, above the session's.
func (g *Graph) loggedIn(p *process, ev *event.Event) {
	if ev.Access == nil || ev.Source == nil || !ev.Source.IP.IsValid() {
		return
	}
	l := &Login{Key: ev.Access.Fingerprint, From: netip.AddrPortFrom(ev.Source.IP.Unmap(), ev.Source.Port)}
	if event.Outside(ev.Source.IP) {
		l.Source = ev.Source.IP.String()
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
	return g.entries(h, h.get(h.key(ev.Process.Key)))
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
		e.Command = top.Command
		if l := h.login(top); l != nil {
			e.Login = *l
			over = g.over(l.From, over)
		}
	}
	from := g.callers.Peek(over)
	if from == nil || from.Host == h.id {
		return e, nil, nil
	}
	if slot := g.hosts.Peek(from.Host); slot != nil {
		far = *slot
		if by = far.get(far.key(from.Process)); by != nil {
			e.Behind = by.Lineage
		}
	}
	return e, far, by
}

// login is the one by which a session began: of a process above it.
func (h *host) login(top *process) *Login {
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

// over is the conversation that a login came by: the daemon accepted it, and may have
// accepted others since.
func (g *Graph) over(from netip.AddrPort, last conversation) conversation {
	if last.From == from || !from.IsValid() {
		return last
	}
	if to := g.accepted.Peek(from); to != nil {
		return conversation{From: from, To: *to}
	}
	return conversation{}
}

// Sessions are the lineages that are part of intrusions and began with the login that
// an event tells of: it may be told after what was done there.
func (g *Graph) Sessions(ev *event.Event) []Entry {
	slot := g.hosts.Peek(ev.Host.ID)
	if slot == nil || ev.Process == nil {
		return nil
	}
	h := *slot
	var found []Entry
	for _, i := range h.intrusions.All() {
		for _, root := range (*i).Roots {
			top := h.get(h.key(root.Process))
			if top == nil || top.Kind != event.ContextLogin || (*i).Into != 0 {
				continue
			}
			above := top.Parent
			for range maxServers {
				p := h.get(above)
				if p == nil {
					break
				}
				if p.Key == ev.Process.Key {
					found = append(found, g.entries(h, top)...)
				}
				above = p.Parent
			}
		}
	}
	return found
}
