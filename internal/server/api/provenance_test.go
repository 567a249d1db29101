package api

import (
	"net/http"
	"net/url"
	"testing"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/provenance"
	"baize/internal/server/state"
)

func TestProvenanceOfAnAlert(t *testing.T) {
	b := start(t)
	epoch, err := b.state.TakeLease(t.Context(), state.RoleEngine, "test")
	must(t, err)
	node := func(id string, roles ...string) provenance.Node {
		return provenance.Node{ID: id, Type: "process", Roles: roles}
	}
	path := provenance.Graph{Entry: "sh", Nodes: []provenance.Node{node("trojan", "alert"), node("sh", "entry")}, Edges: []provenance.Edge{{From: "sh", To: "trojan", Op: "fork", Count: 1}}}
	i := provenance.Intrusion{
		ID: "intrusion:web_shell:h/b/1/2", Revision: 1, Host: event.Host{ID: "h"}, Answers: provenance.Unanswered(),
		Graph: provenance.Graph{Nodes: []provenance.Node{node("sh", "entry"), node("file", "brought")}, Edges: []provenance.Edge{{From: "sh", To: "file", Op: "write", Count: 1}}},
	}
	i.Answers[provenance.Files] = provenance.Answer{State: provenance.Yes}
	with := alert.Alert{ID: "with", Revision: 1, Time: began, Host: event.Host{ID: "h"}, Path: &path, Intrusion: i.ID}
	without := alert.Alert{ID: "without", Revision: 1, Time: began, Host: event.Host{ID: "h"}}
	must(t, b.state.ApplyEngine(t.Context(), epoch, 1, state.Output{Alerts: []alert.Alert{with, without}, Intrusions: []provenance.Intrusion{i}}))

	viewer := b.login("viewer")
	got := decode[AlertProvenance](viewer.call(http.MethodGet, "/alerts/with/provenance", nil).want(http.StatusOK))
	if got.Graph.Entry != "sh" || got.Graph.Alert != "with" || len(got.Graph.Nodes) != 3 || len(got.Graph.Edges) != 2 || got.Answers["files"].State != provenance.Yes || got.Intrusion == nil {
		t.Errorf("%+v", got)
	}
	got = decode[AlertProvenance](viewer.call(http.MethodGet, "/alerts/without/provenance?stored=true", nil).want(http.StatusOK))
	if got.Intrusion != nil || got.Graph.Nodes == nil || got.Answers["files"].State != provenance.Unknown {
		t.Errorf("%+v", got)
	}
	viewer.call(http.MethodGet, "/alerts/nothing/provenance", nil).problem(http.StatusNotFound)

	if list := decode[items[provenance.Intrusion]](viewer.call(http.MethodGet, "/intrusions?host=h", nil).want(http.StatusOK)); len(list.Items) != 1 {
		t.Errorf("%+v", list)
	}
	one := decode[provenance.Intrusion](viewer.call(http.MethodGet, "/intrusion?id="+url.QueryEscape(i.ID), nil).want(http.StatusOK))
	if one.ID != i.ID {
		t.Errorf("%+v", one)
	}
	viewer.call(http.MethodGet, "/intrusion?id=nothing", nil).problem(http.StatusNotFound)
	viewer.call(http.MethodGet, "/intrusion", nil).problem(http.StatusUnprocessableEntity)
}
