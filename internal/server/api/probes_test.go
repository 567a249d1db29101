package api

import (
	"net/http"
	"testing"
)

func TestProbesOfAHost(t *testing.T) {
	b := start(t)
	analyst, responder := b.login("analyst"), b.login("responder")
	found := decode[ProbesResult](analyst.call(http.MethodPost, "/hosts/h1/probes/list", nil))
	if found.State != "done" || len(found.Probes) != 1 || found.Probes[0].Process.PID != 7 || found.More != 20 || found.Detail != "" {
		t.Errorf("%+v", found)
	}
	for _, what := range []string{"attach", "detach"} {
		path := "/hosts/h1/probes/" + what
		analyst.call(http.MethodPost, path, map[string]any{"pid": 7}).problem(http.StatusForbidden)
		found = decode[ProbesResult](responder.call(http.MethodPost, path, map[string]any{"pid": 7, "start": 70}))
		if found.State != "done" || len(found.Probes) != 1 || found.Probes[0].State != "active" {
			t.Errorf("%s: %+v", what, found)
		}
		found = decode[ProbesResult](responder.call(http.MethodPost, path, map[string]any{"pid": 8}))
		if found.State != "failed" || len(found.Probes) != 0 || found.Detail == "" {
			t.Errorf("%s: %+v", what, found)
		}
		responder.call(http.MethodPost, path, map[string]any{"pid": 9}).problem(http.StatusBadGateway)
		responder.call(http.MethodPost, path, map[string]any{"pid": 0}).problem(http.StatusUnprocessableEntity)
		responder.call(http.MethodPost, path, map[string]any{}).problem(http.StatusUnprocessableEntity)
		responder.call(http.MethodPost, "/hosts/h2/probes/"+what, map[string]any{"pid": 7}).problem(http.StatusServiceUnavailable)
	}
}
