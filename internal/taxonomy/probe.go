package taxonomy

import (
	"baize/internal/event"
	"baize/internal/sigma"
)

// probeFields are what a probe within an application says, and how the code came
// to do it.
var probeFields = []field{
	{"Probe.Runtime", probe(func(p *event.Probe, out *sigma.Values) { out.NonEmpty(p.Runtime) })},
	{"Probe.State", probe(func(p *event.Probe, out *sigma.Values) { out.NonEmpty(p.State) })},
	{"Probe.Reason", probe(func(p *event.Probe, out *sigma.Values) { out.NonEmpty(p.Reason) })},
	{"Probe.Hook", probe(func(p *event.Probe, out *sigma.Values) { out.NonEmpty(p.Hook) })},
	{"Probe.Point", probe(func(p *event.Probe, out *sigma.Values) { out.NonEmpty(p.Point) })},
	{"Probe.Argument", probe(func(p *event.Probe, out *sigma.Values) {
		for i := range p.Arguments {
			out.String(p.Arguments[i].Value)
		}
	})},
	{"Probe.Breadcrumb", probe(func(p *event.Probe, out *sigma.Values) {
		for i := range p.Breadcrumbs {
			out.String(p.Breadcrumbs[i].Name)
		}
	})},
	{"Stack.Hash", stack(func(s *event.Stack, out *sigma.Values) { out.NonEmpty(s.Hash) })},
	{"Stack.BusinessHash", stack(func(s *event.Stack, out *sigma.Values) { out.NonEmpty(s.BusinessHash) })},
	{"Stack.Frame", stack(func(s *event.Stack, out *sigma.Values) {
		for i := range s.Frames {
			out.Join(s.Frames[i].Class, ".", s.Frames[i].Method)
		}
	})},
	{"Stack.Business", stack(func(s *event.Stack, out *sigma.Values) {
		if top := s.Top(); top != nil {
			out.Join(top.Class, ".", top.Method)
		}
	})},
	{"Stack.Origin", stack(func(s *event.Stack, out *sigma.Values) {
		for i := range s.Origins {
			out.NonEmpty(s.Origins[i].Kind)
		}
	})},
}

func probe(get func(*event.Probe, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if p := r.event.Probe; p != nil {
			get(p, out)
		}
	}
}

func stack(get func(*event.Stack, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if s := r.event.Stack; s != nil {
			get(s, out)
		}
	}
}
