package api

import (
	"net/http"
	"strings"
	"testing"

	"baize/internal/label"
	"baize/internal/server/state"
)

func TestLabelsThroughTheAPI(t *testing.T) {
	b := start(t)
	admin, viewer, responder := b.login("admin"), b.login("viewer"), b.login("responder")
	wish := map[string]any{"kind": "host", "match": "web-*", "service": "shop", "owner": "ann"}
	responder.call(http.MethodPut, "/labels", wish).problem(http.StatusForbidden)
	made := decode[label.Assignment](admin.call(http.MethodPut, "/labels", wish))
	if made.By != "admin" || made.Org != "default" || made.At.IsZero() {
		t.Errorf("%+v", made)
	}
	again := decode[label.Assignment](admin.call(http.MethodPut, "/labels", map[string]any{"kind": "host", "match": "web-*", "service": "shop", "owner": "bob"}))
	if all := decode[items[label.Assignment]](viewer.call(http.MethodGet, "/labels", nil)).Items; again.ID != made.ID || len(all) != 1 || all[0].Owner != "bob" {
		t.Errorf("%+v", all)
	}
	b.fleet.org = "default"
	want := label.Labels{Service: "shop", Owner: "bob"}
	if hosts := decode[items[Host]](viewer.call(http.MethodGet, "/hosts", nil)).Items; hosts[0].Labels != want {
		t.Errorf("%+v", hosts[0].Labels)
	}
	if h := decode[Host](viewer.call(http.MethodGet, "/hosts/h1", nil)); h.Labels != want {
		t.Errorf("%+v", h.Labels)
	}
	if text, err := b.server.render(t.Context(), state.Change{Kind: state.KindHost, ID: "h1"}); err != nil || !strings.Contains(string(text[0].data), `"labels":{"service":"shop","owner":"bob"}`) {
		t.Errorf("%v: %s", err, text)
	}
	for why, bad := range map[string]map[string]any{
		"kind": {"kind": "moon", "match": "x", "service": "s"}, "match": {"kind": "host", "match": "", "service": "s"}, "labels": {"kind": "host", "match": "x"},
	} {
		if admin.call(http.MethodPut, "/labels", bad).problem(http.StatusUnprocessableEntity); t.Failed() {
			t.Fatal(why)
		}
	}
	admin.call(http.MethodDelete, "/labels/"+made.ID, nil).want(http.StatusNoContent)
	admin.call(http.MethodDelete, "/labels/"+made.ID, nil).problem(http.StatusNotFound)
	if h := decode[Host](viewer.call(http.MethodGet, "/hosts/h1", nil)); h.Labels != (label.Labels{}) {
		t.Errorf("%+v", h.Labels)
	}
	entries := decode[items[state.AuditEntry]](admin.call(http.MethodGet, "/audit", nil)).Items
	var said []string
	for _, e := range entries {
		if strings.HasSuffix(e.Action, "-labels") && e.Status < 300 {
			said = append(said, e.Actor+" "+e.Action+" "+e.Detail)
		}
	}
	if got, want := strings.Join(said, "\n"), strings.Join([]string{
		"admin assign-labels host web-*: service shop owner ann", "admin assign-labels host web-*: service shop owner bob", "admin remove-labels host web-*: service shop owner bob",
	}, "\n"); got != want {
		t.Errorf("audit:\n%s\nwant\n%s", got, want)
	}
}
