package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"baize/internal/exception"
	"baize/internal/server/actions"
	"baize/internal/server/bus"
	"baize/internal/server/evidence"
	"baize/internal/server/policy"
	"baize/internal/server/respond"
	"baize/internal/server/secret"
	"baize/internal/server/state"
)

// statuses is what the errors of the layers below mean to a client.
var statuses = []struct {
	err    error
	status int
}{
	{state.ErrNotFound, http.StatusNotFound},
	{state.ErrExists, http.StatusConflict},
	{state.ErrLastAdmin, http.StatusConflict},
	{state.ErrCursor, http.StatusUnprocessableEntity},
	{state.ErrGone, http.StatusGone},
	{secret.ErrPassword, http.StatusUnprocessableEntity},
	{policy.ErrInvalid, http.StatusUnprocessableEntity},
	{policy.ErrLimit, http.StatusUnprocessableEntity},
	{policy.ErrPending, http.StatusServiceUnavailable},
	{exception.ErrInvalid, http.StatusUnprocessableEntity},
	{bus.ErrPlace, http.StatusUnprocessableEntity},
	{evidence.ErrRequest, http.StatusUnprocessableEntity},
	{actions.ErrRequest, http.StatusUnprocessableEntity},
	{actions.ErrTooMany, http.StatusTooManyRequests},
	{state.ErrActionState, http.StatusConflict},
	{ErrUnreachable, http.StatusServiceUnavailable},
	{respond.ErrNoAnswer, http.StatusGatewayTimeout},
}

// problem turns an error into an RFC 9457 problem. What is not the client's
// business is logged, and answered without detail.
func (s *Server) problem(ctx context.Context, operation string, err error) error {
	if err == nil {
		return nil
	}
	var known huma.StatusError
	if errors.As(err, &known) {
		return err
	}
	for _, m := range statuses {
		if errors.Is(err, m.err) {
			return huma.NewError(m.status, err.Error())
		}
	}
	level := slog.LevelError
	if ctx.Err() != nil { // the client went away, or the server ends
		level = slog.LevelDebug
	}
	s.logger.Log(ctx, level, "call failed", "operation", operation, "error", err)
	return huma.NewError(http.StatusInternalServerError, "the server failed; its log says why")
}

// writeProblem answers outside of huma's operations.
func writeProblem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	body := huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail}
	_ = json.NewEncoder(w).Encode(body) // a client that is gone is no error of ours
}

func notFound(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, http.StatusNotFound, "no operation "+r.Method+" "+r.URL.Path)
}
