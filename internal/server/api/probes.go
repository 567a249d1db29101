package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"baize/internal/response"
)

// ProbesResult is what a host says of the processes that a probe is in, or can
// be put into.
type ProbesResult struct {
	Result
	// Probes are there if the state is done.
	Probes []response.Probe `json:"probes,omitempty"`
	// More are left out, for room.
	More int `json:"more,omitempty"`
}

func (s *Server) probeRoutes() {
	register(s, operation{method: http.MethodPost, path: "/hosts/{id}/probes/list", id: "list-probes", summary: "Have a host say which processes a probe is in, or can be put into", need: Analyst}, s.listProbes)
	register(s, operation{method: http.MethodPost, path: "/hosts/{id}/probes/attach", id: "attach-probe", summary: "Put a probe into a process of a host, and wait until it is active", need: Responder}, s.attachProbe)
	register(s, operation{method: http.MethodPost, path: "/hosts/{id}/probes/detach", id: "detach-probe", summary: "Take the probe out of a process of a host, and wait until it is out", need: Responder}, s.detachProbe)
}

// How long a host may take.
const (
	probeListWait   = 20 * time.Second
	probeAttachWait = time.Minute
	probeDetachWait = 30 * time.Second
)

type probeInput struct {
	IDInput
	Body struct {
		PID   uint32 `json:"pid" minimum:"1" doc:"The process's number in the host's own pid namespace"`
		Start uint64 `json:"start,omitempty" doc:"Its start, as in its key, so that no other process that got its number is meant"`
	}
}

func (in *probeInput) arguments() map[string]string {
	arguments := map[string]string{response.ArgPID: strconv.FormatUint(uint64(in.Body.PID), 10)}
	if in.Body.Start != 0 {
		arguments[response.ArgStart] = strconv.FormatUint(in.Body.Start, 10)
	}
	return arguments
}

func (s *Server) listProbes(ctx context.Context, in *IDInput) (*bodyOutput[ProbesResult], error) {
	return s.probes(ctx, in.ID, response.ActionProbeList, nil, probeListWait)
}

func (s *Server) attachProbe(ctx context.Context, in *probeInput) (*bodyOutput[ProbesResult], error) {
	return s.probes(ctx, in.ID, response.ActionProbeAttach, in.arguments(), probeAttachWait)
}

func (s *Server) detachProbe(ctx context.Context, in *probeInput) (*bodyOutput[ProbesResult], error) {
	return s.probes(ctx, in.ID, response.ActionProbeDetach, in.arguments(), probeDetachWait)
}

func (s *Server) probes(ctx context.Context, host, action string, arguments map[string]string, wait time.Duration) (*bodyOutput[ProbesResult], error) {
	what := action + " " + arguments[response.ArgPID]
	annotate(ctx, host, what)
	result, err := s.fleet.Do(ctx, host, principalOf(ctx).Name, action, arguments, wait)
	if err != nil {
		return nil, late(host, wait, err)
	}
	annotate(ctx, host, result.State+" "+what)
	found := ProbesResult{Result: result}
	if result.State != "done" {
		return &bodyOutput[ProbesResult]{Body: found}, nil
	}
	var list response.Probes
	if err := json.Unmarshal([]byte(result.Detail), &list); err != nil {
		return nil, huma.Error502BadGateway("host " + host + " gave an answer that cannot be read: " + err.Error())
	}
	found.Probes, found.More, found.Detail = list.Probes, list.More, ""
	return &bodyOutput[ProbesResult]{Body: found}, nil
}
