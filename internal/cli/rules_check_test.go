package cli

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const (
	deafRule = "title: d\nlogsource: {category: network_connection, product: linux}\ndetection:\n  s:\n    NoSuchField: x\n  condition: s\n"
	logRule  = "title: l\nlogsource: {service: sshd, product: linux}\ndetection:\n  s:\n    - Accepted\n  condition: s\n"
	winRule  = "title: w\nlogsource: {category: process_creation, product: windows}\ndetection:\n  s:\n    Image: x\n  condition: s\n"
)

func TestRulesCheckSaysWhatRulesNeed(t *testing.T) {
	dir := rulesDir(t, "c.yml", curlRule, "d.yml", deafRule, "l.yml", logRule, "w.yml", winRule)
	out, _, status := run(t, "", "rules", "check", dir, "--json")
	var c checked
	if err := json.Unmarshal([]byte(out), &c); err != nil || status != 0 {
		t.Fatalf("status %d, %v", status, err)
	}
	reasons := map[string]string{}
	for _, n := range c.Needs {
		reasons[n.File] = n.Reason
	}
	want := map[string]string{"c.yml": "", "l.yml": "", "d.yml": "not in the telemetry: no NoSuchField", "w.yml": "no event is of log source windows/process_creation/*"}
	if !reflect.DeepEqual(reasons, want) || c.Evaluable != 2 || c.Files != 4 {
		t.Errorf("%d evaluable: %v", c.Evaluable, reasons)
	}
	out, _, _ = run(t, "", "rules", "check", dir)
	if strings.Contains(out, "c.yml") || !strings.Contains(out, "no NoSuchField") || !strings.Contains(out, "2 of them evaluable") {
		t.Error(out)
	}
	out, _, _ = run(t, "", "rules", "check", dir, "--all")
	if !strings.Contains(out, "yes; a log of sshd must be read on the host") || !strings.Contains(out, "keywords") {
		t.Error(out)
	}
}

func TestTheFleetLacksWhatItsHostsLack(t *testing.T) {
	hosts := []host{
		{Name: "whole", Classes: []class{{Class: "log", State: "complete"}, {Class: "process", State: "coalesced"}}},
		{Name: "deaf", Classes: []class{{Class: "log", State: "unavailable"}, {Class: "process", State: "complete"}}},
		{Name: "old", Classes: []class{{Class: "process", State: "lost"}}},
		{Name: "gone", Revoked: true},
	}
	got := lackingOf(map[string]int{"log": 3, "process": 2}, hosts)
	want := []lacking{{Class: "log", Rules: 3, Hosts: 3, Lack: []string{"deaf", "old"}}, {Class: "process", Rules: 2, Hosts: 3, Lack: []string{"old"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	c := checked{Fleet: got}
	var out strings.Builder
	if err := c.fleetTable(&out); err != nil || !strings.Contains(out.String(), "deaf, old") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
