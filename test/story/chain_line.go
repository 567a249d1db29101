package story

import (
	"slices"
	"strings"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/provenance"
	"baize/test/lab"
)

// chainLine: one kill-chain alert from before the trojan ran to after everything
// else, which advanced in place; that there was no persistence is a claim.
func chainLine(f *Facts, v *verdict) {
	if len(f.Aftermath) == 0 {
		v.check(false, "no alert on the first trojan to follow")
		return
	}
	id := ""
	for _, o := range f.Aftermath {
		v.check(len(o.Chains) == 1, "%s: %d kill-chain alerts", o.Step, len(o.Chains))
		if len(o.Chains) != 1 {
			return
		}
		a := o.Chains[0]
		v.check(id == "" || id == a.ID, "%s: another kill-chain alert", o.Step)
		id = a.ID
	}
	for _, name := range []string{provenance.InitialAccess, provenance.Download, provenance.Permission, provenance.Execution, provenance.CommandControl} {
		got := stageOf(&f.Aftermath[0].Chains[0], name)
		v.check(got.State == provenance.Yes, "stage %s is %s", name, got.State)
	}
	chainPersistence(f, v)
	first, last := f.Watch.Advance(id)
	v.check(reached(&first) < reached(&last), "the alert did not advance on the live stream: %d stages at first, %d at last", reached(&first), reached(&last))
	v.note("%q, %d stages when it was raised and %d at last, one alert through all retries", last.Rule.Title, reached(&first), reached(&last))
}

// chainPersistence: not seen, until a job was left.
func chainPersistence(f *Facts, v *verdict) {
	var states []string
	for _, o := range f.Aftermath {
		want := provenance.NotSeen
		if o.Step != asItWas {
			want = provenance.Yes
		}
		s := stageOf(&o.Chains[0], provenance.Persist)
		v.check(s.State == want, "%s: stage persistence is %s (%v), want %s", o.Step, s.State, s.Incomplete, want)
		states = append(states, s.State)
	}
	v.note("persistence %s", strings.Join(slices.Compact(states), ", then "))
}

func stageOf(a *alert.Alert, name string) provenance.Stage {
	at := slices.IndexFunc(a.Stages, func(s provenance.Stage) bool { return s.Stage == name })
	if at < 0 {
		return provenance.Stage{}
	}
	return a.Stages[at]
}

func reached(a *alert.Alert) int {
	n := 0
	for _, s := range a.Stages {
		if s.State == provenance.Yes {
			n++
		}
	}
	return n
}

// answersLine: the trojan's alert traces to the shell that the service's request
// started, and the five answers are right at every step.
func answersLine(f *Facts, v *verdict) {
	if len(f.Aftermath) == 0 {
		v.check(false, "no alert on the first trojan to follow")
		return
	}
	checkTrace(f, v, &f.Aftermath[0].Trojan.Graph)
	for _, o := range f.Aftermath {
		for question, want := range wanted[o.Step] {
			got := o.Trojan.Answers[question]
			v.check(got.State == want, "%s: %s is %q (%v), want %s", o.Step, question, got.State, got.Incomplete, want)
			if want == provenance.Unknown {
				v.check(len(got.Incomplete) > 0 && len(got.Evidence) > 0 && strings.Contains(got.Evidence[0], got.Incomplete[0]), "%s: %s is unknown and names no class: %v", o.Step, question, got)
			}
		}
	}
	checkEvidence(f, v)
}

// wanted are the answers after each step. A conversation with the C2 is data
// that left, at least so many bytes.
var wanted = map[string]map[string]string{
	asItWas: {
		provenance.Files: provenance.Yes, provenance.Persistence: provenance.NotSeen, provenance.Deleted: provenance.NotSeen,
		provenance.Lateral: provenance.NotSeen, provenance.Data: provenance.Yes,
	},
	jobLeft:    {provenance.Persistence: provenance.Yes, provenance.Deleted: provenance.NotSeen},
	jobGone:    {provenance.Persistence: provenance.NotSeen},
	oneDeleted: {provenance.Files: provenance.Yes, provenance.Deleted: provenance.NotSeen},
	allDeleted: {provenance.Files: provenance.Yes, provenance.Deleted: provenance.Yes, provenance.Persistence: provenance.NotSeen},
	agentKilled: {
		provenance.Files: provenance.Yes, provenance.Deleted: provenance.Yes, provenance.Persistence: provenance.Unknown,
		provenance.Lateral: provenance.Unknown,
	},
}

// checkTrace: the entry is a shell of the service, behind it is the service, and
// nothing above that.
func checkTrace(f *Facts, v *verdict, g *provenance.Graph) {
	at := slices.IndexFunc(g.Nodes, func(n provenance.Node) bool { return n.ID == g.Entry })
	if at < 0 {
		v.check(false, "the trojan's alert traces to no entry: %s", g.Stopped)
		return
	}
	entry := &g.Nodes[at]
	v.check(slices.Contains(f.Labels.Shells, int(entry.Process.PID)), "the entry is %s, no shell of the service", entry.Label)
	v.check(strings.HasPrefix(entry.Context, event.ContextWebShell+":"), "the entry's context is %s", entry.Context)
	above := f.above()
	for _, n := range g.Nodes {
		v.check(n.Type != provenance.NodeProcess || !above[n.Process.PID], "the trace goes on above the service, to %s", n.Label)
	}
	v.check(slices.ContainsFunc(g.Nodes, func(n provenance.Node) bool { return int(n.Process.PID) == f.Service }), "the service is not shown behind the entry")
	v.note("the trojan's alert traces to %q, of %s, and no further", entry.Label, "the service's request-handling context")
}

// above are the processes above the service.
func (f *Facts) above() map[uint32]bool {
	above := map[uint32]bool{}
	for _, a := range f.Intrusion() {
		for p := a.Event.Process; p != nil; p = p.Parent {
			for k := range p.Ancestors {
				if int(p.PID) == f.Service || p.Parent != nil && int(p.Parent.PID) == f.Service {
					above[p.Ancestors[k].PID] = true
				}
			}
		}
	}
	delete(above, uint32(f.Service))
	return above
}

// checkEvidence: the answers name what the labels have.
func checkEvidence(f *Facts, v *verdict) {
	says := func(step, question, what string) {
		at := slices.IndexFunc(f.Aftermath, func(o Observation) bool { return o.Step == step })
		if at < 0 {
			return
		}
		text := strings.Join(f.Aftermath[at].Trojan.Answers[question].Evidence, "\n")
		v.check(strings.Contains(text, what), "%s: %s does not say %q: %s", step, question, what, text)
	}
	for _, round := range lab.Rounds {
		says(asItWas, provenance.Files, round.Path+" sha256:")
		c2, _, _ := strings.Cut(round.C2, ":")
		says(asItWas, provenance.Data, c2)
		says(allDeleted, provenance.Deleted, round.Path)
	}
	says(asItWas, provenance.Deleted, "still there")
	says(jobLeft, provenance.Persistence, lab.Crontab)
	says(jobLeft, provenance.Persistence, lab.Rounds[0].Path)
	says(jobGone, provenance.Persistence, "undone")
	for _, o := range f.Aftermath {
		if a := o.Trojan.Answers[provenance.Persistence]; a.State != provenance.Yes && len(a.Evidence) > 0 {
			v.note("%s: %s, %s", o.Step, a.State, a.Evidence[0])
		}
	}
}
