package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"baize/internal/event"
	"baize/internal/label"
	"baize/internal/response"
)

// ErrUnreachable reports a host that cannot be talked to now.
var ErrUnreachable = errors.New("host is not connected")

// Host is an enrolled host and the health of its agent.
type Host struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Org  string `json:"org"`
	// Labels are given by administrators.
	Labels    label.Labels `json:"labels"`
	Connected bool         `json:"connected"`
	LastSeen  time.Time    `json:"last_seen,omitzero"`
	Enrolled  time.Time    `json:"enrolled,omitzero"`
	Version   string       `json:"version"`
	Kernel    string       `json:"kernel"`
	Boot      string       `json:"boot"`
	// Tier of the sensor: 1 to 4, 0 before the first heartbeat.
	Tier  uint32 `json:"tier"`
	Armed bool   `json:"armed"`
	// Scope is the cgroup the agent is confined to.
	Scope      string  `json:"scope"`
	SpoolBytes uint64  `json:"spool_bytes"`
	RSSBytes   uint64  `json:"rss_bytes"`
	CPUSeconds float64 `json:"cpu_seconds"`
	Processes  uint64  `json:"processes"`
	Revoked    bool    `json:"revoked"`
	Classes    []Class `json:"classes" nullable:"false"`
	Hooks      []Hook  `json:"hooks" nullable:"false"`
}

// Class is the completeness of one class of events since the agent started.
type Class struct {
	Class string `json:"class"`
	State string `json:"state"`
	Seen  uint64 `json:"seen"`
	Lost  uint64 `json:"lost"`
}

// Hook is one attachment point of the sensor.
type Hook struct {
	Name     string `json:"name"`
	Attached bool   `json:"attached"`
	Error    string `json:"error"`
}

// Result is what a host answered to a command.
type Result struct {
	ID string `json:"id"`
	// State is done, failed or refused.
	State  string `json:"state"`
	Detail string `json:"detail"`
	// Milliseconds from sending to answer.
	Milliseconds float64 `json:"milliseconds"`
}

type hostsInput struct {
	Cursor string `query:"cursor" maxLength:"512" doc:"The field next of the page before; empty for the first"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"500" doc:"Items a page"`
}

func (s *Server) hostRoutes() {
	register(s, operation{method: http.MethodGet, path: "/hosts", id: "list-hosts", summary: "Hosts by id", need: Viewer}, s.listHosts)
	register(s, operation{method: http.MethodGet, path: "/hosts/{id}", id: "get-host", summary: "One host with the health of its sensor", need: Viewer}, s.getHost)
	register(s, operation{method: http.MethodPost, path: "/hosts/{id}/ping", id: "ping-host", summary: "Send a signed command that does nothing", need: Responder}, s.pingHost)
	register(s, operation{method: http.MethodPost, path: "/hosts/{id}/stat", id: "stat-host", summary: "Have a host look at a file now, and wait for what it sees", need: Analyst}, s.statHost)
	register(s, operation{method: http.MethodPost, path: "/hosts/{id}/revoke", id: "revoke-host", summary: "End a host's identity for good", need: Admin, status: http.StatusNoContent}, s.revokeHost)
}

func (s *Server) listHosts(ctx context.Context, in *hostsInput) (*listOutput[Host], error) {
	found, err := s.fleet.Hosts(ctx, in.Cursor, in.Limit)
	for i := range found {
		s.label(&found[i])
	}
	next := ""
	if len(found) > 0 && len(found) == in.Limit {
		next = found[len(found)-1].ID
	}
	return list(found, next), err
}

func (s *Server) getHost(ctx context.Context, in *IDInput) (*bodyOutput[Host], error) {
	host, err := s.host(ctx, in.ID)
	return &bodyOutput[Host]{Body: host}, err
}

// host is a host with its labels.
func (s *Server) host(ctx context.Context, id string) (Host, error) {
	host, err := s.fleet.Host(ctx, id)
	if err == nil {
		s.label(&host)
	}
	return host, err
}

func (s *Server) label(h *Host) {
	h.Labels = s.policy.Labels().Of(h.Org, event.Host{ID: h.ID, Name: h.Name}, "")
}

// pingWait is how long a host may take to answer.
const pingWait = 10 * time.Second

func (s *Server) pingHost(ctx context.Context, in *IDInput) (*bodyOutput[Result], error) {
	ctx, cancel := context.WithTimeout(ctx, pingWait)
	defer cancel()
	result, err := s.fleet.Ping(ctx, in.ID, principalOf(ctx).Name)
	if err == nil {
		annotate(ctx, in.ID, result.State)
	}
	return &bodyOutput[Result]{Body: result}, late(in.ID, pingWait, err)
}

// late answers for a host that did not in time.
func late(host string, wait time.Duration, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return huma.Error504GatewayTimeout("host " + host + " did not answer within " + wait.String())
	}
	return err
}

type statInput struct {
	IDInput
	Body struct {
		Path      string        `json:"path" minLength:"1" maxLength:"4096" doc:"Absolute, as processes of the host or of the container have it"`
		Container string        `json:"container,omitempty" maxLength:"128" doc:"Id of the container that the path is in; the host itself where empty"`
		Inode     event.FileKey `json:"inode,omitempty" doc:"The file that is meant: the answer says whether it is the same"`
	}
}

// StatResult is what a host sees of a file.
type StatResult struct {
	Result
	// Stat is there if the state is done.
	Stat *response.Stat `json:"stat,omitempty"`
}

// statWait is how long a host may take: it may have to read 64 MiB.
const statWait = 15 * time.Second

func (s *Server) statHost(ctx context.Context, in *statInput) (*bodyOutput[StatResult], error) {
	ctx, cancel := context.WithTimeout(ctx, statWait)
	defer cancel()
	arguments := map[string]string{response.ArgPath: in.Body.Path}
	if in.Body.Container != "" {
		arguments[response.ArgContainer] = in.Body.Container
	}
	if !in.Body.Inode.IsZero() {
		arguments[response.ArgInode] = in.Body.Inode.String()
	}
	annotate(ctx, in.ID, in.Body.Path)
	result, err := s.fleet.Stat(ctx, in.ID, principalOf(ctx).Name, arguments)
	if err != nil {
		return nil, late(in.ID, statWait, err)
	}
	annotate(ctx, in.ID, result.State+" "+in.Body.Path)
	found := StatResult{Result: result}
	if result.State != "done" {
		return &bodyOutput[StatResult]{Body: found}, nil
	}
	if err := json.Unmarshal([]byte(result.Detail), &found.Stat); err != nil {
		return nil, huma.Error502BadGateway("host " + in.ID + " gave an answer that cannot be read: " + err.Error())
	}
	found.Detail = ""
	return &bodyOutput[StatResult]{Body: found}, nil
}

func (s *Server) revokeHost(ctx context.Context, in *IDInput) (*none, error) {
	return nil, s.fleet.Revoke(ctx, in.ID, principalOf(ctx).Name)
}
