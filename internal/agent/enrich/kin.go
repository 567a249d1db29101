package enrich

import (
	"baize/internal/agent/procfs"
	"baize/internal/event"
)

// Kin returns who descends from any of the processes by forks that were seen,
// whatever their parents are now; also those that have ended within the grace.
// Starts are as /proc has them, in whole ticks.
func (e *Enricher) Kin(of []Identity) []Identity {
	kin := map[Identity]bool{}
	for _, id := range of {
		kin[ticked(id)] = true
	}
	verdicts := make(map[*process]bool, len(e.procs.procs))
	var found []Identity
	for _, p := range e.procs.procs {
		if id := ticked(p.id); !kin[id] && e.descends(p, kin, verdicts) {
			found = append(found, id)
		}
	}
	return found
}

func ticked(id Identity) Identity {
	return Identity{id.PID, id.Start / procfs.TickNanos * procfs.TickNanos}
}

// descends walks up from p, and remembers what it came to for all on the way.
func (e *Enricher) descends(p *process, from map[Identity]bool, verdicts map[*process]bool) bool {
	var way []*process
	verdict := false
	for at := p; at != nil; {
		known, seen := verdicts[at]
		if seen {
			verdict = known
			break
		}
		way = append(way, at)
		if at.parent == nil {
			break
		}
		above := Identity{at.parent.Key.PID, at.parent.Key.Start}
		if from[ticked(above)] || descendsByName(at, from) {
			verdict = true
			break
		}
		at = e.procs.procs[above]
	}
	for _, at := range way {
		verdicts[at] = verdict
	}
	return verdict
}

// descendsByName looks at the ancestors that p carries, for those between that
// are forgotten.
func descendsByName(p *process, from map[Identity]bool) bool {
	for _, a := range p.ancestors {
		if from[ticked(identityOf(a.Key))] {
			return true
		}
	}
	return false
}

func identityOf(key event.ProcessKey) Identity { return Identity{key.PID, key.Start} }
