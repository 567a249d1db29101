package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"baize/internal/exception"
	"baize/internal/server/policy"
	"baize/internal/server/state"
)

// Scope is what an exception covers.
type Scope struct {
	Rules     []string `json:"rules,omitempty" maxItems:"50" doc:"Ids of rules; none for any rule"`
	Hosts     []string `json:"hosts,omitempty" maxItems:"50" doc:"Ids or names of hosts, * for any text; none for any host"`
	Selection string   `json:"selection,omitempty" maxLength:"2048" doc:"YAML: a selection in Sigma's syntax; empty for any event"`
}

// Terms are who answers for an exception, why, and for how long.
type Terms struct {
	Owner  string `json:"owner,omitempty" maxLength:"256" doc:"Who answers for it; who adds it where empty"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
	Life   string `json:"life" doc:"A duration like 168h, at most 90 days"`
}

// Exception is an exception with what became of it.
type Exception struct {
	state.Exception
	// State is active, expired or removed.
	State string `json:"state" enum:"active,expired,removed"`
}

type addExceptionInput struct {
	Body struct {
		Scope
		Terms
	}
}

type previewInput struct {
	Body struct {
		Scope
		Since string `json:"since,omitempty" default:"168h" doc:"Fired at or after: RFC 3339, or a duration back from now"`
		Until string `json:"until,omitempty" doc:"Fired before: RFC 3339, or a duration back from now; empty for now"`
	}
}

// Preview is what an exception would have hidden.
type Preview struct {
	exception.Preview
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// More : there are older alerts in the range than were looked at.
	More bool `json:"more"`
}

type acceptInput struct {
	IDInput
	Body Terms
}

func (s *Server) exceptionRoutes() {
	register(s, operation{method: http.MethodGet, path: "/exceptions", id: "list-exceptions", summary: "Exceptions, ended ones included, by time", need: Viewer}, s.listExceptions)
	register(s, operation{method: http.MethodPost, path: "/exceptions", id: "add-exception", summary: "Put an exception in force", need: Responder, status: http.StatusCreated}, s.addException)
	register(s, operation{method: http.MethodPost, path: "/exceptions/preview", id: "preview-exception", summary: "What an exception would have hidden of stored alerts", need: Analyst}, s.previewException)
	register(s, operation{method: http.MethodDelete, path: "/exceptions/{id}", id: "remove-exception", summary: "End an exception before its time", need: Responder, status: http.StatusNoContent}, s.removeException)
	register(s, operation{method: http.MethodGet, path: "/exceptions/{id}/hidden", id: "list-hidden-firings", summary: "The latest firings that an exception hid", need: Viewer}, s.listHidden)
	register(s, operation{method: http.MethodGet, path: "/exception-proposals", id: "list-proposals", summary: "Exceptions that the server proposes: frequent on many hosts, at most of level " + exception.MaxLevel, need: Analyst}, s.listProposals)
	register(s, operation{method: http.MethodPost, path: "/exception-proposals/{id}/accept", id: "accept-proposal", summary: "Make a proposal an exception", need: Responder, status: http.StatusCreated}, s.acceptProposal)
	register(s, operation{method: http.MethodPost, path: "/exception-proposals/{id}/dismiss", id: "dismiss-proposal", summary: "Want no exception of a proposal", need: Responder, status: http.StatusNoContent}, s.dismissProposal)
	register(s, operation{method: http.MethodDelete, path: "/exception-proposals/{id}/dismiss", id: "reconsider-proposal", summary: "Take a dismissal back", need: Responder, status: http.StatusNoContent}, s.reconsiderProposal)
}

func (s *Server) showException(x state.Exception) Exception {
	shown := Exception{Exception: x, State: "active"}
	switch {
	case !x.Removed.IsZero():
		shown.State = "removed"
	case !x.Active(s.now()):
		shown.State = "expired"
	}
	return shown
}

func (s *Server) listExceptions(ctx context.Context, in *PageInput) (*listOutput[Exception], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	found, next, err := s.state.Exceptions(ctx, page)
	shown := make([]Exception, 0, len(found))
	for _, x := range found {
		shown = append(shown, s.showException(x))
	}
	return list(shown, next.String()), err
}

// terms are those of a new exception.
func (s *Server) terms(ctx context.Context, t Terms) (exception.Exception, error) {
	d, err := life(t.Life)
	return exception.Exception{Owner: cmp.Or(t.Owner, principalOf(ctx).Name), Reason: t.Reason, Expires: s.now().Add(d)}, err
}

// added is the answer of a new exception, which goes to the audit log.
func (s *Server) added(ctx context.Context, x exception.Exception, err error) (*bodyOutput[Exception], error) {
	if err != nil {
		return nil, err
	}
	annotate(ctx, x.ID, fmt.Sprintf("%s: rules %s; hosts %s; selection %q; until %s",
		x.Reason, strings.Join(x.Rules, " "), strings.Join(x.Hosts, " "), x.Selection, x.Expires.Format(time.RFC3339)))
	return &bodyOutput[Exception]{Body: s.showException(state.Exception{Exception: x})}, nil
}

func (s *Server) addException(ctx context.Context, in *addExceptionInput) (*bodyOutput[Exception], error) {
	x, err := s.terms(ctx, in.Body.Terms)
	if err != nil {
		return nil, err
	}
	x.Rules, x.Hosts, x.Selection = in.Body.Rules, in.Body.Hosts, in.Body.Selection
	x, err = s.policy.AddException(ctx, x)
	return s.added(ctx, x, err)
}

func (s *Server) previewException(ctx context.Context, in *previewInput) (*bodyOutput[Preview], error) {
	now := s.now()
	since, err := parseSince(in.Body.Since, now)
	if err != nil {
		return nil, err
	}
	until, err := parseSince(cmp.Or(in.Body.Until, "0s"), now)
	if err != nil {
		return nil, err
	}
	// Who previews has not said yet why and for how long.
	x := exception.Exception{Owner: principalOf(ctx).Name, Reason: "preview", Expires: now.Add(time.Hour), Rules: in.Body.Rules, Hosts: in.Body.Hosts, Selection: in.Body.Selection}
	preview, more, err := s.policy.Preview(ctx, x, since, until)
	return &bodyOutput[Preview]{Body: Preview{Preview: preview, Since: since, Until: until, More: more}}, err
}

func (s *Server) removeException(ctx context.Context, in *IDInput) (*none, error) {
	return nil, s.policy.RemoveException(ctx, in.ID, principalOf(ctx).Name)
}

func (s *Server) listHidden(ctx context.Context, in *IDInput) (*listOutput[exception.Firing], error) {
	found, err := s.state.Hidden(ctx, in.ID)
	return list(found, ""), err
}

func (s *Server) listProposals(ctx context.Context, _ *none) (*listOutput[policy.Proposal], error) {
	found, err := s.policy.Proposals(ctx)
	return list(found, ""), err
}

func (s *Server) acceptProposal(ctx context.Context, in *acceptInput) (*bodyOutput[Exception], error) {
	x, err := s.terms(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	x, err = s.policy.Accept(ctx, in.ID, x)
	return s.added(ctx, x, err)
}

func (s *Server) dismissProposal(ctx context.Context, in *IDInput) (*none, error) {
	return nil, s.state.Dismiss(ctx, state.Dismissal{ID: in.ID, Author: principalOf(ctx).Name, Created: s.now()})
}

func (s *Server) reconsiderProposal(ctx context.Context, in *IDInput) (*none, error) {
	return nil, s.state.Reconsider(ctx, in.ID)
}
