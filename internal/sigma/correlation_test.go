package sigma

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

const baseRules = `title: a
id: 10000000-0000-4000-8000-000000000001
name: a
logsource: {product: linux}
detection: {s: {f: a}, condition: s}
---
title: b
name: b
logsource: {product: linux}
detection: {s: {f: b}, condition: s}
---
`

// correlationOf loads a correlation section beside two rules, a and b.
func correlationOf(t *testing.T, section string) (*Rule, *Report) {
	t.Helper()
	set, report := Load(files(baseRules + "title: c\ncorrelation:\n" + indent(section)))
	for _, r := range set.Correlations() {
		return r, report
	}
	return nil, report
}

// TestConformanceOfCorrelations reads every attribute of the specification.
func TestConformanceOfCorrelations(t *testing.T) {
	half := 50.0
	cases := map[string]Correlation{
		"type: event_count\nrules: a\ngroup-by: User\ntimespan: 30s\ncondition: {gte: 100}":                               {Type: EventCount, GroupBy: []string{"User"}, Timespan: 30 * time.Second, Bounds: []Bound{{"gte", 100}}},
		"type: event_count\nrules: [a]\ntimespan: 90m\ncondition: {gt: 100, lte: 200}":                                    {Type: EventCount, Timespan: 90 * time.Minute, Bounds: []Bound{{"gt", 100}, {"lte", 200}}},
		"type: value_count\nrules: [a]\ngroup-by: [X, Y]\ntimespan: 24h\ncondition: {field: User, eq: 3}":                 {Type: ValueCount, GroupBy: []string{"X", "Y"}, Timespan: 24 * time.Hour, Fields: []string{"User"}, Bounds: []Bound{{"eq", 3}}},
		"type: value_count\nrules: [a]\ntimespan: 1d\ncondition: {field: [User, Host], neq: 3}":                           {Type: ValueCount, Timespan: 24 * time.Hour, Fields: []string{"User", "Host"}, Bounds: []Bound{{"neq", 3}}},
		"type: temporal\nrules: [a]\ngroup-by: [X]\ntimespan: 5m":                                                         {Type: Temporal, GroupBy: []string{"X"}, Timespan: 5 * time.Minute, Bounds: []Bound{{"gte", 1}}},
		"type: temporal_ordered\nrules: [a]\ntimespan: 5m\ncondition: {lt: 1}":                                            {Type: TemporalOrdered, Timespan: 5 * time.Minute, Bounds: []Bound{{"lt", 1}}},
		"type: value_sum\nrules: [a]\ntimespan: 1h\ncondition: {field: Bytes, gt: 1000000.5}":                             {Type: ValueSum, Timespan: time.Hour, Fields: []string{"Bytes"}, Bounds: []Bound{{"gt", 1000000.5}}},
		"type: value_avg\nrules: [a]\ntimespan: 1h\ncondition: {field: Bytes, gt: -5}":                                    {Type: ValueAvg, Timespan: time.Hour, Fields: []string{"Bytes"}, Bounds: []Bound{{"gt", -5}}},
		"type: value_percentile\nrules: [a]\ntimespan: 24h\ncondition: {field: Image, lte: 1}":                            {Type: ValuePercentile, Timespan: 24 * time.Hour, Fields: []string{"Image"}, Bounds: []Bound{{"lte", 1}}},
		"type: value_percentile\nrules: [a]\ntimespan: 24h\ncondition: {field: N, percentile: 50, gte: 1}":                {Type: ValuePercentile, Timespan: 24 * time.Hour, Fields: []string{"N"}, Percentile: &half, Bounds: []Bound{{"gte", 1}}},
		"type: value_median\nrules: [a]\ntimespan: 24h\ncondition: {field: N, gte: 1}":                                    {Type: ValuePercentile, Timespan: 24 * time.Hour, Fields: []string{"N"}, Percentile: &half, Bounds: []Bound{{"gte", 1}}},
		"type: event_count\nrules: [10000000-0000-4000-8000-000000000001]\ntimespan: 1s\ncondition: {gte: 1}":             {Type: EventCount, Timespan: time.Second, Bounds: []Bound{{"gte", 1}}},
		"type: event_count\nrules: [a]\ngroup-by: null\ntimespan: 1s\ngenerate: true\naliases: null\ncondition: {gte: 1}": {Type: EventCount, Timespan: time.Second, Bounds: []Bound{{"gte", 1}}, Generate: true},
	}
	for section, want := range cases {
		r, report := correlationOf(t, section)
		if r == nil {
			t.Errorf("%s\n%+v", section, report)
			continue
		}
		got := *r.Correlation
		if len(got.References) != 1 || len(got.References[0].Rules) != 1 || got.References[0].Rules[0].Title != "a" {
			t.Errorf("%s: refers to %+v", section, got.References)
		}
		got.References = nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %+v\nwant %+v", section, got, want)
		}
	}
}

func TestAliasesAreOfTheirRules(t *testing.T) {
	r, report := correlationOf(t, "type: temporal\nrules: [10000000-0000-4000-8000-000000000001, b]\ngroup-by: [peer]\ntimespan: 1s\naliases:\n  peer: {a: From, b: To}")
	if r == nil {
		t.Fatalf("%+v", report)
	}
	c := r.Correlation
	if c.Field("peer", 0) != "From" || c.Field("peer", 1) != "To" || c.Field("User", 1) != "User" {
		t.Errorf("%q %q %q", c.Field("peer", 0), c.Field("peer", 1), c.Field("User", 1))
	}
}

func TestFaultsOfCorrelations(t *testing.T) {
	many := "[r0"
	for i := range maxReferences {
		many += fmt.Sprint(", r", i+1)
	}
	many += "]"
	cases := []struct {
		section     string
		line        int
		unsupported bool
		reason      string
	}{
		{"type: event_count", 14, false, "no rules"},
		{"rules: [a]", 14, false, "no type"},
		{"type: value_max\nrules: [a]", 14, true, `"value_max"`},
		{"type: event_count\nrules: []", 15, false, "no rules"},
		{"type: event_count\nrules: [a, a]", 15, false, "named twice"},
		{"type: event_count\nrules: " + many, 15, true, "more than 32 rules"},
		{"type: event_count\nrules: [a]", 14, false, "no timespan"},
		{"type: event_count\nrules: [a]\ntimespan: 5", 16, false, `timespan "5"`},
		{"type: event_count\nrules: [a]\ntimespan: 1.5h", 16, false, `timespan "1.5h"`},
		{"type: event_count\nrules: [a]\ntimespan: 0s", 16, false, `timespan "0s"`},
		{"type: event_count\nrules: [a]\ntimespan: 5M", 16, false, `timespan "5M"`},
		{"type: event_count\nrules: [a]\ntimespan: 400d", 16, true, "longer than 366 days"},
		{"type: event_count\nrules: [a]\ntimespan: 99999999999d", 16, false, "timespan"},
		{"type: event_count\nrules: [a]\ntimespan: 5m", 14, false, "no condition"},
		{"type: event_count\nrules: [a]\ntimespan: 5m\ncondition: {}", 17, false, "compares with nothing"},
		{"type: event_count\nrules: [a]\ntimespan: 5m\ncondition: 5", 17, false, "must be a map"},
		{"type: event_count\nrules: [a]\ntimespan: 5m\ncondition: {gte: many}", 17, false, "gte must be a number"},
		{"type: event_count\nrules: [a]\ntimespan: 5m\ncondition: {ge: 5}", 17, false, `condition "ge"`},
		{"type: event_count\nrules: [a]\ntimespan: 5m\ncondition: {gte: 5, field: x}", 17, false, "event_count has no field"},
		{"type: event_count\nrules: [a]\ntimespan: 5m\ncondition: {gte: 5, percentile: 5}", 17, false, "no percentile"},
		{"type: value_count\nrules: [a]\ntimespan: 5m\ncondition: {gte: 5}", 17, false, "needs a field"},
		{"type: value_count\nrules: [a]\ntimespan: 5m\ncondition: {gte: 10001, field: x}", 17, true, "more than 10000"},
		{"type: value_sum\nrules: [a]\ntimespan: 5m\ncondition: {gte: 5, field: [x, y]}", 17, false, "one field"},
		{"type: value_percentile\nrules: [a]\ntimespan: 5m\ncondition: {gte: 5, field: x, percentile: 101}", 17, false, "0 to 100"},
		{"type: temporal\nrules: [a, b]\ntimespan: 5m\ncondition: a and not b", 17, true, "Sigma 2.2"},
		{"type: temporal\nrules: [a, b]\ntimespan: 5m\nwindow: 3", 17, true, "attribute window"},
		{"type: temporal\nrules: [a, b]\ntimespan: 5m\ngenerate: 3", 17, false, "true or false"},
		{"type: temporal\nrules: [a, nobody]\ntimespan: 5m", 15, true, `"nobody"`},
		{"type: temporal\nrules: [a, c]\ntimespan: 5m\naliases: 3", 17, false, "aliases must be a map"},
		{"type: temporal\nrules: [a, b]\ntimespan: 5m\naliases: {x: 3}", 17, false, "alias x"},
		{"type: temporal\nrules: [a]\ntimespan: 5m\naliases: {x: {b: y}}", 17, false, "does not refer to"},
	}
	for _, c := range cases {
		_, report := correlationOf(t, c.section)
		list := report.Invalid
		if c.unsupported {
			list = report.Unsupported
		}
		if len(list) != 1 || list[0].Line != c.line || !strings.Contains(list[0].Reason, c.reason) || report.Rules != 2 {
			t.Errorf("%s\nwant line %d, unsupported %t, %q; got %+v", c.section, c.line, c.unsupported, c.reason, report)
		}
	}
}

// ring is a correlation of another one, in a file of its own.
func ring(name, about string) string {
	return "title: " + name + "\nname: " + name + "\ncorrelation: {type: temporal, rules: [" + about + "], timespan: 1s}\n"
}

// TestCorrelationsOfCorrelations : files may come in any order, and a circle is
// no correlation.
func TestCorrelationsOfCorrelations(t *testing.T) {
	set, report := Load(fstest.MapFS{
		"1.yml": {Data: []byte(ring("top", "middle"))}, "2.yml": {Data: []byte(ring("middle", "low"))},
		"3.yml": {Data: []byte(ring("low", "a"))}, "4.yml": {Data: []byte(baseRules[:strings.LastIndex(baseRules, "---")])},
	})
	var order []string
	for _, r := range set.Correlations() {
		order = append(order, r.Title)
	}
	if got := strings.Join(order, " "); got != "low middle top" || report.Rules != 5 || report.Loaded != 4 {
		t.Fatalf("%s %+v", got, report)
	}
	if got := set.Match(flat{"f": "a"}, nil); len(got) != 1 || got[0].Title != "a" {
		t.Errorf("%+v", got)
	}
	set, report = Load(fstest.MapFS{
		"1.yml": {Data: []byte(ring("x", "y"))}, "2.yml": {Data: []byte(ring("y", "z, a"))}, "3.yml": {Data: []byte(ring("z", "x"))},
		"4.yml": {Data: []byte(ring("over", "x"))}, "5.yml": {Data: []byte(ring("self", "self"))},
		"6.yml": {Data: []byte(baseRules[:strings.LastIndex(baseRules, "---")])},
	})
	if len(set.Correlations()) != 0 || len(report.Invalid) != 2 || len(report.Unsupported) != 3 {
		t.Fatalf("%+v", report)
	}
}

func TestCorrelationsTakeNoDetection(t *testing.T) {
	_, report := Load(files("title: c\nlogsource: {product: x}\ncorrelation: {type: temporal, rules: [a], timespan: 1s}\n"))
	if len(report.Invalid) != 1 || !strings.Contains(report.Invalid[0].Reason, "no logsource of its own") {
		t.Errorf("%+v", report)
	}
}
