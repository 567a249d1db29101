package api

import (
	"context"
	"errors"
	"net/http"

	"baize/internal/provenance"
	"baize/internal/server/history"
	"baize/internal/server/state"
)

// AlertProvenance is where an alert came from and what came of it.
type AlertProvenance struct {
	Alert string `json:"alert"`
	// Graph is the way back to the entry point, with what the intrusion did.
	Graph provenance.Graph `json:"graph"`
	// Answers about the intrusion; all unknown where there is none.
	Answers map[string]provenance.Answer `json:"answers"`
	// Intrusion that the alert is part of; absent where it is part of none.
	Intrusion *provenance.Intrusion `json:"intrusion,omitempty"`
}

type intrusionsInput struct {
	PageInput
	Host   string `query:"host" maxLength:"256" doc:"Host id"`
	Merged bool   `query:"merged" doc:"Include the intrusions that became part of another"`
}

type provenanceInput struct {
	IDInput
	Stored bool `query:"stored" doc:"Where the way back leaves what is remembered, continue it in stored telemetry; takes up to 20 s"`
}

// intrusionInput names an intrusion in the query: its id has slashes.
type intrusionInput struct {
	ID string `query:"id" required:"true" minLength:"1" maxLength:"512"`
}

func (s *Server) provenanceRoutes() {
	register(s, operation{method: http.MethodGet, path: "/alerts/{id}/provenance", id: "get-alert-provenance", summary: "Where an alert came from, what its intrusion did, and the five answers", need: Viewer}, s.getAlertProvenance)
	register(s, operation{method: http.MethodGet, path: "/intrusions", id: "list-intrusions", summary: "Intrusions by the time they were opened", need: Viewer}, s.listIntrusions)
	register(s, operation{method: http.MethodGet, path: "/intrusion", id: "get-intrusion", summary: "One intrusion; of one that was merged, the intrusion it became part of", need: Viewer}, s.getIntrusion)
}

func (s *Server) getAlertProvenance(ctx context.Context, in *provenanceInput) (*bodyOutput[AlertProvenance], error) {
	a, err := s.state.Alert(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := AlertProvenance{Alert: a.ID, Answers: provenance.Unanswered(), Graph: provenance.Graph{Nodes: []provenance.Node{}, Edges: []provenance.Edge{}}}
	if a.Path != nil {
		out.Graph = *a.Path
	}
	if in.Stored {
		if out.Graph, err = history.Continue(ctx, s.log, &a, out.Graph); err != nil {
			return nil, err
		}
	}
	if a.Intrusion != "" {
		i, err := s.state.Intrusion(ctx, a.Intrusion)
		switch {
		case errors.Is(err, state.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			out.Intrusion, out.Answers, out.Graph = &i, i.Answers, provenance.Merge(out.Graph, i.Graph)
		}
	}
	out.Graph.Alert = a.ID
	return &bodyOutput[AlertProvenance]{Body: out}, nil
}

func (s *Server) listIntrusions(ctx context.Context, in *intrusionsInput) (*listOutput[provenance.Intrusion], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	found, next, err := s.state.Intrusions(ctx, state.IntrusionFilter{Host: in.Host, Merged: in.Merged}, page)
	return list(found, next.String()), err
}

func (s *Server) getIntrusion(ctx context.Context, in *intrusionInput) (*bodyOutput[provenance.Intrusion], error) {
	i, err := s.state.Intrusion(ctx, in.ID)
	return &bodyOutput[provenance.Intrusion]{Body: i}, err
}
