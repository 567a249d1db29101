package api

import (
	"context"
	"net/http"

	"baize/internal/alert"
	"baize/internal/server/state"
)

type alertsInput struct {
	PageInput
	Since    string `query:"since" maxLength:"64" doc:"Fired at or after: RFC 3339, or a duration back from now"`
	Host     string `query:"host" maxLength:"256" doc:"Host id"`
	Incident string `query:"incident" maxLength:"256" doc:"Incident id"`
}

func (s *Server) alertRoutes() {
	register(s, operation{method: http.MethodGet, path: "/alerts", id: "list-alerts", summary: "Alerts by time", need: Viewer}, s.listAlerts)
	register(s, operation{method: http.MethodGet, path: "/alerts/{id}", id: "get-alert", summary: "One alert with its evidence", need: Viewer}, s.getAlert)
}

func (s *Server) listAlerts(ctx context.Context, in *alertsInput) (*listOutput[alert.Alert], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	since, err := parseSince(in.Since, s.now())
	if err != nil {
		return nil, err
	}
	found, next, err := s.state.Alerts(ctx, state.AlertFilter{Since: since, Host: in.Host, Incident: in.Incident}, page)
	return list(found, next.String()), err
}

func (s *Server) getAlert(ctx context.Context, in *IDInput) (*bodyOutput[alert.Alert], error) {
	a, err := s.state.Alert(ctx, in.ID)
	return &bodyOutput[alert.Alert]{Body: a}, err
}
