package cli

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestDecisionsOfTheCommandLine(t *testing.T) {
	for _, c := range []struct {
		args []string
		want map[string]any
	}{
		{[]string{"join", "i1", "i2"}, map[string]any{"kind": "merge", "incident": "i1", "with": "i2"}},
		{[]string{"split", "i1", "a", "b"}, map[string]any{"kind": "split", "incident": "i1", "alerts": []any{"a", "b"}}},
		{[]string{"move", "i1", "i2", "a", "--note", "n"}, map[string]any{"kind": "move", "incident": "i1", "with": "i2", "alerts": []any{"a"}, "note": "n"}},
		{[]string{"demote", "ip", "203.0.113.1"}, map[string]any{"kind": "demote", "entity": map[string]any{"type": "ip", "value": "203.0.113.1"}}},
		{[]string{"reject", "i1", "address", "203.0.113.1"}, map[string]any{"kind": "reject", "incident": "i1", "reason": "address", "of": "203.0.113.1"}},
		{[]string{"confirm", "i1", "hash", "x"}, map[string]any{"kind": "confirm", "incident": "i1", "reason": "hash", "of": "x"}},
		{[]string{"close", "i1", "--verdict", "benign"}, map[string]any{"kind": "close", "incident": "i1", "verdict": "benign"}},
	} {
		asked := asking(t, `{"id":"d-1","kind":"close"}`)
		out := ran(t, append([]string{"incidents"}, c.args...)...)
		if out != "d-1\n" || asked.path != "/api/v1/decisions" || fmt.Sprint(asked.body) != fmt.Sprint(c.want) {
			t.Errorf("%v: %q, %+v", c.args, out, asked)
		}
	}
	asked := asking(t, "")
	ran(t, "incidents", "withdraw", "d-1")
	if asked.method != http.MethodDelete || asked.path != "/api/v1/decisions/d-1" {
		t.Errorf("%+v", asked)
	}
	asked = asking(t, `{"items":[{"id":"d-1","kind":"close","by":"ann","incident":"i1","verdict":"test","note":"drill"}],"next":""}`)
	if out := ran(t, "incidents", "decisions", "i1"); !strings.Contains(out, "close i1: test: drill") || !strings.Contains(asked.path, "incident=i1") {
		t.Errorf("%s, %+v", out, asked)
	}
	asking(t, `{"items":[{"reason":"address","confirmed":0,"rejected":2,"weight":0.773,"was":0.85}],"next":""}`)
	if out := ran(t, "incidents", "reasons"); !strings.Contains(out, "0.773") {
		t.Error(out)
	}
	for _, args := range [][]string{{"join", "i1"}, {"split", "i1"}, {"close", "i1"}, {"withdraw"}} {
		if _, status, _ := runBaize(t, "", append([]string{"incidents"}, args...)...); status != exitUsage {
			t.Errorf("%v: exit %d", args, status)
		}
	}
}
