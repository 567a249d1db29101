package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// A client that leaves in the middle of a call is no error of the server's; the
// same failure while the client waits is.
func TestALeavingClientIsNoError(t *testing.T) {
	var log bytes.Buffer
	s := &Server{logger: slog.New(slog.NewTextHandler(&log, nil))}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := s.problem(gone, "list-alerts", errors.New("interrupted")); err == nil || log.Len() != 0 {
		t.Errorf("%v, log %q", err, log.String())
	}
	if err := s.problem(t.Context(), "list-alerts", errors.New("disk full")); err == nil || strings.Contains(err.Error(), "disk") || !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("%v, log %q", err, log.String())
	}
}
