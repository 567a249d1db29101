package taxonomy

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"baize/internal/event"
	"baize/internal/sigma"
)

// need is what a rule of one log source and detection needs.
func need(t *testing.T, logsource, detection string) Need {
	t.Helper()
	text := "title: x\nlogsource: {" + logsource + "}\ndetection:\n" + detection
	set, report := sigma.Load(fstest.MapFS{"x.yml": {Data: []byte(text)}})
	if len(set.Rules()) != 1 {
		t.Fatalf("%+v", report)
	}
	return Needs(set.Rules()[0])
}

func TestNeeds(t *testing.T) {
	const linux, audit = "product: linux, ", "product: linux, service: auditd"
	for _, c := range []struct{ name, logsource, detection, reason string }{
		{"a field", linux + "category: process_creation", "  s: {Image: x}\n  condition: s\n", ""},
		{"a field of another kind", linux + "category: dns_query", "  s: {TargetFilename: x}\n  condition: s\n", "not in the telemetry: no TargetFilename"},
		{"what only an exec carries", linux + "category: file_event", "  s: {CurrentDirectory: /tmp}\n  condition: s\n", "not in the telemetry: no CurrentDirectory"},
		{"either", linux + "category: dns_query", "  s: {TargetFilename: x}\n  k: {QueryName: x}\n  condition: s or k\n", ""},
		{"both", linux + "category: dns_query", "  s: {TargetFilename: x}\n  k: {QueryName: x}\n  condition: s and k\n", "not in the telemetry: no TargetFilename"},
		{"not there", linux + "category: dns_query", "  s: {TargetFilename: null}\n  condition: s\n", ""},
		{"without", linux + "category: dns_query", "  s: {QueryName: x}\n  f: {TargetFilename: x}\n  condition: s and not f\n", ""},
		{"two fields", linux + "category: process_creation", "  s: {Image|fieldref: ParentImage}\n  condition: s\n", ""},
		{"two fields, one missing", linux + "category: process_creation", "  s: {Image|fieldref: Nothing}\n  condition: s\n", "not in the telemetry: no Nothing"},
		{"record type", audit, "  s: {type: EXECVE, a0: x}\n  condition: s\n", ""},
		{"type of another record", audit, "  s: {type: SERVICE_STOP, a0: x}\n  condition: s\n", "no kind of event has all that it asks for"},
		{"no such record", audit, "  s: {type: TTY}\n  condition: s\n", `not in the telemetry: type is "TTY" (auditd's own log, where it is read, may have it)`},
		{"system call", audit, "  s: {type: SYSCALL, SYSCALL: mknod}\n  condition: s\n", ""},
		{"key", audit, "  s: {key: susp_activity}\n  condition: s\n", ""},
		{"keywords", linux + "service: cron", "  s: [x]\n  condition: s\n", ""},
		{"web", "category: webserver", "  s: {cs-uri-query: x, sc-status: 200}\n  condition: s\n", ""},
		{"error log", "product: nginx, service: error", "  s: [x]\n  condition: s\n", ""},
		{"other product", "product: aws, service: cloudtrail", "  s: {eventName: x}\n  condition: s\n", "no event is of log source aws/*/cloudtrail"},
	} {
		n := need(t, c.logsource, c.detection)
		if n.Evaluable != (c.reason == "") || n.Reason != c.reason {
			t.Errorf("%s: evaluable %t, %q", c.name, n.Evaluable, n.Reason)
		}
	}
}

func TestNeedsNameWhatTheyRestOn(t *testing.T) {
	n := need(t, "product: linux, service: sshd", "  s: {Login.User: root}\n  k: [x]\n  condition: s or k\n")
	if !slices.Equal(n.Classes, []event.Class{event.ClassLog}) || !slices.Equal(n.Fields, []string{"", "Login.User"}) || !slices.Contains(n.Kinds, event.LoginFailure) {
		t.Errorf("%+v", n)
	}
	if len(n.Limits) != 1 || !strings.Contains(n.Limits[0], "log of sshd") {
		t.Errorf("limits %q", n.Limits)
	}
	n = need(t, "product: linux, service: auditd", "  s: {type: PATH, name: /x}\n  k: {type: TTY}\n  condition: s or k\n")
	if !n.Evaluable || !slices.Equal(n.Never, []string{`type is "TTY"`}) || len(n.Limits) != 1 {
		t.Errorf("%+v", n)
	}
}

// What a kind is said to carry is what it is: every part that its sample has
// is a part that the documented kinds have.
func TestEveryFieldIsCarriedBySomeKind(t *testing.T) {
	for _, name := range Fields() {
		found := false
		for _, kind := range Kinds() {
			for _, source := range Sources(carried(kind), nil) {
				p := prober{source: source, kind: kind, event: carried(kind)}
				found = found || p.has(name)
			}
		}
		if !found && name != "key" { // derived from what programs are called
			t.Errorf("no kind carries %s", name)
		}
	}
}

// TestCorrelationsNeedWhatTheirRulesNeed: all of them where all must occur, any
// where what comes is counted.
func TestCorrelationsNeedWhatTheirRulesNeed(t *testing.T) {
	const text = "title: a\nname: a\nlogsource: {product: linux, category: process_creation}\ndetection: {s: {Image: x}, condition: s}\n---\n" +
		"title: b\nname: b\nlogsource: {product: windows, category: registry_set}\ndetection: {s: {TargetObject: x}, condition: s}\n---\n" +
		"title: both\nid: both\ncorrelation: {type: temporal, rules: [a, b], group-by: [User], timespan: 1m}\n---\n" +
		"title: any\nid: any\ncorrelation: {type: event_count, rules: [a, b], group-by: [User], timespan: 1m, condition: {gte: 3}}\n"
	set, report := sigma.Load(fstest.MapFS{"r.yml": {Data: []byte(text)}})
	if report.Loaded != 1 {
		t.Fatalf("%+v", report)
	}
	for _, r := range set.Correlations() {
		n := Needs(r)
		if n.Evaluable != (r.ID == "any") || !slices.Equal(n.Fields, []string{"Image", "User"}) && !slices.Equal(n.Fields, []string{"Image", "TargetObject", "User"}) || !slices.Contains(n.Kinds, event.ProcessExec) {
			t.Errorf("%+v", n)
		}
		if said := n.Reason + strings.Join(n.Never, ""); !strings.Contains(said, "b: no event is of log source windows/registry_set/*") {
			t.Errorf("%q", said)
		}
	}
}

// A kind that lacks a field which a rule needs is not asked for.
func TestAskedAreTheKindsThatCouldMatch(t *testing.T) {
	set, report := sigma.Load(fstest.MapFS{"r.yml": {Data: []byte(
		"title: T\nlogsource: {product: linux, service: auditd}\ndetection:\n  s: {type: SYSCALL, SYSCALL: ptrace}\n  condition: s\n")}})
	if report.Loaded != 1 {
		t.Fatalf("%+v", report)
	}
	got := Asked(set.Rules())
	if !slices.Contains(got, event.ProcessPtrace) || slices.Contains(got, event.NetworkSocket) || slices.Contains(got, event.FileOpen) {
		t.Errorf("asked for %v", got)
	}
}
