// Package stand is a server without hosts: the real API, console and state, and
// in place of fleet and engine a story that is told step by step; its log is
// read by nobody. It is for tests of what shows and asks.
package stand

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"baize/content"
	"baize/internal/server/actions"
	"baize/internal/server/api"
	"baize/internal/server/bus"
	"baize/internal/server/console"
	"baize/internal/server/evidence"
	"baize/internal/server/policy"
	"baize/internal/server/secret"
	"baize/internal/server/state"
	"baize/test/seed/story"
)

// Options of a stand.
type Options struct {
	// Home is the state directory, HTTP the address to serve.
	Home, HTTP string
	// Password of the users admin, responder, analyst and viewer.
	Password string
	// Began is when the story began.
	Began time.Time
	// Log receives the server's log.
	Log io.Writer
}

// Stand is a server that was set up. Run runs it once.
type Stand struct {
	*story.Teller
	state    *state.DB
	bus      *bus.Bus
	server   *api.Server
	listener net.Listener
	socket   string
}

// New sets a stand up; nothing is told yet.
func New(ctx context.Context, o Options) (*Stand, error) {
	dir := filepath.Join(o.Home, "server")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	db, err := state.Open(ctx, filepath.Join(dir, "state.db"))
	if err != nil {
		return nil, err
	}
	s := &Stand{state: db, socket: filepath.Join(dir, "api.sock")}
	if s.bus, err = bus.Open(ctx, bus.Config{Dir: filepath.Join(dir, "bus"), MaxAge: time.Hour, MaxBytes: 64 << 20}); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := s.fill(ctx, o); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *Stand) fill(ctx context.Context, o Options) error {
	if err := addUsers(ctx, s.state, o.Password); err != nil {
		return err
	}
	page, err := console.Handler()
	if err != nil {
		return err
	}
	if s.Teller, err = story.New(ctx, s.state, o.Began); err != nil {
		return err
	}
	s.Log = s.append
	logger := slog.New(slog.NewTextHandler(o.Log, nil))
	rules, err := policy.Open(ctx, policy.Config{State: s.state, Bus: s.bus, BuiltIn: content.Rules(), Version: "stand", Now: time.Now, Log: logger})
	if err != nil {
		return err
	}
	s.server = api.New(api.Config{
		State: s.state, Fleet: fleet{}, Log: storyLog{s.bus}, Policy: rules, Console: page, Version: "stand",
		Evidence: evidence.New(evidence.Deps{State: s.state, Order: fleet{}.order, Now: time.Now, Log: logger}),
		Actions:  actions.New(actions.Deps{State: s.state, Order: fleet{}.order, Now: time.Now, Log: logger}),
		Metrics:  prometheus.NewRegistry(), Logger: logger,
	})
	var listen net.ListenConfig
	s.listener, err = listen.Listen(ctx, "tcp", o.HTTP)
	return err
}

func addUsers(ctx context.Context, db *state.DB, password string) error {
	hash, err := secret.Hash(password)
	if err != nil {
		return err
	}
	for _, role := range []api.Role{api.Admin, api.Responder, api.Analyst, api.Viewer} {
		err := db.AddUser(ctx, state.User{Name: string(role), Org: "default", Role: string(role), Password: hash})
		if err != nil && !errors.Is(err, state.ErrExists) {
			return fmt.Errorf("user %s: %w", role, err)
		}
	}
	return nil
}

// URL of the console.
func (s *Stand) URL() string { return "https://" + s.listener.Addr().String() + "/" }

// Run serves until ctx ends, and releases everything.
func (s *Stand) Run(ctx context.Context) error {
	config, err := certificate()
	if err != nil {
		return errors.Join(err, s.listener.Close(), s.close())
	}
	return errors.Join(s.server.Serve(ctx, s.listener, config, s.socket), s.close())
}

func (s *Stand) close() error {
	s.bus.Close()
	return s.state.Close()
}
