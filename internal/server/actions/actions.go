// Package actions keeps what hosts are told to do in response: who proposed it
// and why, who approved it, what came of it, and how it was undone. Nothing goes to a
// host that is not on record before, and a dry run leaves no record because it
// changes nothing.
package actions

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"baize/internal/response"
	"baize/internal/server/respond"
	"baize/internal/server/state"
)

var (
	// ErrRequest reports an action that no host could take.
	ErrRequest = errors.New("no such action can be taken")
	// ErrTooMany reports an action on more hosts than the limit.
	ErrTooMany = errors.New("too many hosts")
)

const (
	// window is what the limit of hosts counts over.
	window = time.Hour
	// MaxHosts is how many hosts one kind of action may reach within an hour. What
	// goes wrong on ten hosts is looked at before it goes wrong on a thousand.
	MaxHosts = 10
	// validity is how long after the order a host may begin: the command's.
	validity = 5 * time.Minute
)

// Deps are what actions work with. They own none of them.
type Deps struct {
	State *state.DB
	// Order is the responder's.
	Order func(ctx context.Context, o respond.Order) (respond.Result, error)
	Now   func() time.Time
	Log   *slog.Logger
}

// Store is safe for concurrent use.
type Store struct{ deps Deps }

// New returns the store.
func New(deps Deps) *Store { return &Store{deps} }

// Request says what a host is to do.
type Request struct {
	Host, Action string
	// Arguments are those of the action, as package response names them.
	Arguments map[string]string
	// Reason is why, Incident what for, if it is for one.
	Reason, Incident string
}

// needs are the arguments that each action cannot do without.
var needs = map[string][]string{
	response.ActionFreeze:     {response.ArgProcess, response.ArgInode},
	response.ActionKill:       {response.ArgProcess, response.ArgInode},
	response.ActionQuarantine: {response.ArgPath, response.ArgInode, response.ArgSHA256},
	response.ActionRevert:     {response.ArgPath, response.ArgLines},
}

// precise are those that a dry run is asked for.
var precise = map[string]bool{response.ArgInode: true, response.ArgSHA256: true}

func (r *Request) check(dry bool) error {
	required, known := needs[r.Action]
	if !known {
		return fmt.Errorf("%w: %q is none of %s", ErrRequest, r.Action, strings.Join(slices.Sorted(maps.Keys(needs)), ", "))
	}
	for _, name := range required {
		if r.Arguments[name] == "" && !(dry && precise[name]) {
			return fmt.Errorf("%w: %s needs %q; a dry run tells inodes and contents", ErrRequest, r.Action, name)
		}
	}
	if !dry && strings.TrimSpace(r.Reason) == "" {
		return fmt.Errorf("%w: say why", ErrRequest)
	}
	return nil
}

func (r *Request) subject() string {
	if process := r.Arguments[response.ArgProcess]; process != "" {
		return process
	}
	return r.Arguments[response.ArgPath]
}

// DryRun has a host say what an action would do now. The detail of a result that
// is done is JSON of a type of package response.
func (s *Store) DryRun(ctx context.Context, r Request, by string, wait time.Duration) (respond.Result, error) {
	if err := r.check(true); err != nil {
		return respond.Result{}, err
	}
	return s.deps.Order(ctx, respond.Order{Host: r.Host, Approver: by, Action: r.Action, Arguments: dry(r.Arguments), Wait: wait})
}

func dry(arguments map[string]string) map[string]string {
	changed := maps.Clone(arguments)
	changed[response.ArgDryRun] = "true"
	return changed
}

// Propose records an action that waits for an approval.
func (s *Store) Propose(ctx context.Context, r Request, by string) (state.ResponseAction, error) {
	if err := r.check(false); err != nil {
		return state.ResponseAction{}, err
	}
	if _, err := s.deps.State.Host(ctx, r.Host); err != nil {
		return state.ResponseAction{}, err
	}
	a := state.ResponseAction{
		ID: newID(), Host: r.Host, Action: r.Action, Subject: r.subject(), Arguments: r.Arguments, Reason: r.Reason, Incident: r.Incident,
		By: by, Proposed: s.deps.Now().UTC(), State: state.ActionProposed,
	}
	return a, s.deps.State.AddResponseAction(ctx, &a)
}

// Run proposes an action and approves it at once.
func (s *Store) Run(ctx context.Context, r Request, by string, wait time.Duration) (state.ResponseAction, error) {
	a, err := s.Propose(ctx, r, by)
	if err != nil {
		return a, err
	}
	return s.Approve(ctx, a.ID, by, wait)
}

// Approve sends a proposal to its host, and waits for what comes of it. The
// action is on record as sent while the host has not answered, and a proposal
// still if the host could not be told.
func (s *Store) Approve(ctx context.Context, id, by string, wait time.Duration) (state.ResponseAction, error) {
	a, err := s.Get(ctx, id)
	if err != nil {
		return a, err
	}
	if a.State != state.ActionProposed {
		return a, fmt.Errorf("approve %s: %w: it is %s", id, state.ErrActionState, a.State)
	}
	if err := s.limit(ctx, &a); err != nil {
		return a, err
	}
	now := s.deps.Now().UTC()
	_, err = s.deps.Order(ctx, respond.Order{
		Host: a.Host, Approver: by, Action: a.Action, Arguments: a.Arguments, Wait: wait,
		Record: func(ctx context.Context, command string) error {
			return s.deps.State.SendResponseAction(ctx, id, by, command, now, now.Add(validity))
		},
	})
	return s.after(ctx, id, err)
}

// after is the action once an order for it was given.
func (s *Store) after(ctx context.Context, id string, ordered error) (state.ResponseAction, error) {
	ctx = context.WithoutCancel(ctx)
	a, err := s.Get(ctx, id)
	if err != nil || ordered == nil || errors.Is(ordered, respond.ErrNoAnswer) {
		return a, err
	}
	if a.State == state.ActionSent && a.UndoCommand == "" { // it never left
		ended := s.deps.State.EndResponseAction(ctx, a.Command, state.ActionFailed, ordered.Error(), s.deps.Now())
		return a, errors.Join(ordered, ended)
	}
	return a, ordered
}

// limit refuses an action on one host too many.
func (s *Store) limit(ctx context.Context, a *state.ResponseAction) error {
	hosts, err := s.deps.State.ActedHosts(ctx, a.Action, s.deps.Now().Add(-window))
	if err != nil {
		return err
	}
	if len(hosts) >= MaxHosts && !slices.Contains(hosts, a.Host) {
		return fmt.Errorf("%w: %s reached %d within an hour, which is the limit", ErrTooMany, a.Action, len(hosts))
	}
	return nil
}

// Undo has a host undo an action, and waits for what comes of it. In a dry run
// the host says what it would undo, and the action is as it is.
func (s *Store) Undo(ctx context.Context, id, by string, dryRun bool, wait time.Duration) (state.ResponseAction, respond.Result, error) {
	a, err := s.Get(ctx, id)
	if err != nil {
		return a, respond.Result{}, err
	}
	undo, can := response.UndoOf[a.Action]
	switch {
	case !can:
		return a, respond.Result{}, fmt.Errorf("%w: nothing undoes %s", ErrRequest, a.Action)
	case a.Command == "" || a.State == state.ActionUndone || a.State == state.ActionRefused:
		return a, respond.Result{}, fmt.Errorf("undo %s: %w: it is %s", id, state.ErrActionState, a.State)
	}
	order := respond.Order{Host: a.Host, Approver: by, Action: undo, Arguments: map[string]string{response.ArgRecord: a.Command}, Wait: wait}
	if dryRun {
		order.Arguments = dry(order.Arguments)
	} else {
		order.Record = func(ctx context.Context, command string) error {
			if a.State == state.ActionExpired { // on record before what may undo it
				if err := s.deps.State.ExpireResponseAction(ctx, id); err != nil {
					return err
				}
			}
			return s.deps.State.UndoResponseAction(ctx, id, by, command)
		}
	}
	result, err := s.deps.Order(ctx, order)
	if dryRun {
		return a, result, err
	}
	a, err = s.after(ctx, id, err)
	return a, result, err
}

// Ended takes what a host has answered to a command; the responder calls it.
func (s *Store) Ended(ctx context.Context, command state.Command) {
	_, does := needs[command.Action]
	var err error
	switch {
	case does:
		err = s.deps.State.EndResponseAction(ctx, command.ID, command.State, command.Detail, s.deps.Now())
	case undoes(command.Action):
		err = s.deps.State.EndUndo(ctx, command.ID, command.State == "done", command.Detail, s.deps.Now())
	}
	if err != nil && !errors.Is(err, state.ErrActionState) { // dry runs are on no record
		s.deps.Log.Error("response action: answer is not recorded", "command", command.ID, "error", err)
	}
}

func undoes(action string) bool {
	for _, undo := range response.UndoOf {
		if undo == action {
			return true
		}
	}
	return false
}

// Get returns one action as of now.
func (s *Store) Get(ctx context.Context, id string) (state.ResponseAction, error) {
	return s.deps.State.ResponseAction(ctx, id, s.deps.Now())
}

// List returns a page of actions as of now.
func (s *Store) List(ctx context.Context, filter state.ActionFilter, page state.Page) ([]state.ResponseAction, state.Cursor, error) {
	return s.deps.State.ResponseActions(ctx, filter, page, s.deps.Now())
}

// InForce has a host list what can be undone there: response.Records as JSON.
func (s *Store) InForce(ctx context.Context, host, by string, wait time.Duration) (respond.Result, error) {
	return s.deps.Order(ctx, respond.Order{Host: host, Approver: by, Action: response.ActionRecords, Wait: wait})
}

func newID() string {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails
	return "r-" + hex.EncodeToString(id)
}
