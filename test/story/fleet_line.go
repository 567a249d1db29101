package story

import (
	"path/filepath"
	"slices"
	"strings"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/incident"
	"baize/test/lab"
)

// secondLine: a second host is hit. It joins the incident of the first while
// somebody looks, and the reason is written out.
func secondLine(f *Facts, v *verdict) {
	mine := append(f.Intrusion(), f.Chains()...)
	second := on(lab.Second, mine)
	v.check(len(second) > 0, "no alerts on %s", lab.Second)
	if len(second) == 0 {
		return
	}
	whole := f.whole(v, second[0].Incident)
	if whole == nil {
		return
	}
	for _, a := range second {
		v.check(a.Incident == whole.ID, "alert %s (%s) of %s is in incident %q", a.ID, a.Rule.Title, lab.Second, a.Incident)
	}
	grown, _ := f.Watch.Grown(whole.ID)
	v.check(!hasHost(&grown, lab.Second), "the incident had %s from the beginning", lab.Second)
	v.check(hasHost(whole, lab.Second), "the incident does not name %s", lab.Second)
	told := false
	for _, r := range f.between(whole, lab.Second, lab.Web) {
		if !told {
			v.note("%s joined by %s %s", lab.Second, r.Reason, r.Entity)
		}
		told = true
	}
	v.check(told, "no reason between %s and %s", lab.Second, lab.Web)
	v.check(strings.Contains(whole.Account, lab.Second), "the account does not name %s: %s", lab.Second, whole.Account)
}

// containerLine: the container of the API has an alert of an out-of-band name and
// no other. It joins by that name, and says whose container it is.
func containerLine(f *Facts, v *verdict) {
	api := on(lab.API, append(f.Intrusion(), f.Chains()...))
	v.check(len(api) == 1, "%d alerts on %s, want one", len(api), lab.API)
	if len(api) != 1 {
		return
	}
	a := api[0]
	v.check(a.Event.Kind == event.DNSQuery && a.Event.DNS != nil && a.Event.DNS.Question.Name == lab.DNSLog, "the alert of %s is %q", lab.API, a.Rule.Title)
	box := a.Event.Container
	named := box != nil && box.State == event.ContainerOK && box.Name == lab.Container && box.Image != nil && box.Image.Name == lab.Image
	v.check(named, "the alert's container is %+v", box)
	v.check(a.Event.Process.Executable != "" && filepath.Base(a.Event.Process.Executable) == "java", "asked by %s", a.Event.Process.Executable)
	whole := f.whole(v, a.Incident)
	if whole == nil {
		return
	}
	v.check(hasHost(whole, lab.Web), "the alert is in an incident without %s", lab.Web)
	var by []string
	for _, r := range f.between(whole, lab.API, lab.Web) {
		by = append(by, r.Reason)
		v.check(r.Reason != incident.ReasonDomain || r.Entity == lab.DNSLog, "joined by %s", r.Entity)
	}
	v.check(slices.Contains(by, incident.ReasonDomain), "joined by %v, not by the name", by)
	v.note("%q in container %s of image %s joined by the name %s", a.Rule.Title, lab.Container, lab.Image, lab.DNSLog)
}

// whole is an incident as the list has it.
func (f *Facts) whole(v *verdict, id string) *incident.Incident {
	at := slices.IndexFunc(f.Incidents, func(i incident.Incident) bool { return i.ID == id })
	if at < 0 {
		v.check(false, "incident %q does not exist", id)
		return nil
	}
	return &f.Incidents[at]
}

// between are the reasons of an incident that tie an alert of one host to one of
// another.
func (f *Facts) between(i *incident.Incident, one, other string) []incident.Reason {
	host := func(id string) string {
		at := slices.IndexFunc(f.Alerts, func(a alert.Alert) bool { return a.ID == id })
		if at < 0 {
			return ""
		}
		return f.Alerts[at].Host.Name
	}
	var found []incident.Reason
	for _, r := range i.Reasons {
		if a, b := host(r.A), host(r.B); a == one && b == other || a == other && b == one {
			found = append(found, r)
		}
	}
	return found
}

func hasHost(i *incident.Incident, name string) bool {
	return slices.ContainsFunc(i.Hosts, func(h event.Host) bool { return h.Name == name })
}
