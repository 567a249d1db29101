// Package app is the server as one program: it opens the stores, connects the
// parts with each other and runs them until it is told to stop. What the parts
// do is theirs; who owns what, in which order it starts and how it ends is here.
package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"baize/internal/server/shard"
)

// tick is how often the passing of time is written to the engine's log.
const tick = time.Second

// Server is an opened server. Run runs it once; Close releases it.
type Server struct {
	config  Config
	stores  *stores
	parts   *parts
	console net.Listener
	welcome Welcome
}

// Welcome is what a person needs for the first visit.
type Welcome struct {
	URL  string
	User string
	// Password is good for one login; empty after the first start.
	Password string
	// PasswordSet says that the user has a lasting password.
	PasswordSet bool
	// Pin is the SHA-256 of the authority's certificate, hexadecimal.
	Pin string
}

// RefuseRoot returns ErrPrerequisite for the effective user id of root: what
// parses the input of many hosts has no business with that power.
func RefuseRoot(uid int) error {
	if uid == 0 {
		return fmt.Errorf("%w: the server does not run as root: start it as a user of its own that owns the state directory", ErrPrerequisite)
	}
	return nil
}

// Open opens the state in config.Home, creating it where there is none, and
// binds both ports. It returns ErrPrerequisite for what the operator must
// change first.
func Open(ctx context.Context, config Config) (*Server, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	stores, err := openStores(ctx, &config)
	if err != nil {
		return nil, err
	}
	s := &Server{config: config, stores: stores}
	if err := s.connect(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// connect makes the parts and binds the ports.
func (s *Server) connect(ctx context.Context) error {
	var listen net.ListenConfig
	console, err := listen.Listen(ctx, "tcp", s.config.HTTP)
	if err != nil {
		return fmt.Errorf("%w: console and API (BAIZE_HTTP): %w", ErrPrerequisite, err)
	}
	s.console = console
	if s.parts, err = s.makeParts(ctx); err != nil {
		return err
	}
	s.welcome, err = s.greet(ctx)
	return err
}

// Welcome is for the operator's eyes.
func (s *Server) Welcome() Welcome { return s.welcome }

// Run runs all parts until ctx ends, or one of them cannot go on.
func (s *Server) Run(ctx context.Context) error {
	owner := fmt.Sprintf("%s:%d", hostname(), os.Getpid())
	worker := shard.New(shard.Config{
		State: s.stores.state, Bus: s.stores.bus, Before: s.parts.policy.Before, Committed: dropped(s.parts.evidence), Owner: owner,
		Log: s.config.Logger,
	})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return part(ctx, "gateway", s.parts.gateway.Run(ctx)) })
	group.Go(func() error { return part(ctx, "engine", worker.Run(ctx)) })
	group.Go(func() error { return part(ctx, "rules", s.parts.policy.Run(ctx)) })
	group.Go(func() error { return part(ctx, "evidence", s.parts.evidence.Run(ctx)) })
	group.Go(func() error { return part(ctx, "clock of the log", s.stores.bus.Tick(ctx, tick, time.Now)) })
	group.Go(func() error { return part(ctx, "retention", s.retain(ctx)) })
	group.Go(func() error {
		return part(ctx, "api", s.parts.api.Serve(ctx, s.console, s.parts.web, s.config.dir("api.sock")))
	})
	return group.Wait()
}

// part says whose error it is. One that only says that ctx has ended is none:
// the server was told to stop.
func part(ctx context.Context, name string, err error) error {
	if err == nil || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// Close releases everything. Run must have returned.
func (s *Server) Close() error {
	if s.console != nil {
		_ = s.console.Close() // Run has closed it, if it ran
	}
	return s.stores.close()
}
