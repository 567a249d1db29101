package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"baize/internal/server/state"
	"baize/test/seed/story"
)

// fuzzed is one server for all inputs of a fuzzing process: calls go to its
// handler as the local operator, without a connection.
var fuzzed struct {
	once   sync.Once
	server *Server
	err    error
}

type fuzzer struct{ t *testing.T }

func fuzzBench(t *testing.T) fuzzer {
	t.Helper()
	fuzzed.once.Do(func() { fuzzed.server, fuzzed.err = fuzzServer(t) })
	must(t, fuzzed.err)
	return fuzzer{t}
}

func fuzzServer(t *testing.T) (*Server, error) {
	db, err := state.Open(context.Background(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = db.Close(); fuzzed.once = sync.Once{} })
	teller, err := story.New(context.Background(), db, began)
	if err != nil {
		return nil, err
	}
	server := New(Config{State: db, Fleet: &oneHost{}, Log: &shortLog{}, Metrics: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler)})
	return server, teller.Tell(context.Background(), teller.Left())
}

func (f fuzzer) fuzzCall(url string) int {
	request, err := http.NewRequestWithContext(context.WithValue(context.Background(), localKey, uint32(0)), http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	recorder := httptest.NewRecorder()
	fuzzed.server.Handler().ServeHTTP(recorder, request)
	return recorder.Code
}
