package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"baize/internal/server/evidence"
	"baize/internal/server/state"
	"baize/test/seed/story"
)

// fuzzServer is one server for all inputs of a fuzzing process.
func fuzzServer(f *testing.F) *Server {
	f.Helper()
	db, err := state.Open(f.Context(), filepath.Join(f.TempDir(), "state.db"))
	must(f, err)
	f.Cleanup(func() { _ = db.Close() })
	teller, err := story.New(f.Context(), db, began)
	must(f, err)
	must(f, teller.Tell(f.Context(), teller.Left()))
	return New(Config{State: db, Fleet: &oneHost{}, Log: &shortLog{}, Evidence: evidence.New(evidence.Deps{State: db, Now: time.Now}), Metrics: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler)})
}

// No path and no query below the API makes the server fail: each is answered,
// or refused with a reason. Calls go to the handler as the local operator,
// without a connection.
func FuzzRead(f *testing.F) {
	f.Add("/alerts", "cursor=MTox&limit=3&since=1h&order=newest")
	f.Add("/alerts", "cursor=%00&host=%ff&incident='")
	f.Add("/incidents/inc-0001/processes", "")
	f.Add("/incidents", "limit=-1&status=open&merged=true")
	f.Add("/audit", "cursor=MTph&order=newest")
	f.Add("/hosts/%2e%2e/x", "cursor=\xff")
	server := fuzzServer(f)
	f.Fuzz(func(t *testing.T, path, query string) {
		if path == "/stream" { // does not end
			return
		}
		target := &url.URL{Scheme: "http", Host: "local", Path: base + path, RawQuery: query}
		request, err := http.NewRequestWithContext(context.WithValue(t.Context(), localKey, uint32(0)), http.MethodGet, target.String(), nil)
		if err != nil || request.URL.Path == base+"/stream" {
			return
		}
		recorder := httptest.NewRecorder()
		server.Handler().ServeHTTP(recorder, request)
		if recorder.Code >= http.StatusInternalServerError {
			t.Fatalf("GET %s gave %d: %s", target, recorder.Code, recorder.Body)
		}
	})
}
