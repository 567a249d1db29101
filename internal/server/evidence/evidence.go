// Package evidence collects files, images and facts of processes from hosts,
// and keeps them: by what they contain, within quotas, and with the chain of
// custody: who or which policy asked, when, of which host, by which command,
// what came, and every use that was made of it since.
//
// A host sends only what it was asked for. Nothing goes to make room: at a
// quota a host is refused, which fails the request and says so, until somebody
// removes evidence; the record of what was removed stays.
package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"baize/internal/event"
	"baize/internal/response"
	"baize/internal/server/bulk"
	"baize/internal/server/respond"
	"baize/internal/server/state"
)

var (
	// ErrRequest reports a request that no host could fulfil.
	ErrRequest = errors.New("evidence cannot be asked for like this")
	// ErrUnasked reports evidence that nobody asked the host for.
	ErrUnasked = errors.New("evidence that was not asked for")
)

// Uses of evidence, as the chain of custody names them.
const (
	useShow   = "show"
	useExport = "export"
	useRemove = "remove"
)

// validity is how long after the request a host may still deliver: the life of
// the command, and the time that a slow line takes.
const validity = 30 * time.Minute

// Deps are what evidence works with. It owns none of them.
type Deps struct {
	State *state.DB
	// Blobs keeps the content, and nothing else.
	Blobs *bulk.Store
	// Order is the responder's.
	Order  func(ctx context.Context, o respond.Order) (respond.Result, error)
	Policy Policy
	Now    func() time.Time
	Log    *slog.Logger
}

// Store is safe for concurrent use. Run serves what policy asks for.
type Store struct {
	deps    Deps
	dropped chan Dropped
}

// New returns the store.
func New(deps Deps) *Store {
	return &Store{deps: deps, dropped: make(chan Dropped, maxDropped)}
}

// Request says what is wanted of a host.
type Request struct {
	Host string
	// What is one of response.CollectFile, CollectImage and CollectProcess.
	What string
	// Path of a file, in Container or on the host.
	Path, Container string
	// Inode and SHA256 it must have, where they are known.
	Inode  event.FileKey
	SHA256 string
	// Process whose image or facts are wanted.
	Process event.ProcessKey
	// Alert that it is wanted for, if it is.
	Alert string
}

// check says what is missing.
func (r *Request) check() error {
	switch r.What {
	case response.CollectFile:
		if r.Path == "" {
			return fmt.Errorf("%w: a file has a path", ErrRequest)
		}
	case response.CollectImage, response.CollectProcess:
		if r.Process.IsZero() || r.Process.Host != r.Host {
			return fmt.Errorf("%w: %s needs the key of a process of that host", ErrRequest, r.What)
		}
	default:
		return fmt.Errorf("%w: %q is none of file, image and process", ErrRequest, r.What)
	}
	return nil
}

func (r *Request) arguments() map[string]string {
	arguments := map[string]string{
		response.ArgWhat: r.What, response.ArgPath: r.Path, response.ArgContainer: r.Container,
		response.ArgInode: r.Inode.String(), response.ArgSHA256: r.SHA256, response.ArgProcess: r.Process.String(),
	}
	for name, value := range arguments {
		if value == "" {
			delete(arguments, name)
		}
	}
	return arguments
}

// Collect asks a host on behalf of a user, or of "policy:NAME", and waits for
// what comes of it. What is returned is on record: still requested if the host
// has not answered in time, and stored, failed or refused when it does. It is an
// error if the host was not asked at all; then it is failed.
func (s *Store) Collect(ctx context.Context, r Request, by string, wait time.Duration) (state.Evidence, error) {
	if err := r.check(); err != nil {
		return state.Evidence{}, err
	}
	e := state.Evidence{
		Host: r.Host, What: r.What, Path: r.Path, Container: r.Container, Inode: r.Inode.String(), Process: r.Process.String(),
		Alert: r.Alert, By: by, Asked: s.deps.Now().UTC(), SHA256: r.SHA256, State: state.EvidenceRequested,
	}
	result, err := s.deps.Order(ctx, respond.Order{
		Host: r.Host, Approver: by, Action: response.ActionCollect, Arguments: r.arguments(), Wait: wait,
		Record: func(ctx context.Context, id string) error {
			e.ID = id
			return s.deps.State.AddEvidence(ctx, &e)
		},
	})
	if e.ID == "" {
		return e, err
	}
	if err != nil && !errors.Is(err, respond.ErrNoAnswer) {
		e.State, e.Detail = "failed", err.Error()
		return e, errors.Join(err, s.deps.State.EndEvidence(context.WithoutCancel(ctx), &e))
	}
	return s.deps.State.Evidence(context.WithoutCancel(ctx), result.Command)
}

// Begin takes evidence from a host: bulk.Store's Begin, of what was asked for.
func (s *Store) Begin(host string, h bulk.Header) (*bulk.Upload, error) {
	e, err := s.deps.State.Evidence(context.Background(), h.Name)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return nil, err
	}
	if err != nil || e.Host != host || e.State != state.EvidenceRequested || s.deps.Now().Sub(e.Asked) > validity {
		return nil, fmt.Errorf("%w: %w: command %q", bulk.ErrHeader, ErrUnasked, h.Name)
	}
	if h.Size > response.MaxEvidence {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", bulk.ErrQuota, h.Size, int64(response.MaxEvidence))
	}
	return s.deps.Blobs.Begin(host, h)
}

// Ended takes what a host has answered to a command; the responder calls it.
func (s *Store) Ended(ctx context.Context, command state.Command) {
	if command.Action != response.ActionCollect {
		return
	}
	e, err := s.deps.State.Evidence(ctx, command.ID)
	if err != nil {
		s.deps.Log.Error("evidence: answer to nothing on record", "command", command.ID, "error", err)
		return
	}
	s.judge(&e, command)
	if err := s.deps.State.EndEvidence(ctx, &e); err != nil {
		s.deps.Log.Error("evidence: not recorded", "command", command.ID, "error", err)
	}
}

// judge believes a host's answer as far as what it delivered was verified.
func (s *Store) judge(e *state.Evidence, command state.Command) {
	e.State, e.Detail = command.State, command.Detail
	if command.State != "done" {
		return
	}
	e.State = "failed"
	var came response.Collected
	if err := json.Unmarshal([]byte(command.Detail), &came); err != nil {
		e.Detail = "the host's answer cannot be read: " + err.Error()
		return
	}
	content, err := s.deps.Blobs.Open(e.Host, came.SHA256)
	if err != nil {
		e.Detail = "the host says that it delivered, and nothing came: " + err.Error()
		return
	}
	defer content.Close()
	info, err := content.Stat()
	switch {
	case err != nil:
		e.Detail = err.Error()
		return
	case e.SHA256 != "" && e.SHA256 != came.SHA256:
		e.Detail = "the host delivered other content than was asked for: SHA-256 " + came.SHA256
		return
	}
	e.State, e.Detail = state.EvidenceStored, ""
	e.Path, e.Inode, e.SHA256, e.Size = came.Path, came.Inode.String(), came.SHA256, info.Size()
	e.Mode, e.Modified, e.Collected = came.Mode, came.Modified, s.deps.Now().UTC()
}

// Custody is evidence with what was done with it.
type Custody struct {
	state.Evidence
	Uses []state.EvidenceAccess `json:"uses" nullable:"false"`
}

// Show returns evidence with its chain of custody, of which this is a part.
func (s *Store) Show(ctx context.Context, id, by string) (Custody, error) {
	err := s.use(ctx, id, by, useShow)
	if err != nil && !errors.Is(err, state.ErrNotFound) { // what is not stored has no uses
		return Custody{}, err
	}
	e, err := s.deps.State.Evidence(ctx, id)
	if err != nil {
		return Custody{}, err
	}
	uses, err := s.deps.State.EvidenceAccesses(ctx, id)
	if uses == nil {
		uses = []state.EvidenceAccess{}
	}
	return Custody{Evidence: e, Uses: uses}, err
}

// Open hands evidence out, once that is on record.
func (s *Store) Open(ctx context.Context, id, by string) (*os.File, state.Evidence, error) {
	e, err := s.deps.State.Evidence(ctx, id)
	if err == nil {
		err = s.use(ctx, id, by, useExport)
	}
	if err != nil {
		return nil, e, err
	}
	content, err := s.deps.Blobs.Open(e.Host, e.SHA256)
	if err != nil {
		return nil, e, fmt.Errorf("evidence %s: %w", id, err)
	}
	return content, e, nil
}

// Remove removes the content of evidence; its record stays.
func (s *Store) Remove(ctx context.Context, id, by string) error {
	e, err := s.deps.State.Evidence(ctx, id)
	if err != nil {
		return err
	}
	kept, err := s.deps.State.RemoveEvidence(ctx, id, state.EvidenceAccess{Time: s.deps.Now().UTC(), Actor: by, Action: useRemove})
	if err != nil || kept {
		return err
	}
	return s.deps.Blobs.Remove(e.Host, e.SHA256)
}

func (s *Store) use(ctx context.Context, id, by, action string) error {
	return s.deps.State.AddEvidenceAccess(ctx, id, state.EvidenceAccess{Time: s.deps.Now().UTC(), Actor: by, Action: action})
}
