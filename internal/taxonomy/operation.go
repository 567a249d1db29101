package taxonomy

import (
	"baize/internal/event"
	"baize/internal/sigma"
)

// operationFields are what was asked of the kernel, and by which way.
var operationFields = []field{
	{"Operation.Name", operation(func(o *event.Operation, out *sigma.Values) { out.NonEmpty(o.Name) })},
	{"Operation.Object", operation(func(o *event.Operation, out *sigma.Values) { out.NonEmpty(o.Object) })},
	{"Operation.Type", operation(func(o *event.Operation, out *sigma.Values) { out.NonEmpty(o.Type) })},
	{"Operation.Flags", operation(func(o *event.Operation, out *sigma.Values) { each(o.Flags, out) })},
	{"Event.Via", func(r *Record, out *sigma.Values) { out.NonEmpty(r.event.Via) }},
}

func operation(get func(*event.Operation, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if o := r.event.Operation; o != nil {
			get(o, out)
		}
	}
}

// foreignLineage says whether the process or one above it executes what the
// host does not have at that path, so that no path in its lineage can be
// trusted.
func foreignLineage(r *Record, out *sigma.Values) {
	p := r.event.Process
	if p == nil {
		return
	}
	found := isForeign(p) || p.Parent != nil && isForeign(p.Parent)
	for i := range p.Ancestors {
		found = found || isForeign(&p.Ancestors[i])
	}
	out.Bool(found)
}

func isForeign(p *event.Process) bool { return p.Exe != nil && p.Exe.Foreign }
