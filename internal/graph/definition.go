package graph

import (
	"path"
	"slices"
	"strings"

	"baize/internal/event"
)

// maxUp is how far above a job the hub may be that read its definition: a
// scheduler forks before it runs anything.
const maxUp = 3

// definitionOf finds the file because of which p runs, among those that the hub
// above it has read and that an intruder has changed; nil for none. sure says
// that it cannot have been another one.
func (g *Graph) definitionOf(h *host, p *process, ev *event.Event) (v *version, sure bool) {
	if !p.Root || p.Kind != event.ContextCron && p.Kind != event.ContextService && p.Kind != event.ContextLogin {
		return nil, false
	}
	above := h.get(p.Parent)
	for range maxUp {
		if above == nil {
			return nil, false
		}
		for _, id := range slices.Backward(above.rare().Definitions) {
			v := h.nodes[id].file
			if v == nil || v.Node.heaviest(0).Weight < half {
				continue
			}
			if match, certain := defines(v, p, ev); match {
				return v, certain
			}
		}
		above = h.get(above.Parent)
	}
	return nil, false
}

// defines reports whether a file may say that p is to run.
func defines(v *version, p *process, ev *event.Event) (match, sure bool) {
	if p.Kind == event.ContextService {
		ctx := ev.Process.Context
		return v.rare().Persists == "systemd" && ctx != nil && unitOf(v.Path) == bareUnit(ctx.Service), true
	}
	if p.Kind == event.ContextLogin {
		return v.admits(p.User), false
	}
	if v.rare().Persists != "cron" && v.rare().Persists != "at" {
		return false, false
	}
	if v.rare().Added != nil {
		command := jobOf(ev.Process)
		return command != "" && slices.ContainsFunc(v.rare().Added, func(line string) bool { return strings.Contains(line, command) }), !v.rare().Whole
	}
	if dir, user := path.Split(v.Path); strings.HasPrefix(dir, "/var/spool/cron/") {
		return user == p.User, false
	}
	return true, false
}

// jobOf is the command that a scheduler was told: behind -c of the shell that
// it starts.
func jobOf(p *event.Process) string {
	if len(p.Args) == 3 && p.Args[1] == "-c" {
		return strings.TrimSpace(p.Args[2])
	}
	return strings.TrimSpace(p.CommandLine)
}

// unitOf is the unit that a file defines or adds to, without its type: a timer
// starts the service of its name.
func unitOf(name string) string {
	if dir := path.Dir(name); strings.HasSuffix(dir, ".d") {
		return bareUnit(strings.TrimSuffix(path.Base(dir), ".d"))
	}
	return bareUnit(path.Base(name))
}

func bareUnit(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// consults reports whether a process reads definitions in order to start what
// they name.
func (p *process) consults() bool { return p.hub() || hubNames[path.Base(p.Exe)] }
