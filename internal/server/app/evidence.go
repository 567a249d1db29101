package app

import (
	"context"
	"fmt"
	"time"

	"baize/internal/response"
	"baize/internal/server/actions"
	"baize/internal/server/bulk"
	"baize/internal/server/evidence"
	"baize/internal/server/respond"
)

// policyFile is the name of the server's policy within its state directory. Its
// owner writes it; it is read at start.
const policyFile = "policy.yaml"

// makeEvidence makes the store of evidence, which has hosts asked by order.
func (s *Server) makeEvidence(order func(context.Context, respond.Order) (respond.Result, error)) (*evidence.Store, error) {
	rules, err := evidence.LoadPolicy(s.config.dir(policyFile))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPrerequisite, err)
	}
	return evidence.New(evidence.Deps{
		State: s.stores.state, Blobs: s.stores.evidence, Policy: rules, Now: time.Now, Log: s.config.Logger, Order: reached(order),
	}), nil
}

// makeActions makes the store of response actions, which has hosts told by order.
func (s *Server) makeActions(order func(context.Context, respond.Order) (respond.Result, error)) *actions.Store {
	return actions.New(actions.Deps{State: s.stores.state, Now: time.Now, Log: s.config.Logger, Order: reached(order)})
}

// reached says what it means if a host cannot be told.
func reached(order func(context.Context, respond.Order) (respond.Result, error)) func(context.Context, respond.Order) (respond.Result, error) {
	return func(ctx context.Context, o respond.Order) (respond.Result, error) {
		result, err := order(ctx, o)
		return result, away(o.Host, err)
	}
}

// blobs sorts what hosts deliver: evidence must have been asked for.
type blobs struct {
	evidence *evidence.Store
	others   *bulk.Store
}

// Begin implements gateway.Blobs.
func (b blobs) Begin(host string, h bulk.Header) (*bulk.Upload, error) {
	if h.Kind == response.KindEvidence {
		return b.evidence.Begin(host, h)
	}
	return b.others.Begin(host, h)
}
