package rulestream

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"baize/internal/sigma"
	"baize/internal/sigma/correlate"
	"baize/internal/taxonomy"
)

const rules = `title: any
name: any
logsource: {product: linux}
detection: {s: {CommandLine|contains: id}, condition: s}
---
title: twice
correlation:
  type: event_count
  rules: [any]
  group-by: [Lineage]
  timespan: 1m
  condition: {gte: 2}
---
title: by user
correlation:
  type: event_count
  rules: [any]
  group-by: [User]
  timespan: 1m
  condition: {gte: 2}
---
title: few
correlation:
  type: event_count
  rules: [any]
  group-by: [User]
  timespan: 1m
  condition: {lt: 2}
`

func stream(t *testing.T) *Stream {
	t.Helper()
	set, report := sigma.Load(fstest.MapFS{"r.yml": {Data: []byte(rules)}})
	if report.Loaded != 1 {
		t.Fatalf("%+v", report)
	}
	return New(set)
}

func titles(matches []correlate.Match) string {
	var out []string
	for _, m := range matches {
		out = append(out, fmt.Sprint(m.Rule.Title, " at ", m.Ref))
	}
	return fmt.Sprint(out)
}

func process(t *testing.T, s *Stream, ref uint64, line string) string {
	t.Helper()
	records, err := taxonomy.Parse([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return titles(s.Process(records, ref))
}

// TestLineageComesFromProvenance : two children of one process are of one
// lineage, which no event says by itself.
func TestLineageComesFromProvenance(t *testing.T) {
	s := stream(t)
	exec := func(ref uint64, second, pid, parent int) string {
		return process(t, s, ref, fmt.Sprintf(`{"time":"2026-01-01T00:00:%02dZ","kind":"process.exec","host":{"id":"h"},"process":{"key":"h/b/%d/%d","executable":"/usr/bin/id","command_line":"id","parent":{"key":"h/b/%d/%d","executable":"/bin/sh"}}}`, second, pid, pid, parent, parent))
	}
	if got := exec(1, 1, 101, 50); got != "[]" {
		t.Errorf("first of its lineage: %s", got)
	}
	if got := exec(2, 2, 102, 60); got != "[]" {
		t.Errorf("first of another lineage: %s", got)
	}
	if got := exec(3, 3, 103, 50); got != "[twice at 3]" {
		t.Errorf("second of its lineage: %s", got)
	}
}

func TestTimesOfForeignRecords(t *testing.T) {
	for _, stamps := range [][2]string{
		{`"@timestamp":"2026-01-01T00:00:00Z"`, `"@timestamp":"2026-01-01T00:02:00.5+00:00"`},
		{`"UtcTime":"2026-01-01 00:00:00.000"`, `"UtcTime":"2026-01-01 00:02:00.001"`},
		{`"time":1767225600`, `"time":1767225720.25`},
		{`"timestamp":1767225600000`, `"timestamp":"1767225720000"`},
	} {
		s := stream(t)
		line := `{"logsource":{"product":"linux"},"CommandLine":"id","User":"u",%s}`
		process(t, s, 0, fmt.Sprintf(line, stamps[0]))
		if got := s.Now(); !got.Equal(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s is %s", stamps[0], got)
		}
		// Two minutes later the first window is over, and no other has two.
		if got := process(t, s, 1, fmt.Sprintf(line, stamps[1])); got != "[few at 0]" && got != "[]" {
			t.Errorf("%s: %s", stamps[1], got)
		}
		if got := titles(s.Finish()); got != "[few at 1]" && got != "[few at 0 few at 1]" {
			t.Errorf("%s: %s in the end", stamps[1], got)
		}
	}
}

// TestWithoutTimesAllHappensAtOnce and silence is what the caller says it is.
func TestWithoutTimesAllHappensAtOnce(t *testing.T) {
	s := stream(t)
	line := `{"logsource":{"product":"linux"},"CommandLine":"id","User":"u"}`
	s.Advance(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	process(t, s, 1, line)
	if got := titles(s.Advance(s.Now().Add(time.Minute))); got != "[]" {
		t.Errorf("after a minute: %s", got)
	}
	if got := titles(s.Advance(s.Now().Add(correlate.Lateness + time.Second))); got != "[few at 1]" {
		t.Errorf("after the window: %s", got)
	}
	process(t, s, 2, line)
	if got := process(t, s, 3, line); got != "[by user at 3]" {
		t.Errorf("two at once: %s", got)
	}
}

func TestFeedersRaiseNothing(t *testing.T) {
	s := stream(t)
	set, _ := sigma.Load(fstest.MapFS{"r.yml": {Data: []byte(rules)}})
	raised := 0
	for _, r := range set.Rules() {
		if New(set).Raises(r) {
			raised++
		}
	}
	if raised != 3 || s.Now() != (time.Time{}) {
		t.Errorf("%d rules raise alerts", raised)
	}
}

// TestAnEventIsOneInAllItsLogSources : a rule of auditd's names and one of
// Sysmon's see one exec, which counts once where one rule covers both views.
func TestAnEventIsOneInAllItsLogSources(t *testing.T) {
	set, report := sigma.Load(fstest.MapFS{"r.yml": {Data: []byte(`title: sysmon
name: sysmon
logsource: {product: linux, category: process_creation}
detection: {s: {Image|endswith: /id}, condition: s}
---
title: audit
name: audit
logsource: {product: linux, service: auditd}
detection: {s: {type: SYSCALL, exe|endswith: /id}, condition: s}
---
title: anything
name: anything
logsource: {product: linux}
detection: {s: {Computer: h}, condition: s}
---
title: both views
correlation:
  type: temporal
  rules: [sysmon, audit]
  group-by: [program]
  timespan: 1m
  aliases: {program: {sysmon: Image, audit: exe}}
---
title: twice
correlation:
  type: event_count
  rules: [anything]
  timespan: 1m
  condition: {gte: 2}
`)}})
	if report.Loaded != 1 {
		t.Fatalf("%+v", report)
	}
	s := New(set)
	line := `{"kind":"process.exec","host":{"id":"h","name":"h"},"process":{"executable":"/usr/bin/id","args":["id"]}}`
	if got := process(t, s, 1, line); got != "[both views at 1]" {
		t.Errorf("%s", got)
	}
	if got := process(t, s, 2, line); got != "[both views at 2 twice at 2]" {
		t.Errorf("%s", got)
	}
}
