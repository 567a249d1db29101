package cli

import (
	"strings"
	"testing"
)

const loginRules = `title: failed
name: failed
logsource: {product: linux, service: sshd}
detection: {s: {Result: failed}, condition: s}
---
title: ok
name: ok
logsource: {product: linux, service: sshd}
detection: {s: {Result: ok}, condition: s}
---
title: Many failed logins
id: many
name: many
correlation:
  type: event_count
  rules: [failed]
  group-by: [User]
  timespan: 1m
  condition: {gte: 3}
---
title: Many failed logins, then one that worked
id: guessed
correlation:
  type: temporal_ordered
  rules: [many, ok]
  group-by: [User]
  timespan: 5m
`

const logins = `{"logsource":{"product":"linux","service":"sshd"},"@timestamp":"2026-01-01T00:00:00Z","Result":"failed","User":"u"}
{"logsource":{"product":"linux","service":"sshd"},"@timestamp":"2026-01-01T00:00:10Z","Result":"failed","User":"u"}
{"logsource":{"product":"linux","service":"sshd"},"@timestamp":"2026-01-01T00:00:20Z","Result":"failed","User":"v"}
{"logsource":{"product":"linux","service":"sshd"},"@timestamp":"2026-01-01T00:01:00Z","Result":"failed","User":"u"}
{"logsource":{"product":"linux","service":"sshd"},"@timestamp":"2026-01-01T00:05:00Z","Result":"ok","User":"v"}
{"logsource":{"product":"linux","service":"sshd"},"@timestamp":"2026-01-01T00:06:00Z","Result":"ok","User":"u"}
{"logsource":{"product":"linux","service":"sshd"},"@timestamp":"2026-01-01T00:06:01Z","Result":"ok","User":"u"}
`

// TestRulesMatchCorrelates : a match is reported at the event that completes
// it, and rules that only feed correlations are not.
func TestRulesMatchCorrelates(t *testing.T) {
	dir := rulesDir(t, "logins.yml", loginRules)
	out, complain, status := run(t, logins, "rules", "match", "--rules", dir, "-")
	if want := "{\"rule\":\"guessed\",\"event\":5}\n"; out != want || status != 0 || complain != "" {
		t.Errorf("status %d\n%s%s\nwant\n%s", status, out, complain, want)
	}
	dir = rulesDir(t, "logins.yml", strings.Replace(loginRules, "id: guessed\n", "id: guessed\ngenerate: true\n", 1))
	out, _, _ = run(t, logins, "rules", "match", "--rules", dir, "-")
	want := `{"rule":"many","event":3}
{"rule":"logins.yml","event":4}
{"rule":"guessed","event":5}
{"rule":"logins.yml","event":5}
{"rule":"logins.yml","event":6}
`
	if out != want {
		t.Errorf("%s\nwant\n%s", out, want)
	}
}

// TestRulesMatchWaitsForSilence : what a later silence decides is reported at
// its event, in order, and the end of the input is silence.
func TestRulesMatchWaitsForSilence(t *testing.T) {
	dir := rulesDir(t, "logins.yml", loginRules, "few.yml", "title: few\nid: few\ncorrelation:\n  type: event_count\n  rules: [failed]\n  group-by: [User]\n  timespan: 1m\n  condition: {lt: 3}\n")
	out, _, status := run(t, logins, "rules", "match", "--rules", dir, "-")
	if want := "{\"rule\":\"few\",\"event\":2}\n{\"rule\":\"guessed\",\"event\":5}\n"; out != want || status != 0 {
		t.Errorf("status %d\n%s\nwant\n%s", status, out, want)
	}
}

func TestRulesCheckTakesCorrelations(t *testing.T) {
	dir := rulesDir(t, "logins.yml", loginRules, "lost.yml", "title: lost\ncorrelation:\n  type: event_count\n  rules: [nobody]\n  timespan: 1m\n  condition: {gte: 3}\n")
	out, _, status := run(t, "", "rules", "check", dir, "--json")
	for _, want := range []string{
		`{"files":2,"loaded":1,"unsupported":[{"file":"lost.yml","line":4,"reason":"no rule with the id or name \"nobody\" is in force"}],"invalid":[],"rules":4,"evaluable":0`,
		`"logsource":"correlation","kinds":["login.success",`, `"fields":["Result","User"],"evaluable":false,"reason":"failed: not in the telemetry: no Result"`,
	} {
		if !strings.Contains(out, want) || status != 0 {
			t.Errorf("status %d\n%s\n%s", status, out, want)
		}
	}
}

func TestRulesExplainCorrelations(t *testing.T) {
	dir := rulesDir(t, "logins.yml", loginRules)
	event, _, _ := strings.Cut(logins, "\n")
	out, _, status := run(t, "", "rules", "explain", "--rule", dir+"/logins.yml", event)
	for _, want := range []string{
		"Many failed logins (many)\nyes  event_count of failed by User within 1m0s: gte 3\n",
		`yes      s: Result is "failed"`, `User is there   (line 16; seen: "u")`, "NO     ok: and\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if status != 0 {
		t.Errorf("status %d", status)
	}
}
