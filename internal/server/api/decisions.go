package api

import (
	"context"
	"net/http"

	"baize/internal/alert"
	"baize/internal/incident"
	"baize/internal/server/policy"
	"baize/internal/server/state"
)

type decideInput struct {
	Body struct {
		Kind     string   `json:"kind" enum:"demote,reject,confirm,split,move,merge,close"`
		Incident string   `json:"incident,omitempty" maxLength:"64" doc:"What was looked at; may be left out of a demotion"`
		With     string   `json:"with,omitempty" maxLength:"64" doc:"Of merge and move: the other incident"`
		Alerts   []string `json:"alerts,omitempty" maxItems:"2000" doc:"Of split and move: alerts of the incident"`
		Reason   string   `json:"reason,omitempty" maxLength:"64" doc:"Of reject and confirm: the name of a reason"`
		Of       string   `json:"of,omitempty" maxLength:"4096" doc:"Of reject and confirm: the reason's entity"`
		Entity   *struct {
			Type  string `json:"type" maxLength:"32"`
			Value string `json:"value" maxLength:"4096"`
			Inode string `json:"inode,omitempty" maxLength:"512" doc:"Of a file"`
		} `json:"entity,omitempty" doc:"Of demote"`
		Verdict string `json:"verdict,omitempty" enum:"intrusion,benign,false_alarm,test" doc:"Of close"`
		Note    string `json:"note,omitempty" maxLength:"2000" doc:"Why"`
	}
}

type decisionsInput struct {
	PageInput
	Incident string `query:"incident" maxLength:"64" doc:"Only decisions about this incident, or one that became part of it"`
}

func (s *Server) decisionRoutes() {
	register(s, operation{method: http.MethodGet, path: "/decisions", id: "list-decisions", summary: "Analysts' decisions about incidents, withdrawn ones included, by time", need: Viewer}, s.listDecisions)
	register(s, operation{method: http.MethodPost, path: "/decisions", id: "decide", summary: "Merge, split, move, demote, reject, confirm or close", need: Analyst, status: http.StatusCreated}, s.decide)
	register(s, operation{method: http.MethodDelete, path: "/decisions/{id}", id: "withdraw-decision", summary: "Withdraw a decision: what it did is undone", need: Analyst, status: http.StatusNoContent}, s.withdraw)
	register(s, operation{method: http.MethodGet, path: "/reasons", id: "list-reasons", summary: "Reasons that analysts have confirmed or rejected, and what they weigh since", need: Viewer}, s.listLessons)
}

func (s *Server) listDecisions(ctx context.Context, in *decisionsInput) (*listOutput[state.Decision], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	found, next, err := s.state.Decisions(ctx, in.Incident, page)
	return list(found, next.String()), err
}

func (s *Server) decide(ctx context.Context, in *decideInput) (*bodyOutput[incident.Decision], error) {
	b := &in.Body
	w := policy.Wish{With: b.With, Decision: incident.Decision{
		Kind: b.Kind, Org: principalOf(ctx).Org, By: principalOf(ctx).Name, Note: b.Note, Incident: b.Incident, Alerts: b.Alerts, Reason: b.Reason, Of: b.Of, Verdict: b.Verdict,
	}}
	if b.Entity != nil {
		w.Entity = &alert.Entity{Type: b.Entity.Type, Value: b.Entity.Value, Inode: b.Entity.Inode}
	}
	d, err := s.policy.Decide(ctx, w)
	if err != nil {
		return nil, err
	}
	annotate(ctx, d.ID, d.String())
	return &bodyOutput[incident.Decision]{Body: d}, nil
}

func (s *Server) withdraw(ctx context.Context, in *IDInput) (*none, error) {
	return nil, s.policy.Withdraw(ctx, in.ID, principalOf(ctx).Name)
}

func (s *Server) listLessons(ctx context.Context, _ *none) (*listOutput[incident.Taught], error) {
	active, err := s.state.ActiveDecisions(ctx)
	if err != nil {
		return nil, err
	}
	return list(incident.Lessons(active, principalOf(ctx).Org), ""), nil
}
