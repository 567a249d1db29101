package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"baize/internal/event"
	"baize/internal/response"
	"baize/internal/server/actions"
	"baize/internal/server/respond"
	"baize/internal/server/state"
)

// Actions is what hosts are told to do in response.
type Actions interface {
	// DryRun has a host say what an action would do now.
	DryRun(ctx context.Context, r actions.Request, by string, wait time.Duration) (respond.Result, error)
	// Propose records an action that waits for an approval.
	Propose(ctx context.Context, r actions.Request, by string) (state.ResponseAction, error)
	// Run proposes and approves at once.
	Run(ctx context.Context, r actions.Request, by string, wait time.Duration) (state.ResponseAction, error)
	// Approve sends a proposal to its host.
	Approve(ctx context.Context, id, by string, wait time.Duration) (state.ResponseAction, error)
	// Undo has a host undo an action, or say what it would undo.
	Undo(ctx context.Context, id, by string, dryRun bool, wait time.Duration) (state.ResponseAction, respond.Result, error)
	Get(ctx context.Context, id string) (state.ResponseAction, error)
	List(ctx context.Context, filter state.ActionFilter, page state.Page) ([]state.ResponseAction, state.Cursor, error)
	// InForce has a host list what can be undone there.
	InForce(ctx context.Context, host, by string, wait time.Duration) (respond.Result, error)
}

// actionWait is how long a call waits for a host. What comes later is recorded
// all the same.
const actionWait = 30 * time.Second

type actionBody struct {
	Host      string           `json:"host" minLength:"1" maxLength:"128"`
	Action    string           `json:"action" enum:"freeze,kill,quarantine,revert"`
	Process   event.ProcessKey `json:"process,omitempty" doc:"Of freeze and kill: the root of the tree"`
	Path      string           `json:"path,omitempty" maxLength:"4096" doc:"Of quarantine and revert: absolute"`
	Container string           `json:"container,omitempty" maxLength:"128" doc:"Id of the container that the path is in"`
	Inode     event.FileKey    `json:"inode,omitempty" doc:"What the process executes, or the file, that is meant; a dry run tells it"`
	SHA256    string           `json:"sha256,omitempty" pattern:"^([0-9a-f]{64})?$" doc:"Of quarantine: the content that is meant; a dry run tells it"`
	Lines     []string         `json:"lines,omitempty" maxItems:"200" doc:"Of revert: the lines to remove, as events tell them"`
	Reason    string           `json:"reason,omitempty" maxLength:"2000" doc:"Why; needed unless it is a dry run"`
	Incident  string           `json:"incident,omitempty" maxLength:"64" doc:"That it is for"`
}

func (b *actionBody) request() (actions.Request, error) {
	arguments := map[string]string{
		response.ArgProcess: b.Process.String(), response.ArgPath: b.Path, response.ArgContainer: b.Container,
		response.ArgInode: b.Inode.String(), response.ArgSHA256: b.SHA256,
	}
	if len(b.Lines) > 0 {
		text, err := json.Marshal(b.Lines)
		if err != nil {
			return actions.Request{}, err
		}
		arguments[response.ArgLines] = string(text)
	}
	for name, value := range arguments {
		if value == "" {
			delete(arguments, name)
		}
	}
	return actions.Request{Host: b.Host, Action: b.Action, Arguments: arguments, Reason: b.Reason, Incident: b.Incident}, nil
}

type actionInput struct{ Body actionBody }

type actionsFilter struct {
	PageInput
	Host     string `query:"host" maxLength:"128" doc:"On this host"`
	Incident string `query:"incident" maxLength:"64" doc:"For this incident"`
}

// ResponsePreview is what a host answers to a dry run.
type ResponsePreview struct {
	// State is done, or refused or failed with Detail as the reason.
	State  string `json:"state"`
	Detail string `json:"detail,omitempty"`
	// Tree of freeze and kill, Taken of quarantine, Reverted of revert, Undone of an
	// undoing.
	Tree     *response.Tree     `json:"tree,omitempty"`
	Taken    *response.Taken    `json:"taken,omitempty"`
	Reverted *response.Reverted `json:"reverted,omitempty"`
	Undone   *response.Undone   `json:"undone,omitempty"`
}

func (s *Server) responseRoutes() {
	register(s, operation{method: http.MethodGet, path: "/responses", id: "list-responses", summary: "What hosts were told to do in response, by time", need: Viewer}, s.listResponses)
	register(s, operation{method: http.MethodPost, path: "/responses", id: "respond", summary: "Have a host freeze, kill, quarantine or revert now, and wait for it a while", need: Responder}, s.respond)
	register(s, operation{method: http.MethodPost, path: "/responses/preview", id: "preview-response", summary: "Have a host say what an action would do now; nothing is changed", need: Analyst}, s.previewResponse)
	register(s, operation{method: http.MethodPost, path: "/responses/proposals", id: "propose-response", summary: "Propose an action for a responder to approve", need: Analyst, status: http.StatusCreated}, s.proposeResponse)
	register(s, operation{method: http.MethodGet, path: "/responses/{id}", id: "get-response", summary: "One action with what came of it", need: Viewer}, s.getResponse)
	register(s, operation{method: http.MethodPost, path: "/responses/{id}/approve", id: "approve-response", summary: "Approve a proposal: it is done", need: Responder}, s.approveResponse)
	register(s, operation{method: http.MethodPost, path: "/responses/{id}/undo", id: "undo-response", summary: "Undo an action", need: Responder}, s.undoResponse)
	register(s, operation{method: http.MethodPost, path: "/responses/{id}/undo/preview", id: "preview-undo", summary: "Have a host say what undoing would do now", need: Analyst}, s.previewUndo)
	register(s, operation{method: http.MethodPost, path: "/hosts/{id}/records", id: "host-records", summary: "Have a host list what can be undone there, by its own account", need: Analyst}, s.hostRecords)
}

func (s *Server) listResponses(ctx context.Context, in *actionsFilter) (*listOutput[state.ResponseAction], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	found, next, err := s.actions.List(ctx, state.ActionFilter{Host: in.Host, Incident: in.Incident}, page)
	return list(found, next.String()), err
}

func (s *Server) getResponse(ctx context.Context, in *IDInput) (*bodyOutput[state.ResponseAction], error) {
	a, err := s.actions.Get(ctx, in.ID)
	return &bodyOutput[state.ResponseAction]{Body: a}, err
}

// noted enters an action in the audit log with what came of it.
func noted(ctx context.Context, a *state.ResponseAction) {
	if a.ID != "" {
		annotate(ctx, a.Host, a.ID+" "+a.Action+" "+a.Subject+": "+a.State+"; "+a.Reason)
	}
}

func (s *Server) respond(ctx context.Context, in *actionInput) (*bodyOutput[state.ResponseAction], error) {
	r, err := in.Body.request()
	if err != nil {
		return nil, err
	}
	annotate(ctx, r.Host, r.Action)
	a, err := s.actions.Run(ctx, r, principalOf(ctx).Name, actionWait)
	noted(ctx, &a)
	return &bodyOutput[state.ResponseAction]{Body: a}, err
}

func (s *Server) proposeResponse(ctx context.Context, in *actionInput) (*bodyOutput[state.ResponseAction], error) {
	r, err := in.Body.request()
	if err != nil {
		return nil, err
	}
	annotate(ctx, r.Host, r.Action)
	a, err := s.actions.Propose(ctx, r, principalOf(ctx).Name)
	noted(ctx, &a)
	return &bodyOutput[state.ResponseAction]{Body: a}, err
}

func (s *Server) approveResponse(ctx context.Context, in *IDInput) (*bodyOutput[state.ResponseAction], error) {
	a, err := s.actions.Approve(ctx, in.ID, principalOf(ctx).Name, actionWait)
	noted(ctx, &a)
	return &bodyOutput[state.ResponseAction]{Body: a}, err
}

func (s *Server) undoResponse(ctx context.Context, in *IDInput) (*bodyOutput[state.ResponseAction], error) {
	a, _, err := s.actions.Undo(ctx, in.ID, principalOf(ctx).Name, false, actionWait)
	noted(ctx, &a)
	return &bodyOutput[state.ResponseAction]{Body: a}, err
}

func (s *Server) previewResponse(ctx context.Context, in *actionInput) (*bodyOutput[ResponsePreview], error) {
	r, err := in.Body.request()
	if err != nil {
		return nil, err
	}
	annotate(ctx, r.Host, "dry run of "+r.Action)
	result, err := s.actions.DryRun(ctx, r, principalOf(ctx).Name, actionWait)
	if err != nil {
		return nil, err
	}
	return previewed(r.Host, r.Action, result)
}

func (s *Server) previewUndo(ctx context.Context, in *IDInput) (*bodyOutput[ResponsePreview], error) {
	a, result, err := s.actions.Undo(ctx, in.ID, principalOf(ctx).Name, true, actionWait)
	if err != nil {
		return nil, err
	}
	return previewed(a.Host, response.UndoOf[a.Action], result)
}

// previewed reads a host's answer to a dry run.
func previewed(host, action string, result respond.Result) (*bodyOutput[ResponsePreview], error) {
	p := ResponsePreview{State: result.State, Detail: result.Detail}
	if result.State != "done" {
		return &bodyOutput[ResponsePreview]{Body: p}, nil
	}
	p.Detail = ""
	var err error
	switch action {
	case response.ActionFreeze, response.ActionKill:
		err = json.Unmarshal([]byte(result.Detail), &p.Tree)
	case response.ActionQuarantine:
		err = json.Unmarshal([]byte(result.Detail), &p.Taken)
	case response.ActionRevert:
		err = json.Unmarshal([]byte(result.Detail), &p.Reverted)
	default:
		err = json.Unmarshal([]byte(result.Detail), &p.Undone)
	}
	if err != nil {
		return nil, unreadable(host, err)
	}
	return &bodyOutput[ResponsePreview]{Body: p}, nil
}

func unreadable(host string, err error) error {
	return huma.Error502BadGateway("host " + host + " gave an answer that cannot be read: " + err.Error())
}

func (s *Server) hostRecords(ctx context.Context, in *IDInput) (*bodyOutput[response.Records], error) {
	annotate(ctx, in.ID, "")
	result, err := s.actions.InForce(ctx, in.ID, principalOf(ctx).Name, actionWait)
	if err != nil {
		return nil, err
	}
	if result.State != "done" {
		return nil, huma.Error502BadGateway("host " + in.ID + " answered " + result.State + ": " + result.Detail)
	}
	found := response.Records{}
	if err := json.Unmarshal([]byte(result.Detail), &found); err != nil {
		return nil, unreadable(in.ID, err)
	}
	return &bodyOutput[response.Records]{Body: found}, nil
}
