package graph

import "baize/internal/event"

// Step is one process on the way from an alert to its entry point.
type Step struct {
	Key           event.ProcessKey
	Exe, Command  string
	User          string
	Context, Kind string
	Lineage       string
	// First is when it was first seen, in nanoseconds of the engine's clock.
	First int64
	// Flow says that the image was written by another lineage.
	Flow *Flow
}

// Trace is the chain of processes from one that raised an alert up to the
// entry point of its lineage: the last step is the entry, and the step before
// the hub that spawned it.
type Trace struct {
	Steps []Step
	// Hub that the entry came from; zero where it is not known.
	Hub Step
	// Whole : the walk ended at the entry, not at something forgotten.
	Whole bool
}

// maxSteps bounds a trace.
const maxSteps = 50

// Trace walks up from a process to the entry point of its lineage.
func (g *Graph) Trace(key event.ProcessKey) Trace {
	slot := g.hosts.Peek(key.Host)
	if slot == nil {
		return Trace{}
	}
	h := *slot
	var t Trace
	for p := h.get(h.key(key)); p != nil && len(t.Steps) < maxSteps; p = h.get(p.Parent) {
		if len(t.Steps) > 0 && p.Lineage != t.Steps[0].Lineage {
			t.Hub, t.Whole = step(p), true
			return t
		}
		t.Steps = append(t.Steps, step(p))
		if p.hub() {
			t.Whole = true
			return t
		}
	}
	return t
}

func step(p *process) Step {
	return Step{Key: p.Key, Exe: p.Exe, Command: p.Command, User: p.User, Context: p.Context, Kind: p.Kind, Lineage: p.Lineage, First: p.First, Flow: p.Flow}
}
