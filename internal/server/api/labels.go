package api

import (
	"context"
	"net/http"

	"baize/internal/label"
)

type assignInput struct {
	Body struct {
		Kind    string `json:"kind" enum:"host,image"`
		Match   string `json:"match" minLength:"1" maxLength:"256" doc:"Id or name of hosts, or name of images; * stands for any text"`
		Service string `json:"service,omitempty" maxLength:"100"`
		Owner   string `json:"owner,omitempty" maxLength:"100"`
		Group   string `json:"group,omitempty" maxLength:"100"`
	}
}

func (s *Server) labelRoutes() {
	register(s, operation{method: http.MethodGet, path: "/labels", id: "list-labels", summary: "Service, owner and group of hosts and images, by kind and match", need: Viewer}, s.listLabels)
	register(s, operation{method: http.MethodPut, path: "/labels", id: "assign-labels", summary: "Give labels to hosts or images, instead of those that the same match had", need: Admin}, s.assignLabels)
	register(s, operation{method: http.MethodDelete, path: "/labels/{id}", id: "remove-labels", summary: "Take labels from hosts or images", need: Admin, status: http.StatusNoContent}, s.removeLabels)
}

func (s *Server) listLabels(ctx context.Context, _ *none) (*listOutput[label.Assignment], error) {
	found, err := s.state.Labels(ctx)
	return list(found, ""), err
}

func (s *Server) assignLabels(ctx context.Context, in *assignInput) (*bodyOutput[label.Assignment], error) {
	b := &in.Body
	a, err := s.policy.Assign(ctx, label.Assignment{
		Org: principalOf(ctx).Org, By: principalOf(ctx).Name, Kind: b.Kind, Match: b.Match,
		Labels: label.Labels{Service: b.Service, Owner: b.Owner, Group: b.Group},
	})
	if err != nil {
		return nil, err
	}
	annotate(ctx, a.ID, a.String())
	return &bodyOutput[label.Assignment]{Body: a}, nil
}

func (s *Server) removeLabels(ctx context.Context, in *IDInput) (*none, error) {
	a, err := s.policy.Unassign(ctx, in.ID)
	if err == nil {
		annotate(ctx, a.ID, a.String())
	}
	return nil, err
}
