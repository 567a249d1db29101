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
	if p.Kind == event.ContextCron {
		p.rarely().Job = clip(jobOf(ev.Process))
	}
	above := h.get(p.Parent)
	for range maxUp {
		if above == nil {
			return nil, false
		}
		for _, id := range slices.Backward(above.rare().Definitions) {
			v := h.nodes[id].file
			if v == nil || p.Kind == event.ContextService && !defines(v, ev.Process.Context) {
				continue
			}
			if match, certain := h.started(v, p); match {
				return v, certain
			}
		}
		above = h.get(above.Parent)
	}
	return nil, false
}

// defines reports whether a file says what a unit is.
func defines(v *version, ctx *event.Context) bool {
	return v.rare().Persists == "systemd" && ctx != nil && unitOf(v.Path) == bareUnit(ctx.Service)
}

// started reports whether an intruder who changed a file may be why p runs, and
// whether that is sure of one.
func (h *host) started(v *version, p *process) (match, sure bool) {
	for _, t := range v.Node.taints() {
		if i := h.intrusion(t, half); i != nil {
			mine, certain := i.starts(v, p)
			match, sure = match || mine, sure || mine && certain
		}
	}
	return match, sure
}

// starts reports whether what an intruder changed in a file may be why p runs: a
// unit that he touched, a job of a line that he added. Where his lines are not
// known it may be, and is not sure.
func (i *intrusion) starts(v *version, p *process) (match, sure bool) {
	if i == nil {
		return false, false
	}
	switch p.Kind {
	case event.ContextService:
		return true, true
	case event.ContextLogin:
		return v.admits(p.User), false
	}
	switch v.rare().Persists {
	case "at":
		return true, false // the shell reads the job, nobody names it
	case "cron":
		if c := i.Books.change(v); c != nil && len(c.Added) > 0 {
			return slices.ContainsFunc(c.Added, func(line string) bool { return orders(line, p.rare().Job) }), !v.rare().Whole
		}
		if dir, user := path.Split(v.Path); strings.HasPrefix(dir, "/var/spool/cron/") {
			return user == p.User, false
		}
		return true, false
	}
	return false, false
}

// orders reports whether a line of a crontab has a command run: it is the last of
// its fields, up to what it is given as input.
func orders(line, command string) bool {
	const percent = "\x00"
	line, _, _ = strings.Cut(strings.ReplaceAll(line, `\%`, percent), "%")
	line = strings.TrimSpace(strings.ReplaceAll(line, percent, "%"))
	if len(command) == maxText { // and was cut there
		return strings.Contains(line, command)
	}
	before, found := strings.CutSuffix(line, command)
	return command != "" && found && (before == "" || strings.TrimRight(before, " \t") != before)
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
