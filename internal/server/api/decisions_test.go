package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"baize/internal/incident"
	"baize/internal/server/state"
)

func TestDecisionsThroughTheAPI(t *testing.T) {
	b := start(t)
	epoch, err := b.state.TakeLease(t.Context(), state.RoleEngine, "test")
	must(t, err)
	one := incident.Incident{ID: "inc-1", Revision: 1, Org: "default", Status: incident.StatusOpen, Opened: b.now, Updated: b.now, Alerts: []string{"a1", "a2"}}
	two := one
	two.ID, two.Alerts = "inc-2", []string{"b1"}
	must(t, b.state.ApplyEngine(t.Context(), epoch, 1, state.Output{Incidents: []incident.Incident{one, two}}))
	analyst, viewer := b.login("analyst"), b.login("viewer")
	post := func(body map[string]any) *incident.Decision {
		t.Helper()
		b.now = b.now.Add(time.Second)
		d := decode[incident.Decision](analyst.call(http.MethodPost, "/decisions", body).created())
		return &d
	}
	split := post(map[string]any{"kind": "split", "incident": "inc-1", "alerts": []string{"a2"}, "note": "not his"})
	if split.By != "analyst" || split.ID == "" || split.Org != "default" || !split.At.Equal(b.now) {
		t.Errorf("%+v", split)
	}
	if move := post(map[string]any{"kind": "move", "incident": "inc-1", "with": "inc-2", "alerts": []string{"a1"}}); move.Into != "b1" {
		t.Errorf("%+v", move)
	}
	if merge := post(map[string]any{"kind": "merge", "incident": "inc-1", "with": "inc-2"}); strings.Join(merge.Alerts, " ") != "a1 b1" {
		t.Errorf("%+v", merge)
	}
	post(map[string]any{"kind": "demote", "entity": map[string]any{"type": "ip", "value": "203.0.113.1"}})
	reject := post(map[string]any{"kind": "reject", "incident": "inc-1", "reason": "address", "of": "203.0.113.2"})
	for why, bad := range map[string]map[string]any{
		"kind":     {"kind": "burn", "incident": "inc-1"},
		"entity":   {"kind": "demote"},
		"type":     {"kind": "demote", "entity": map[string]any{"type": "moon", "value": "x"}},
		"reason":   {"kind": "reject", "incident": "inc-1", "reason": "moon", "of": "x"},
		"verdict":  {"kind": "close", "incident": "inc-1"},
		"stranger": {"kind": "split", "incident": "inc-1", "alerts": []string{"b1"}},
		"whole":    {"kind": "split", "incident": "inc-1", "alerts": []string{"a1", "a2"}},
		"itself":   {"kind": "merge", "incident": "inc-1", "with": "inc-1"},
	} {
		if analyst.call(http.MethodPost, "/decisions", bad).problem(http.StatusUnprocessableEntity); t.Failed() {
			t.Fatal(why)
		}
	}
	analyst.call(http.MethodPost, "/decisions", map[string]any{"kind": "close", "incident": "none", "verdict": "test"}).problem(http.StatusNotFound)
	viewer.call(http.MethodPost, "/decisions", map[string]any{"kind": "close", "incident": "inc-1", "verdict": "test"}).problem(http.StatusForbidden)
	lessons := decode[items[incident.Taught]](viewer.call(http.MethodGet, "/reasons", nil)).Items
	if len(lessons) != 1 || lessons[0].Reason != "address" || lessons[0].Rejected != 1 || lessons[0].Weight >= lessons[0].Was {
		t.Errorf("%+v", lessons)
	}
	analyst.call(http.MethodDelete, "/decisions/"+reject.ID, nil).want(http.StatusNoContent)
	analyst.call(http.MethodDelete, "/decisions/"+reject.ID, nil).problem(http.StatusNotFound)
	all := decode[items[state.Decision]](viewer.call(http.MethodGet, "/decisions", nil)).Items
	about := decode[items[state.Decision]](viewer.call(http.MethodGet, "/decisions?incident=inc-1", nil)).Items
	if len(all) != 5 || len(about) != 4 || about[3].WithdrawnBy != "analyst" {
		t.Errorf("%+v\n%+v", all, about)
	}
	log, _, err := b.state.Audit(t.Context(), state.Page{Limit: 100})
	must(t, err)
	found := false
	for _, entry := range log {
		found = found || entry.Target == split.ID && strings.Contains(entry.Detail, "a2 out of inc-1: not his")
	}
	if !found {
		t.Errorf("not in the audit log: %+v", log)
	}
}
