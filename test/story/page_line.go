package story

import (
	"slices"
	"strings"

	"baize/internal/alert"
	"baize/internal/incident"
	"baize/test/lab"
)

// pageLine: what the incident's page is drawn from arrives without a reload: alerts,
// their hosts, the C2 of the second round, and a reason for each. How it is drawn is
// for the console's own tests to see.
func pageLine(f *Facts, v *verdict) {
	mine := append(f.Intrusion(), f.Chains()...)
	if len(mine) == 0 {
		v.check(false, "no alerts")
		return
	}
	id := mine[0].Incident
	first, last := f.Watch.Grown(id)
	if len(last.Alerts) == 0 {
		v.check(false, "incident %q did not appear on the live stream", id)
		return
	}
	v.check(len(first.Alerts) > 0 && len(first.Alerts) < len(last.Alerts), "the incident came with %d alerts on the live stream and has %d", len(first.Alerts), len(last.Alerts))
	types := map[string]bool{}
	for _, a := range mine {
		v.check(a.Incident == id, "alert %s says it is of incident %q, not %q", a.ID, a.Incident, id)
		v.check(!f.Watch.Joined(a.ID).IsZero(), "alert %s did not appear in the incident on the live stream", a.ID)
		types[a.Rule.Title] = true
	}
	c2, _, _ := strings.Cut(lab.Rounds[1].C2, ":")
	v.check(!named(&first, c2), "the second C2 %s was known from the beginning", c2)
	v.check(named(&last, c2), "the second C2 %s did not appear on the live stream", c2)
	v.check(len(last.Hosts) == len(f.Services), "%d hosts on the live stream, %d were attacked: %v", len(last.Hosts), len(f.Services), last.Hosts)
	tied := map[string]bool{last.Alerts[0]: true}
	reasons := map[string]bool{}
	for _, r := range last.Reasons {
		v.check(r.Reason != "" && r.Weight > 0, "alerts %s and %s are merged without a reason", r.A, r.B)
		tied[r.A], tied[r.B], reasons[r.Reason] = true, true, true
	}
	for _, a := range last.Alerts {
		v.check(tied[a], "no reason is given for alert %s", a)
	}
	v.note("on an open stream the incident grew from %d to %d alerts, and the second C2 %s appeared; %d types of alerts, %d merges for %d reasons, each alert names its incident",
		len(first.Alerts), len(last.Alerts), c2, len(types), len(last.Reasons), len(reasons))
}

func named(i *incident.Incident, address string) bool {
	return slices.ContainsFunc(i.Entities, func(e alert.Entity) bool { return e.Type == alert.EntityIP && e.Value == address })
}
