package graph

import (
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
