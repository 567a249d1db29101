package taxonomy

import (
	"fmt"
	"slices"
	"strings"

	"baize/internal/event"
	"baize/internal/sigma"
)

// Need says what a rule asks of the telemetry, and whether it is there.
type Need struct {
	// Rule is its Key.
	Rule  string `json:"rule"`
	Title string `json:"title"`
	File  string `json:"file"`
	// Logsource as PRODUCT/CATEGORY/SERVICE.
	Logsource string `json:"logsource"`
	// Kinds of event that answer the log source, and the classes of coverage
	// that its silence rests on.
	Kinds   []event.Kind  `json:"kinds"`
	Classes []event.Class `json:"classes"`
	// Fields asked for; "" are keywords.
	Fields []string `json:"fields"`
	// Evaluable says that the rule can match what the sensor and the logs tell
	// of a host. If it cannot, Reason says why.
	Evaluable bool   `json:"evaluable"`
	Reason    string `json:"reason,omitempty"`
	// Never are parts of an evaluable rule that cannot hold; Limits are what it
	// does not see, or needs configured.
	Never  []string `json:"never,omitempty"`
	Limits []string `json:"limits,omitempty"`
}

// Needs looks at one rule. It does not ask whether a host delivers the events,
// but whether any could.
func Needs(r *sigma.Rule) Need {
	if r.Correlation != nil {
		return correlationNeeds(r)
	}
	n := Need{Rule: r.Key(), Title: r.Title, File: r.File, Logsource: r.Logsource.String()}
	asked := map[string]bool{}
	never := map[string]int{}
	probed := 0
	for _, kind := range Kinds() {
		source, ok := answering(r.Logsource, kind)
		if !ok {
			continue
		}
		n.answer(kind)
		p := &prober{source: source, kind: kind, event: sampleOf(kind, r.Logsource), never: map[string]bool{}}
		can, _ := p.part(r.Explain(p))
		for _, name := range p.asked {
			asked[name] = true
		}
		if kind == event.LogAudit {
			continue // what auditd was told to write, where its log is read
		}
		probed++
		n.Evaluable = n.Evaluable || can
		for part := range p.never {
			never[part]++
		}
	}
	n.Fields = sorted(asked)
	n.conclude(r, never, probed)
	return n
}

func (n *Need) answer(kind event.Kind) {
	if !slices.Contains(n.Kinds, kind) {
		n.Kinds = append(n.Kinds, kind)
	}
	if class := event.ClassOf(kind); class != "" && !slices.Contains(n.Classes, class) {
		n.Classes = append(n.Classes, class)
	}
}

// conclude gives the reason, or what of an evaluable rule cannot hold with any
// kind of event.
func (n *Need) conclude(r *sigma.Rule, never map[string]int, probed int) {
	var parts []string
	for part, times := range never {
		if times == probed {
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	switch {
	case len(n.Kinds) == 0:
		n.Reason = fmt.Sprintf("no event is of log source %s", n.Logsource)
	case n.Evaluable:
		n.Never = parts
		n.Limits = limits(r, n)
	case len(parts) > 0:
		n.Reason = "not in the telemetry: " + strings.Join(parts, "; ")
		if r.Logsource.Service == serviceAuditd {
			n.Reason += " (auditd's own log, where it is read, may have it)"
		}
	default:
		n.Reason = "no kind of event has all that it asks for"
	}
}

// limits are what is to be known of an evaluable rule.
func limits(r *sigma.Rule, n *Need) []string {
	var list []string
	if r.Logsource.Service == serviceAuditd && slices.Contains(n.Fields, "name") {
		list = append(list, "reading a file is seen of watched files only")
	}
	if len(n.Classes) == 1 && n.Classes[0] == event.ClassLog {
		what := "log"
		if r.Logsource.Service != "" {
			what = "log of " + r.Logsource.Service
		}
		list = append(list, "a "+what+" must be read on the host")
	}
	return list
}

func sorted(set map[string]bool) []string {
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// answering is the first log source of a kind that a rule covers.
func answering(rule sigma.Logsource, kind event.Kind) (sigma.Logsource, bool) {
	for _, source := range Sources(sampleOf(kind, rule), nil) {
		if rule.Covers(source) {
			return source, true
		}
	}
	return sigma.Logsource{}, false
}

// ownServices are those that are not the name of a program.
var ownServices = []string{serviceAuditd, serviceSyslog, serviceAuth, serviceAccess, serviceError}

// sampleOf is what a kind carries; a line comes from the program that the rule
// is about.
func sampleOf(kind event.Kind, rule sigma.Logsource) *event.Event {
	ev := carried(kind)
	if ev.Log == nil || kind == event.LogAudit {
		return ev
	}
	switch {
	case rule.Product == "nginx" || rule.Product == "apache":
		ev.Log.Service = rule.Product
	case rule.Service != "" && !slices.Contains(ownServices, rule.Service):
		ev.Log.Service = rule.Service
	}
	return ev
}

// prober is a record that can have any value in the fields that its kind of
// event carries: it has all values where they are few and known, and notes
// which fields are asked for.
type prober struct {
	source sigma.Logsource
	kind   event.Kind
	event  *event.Event
	asked  []string
	// next of asked is the question of the next leaf; never holds what cannot be.
	next  int
	never map[string]bool
}

func (p *prober) Logsource() sigma.Logsource { return p.source }

func (p *prober) Schema() *sigma.Schema { return nil }

func (p *prober) Strings(*sigma.Values) { p.asked = append(p.asked, "") }

func (p *prober) Field(_ int, name string, out *sigma.Values) {
	p.asked = append(p.asked, name)
	if known := p.known(name); known != nil {
		each(known, out)
	}
}

// known are all values that a field can have, nil where they are not known.
func (p *prober) known(name string) []string {
	if p.source.Service != serviceAuditd || p.kind == event.LogAudit {
		return nil
	}
	switch name {
	case "type":
		if p.kind == event.AccountChanged {
			return []string{"ADD_USER", "DEL_USER", "ADD_GROUP", "DEL_GROUP", "USER_CHAUTHTOK", "USER_MGMT", "GRP_MGMT"}
		}
		if p.kind == event.LogLine {
			return []string{"SERVICE_START", "SERVICE_STOP"}
		}
		return auditTypes(p.event)
	case "SYSCALL", "syscall":
		return p.calls()
	case "nametype":
		return []string{auditForms[p.kind].nametype}
	case "key":
		return []string{auditKeys[0].key, auditKeys[1].key}
	}
	return nil
}

// calls are all system calls that a kind stands for.
func (p *prober) calls() []string {
	calls := append([]string{}, auditForms[p.kind].calls...)
	if p.kind == event.FileCreate {
		for _, kind := range []string{"dir", "symlink", "device", "socket"} {
			calls = append(calls, createCalls[kind]...)
		}
	}
	if p.kind == event.FileAttributes {
		for _, change := range []string{"mode", "owner", "xattr", "size"} {
			calls = append(calls, changeCalls[change]...)
		}
	}
	return calls
}

// has reports whether the kind of event carries a field.
func (p *prober) has(name string) bool {
	rec := As(p.event, p.source)
	if p.event.Process != nil {
		rec.Place("x")
	}
	var out sigma.Values
	if name == "" {
		rec.Strings(&out)
	} else {
		rec.Field(-1, name, &out)
	}
	return out.Len() > 0
}

// part reports whether a part of a condition can hold, and whether it can fail.
func (p *prober) part(e sigma.Explanation) (can, cannot bool) {
	switch e.Part {
	case "and", "or":
		all, some := true, false
		allNot, someNot := true, false
		for _, inner := range e.Parts {
			c, n := p.part(inner)
			all, some = all && c, some || c
			allNot, someNot = allNot && n, someNot || n
		}
		if e.Part == "and" {
			return all, someNot
		}
		return some, allNot
	case "not":
		c, n := p.part(e.Parts[0])
		return n, c
	}
	return p.leaf(e)
}

// leaf looks at one question of a field. The fields were asked in the order of
// the leaves; one that compares two fields asked for both.
func (p *prober) leaf(e sigma.Explanation) (can, cannot bool) {
	name := p.asked[p.next]
	p.next++
	there := p.has(name)
	if p.next < len(p.asked) && p.asked[p.next] != "" && comparesFields(e.Part, name, p.asked[p.next]) {
		if there {
			name = p.asked[p.next]
			there = p.has(name)
		}
		p.next++
	}
	switch {
	case strings.HasSuffix(e.Part, " is null or not there"):
		return true, there
	case p.known(name) != nil:
		if !e.Holds {
			p.never[e.Part] = true
		}
		return e.Holds, true
	case !there:
		p.never["no "+name] = true
	}
	return there, true
}

// comparesFields reports whether a question is about two fields.
func comparesFields(part, name, other string) bool {
	rest, ok := strings.CutPrefix(part, name+" ")
	return ok && strings.HasSuffix(rest, " "+other) && !strings.Contains(rest, `"`)
}

// Asked are the kinds of event that any of the rules could match.
func Asked(rules []*sigma.Rule) []event.Kind {
	var asked []event.Kind
	for _, kind := range Kinds() {
		if slices.ContainsFunc(rules, func(r *sigma.Rule) bool { return couldMatch(r, kind) }) {
			asked = append(asked, kind)
		}
	}
	return asked
}

func couldMatch(r *sigma.Rule, kind event.Kind) bool {
	source, ok := answering(r.Logsource, kind)
	if !ok || r.Correlation != nil {
		return false
	}
	p := &prober{source: source, kind: kind, event: sampleOf(kind, r.Logsource), never: map[string]bool{}}
	can, _ := p.part(r.Explain(p))
	return can
}
