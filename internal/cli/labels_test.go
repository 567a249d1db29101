package cli

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestLabelsOfTheCommandLine(t *testing.T) {
	asked := asking(t, `{"id":"l-1"}`)
	out := ran(t, "labels", "set", "host", "web-*", "--service", "shop", "--owner", "ann")
	want := map[string]any{"kind": "host", "match": "web-*", "service": "shop", "owner": "ann", "group": ""}
	if out != "l-1\n" || asked.method != http.MethodPut || asked.path != "/api/v1/labels" || fmt.Sprint(asked.body) != fmt.Sprint(want) {
		t.Errorf("%q, %+v", out, asked)
	}
	asked = asking(t, "")
	ran(t, "labels", "remove", "l-1")
	if asked.method != http.MethodDelete || asked.path != "/api/v1/labels/l-1" {
		t.Errorf("%+v", asked)
	}
	asking(t, `{"items":[{"id":"l-1","kind":"image","match":"*/shop:*","service":"shop","group":"retail","by":"ann","at":"2026-01-02T03:04:05Z"}],"next":""}`)
	if out := ran(t, "labels"); !strings.Contains(out, "*/shop:*") || !strings.Contains(out, "retail") {
		t.Error(out)
	}
	for _, args := range [][]string{{"set", "host"}, {"remove"}, {"set", "host", "x", "y"}} {
		if _, status, _ := runBaize(t, "", append([]string{"labels"}, args...)...); status != exitUsage {
			t.Errorf("%v: exit %d", args, status)
		}
	}
}

func TestAnIncidentOfTheCommandLineNamesItsSiblings(t *testing.T) {
	asking(t, `{"id":"i1","title":"T","labels":[{"service":"shop","owner":"ann"}],"siblings":[{"id":"h2","name":"web-2","service":"shop"},{"id":"h3","service":"shop"}],"more_siblings":7,"items":[]}`)
	out := ran(t, "incidents", "show", "i1")
	if !strings.Contains(out, "service shop, owner ann\nnot hit of the same services: web-2, h3 and 7 more\n") {
		t.Error(out)
	}
}
