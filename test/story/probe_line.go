package story

import (
	"slices"
	"strings"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/incident"
	"baize/internal/response"
	"baize/test/lab"
)

// attachLine: by pid, with nothing prepared, and the business does not notice.
func attachLine(f *Facts, v *verdict) {
	p := f.Probing
	v.check(p.Problem == "", "looking into the services: %s", p.Problem)
	var slowest time.Duration
	var hosts []string
	for _, a := range p.Probes {
		v.check(a.Before == response.ProbeEligible, "%s: it was %s before", a.Host, a.Before)
		v.check(a.In == response.ProbeActive && a.Hooks > 0, "%s: it is %s with %d live hooks", a.Host, a.In, a.Hooks)
		v.check(a.Out == response.ProbeDetached && a.Same, "%s: at last it is %s, the same process: %v", a.Host, a.Out, a.Same)
		slowest = max(slowest, a.Took)
		hosts = append(hosts, a.Host)
	}
	v.check(len(p.Probes) == len(f.Services), "probes were in %v", hosts)
	v.check(p.Refused == 0 && p.Answers > 0, "%d requests of other clients were answered, %d were not", p.Answers, p.Refused)
	v.note("by pid into the running services of %s, one of them in a container, active in %v at most, and out again; %d requests of other clients meanwhile, %d not answered",
		strings.Join(hosts, ", "), slowest.Round(time.Millisecond), p.Answers+p.Refused, p.Refused)
}

// stackLine: an alert of a sensitive file has its call stack, which says that it is
// business code, and in which line the hole is.
func stackLine(f *Facts, v *verdict) { seenStack(f.Probing, v) }

func seenStack(p *Probing, v *verdict) {
	if p.Facts == nil {
		v.check(false, "nothing was seen: %s", p.Problem)
		return
	}
	a := p.file(lab.API, shadow)
	v.check(a != nil, "no alert of %s on %s", shadow, lab.API)
	if a == nil {
		return
	}
	// Where the service opens what it was told.
	hole := lineOf(lab.APISource, "connection.getInputStream()")
	top := a.Event.Stack.Top()
	v.check(top != nil && top.Class == "ApiService" && top.Method == "download" && top.File == "ApiService.java" && top.Line == hole, "the top frame is %+v, the hole is in line %d", top, hole)
	if top == nil {
		return
	}
	v.business(a.Event.Stack, top)
	box := a.Event.Container
	v.check(box != nil && box.Name == lab.Container && box.Image != nil && box.Image.Name == lab.Image, "its container is %+v", box)
	v.check(p.incident(lab.Web) == a.Incident && a.Incident != "", "it is in incident %q, %s is in %q", a.Incident, lab.Web, p.incident(lab.Web))
	v.note("%q: %s read in %s.%s (%s:%d), container %s", a.Rule.Title, shadow, top.Class, top.Method, top.File, top.Line, lab.Container)
	p.forged(v, top)
}

// business checks that a frame is of code that was there, not of a memory shell.
func (v *verdict) business(s *event.Stack, top *event.Frame) {
	from := s.OriginOf(top)
	v.check(from != nil && from.Kind == "directory" && strings.Contains(from.Source, "/srv") && len(from.Evidence) > 0, "its class comes from %+v", from)
	for _, o := range s.Origins {
		v.check(o.Kind != event.OriginNone, "a class of the stack has no source: %+v", o)
	}
	if from != nil {
		v.note("business code, no memory shell: %s %s (%s)", from.Kind, from.Source, strings.Join(from.Evidence, ", "))
	}
}

// forged checks that the request to another host is told with the same line of code.
func (p *Probing) forged(v *verdict, hole *event.Frame) {
	acts := p.acts(lab.API, "http.request")
	at := slices.IndexFunc(acts, func(ev *event.Event) bool {
		return ev.URL != nil && strings.Contains(ev.URL.Original, lab.ServiceAddress)
	})
	v.check(at >= 0, "the request of %s to %s is not told", lab.API, lab.Web)
	if at < 0 {
		return
	}
	top := acts[at].Stack.Top()
	v.check(top != nil && top.Class == hole.Class && top.Line == hole.Line, "the request to %s comes from %+v", lab.Web, top)
	v.note("the forged request to %s comes from the same line", lab.Web)
}

// hashLine: the same way through the code has the same hash on two hosts, which is an
// entity of the incident and a reason to merge.
func hashLine(f *Facts, v *verdict) { sharedStack(f.Probing, v) }

func sharedStack(p *Probing, v *verdict) {
	if p.Facts == nil {
		v.check(false, "nothing was seen: %s", p.Problem)
		return
	}
	one, two := p.file(lab.Web, shadow), p.file(lab.Second, shadow)
	v.check(one != nil && two != nil, "alerts of %s on %s: %v, on %s: %v", shadow, lab.Web, one != nil, lab.Second, two != nil)
	if one == nil || two == nil {
		return
	}
	hash := one.Event.Stack.Hash
	v.check(hash != "" && hash == two.Event.Stack.Hash, "the hashes are %s and %s", hash, two.Event.Stack.Hash)
	v.check(one.Incident != "" && one.Incident == two.Incident, "they are in incidents %q and %q", one.Incident, two.Incident)
	whole := p.Facts.whole(v, one.Incident)
	if whole == nil {
		return
	}
	v.check(slices.ContainsFunc(whole.Entities, func(e alert.Entity) bool { return e.Type == alert.EntityStack && e.Value == hash }), "the incident has no entity %s", hash)
	told := slices.ContainsFunc(p.Facts.between(whole, lab.Web, lab.Second), func(r incident.Reason) bool { return r.Reason == incident.ReasonStack && r.Entity == hash })
	v.check(told, "no reason of the stack between %s and %s", lab.Web, lab.Second)
	other := p.file(lab.API, shadow)
	v.check(other == nil || other.Event.Stack.Hash != hash, "another hole has the same hash")
	v.note("%s: the same hash on %s and %s, an entity of the incident and a reason to merge; another on %s", hash, lab.Web, lab.Second, lab.API)
}

// file is the alert of code that opened a file on a host.
func (p *Probing) file(host, path string) *alert.Alert {
	for i := range p.Facts.Alerts {
		a := &p.Facts.Alerts[i]
		if a.Event != nil && a.Event.Kind == event.ProbeCall && a.Host.Name == host && a.Event.File != nil && a.Event.File.Path == path && a.Event.Stack != nil {
			return a
		}
	}
	return nil
}

// incident is the one that a host's intrusion is in.
func (p *Probing) incident(host string) string {
	for _, a := range on(host, p.Facts.Intrusion()) {
		return a.Incident
	}
	return ""
}

// lineOf is the number of the line that has a text.
func lineOf(source, text string) int {
	before, _, found := strings.Cut(source, text)
	if !found {
		return 0
	}
	return strings.Count(before, "\n") + 1
}
