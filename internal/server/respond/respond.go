// Package respond gives orders to hosts. It alone holds the key that hosts
// obey; the gateway carries what it signed and cannot make more of it. Every
// order is on record, with its counter, before it is sent, and its answer is
// an event of the log.
package respond

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"baize/internal/event"
	"baize/internal/response"
	"baize/internal/server/bus"
	"baize/internal/server/state"
	"baize/internal/wire"
	baizev1 "baize/proto/baize/v1"
)

const (
	// validity is how long a command is good, and how far a host's clock may
	// be off either way.
	validity = 5 * time.Minute
	// patience is how long an order waits for its answer.
	patience = 15 * time.Second
)

// ErrNoAnswer reports a command that was sent and not answered in time.
var ErrNoAnswer = errors.New("host did not answer")

// ErrApprover reports an order that nobody stands for.
var ErrApprover = errors.New("an approver is required")

// Deps are what the responder works with. It owns none of them.
type Deps struct {
	Key   ed25519.PrivateKey
	State *state.DB
	Bus   *bus.Bus
	// Send hands an envelope to the host's session: gateway.Send.
	Send func(host string, command *baizev1.Envelope) error
	// Ended hears of every command that a host has answered; nil for nobody.
	Ended func(ctx context.Context, command state.Command)
	Now   func() time.Time
}

// Result is what came of an order.
type Result struct {
	// Command is the ID of the order.
	Command string `json:"command"`
	// State is done, failed or refused; sent while there is no answer.
	State  string `json:"state"`
	Detail string `json:"detail,omitempty"`
	// Took is from the order to its answer.
	Took time.Duration `json:"took_ns"`
}

// Responder is safe for concurrent use.
type Responder struct {
	deps Deps

	mu      sync.Mutex
	waiting map[string]chan *baizev1.CommandResult
}

// New returns the responder.
func New(deps Deps) *Responder {
	return &Responder{deps: deps, waiting: map[string]chan *baizev1.CommandResult{}}
}

// Ping asks a host to answer, through the whole of the command channel, on
// behalf of approver. It returns state.ErrNotFound for a host that is not
// there, the gateway's error for one that is not connected, and ErrNoAnswer.
func (r *Responder) Ping(ctx context.Context, host, approver string) (Result, error) {
	return r.Order(ctx, Order{Host: host, Approver: approver, Action: response.ActionPing, Wait: patience})
}

// Stat has a host look at a file: the arguments are those of
// response.ActionStat. It returns what Ping does; the Detail of a result that is
// done is a response.Stat as JSON.
func (r *Responder) Stat(ctx context.Context, host, approver string, arguments map[string]string) (Result, error) {
	return r.Order(ctx, Order{Host: host, Approver: approver, Action: response.ActionStat, Arguments: arguments, Wait: patience})
}

// Order is what a host is told to do.
type Order struct {
	Host string
	// Approver stands for it.
	Approver  string
	Action    string
	Arguments map[string]string
	// Record keeps what the order is for under its command's ID, before it is
	// sent; nil for nothing. An order that cannot be recorded is not given.
	Record func(ctx context.Context, id string) error
	// Wait is how long its answer is waited for. It may come later.
	Wait time.Duration
}

// Order gives an order. The ID of its command is in the result once it was
// recorded, also beside an error.
func (r *Responder) Order(ctx context.Context, o Order) (Result, error) {
	host, approver, action, arguments := o.Host, o.Approver, o.Action, o.Arguments
	if approver == "" {
		return Result{}, fmt.Errorf("%s of %s: %w", action, host, ErrApprover)
	}
	h, err := r.deps.State.Host(ctx, host)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", action, err)
	}
	now := r.deps.Now()
	record := state.Command{ID: newID(), Host: host, Action: action, Approver: approver, Issued: now, Expires: now.Add(validity)}
	if err := r.deps.State.AddCommand(ctx, &record); err != nil {
		return Result{}, err
	}
	if o.Record != nil {
		if err := o.Record(ctx, record.ID); err != nil {
			return Result{}, err
		}
	}
	envelope, err := response.Sign(r.deps.Key, &baizev1.Command{
		Id: record.ID, Org: h.Org, Host: host, Boot: h.Boot, Action: action, Arguments: arguments, Approvers: []string{approver},
		NotBefore: timestamppb.New(now.Add(-validity)), Expires: timestamppb.New(record.Expires), Counter: record.Counter,
	})
	if err != nil {
		return Result{Command: record.ID}, err
	}
	return r.deliver(ctx, record, envelope, o.Wait)
}

func newID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return hex.EncodeToString(id)
}

// deliver sends a signed command and waits for what comes of it.
func (r *Responder) deliver(ctx context.Context, record state.Command, envelope *baizev1.Envelope, wait time.Duration) (Result, error) {
	answer := make(chan *baizev1.CommandResult, 1)
	r.mu.Lock()
	r.waiting[record.ID] = answer
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.waiting, record.ID)
		r.mu.Unlock()
	}()
	result := Result{Command: record.ID, State: state.CommandSent}
	if err := r.deps.Send(record.Host, envelope); err != nil {
		return result, fmt.Errorf("%s of %s: %w", record.Action, record.Host, err)
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	select {
	case got := <-answer:
		result.State, result.Detail, result.Took = got.GetState(), got.GetDetail(), r.deps.Now().Sub(record.Issued)
		return result, nil
	case <-ctx.Done():
		return result, fmt.Errorf("%s of %s: %w: %w", record.Action, record.Host, ErrNoAnswer, ctx.Err())
	}
}

// Answer takes a host's answer to a command. One that the host was not asked
// for, or gave before, is logged and otherwise ignored.
func (r *Responder) Answer(ctx context.Context, host string, result *baizev1.CommandResult) {
	now := r.deps.Now()
	err := r.deps.State.EndCommand(ctx, result.GetId(), host, result.GetState(), result.GetDetail(), now)
	if err != nil {
		slog.Warn("respond: answer is not taken", "host", host, "error", err)
		return
	}
	command, err := r.deps.State.Command(ctx, result.GetId())
	if err == nil {
		err = r.report(ctx, &command, now)
	}
	if err != nil {
		slog.Error("respond: answer is not in the event log", "host", host, "command", result.GetId(), "error", err)
	}
	if r.deps.Ended != nil && command.ID != "" {
		r.deps.Ended(ctx, command)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if answer := r.waiting[result.GetId()]; answer != nil {
		answer <- result // the first and only: EndCommand takes one
	}
}

func (r *Responder) report(ctx context.Context, command *state.Command, now time.Time) error {
	h, err := r.deps.State.Host(ctx, command.Host)
	if err != nil {
		return err
	}
	origin := wire.Origin{Org: h.Org, Host: event.Host{ID: h.ID, Name: h.Name}, Boot: h.Boot}
	return r.deps.Bus.PublishOf(ctx, origin, now, &event.Event{
		Kind: event.AgentAction, Time: now.UTC(),
		Action: &event.Action{ID: command.ID, Name: command.Action, State: command.State, Detail: command.Detail},
	})
}
