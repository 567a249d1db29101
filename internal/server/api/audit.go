package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"baize/internal/server/state"
)

// note is what an operation adds to its entry in the audit log: never a secret.
type note struct{ target, detail string }

// annotate adds to the audit entry of the call that ctx belongs to.
func annotate(ctx context.Context, target, detail string) {
	if n, ok := ctx.Value(noteKey).(*note); ok {
		n.target, n.detail = target, detail
	}
}

// audit enters the call in the audit log before it takes effect, and refuses
// it where that fails; how it ended is added after.
func (s *Server) audit(ctx huma.Context, next func(huma.Context)) {
	op := ctx.Operation()
	if audited, _ := op.Metadata[auditedKey].(bool); !audited {
		next(ctx)
		return
	}
	r, _ := humago.Unwrap(ctx)
	id, err := s.state.BeginAudit(ctx.Context(), state.AuditEntry{
		Time: s.now(), Actor: principalOf(ctx.Context()).Name, Source: sourceOf(r), Action: op.OperationID, Target: parameters(ctx),
	})
	if err != nil {
		s.logger.Error("audit log failed", "error", err)
		s.refuse(ctx, http.StatusInternalServerError, "the audit log cannot be written, so nothing was done")
		return
	}
	n := &note{}
	defer s.endAudit(ctx, id, n)
	next(huma.WithValue(ctx, noteKey, n))
}

// endAudit also runs when the call panics or its client is gone.
func (s *Server) endAudit(ctx huma.Context, id int64, n *note) {
	err := s.state.EndAudit(context.WithoutCancel(ctx.Context()), id, ctx.Status(), n.target, n.detail)
	if err != nil {
		s.logger.Error("audit log failed", "error", err)
	}
}

// parameters are the values of the operation's path parameters.
func parameters(ctx huma.Context) string {
	var values []string
	for part := range strings.SplitSeq(ctx.Operation().Path, "/") {
		if name, found := strings.CutPrefix(part, "{"); found {
			values = append(values, ctx.Param(strings.TrimSuffix(name, "}")))
		}
	}
	return strings.Join(values, " ")
}

func (s *Server) auditRoutes() {
	register(s, operation{method: http.MethodGet, path: "/audit", id: "list-audit", summary: "The audit log", need: Admin}, s.listAudit)
}

func (s *Server) listAudit(ctx context.Context, in *PageInput) (*listOutput[state.AuditEntry], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	items, next, err := s.state.Audit(ctx, page)
	return list(items, next.String()), err
}
