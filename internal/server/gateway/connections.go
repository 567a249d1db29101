package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"baize/internal/identity"
	baizev1 "baize/proto/baize/v1"
)

const (
	// maxPerHost bounds the connections of one certificate's host.
	maxPerHost = 8
	// maxAnonymous bounds the connections without a certificate. They are good
	// for one thing, enrolling, and have anonymousLife for it.
	maxAnonymous  = 256
	anonymousLife = 30 * time.Second
	// maxEnrolling bounds the enrolments that are read at once, as whoever has
	// no certificate may send a message of any size up to the limit.
	maxEnrolling = 64
	// spareConnections is what the port takes beside two for each session.
	spareConnections = 1024
)

// errConnections reports a connection that is one too many.
var errConnections = errors.New("too many connections")

// connections counts the open ones: of each host, and "" for those of nobody.
type connections struct {
	life time.Duration

	mu   sync.Mutex
	open map[string]int
}

func newConnections() *connections {
	return &connections{life: anonymousLife, open: map[string]int{}}
}

// keep counts a connection until it is closed, or refuses it.
func (c *connections) keep(conn net.Conn, info credentials.AuthInfo) (net.Conn, error) {
	owner, limit := "", maxAnonymous
	if secure, ok := info.(credentials.TLSInfo); ok && len(secure.State.VerifiedChains) > 0 {
		name, err := identity.NameOf(secure.State.VerifiedChains[0][0])
		if err != nil {
			return nil, err
		}
		owner, limit = name.Host, maxPerHost
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[owner] >= limit {
		return nil, fmt.Errorf("%w: %d of host %q", errConnections, limit, owner)
	}
	c.open[owner]++
	kept := &counted{Conn: conn, closed: sync.OnceFunc(func() { c.drop(owner) })}
	if owner == "" {
		kept.expiry = time.AfterFunc(c.life, func() {
			kept.closed()
			_ = conn.Close() // the transport learns it from its next read
		})
	}
	return kept, nil
}

func (c *connections) drop(owner string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[owner]--; c.open[owner] == 0 {
		delete(c.open, owner)
	}
}

// counted is a connection that gives its place back when it is closed.
type counted struct {
	net.Conn
	closed func()
	expiry *time.Timer
}

// Close implements net.Conn.
func (c *counted) Close() error {
	if c.expiry != nil {
		c.expiry.Stop()
	}
	c.closed()
	return c.Conn.Close()
}

// tap looks at a call before anything of it is read. Without a certificate
// there is nothing but enrolling, and of that only so much at once.
func (g *Gateway) tap(ctx context.Context, info *tap.Info) (context.Context, error) {
	if _, certificate := caller(ctx); certificate != nil {
		return ctx, nil
	}
	if info.FullMethodName != baizev1.EnrollmentService_Enroll_FullMethodName {
		return ctx, errAnonymous
	}
	select {
	case g.enrolling <- struct{}{}:
		context.AfterFunc(ctx, func() { <-g.enrolling })
		return ctx, nil
	default:
		return ctx, status.Error(codes.ResourceExhausted, "too many machines enrol at once: try again")
	}
}
