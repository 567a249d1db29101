// Package gateway is where hosts come in: one TLS port, gRPC, a session per
// host. It decides what of a message is believed. The host is the one of the
// client certificate, whatever a message says; what a host may not send is
// refused, and the refusal is an event of the log, with an exact count.
//
// It is also where events become durable: a batch is acknowledged when the
// event log has it on disk, and each event gets into the log once, however
// often it is sent (see progress).
package gateway

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"baize/internal/event"
	"baize/internal/server/bulk"
	"baize/internal/server/bus"
	"baize/internal/server/ca"
	"baize/internal/server/state"
	baizev1 "baize/proto/baize/v1"
)

const (
	// maxMessage bounds one message of a session: a batch's body and its frame.
	maxMessage = bus.MaxBody + 64<<10
	// streamWindow is how much of a stream is taken before it is read, and
	// with maxStreams bounds what one connection may occupy, in bytes.
	streamWindow = 1 << 20
	maxStreams   = 8
	// maxHeader bounds the headers of one call, in bytes; agents send none of
	// their own.
	maxHeader = 16 << 10
	// maxIdle is how long a connection may carry no call.
	maxIdle = 5 * time.Minute
	// drainTimeout bounds a graceful stop.
	drainTimeout = 5 * time.Second
	// flushInterval is how often marks and health go to state.
	flushInterval = time.Second
)

// Config of the gateway.
type Config struct {
	// Addr to listen on, host:port.
	Addr string
	// MaxSessions bounds the connected hosts.
	MaxSessions int
}

// Deps are what the gateway works with. It owns none of them.
type Deps struct {
	TLS       *tls.Config
	Authority *ca.Authority
	Registrar *ca.Registrar
	State     *state.DB
	Bus       *bus.Bus
	Blobs     Blobs
	// CommandKey is what enrolling agents pin.
	CommandKey ed25519.PublicKey
	// RedactionKey is what the hosts of an organisation hash secrets with.
	RedactionKey func(org string) []byte
	// Asked are the kinds of event that the rules of a revision ask for; nil where
	// agents are to tell of all.
	Asked func() (revision string, kinds []event.Kind)
	// Answer takes the answers to commands.
	Answer func(ctx context.Context, host string, result *baizev1.CommandResult)
	Now    func() time.Time
}

// Blobs takes what hosts deliver through the bulk channel, as bulk.Store does.
type Blobs interface {
	Begin(host string, h bulk.Header) (*bulk.Upload, error)
}

// Gateway serves agents. Its methods are safe for concurrent use.
type Gateway struct {
	baizev1.UnimplementedEnrollmentServiceServer
	baizev1.UnimplementedAgentServiceServer

	config   Config
	deps     Deps
	listener net.Listener
	server   *grpc.Server
	sessions *sessions
	progress *progress
	health   *health
	refusals *refusals
	limiter  *limiter
	// paces has the calls of each host.
	paces *limiter
	calls *calls
	// enrolling has a place for each enrolment that is being read.
	enrolling chan struct{}
	patience  time.Duration
	work      sync.WaitGroup
}

// New binds the port. Run serves it.
func New(config Config, deps Deps) (*Gateway, error) {
	listener, err := net.Listen("tcp", config.Addr)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	g := &Gateway{
		config: config, deps: deps, listener: netutil.LimitListener(listener, 2*config.MaxSessions+spareConnections),
		sessions: newSessions(config.MaxSessions),
		progress: newProgress(deps.State, deps.Bus),
		health:   newHealth(),
		refusals: newRefusals(deps.Bus, deps.Now),
		limiter:  newLimiter(guessRate, guessBurst), paces: newLimiter(callRate, callBurst), calls: newCalls(), enrolling: make(chan struct{}, maxEnrolling), patience: sendPatience,
	}
	g.server = grpc.NewServer(
		grpc.Creds(g.watch(deps.TLS)),
		grpc.InTapHandle(g.tap), grpc.MaxHeaderListSize(maxHeader),
		grpc.UnaryInterceptor(g.admitUnary), grpc.StreamInterceptor(g.admitStream),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxConcurrentStreams(maxStreams),
		grpc.InitialWindowSize(streamWindow), grpc.InitialConnWindowSize(streamWindow),
		grpc.ConnectionTimeout(10*time.Second), grpc.WaitForHandlers(true),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: maxIdle, Time: 20 * time.Second, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 4 * time.Second, PermitWithoutStream: true}),
	)
	baizev1.RegisterEnrollmentServiceServer(g.server, g)
	baizev1.RegisterAgentServiceServer(g.server, g)
	return g, nil
}

// Addr is the address that agents connect to.
func (g *Gateway) Addr() net.Addr { return g.listener.Addr() }

// Run serves until ctx ends, then ends the sessions and keeps what is left to
// keep. It returns nil after a stop that was asked for.
func (g *Gateway) Run(ctx context.Context) error {
	if err := g.deps.State.DisconnectHosts(ctx); err != nil {
		return errors.Join(fmt.Errorf("gateway: %w", err), g.listener.Close())
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var owned sync.WaitGroup
	owned.Go(func() { g.refusals.run(background) })
	owned.Go(func() { g.flush(background) })
	served := make(chan error, 1)
	go func() { served <- g.server.Serve(g.listener) }()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		g.drain()
		err = <-served // nil after a stop
	}
	g.work.Wait()
	stop()
	owned.Wait()
	return err
}

// drain ends all sessions; agents connect again when the server is back.
func (g *Gateway) drain() {
	g.sessions.close(errStopping)
	done := make(chan struct{})
	go func() {
		g.server.GracefulStop()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(drainTimeout):
		g.server.Stop()
		<-done
	}
}

// flush keeps marks and health in state each interval, and once at the end.
func (g *Gateway) flush(ctx context.Context) {
	ticker := time.NewTicker(flushInterval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
		keep := context.WithoutCancel(ctx)
		if err := g.progress.save(keep); err != nil {
			slog.Error("gateway: marks are not kept; they will be read from the event log", "error", err)
		}
		if err := g.deps.State.SaveHealth(keep, g.health.take()); err != nil {
			slog.Error("gateway: health is not kept", "error", err)
		}
	}
}

// Revoke ends a host's identity: its certificates are not good any more, for
// new connections and for those that are open.
func (g *Gateway) Revoke(ctx context.Context, host string) error {
	if err := g.deps.State.RevokeHost(ctx, host); err != nil {
		return err
	}
	g.calls.end(host, errRevoked)
	return nil
}

// Metrics are what the agents say of their sensors.
func (g *Gateway) Metrics() prometheus.Collector { return g.health.observed }

// Connected reports whether host has a session.
func (g *Gateway) Connected(host string) bool { return g.sessions.of(host) != nil }

// ErrNotConnected reports a host without a session.
var ErrNotConnected = errors.New("host is not connected")

// ErrBusy reports a session that does not take what is sent to it.
var ErrBusy = errors.New("host does not keep up")

// Send hands a signed command to the host's session.
func (g *Gateway) Send(host string, command *baizev1.Envelope) error {
	s := g.sessions.of(host)
	if s == nil {
		return fmt.Errorf("%w: %s", ErrNotConnected, host)
	}
	select {
	case s.out <- &baizev1.ConnectResponse{Message: &baizev1.ConnectResponse_Command{Command: command}}:
		return nil
	default:
		return fmt.Errorf("%w: %s", ErrBusy, host)
	}
}
