package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"baize/internal/event"
	"baize/internal/server/bus"
)

// NearbyEvents are a host's raw events around a place in its log.
type NearbyEvents struct {
	// Items are in the order of the host's numbers.
	Items []*event.Event `json:"items" nullable:"false"`
	// At is how many of them come before the place that was asked for.
	At int `json:"at"`
	// Earlier and Later say that there may be more on that side.
	Earlier bool `json:"earlier"`
	Later   bool `json:"later"`
}

type eventsInput struct {
	IDInput
	Around  string `query:"around" required:"true" minLength:"1" maxLength:"64" doc:"RFC 3339 by the host's clock, or the number of an event of boot"`
	Boot    string `query:"boot" maxLength:"64" doc:"Boot whose events they are; empty for any"`
	Process string `query:"process" maxLength:"512" doc:"Key of the process that acted; empty for all"`
	Before  int    `query:"before" minimum:"0" maximum:"500" default:"50"`
	After   int    `query:"after" minimum:"0" maximum:"500" default:"50"`
}

func (s *Server) eventRoutes() {
	register(s, operation{
		method: http.MethodGet, path: "/hosts/{id}/events", id: "list-host-events", need: Analyst, audited: true,
		summary: "A host's raw events before and after a time or an event",
	}, s.listHostEvents)
}

func (s *Server) listHostEvents(ctx context.Context, in *eventsInput) (*bodyOutput[NearbyEvents], error) {
	place, err := in.place()
	if err != nil {
		return nil, err
	}
	if _, err := s.fleet.Host(ctx, in.ID); err != nil {
		return nil, err
	}
	near, err := s.log.Around(ctx, place)
	if err != nil {
		return nil, err
	}
	annotate(ctx, in.ID, fmt.Sprintf("%d events around %s %s", len(near.Events), in.Around, in.Process))
	out := NearbyEvents{Items: near.Events, At: near.At, Earlier: near.Earlier, Later: near.Later}
	if out.Items == nil {
		out.Items = []*event.Event{}
	}
	return &bodyOutput[NearbyEvents]{Body: out}, nil
}

// place is what was asked for, as the log has it.
func (in *eventsInput) place() (bus.Place, error) {
	p := bus.Place{Host: in.ID, Boot: in.Boot, Before: in.Before, After: in.After}
	if seq, err := strconv.ParseUint(in.Around, 10, 64); err == nil && seq > 0 {
		p.Seq = seq
	} else if p.Time, err = time.Parse(time.RFC3339Nano, in.Around); err != nil {
		return p, huma.Error422UnprocessableEntity("around is neither the number of an event nor a time like 2026-01-02T03:04:05Z")
	}
	if in.Process == "" {
		return p, nil
	}
	key, err := event.ParseProcessKey(in.Process)
	if err != nil {
		return p, huma.Error422UnprocessableEntity(err.Error())
	}
	p.Keep = func(ev *event.Event) bool { return ev.Process != nil && ev.Process.Key == key }
	return p, nil
}
