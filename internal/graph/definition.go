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
// above it has read: one that an intruder has changed, or else one that somebody
// was seen to write, who may yet turn out to be one; nil for none. sure says that
// it cannot have been another one.
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
			break
		}
		for _, id := range slices.Backward(above.rare().Definitions) {
			d := h.nodes[id].file
			if d == nil || p.Kind == event.ContextService && !defines(d, ev.Process.Context) {
				continue
			}
			if match, certain := h.started(d, p); match {
				return d, certain
			}
			if v == nil {
				v, sure = d.names(p)
			}
		}
		above = h.get(above.Parent)
	}
	return v, sure
}

// names returns the file itself where it says, whoever wrote it, that p is to run.
func (v *version) names(p *process) (found *version, sure bool) {
	switch {
	case v.Writer == "":
		return nil, false
	case p.Kind == event.ContextService:
		return v, true
	case v.rare().Persists == "cron":
		if l := v.ordered(p.rare().Job); l != nil {
			return v, l.Sure
		}
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
			mine, certain := h.starts(i, v, p)
			match, sure = match || mine, sure || mine && certain
		}
	}
	return match, sure
}

// starts reports whether what an intruder changed in a file may be why p runs: a
// unit that he touched, a job of a line that he added. Where his lines are not
// known it may be, and is not sure.
func (h *host) starts(i *intrusion, v *version, p *process) (match, sure bool) {
	if i == nil {
		return false, false
	}
	switch p.Kind {
	case event.ContextService:
		return true, h.hasLast(i, v)
	case event.ContextLogin:
		return v.admits(p.User), false
	}
	switch v.rare().Persists {
	case "at":
		return true, false // the shell reads the job, nobody names it
	case "cron":
		return h.schedules(i, v, p)
	}
	return false, false
}

// hasLast reports whether an intruder alone changed a file, or last: of two who
// did, the one before has no part in what the other made of it that is sure. A
// shell of a service may yet turn out to be another's.
func (h *host) hasLast(i *intrusion, v *version) bool {
	by := h.get(v.By)
	if by != nil && by.Node.weight(i.Number, h.graph.at) >= half {
		return true
	}
	shared := slices.ContainsFunc(v.Node.taints(), func(t taint) bool {
		other := h.intrusion(t, half)
		return other != nil && other != i
	})
	return !shared && (by == nil || by.Kind != event.ContextWebShell)
}

// schedules is the same as starts for a crontab.
func (h *host) schedules(i *intrusion, v *version, p *process) (match, sure bool) {
	job := p.rare().Job
	c := i.Books.change(v)
	if c != nil && slices.ContainsFunc(c.Added, func(text string) bool { return orders(text, job) }) {
		return true, !v.rare().Whole
	}
	if l := v.ordered(job); l != nil {
		if by := h.nodes[l.By].process; by != nil {
			return by.Node.weight(i.Number, h.graph.at) >= half, l.Sure
		}
	}
	if c != nil && len(c.Added) > 0 {
		return c.Cut, false
	}
	if dir, user := path.Split(v.Path); strings.HasPrefix(dir, "/var/spool/cron/") {
		return user == p.User, false
	}
	return true, false
}

// orders reports whether a line of a crontab has a command run: it is the last of
// its fields, up to what it is given as input.
func orders(text, command string) bool {
	const percent = "\x00"
	text, _, _ = strings.Cut(strings.ReplaceAll(text, `\%`, percent), "%")
	text = strings.TrimSpace(strings.ReplaceAll(text, percent, "%"))
	if len(command) == maxText { // and was cut there
		return strings.Contains(text, command)
	}
	before, found := strings.CutSuffix(text, command)
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
