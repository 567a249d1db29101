package taxonomy

import (
	"slices"

	"baize/internal/event"
	"baize/internal/sigma"
)

// field is one row of docs/sigma-taxonomy.md.
type field struct {
	name string
	get  func(*Record, *sigma.Values)
}

// fields is the taxonomy.
var fields = slices.Concat(
	eventFields,
	groupFields,
	processFields,
	describe("Process.", func(r *Record) *event.Process { return r.event.Process }),
	parentFields,
	ancestorFields,
	targetFields,
	operationFields,
	contextFields,
	containerFields,
	fileFields,
	networkFields,
	dnsFields,
	logFields,
	loginFields,
	accountFields,
	webFields,
	probeFields,
	auditFields,
)

var eventFields = []field{
	{"Event.Kind", func(r *Record, out *sigma.Values) { out.NonEmpty(string(r.event.Kind)) }},
	{"Event.Message", func(r *Record, out *sigma.Values) { out.NonEmpty(r.event.Message) }},
	{"Event.Result", func(r *Record, out *sigma.Values) {
		if r.event.Result != nil {
			out.Int(int64(*r.event.Result))
		}
	}},
	{"Computer", func(r *Record, out *sigma.Values) { out.NonEmpty(r.event.Host.Name) }},
	{"Coverage.Class", coverage(func(c *event.Coverage, out *sigma.Values) { out.NonEmpty(string(c.Class)) })},
	{"Coverage.State", coverage(func(c *event.Coverage, out *sigma.Values) { out.NonEmpty(c.State) })},
	{"Coverage.Lost", coverage(func(c *event.Coverage, out *sigma.Values) { out.Int(int64(c.Lost)) })},
	{"Action.Name", action(func(a *event.Action, out *sigma.Values) { out.NonEmpty(a.Name) })},
	{"Action.State", action(func(a *event.Action, out *sigma.Values) { out.NonEmpty(a.State) })},
}

var contextFields = []field{
	{"Context.Kind", inContext(func(c *event.Context, out *sigma.Values) { out.NonEmpty(c.Kind) })},
	{"Context.Id", inContext(func(c *event.Context, out *sigma.Values) { out.NonEmpty(c.ID) })},
	{"Context.Parent", inContext(func(c *event.Context, out *sigma.Values) { out.NonEmpty(c.Parent) })},
	{"Context.Service", inContext(func(c *event.Context, out *sigma.Values) { out.NonEmpty(c.Service) })},
}

var containerFields = []field{
	{"Container.Id", container(func(c *event.Container, out *sigma.Values) { out.NonEmpty(c.ID) })},
	{"Container.Name", container(func(c *event.Container, out *sigma.Values) { out.NonEmpty(c.Name) })},
	{"Container.Runtime", container(func(c *event.Container, out *sigma.Values) { out.NonEmpty(c.Runtime) })},
	{"Container.State", container(func(c *event.Container, out *sigma.Values) { out.NonEmpty(c.State) })},
	{"Container.Image", container(func(c *event.Container, out *sigma.Values) {
		if c.Image != nil {
			out.NonEmpty(c.Image.Name)
		}
	})},
	{"Container.Digest", container(func(c *event.Container, out *sigma.Values) {
		if c.Image != nil {
			out.NonEmpty(c.Image.Digest)
		}
	})},
	{"Container.Pod", container(func(c *event.Container, out *sigma.Values) {
		if c.Pod != nil {
			out.NonEmpty(c.Pod.Name)
		}
	})},
	{"Container.Namespace", container(func(c *event.Container, out *sigma.Values) {
		if c.Pod != nil {
			out.NonEmpty(c.Pod.Namespace)
		}
	})},
}

func coverage(get func(*event.Coverage, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if c := r.event.Coverage; c != nil {
			get(c, out)
		}
	}
}

func action(get func(*event.Action, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if a := r.event.Action; a != nil {
			get(a, out)
		}
	}
}

func inContext(get func(*event.Context, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if p := r.event.Process; p != nil && p.Context != nil {
			get(p.Context, out)
		}
	}
}

func container(get func(*event.Container, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if c := r.event.Container; c != nil {
			get(c, out)
		}
	}
}
