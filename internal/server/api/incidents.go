package api

import (
	"context"
	"net/http"

	"baize/internal/alert"
	"baize/internal/incident"
	"baize/internal/server/state"
)

type incidentsInput struct {
	PageInput
	Status string `query:"status" enum:"open,closed"`
	Merged bool   `query:"merged" doc:"Include the incidents that became part of another"`
}

type membersInput struct {
	IDInput
	PageInput
}

func (s *Server) incidentRoutes() {
	register(s, operation{method: http.MethodGet, path: "/incidents", id: "list-incidents", summary: "Incidents by the time they were opened", need: Viewer}, s.listIncidents)
	register(s, operation{method: http.MethodGet, path: "/incidents/{id}", id: "get-incident", summary: "One incident; of one that was merged, the incident it became part of", need: Viewer}, s.getIncident)
	register(s, operation{method: http.MethodGet, path: "/incidents/{id}/alerts", id: "list-incident-alerts", summary: "The alerts of an incident by time", need: Viewer}, s.listMembers)
	register(s, operation{method: http.MethodGet, path: "/incidents/{id}/processes", id: "list-incident-processes", summary: "The processes that the incident's evidence shows, as a forest", need: Viewer}, s.listProcesses)
}

func (s *Server) listIncidents(ctx context.Context, in *incidentsInput) (*listOutput[incident.Incident], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	found, next, err := s.state.Incidents(ctx, state.IncidentFilter{Status: in.Status, Merged: in.Merged}, page)
	return list(found, next.String()), err
}

func (s *Server) getIncident(ctx context.Context, in *IDInput) (*bodyOutput[incident.Incident], error) {
	inc, err := s.state.FollowIncident(ctx, in.ID)
	return &bodyOutput[incident.Incident]{Body: inc}, err
}

func (s *Server) listMembers(ctx context.Context, in *membersInput) (*listOutput[alert.Alert], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	inc, err := s.state.FollowIncident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	found, next, err := s.state.Alerts(ctx, state.AlertFilter{Incident: inc.ID}, page)
	return list(found, next.String()), err
}

func (s *Server) listProcesses(ctx context.Context, in *IDInput) (*listOutput[Process], error) {
	inc, err := s.state.FollowIncident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	forest := newForest()
	page := state.Page{Limit: state.MaxPage}
	for {
		found, next, err := s.state.Alerts(ctx, state.AlertFilter{Incident: inc.ID}, page)
		if err != nil {
			return nil, err
		}
		for i := range found {
			forest.add(&found[i])
		}
		if next == (state.Cursor{}) || forest.full() {
			return list(forest.list(), ""), nil
		}
		page.After = next
	}
}
