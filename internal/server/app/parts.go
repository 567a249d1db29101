package app

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"fmt"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"baize/content"
	"baize/internal/server/api"
	"baize/internal/server/ca"
	"baize/internal/server/console"
	"baize/internal/server/evidence"
	"baize/internal/server/gateway"
	"baize/internal/server/policy"
	"baize/internal/server/respond"
	"baize/internal/server/state"
	"baize/internal/sigma"
	baizev1 "baize/proto/baize/v1"
)

// parts are what works on the stores.
type parts struct {
	gateway  *gateway.Gateway
	api      *api.Server
	policy   *policy.Manager
	evidence *evidence.Store
	web      *tls.Config
}

// makeParts connects them. Gateway and responder need each other: commands go
// down through one, answers come up to the other.
func (s *Server) makeParts(ctx context.Context) (*parts, error) {
	key, err := respond.LoadKey(s.config.dir("keys"))
	if err != nil {
		return nil, err
	}
	redaction, err := redactionKeys(s.config.dir("keys"))
	if err != nil {
		return nil, err
	}
	// Before the gateway takes events in: the log says first what judges them.
	rules, err := policy.Open(ctx, policy.Config{
		State: s.stores.state, Bus: s.stores.bus, BuiltIn: content.Rules(), Version: s.config.Version,
		Dir: filepath.Join(s.config.Home, "rules"), Pipelines: s.config.dir(sigma.PipelineDir), Now: time.Now, Log: s.config.Logger,
	})
	if err != nil {
		return nil, err
	}
	registrar := ca.NewRegistrar(s.stores.authority, s.stores.state, time.Now)
	certificates := s.stores.authority.Server(s.config.names(), time.Now)
	var responder *respond.Responder
	kept, err := s.makeEvidence(func(ctx context.Context, o respond.Order) (respond.Result, error) { return responder.Order(ctx, o) })
	if err != nil {
		return nil, err
	}
	entry, err := gateway.New(gateway.Config{Addr: s.config.GRPC, MaxSessions: s.config.MaxSessions}, gateway.Deps{
		TLS: certificates.AgentTLS(), Authority: s.stores.authority, Registrar: registrar,
		State: s.stores.state, Bus: s.stores.bus, Blobs: blobs{kept, s.stores.blobs},
		CommandKey: key.Public().(ed25519.PublicKey), RedactionKey: redaction, Now: time.Now,
		Asked: rules.Asked,
		Answer: func(ctx context.Context, host string, result *baizev1.CommandResult) {
			responder.Answer(ctx, host, result)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("%w: agents' port (BAIZE_GRPC): %w", ErrPrerequisite, err)
	}
	acted := s.makeActions(func(ctx context.Context, o respond.Order) (respond.Result, error) { return responder.Order(ctx, o) })
	responder = respond.New(respond.Deps{
		Key: key, State: s.stores.state, Bus: s.stores.bus, Send: entry.Send, Now: time.Now,
		Ended: func(ctx context.Context, command state.Command) {
			kept.Ended(ctx, command)
			acted.Ended(ctx, command)
		},
	})
	page, err := console.Handler()
	if err != nil {
		return nil, err
	}
	f := &fleet{state: s.stores.state, gateway: entry, responder: responder, registrar: registrar}
	return &parts{gateway: entry, policy: rules, evidence: kept, web: certificates.WebTLS(), api: api.New(api.Config{
		State: s.stores.state, Fleet: f, Log: engineLog{s.stores.bus, rules.Before}, Policy: rules, Evidence: kept, Actions: acted, Console: page,
		Metrics: registry(entry.Metrics()), Logger: s.config.Logger, Version: s.config.Version,
	})}, nil
}

func registry(own ...prometheus.Collector) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(own...)
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}
