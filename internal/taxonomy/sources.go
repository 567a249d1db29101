package taxonomy

import (
	"cmp"
	"slices"
	"strings"

	"baize/internal/event"
	"baize/internal/sigma"
)

// Services and categories beyond those that a kind has by its name.
const (
	serviceAuditd    = "auditd"
	serviceSyslog    = "syslog"
	serviceAuth      = "auth"
	serviceAccess    = "access"
	serviceError     = "error"
	categoryWeb      = "webserver"
	categoryLogin    = "authentication"
	facilityAuth     = "auth"
	facilityAuthPriv = "authpriv"
)

// MaxSources is the most log sources that an event has.
const MaxSources = 5

// Sources appends all log sources that an event answers: the one of its kind
// first, then what auditd or the host's logs would have of it. A rule may cover
// several of them; it matches the event once.
func Sources(ev *event.Event, dst []sigma.Logsource) []sigma.Logsource {
	dst = append(dst, Logsource(ev.Kind))
	if hasAudit(ev) {
		dst = append(dst, sigma.Logsource{Product: Product, Service: serviceAuditd})
	}
	if ev.Log == nil {
		return dst
	}
	if ev.Kind == event.WebAccess {
		return append(dst, sigma.Logsource{Product: ev.Log.Service, Category: categoryWeb, Service: serviceAccess})
	}
	if s := ev.Log.Service; s != "" && s != serviceAuditd {
		dst = append(dst, sigma.Logsource{Product: Product, Service: s})
		if s == "nginx" || s == "apache" {
			dst = append(dst, sigma.Logsource{Product: s, Service: serviceError})
		}
	}
	if ev.Log.Syslog != nil {
		dst = append(dst, sigma.Logsource{Product: Product, Service: serviceSyslog})
		if isAuth(ev) {
			dst = append(dst, sigma.Logsource{Product: Product, Service: serviceAuth})
		}
	}
	return dst
}

// isAuth reports whether a line would be in auth.log: by its facility, or,
// where the line does not tell, by what it says.
func isAuth(ev *event.Event) bool {
	if f := ev.Log.Syslog.Facility; f != nil {
		return f.Name == facilityAuth || f.Name == facilityAuthPriv
	}
	return ev.Access != nil || ev.Change != nil
}

// seesAudit reports whether a record shows the event by auditd's names.
func (r *Record) seesAudit() bool { return r.source.Service == serviceAuditd }

// once orders hits from first on by their keys and leaves one of each rule.
func once(hits []*sigma.Rule, first int) []*sigma.Rule {
	if len(hits)-first < 2 {
		return hits
	}
	slices.SortFunc(hits[first:], func(a, b *sigma.Rule) int {
		return cmp.Or(strings.Compare(a.Key(), b.Key()), strings.Compare(a.File, b.File), a.Line-b.Line)
	})
	return append(hits[:first], slices.Compact(hits[first:])...)
}

// Match appends the rules that any of the records of one event satisfies to
// dst, each once, ordered by Rule.Key.
func Match(set *sigma.Set, records []sigma.Record, dst []*sigma.Rule) []*sigma.Rule {
	first := len(dst)
	for _, rec := range records {
		dst = set.Match(rec, dst)
	}
	return once(dst, first)
}
