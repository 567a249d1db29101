package engine

import (
	"slices"
	"strings"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/incident"
	"baize/internal/provenance"
)

// root tells the graph that an alert was raised, and returns the intrusion that
// it belongs to. What a daemon's log says is about others than the daemon.
func (e *Engine) root(ev *event.Event, a *alert.Alert, s *graph.Subject) string {
	if event.ClassOf(ev.Kind) == event.ClassLog && s.Lineage == "" {
		return ""
	}
	r := graph.Root{Alert: a.ID, At: ev.Time, Marks: e.marksOf(a), Opens: e.opens(a)}
	if a.Rule != nil {
		r.Title, r.Stages = a.Rule.Title, stagesOf(a.Rule)
	}
	return e.graph.Root(ev, &r)
}

// opens reports whether an alert is grave enough to make an intrusion: what
// opens an incident does.
func (e *Engine) opens(a *alert.Alert) bool {
	return a.Rule != nil && incident.Severity(a.Rule.Level) >= incident.Severity(e.cfg.Merger.OpenLevel)
}

// marksOf are what two entries of one intruder through one service have in
// common: the templates of commands and of paths that anybody may write to, and where
// the request came from, unless others came from there before.
func (e *Engine) marksOf(a *alert.Alert) []graph.Mark {
	var marks []graph.Mark
	for i := range a.Entities {
		switch x := &a.Entities[i]; {
		case x.Type == alert.EntityCommand && x.Role != incident.RoleTitle:
			marks = append(marks, graph.Mark{Kind: "command", Value: incident.Loose(e.base.Mark(a.Org, x.Value, e.now))})
			for _, path := range incident.WritablePaths(x.Value) {
				marks = append(marks, graph.Mark{Kind: "path", Value: path})
			}
		case x.Type == alert.EntityFile && x.Role != incident.RoleSystem && x.Role != incident.RoleSensitive:
			_, path, _ := strings.Cut(x.Value, ":")
			marks = append(marks, graph.Mark{Kind: "path", Value: incident.WritableTemplate(path)})
		case x.Type == alert.EntityIP && x.Role == incident.RoleSource && e.base.Stranger(a.Org, x.Value, e.now):
			marks = append(marks, graph.Mark{Kind: "source", Value: x.Value})
		case x.Type == alert.EntityStack:
			marks = append(marks, graph.Mark{Kind: "stack", Value: x.Value})
		}
	}
	return marks
}

// stageOf are the stages that a tactic shows. What the graph sees by itself is
// not taken from rules: execution, download and permission are of files.
var stageOf = map[string]string{
	"initial-access": provenance.InitialAccess, "command-and-control": provenance.CommandControl, "persistence": provenance.Persist,
	"privilege-escalation": provenance.Privilege, "credential-access": provenance.CredentialAccess, "discovery": provenance.Discovery,
	"lateral-movement": provenance.LateralMovement, "exfiltration": provenance.Exfiltration, "impact": provenance.Impact,
}

// download is the technique of bringing tools in.
const download = "T1105"

// stagesOf are the stages that an alert of a rule shows. A download is a tactic
// of command and control in the matrix, and a stage of its own here.
func stagesOf(rule *alert.Rule) []string {
	var stages []string
	add := func(name string) {
		if !slices.Contains(stages, name) {
			stages = append(stages, name)
		}
	}
	brings := slices.Contains(rule.Techniques, download)
	if brings {
		add(provenance.Download)
	}
	for _, tactic := range rule.Tactics {
		if name := stageOf[tactic]; name != "" && (name != provenance.CommandControl || !brings) {
			add(name)
		}
	}
	return stages
}

// flushIntrusions hands out the intrusions that changed, all of them or those
// that do not wait, and brings their kill chains and incidents up to date.
func (e *Engine) flushIntrusions(all bool, out *Output) {
	changed := e.graph.Changed(all, e.now)
	for k := range changed {
		if i := &changed[k]; i.MergedInto != "" {
			e.merger.SameIntrusion(i.Org, i.ID, i.MergedInto, e.now)
			e.handOver(i)
		}
	}
	if len(changed) > 0 {
		for _, l := range e.graph.Links() {
			e.merger.Connected(l.Org, l.From, l.To, l.Over, e.now)
		}
	}
	for _, i := range changed {
		e.chain(&i, out)
		e.merger.TouchIntrusion(i.Org, i.ID, e.now)
		out.Intrusions = append(out.Intrusions, i)
	}
}

// trace is the provenance of an alert of an intrusion; none for others, which
// were traced when they were raised.
func (e *Engine) trace(f *firing) []Trace {
	if f.Alert.Intrusion == "" {
		return nil
	}
	return []Trace{e.traceOf(&f.Alert)}
}

func (e *Engine) traceOf(a *alert.Alert) Trace {
	t := Trace{Time: a.Time, Graph: e.Provenance(a), Answers: e.graph.Told(a.Intrusion)}
	if t.Answers == nil {
		t.Answers = provenance.Unanswered()
	}
	return t
}

// Provenance is that of one alert, as of now: the way back, and what its
// intrusion did.
func (e *Engine) Provenance(a *alert.Alert) provenance.Graph {
	g, _ := e.graph.Whole(a.Host.ID, a.Intrusion)
	if a.Kind != alert.KindChain {
		g = provenance.Merge(e.graph.Trace(a.Event, a.Intrusion), g)
	}
	g.Alert = a.ID
	return g
}
