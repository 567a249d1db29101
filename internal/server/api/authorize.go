package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// authorize lets a call through if its principal has the role the operation
// needs. An operation without a role is let through to nobody.
func (s *Server) authorize(ctx huma.Context, next func(huma.Context)) {
	need, _ := ctx.Operation().Metadata[needKey].(Role)
	if need == Anyone {
		next(ctx)
		return
	}
	r, _ := humago.Unwrap(ctx)
	p, status, detail := s.admit(r, need)
	if status != 0 {
		s.refuse(ctx, status, detail)
		return
	}
	next(huma.WithValue(ctx, principalKey, p))
}

// admit returns who calls, or the status and the reason of a refusal.
func (s *Server) admit(r *http.Request, need Role) (p Principal, status int, detail string) {
	p, err := s.authenticate(r)
	switch {
	case errors.Is(err, errAnonymous):
		return p, http.StatusUnauthorized, "log in, or send a token"
	case err != nil:
		s.logger.Error("authentication failed", "error", err)
		return p, http.StatusInternalServerError, "the server failed; its log says why"
	case !p.Role.May(need):
		return p, http.StatusForbidden, "this needs the role " + string(need) + "; " + p.Name + " has " + string(p.Role)
	}
	return p, 0, ""
}

func (s *Server) refuse(ctx huma.Context, status int, detail string) {
	if status == http.StatusUnauthorized {
		ctx.SetHeader("WWW-Authenticate", `Bearer realm="baize"`)
	}
	if err := huma.WriteErr(s.api, ctx, status, detail); err != nil {
		s.logger.Debug("refusal not delivered", "error", err)
	}
}

// guard does for a plain handler what authorize does for an operation.
func (s *Server) guard(need Role, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, status, detail := s.admit(r, need)
		if status != 0 {
			writeProblem(w, status, detail)
			return
		}
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), principalKey, p)))
	})
}

// observe counts and times every call.
func (s *Server) observe(ctx huma.Context, next func(huma.Context)) {
	began := time.Now()
	next(ctx)
	s.metrics.call(ctx.Operation().OperationID, ctx.Status(), time.Since(began))
}
