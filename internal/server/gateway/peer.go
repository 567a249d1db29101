package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	grpcpeer "google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"baize/internal/identity"
	"baize/internal/server/ca"
	baizev1 "baize/proto/baize/v1"
)

// peer is an authenticated host.
type peer struct {
	identity.Name
	serial   string
	notAfter time.Time
	addr     string
}

type peerKey struct{}

// peerOf is the host that the call was admitted for.
func peerOf(ctx context.Context) peer { return ctx.Value(peerKey{}).(peer) }

// admit lets a call in with a valid certificate. Everything but enrolling
// needs one; a method that is not known needs one too.
func (g *Gateway) admit(ctx context.Context, method string) (context.Context, error) {
	if method == baizev1.EnrollmentService_Enroll_FullMethodName {
		return ctx, nil
	}
	addr, certificate := caller(ctx)
	if certificate == nil {
		return nil, errAnonymous
	}
	name, err := g.deps.Registrar.Admit(ctx, certificate)
	switch {
	case ctx.Err() != nil:
		return nil, status.FromContextError(ctx.Err()).Err()
	case err != nil:
		g.refusals.add(refusal{name: name, kind: "certificate", reason: fmt.Sprintf("%v: serial %s, from %s", err, ca.Serial(certificate), addr)})
		return nil, status.Error(codes.Unauthenticated, err.Error())
	case !g.paces.take(name.Host, g.deps.Now()):
		return nil, status.Error(codes.ResourceExhausted, "too many calls: wait a second")
	}
	return context.WithValue(ctx, peerKey{}, peer{Name: name, serial: ca.Serial(certificate), notAfter: certificate.NotAfter, addr: addr}), nil
}

// caller is the address and the verified certificate of the connection.
func caller(ctx context.Context) (addr string, certificate *x509.Certificate) {
	p, ok := grpcpeer.FromContext(ctx)
	if !ok {
		return "", nil
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.VerifiedChains) == 0 {
		return p.Addr.String(), nil
	}
	return p.Addr.String(), info.State.VerifiedChains[0][0]
}

// watched reports handshakes that fail for the certificate that was shown. A
// connection that only looks at the port is no report.
type watched struct {
	credentials.TransportCredentials
	failed func(addr net.Addr, err error)
	open   *connections
}

func (g *Gateway) watch(config *tls.Config) credentials.TransportCredentials {
	return &watched{credentials.NewTLS(config), func(addr net.Addr, err error) {
		g.refusals.add(refusal{kind: "handshake", reason: fmt.Sprintf("TLS from %s: %v", addr, err)})
	}, newConnections()}
}

// ServerHandshake implements credentials.TransportCredentials.
func (w *watched) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	secure, info, err := w.TransportCredentials.ServerHandshake(conn)
	if _, bad := errors.AsType[*tls.CertificateVerificationError](err); bad {
		w.failed(conn.RemoteAddr(), err)
	}
	if err != nil {
		return nil, nil, err
	}
	kept, err := w.open.keep(secure, info)
	if err != nil {
		return nil, nil, errors.Join(err, secure.Close())
	}
	return kept, info, nil
}

// Clone implements credentials.TransportCredentials.
func (w *watched) Clone() credentials.TransportCredentials {
	return &watched{w.TransportCredentials.Clone(), w.failed, w.open}
}

// limiter has a bucket for each key, and one for those that do not fit.
type limiter struct {
	rate  rate.Limit
	burst int

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
	rest    *rate.Limiter
}

const (
	// Wrong tokens: 30 at once from an address, then one a second.
	guessRate  = rate.Limit(1)
	guessBurst = 30
	// Calls of a host: each opens or renews something that state keeps.
	callRate  = rate.Limit(10)
	callBurst = 100
	// maxBuckets bounds the keys; those that come new beyond it share a bucket
	// that is ten times as large.
	maxBuckets = 4096
)

func newLimiter(each rate.Limit, burst int) *limiter {
	return &limiter{rate: each, burst: burst, buckets: map[string]*rate.Limiter{}, rest: rate.NewLimiter(10*each, 10*burst)}
}

// allow reports whether the address may try a token.
func (l *limiter) allow(addr string, now time.Time) bool {
	return l.bucket(hostOf(addr), now).TokensAt(now) >= 1
}

// wrong counts a wrong token.
func (l *limiter) wrong(addr string, now time.Time) { l.bucket(hostOf(addr), now).AllowN(now, 1) }

// take counts a call of key and reports whether there is one left.
func (l *limiter) take(key string, now time.Time) bool { return l.bucket(key, now).AllowN(now, 1) }

// hostOf is an address without its port.
func hostOf(addr string) string { return addr[:max(strings.LastIndexByte(addr, ':'), 0)] }

func (l *limiter) bucket(key string, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.buckets[key]; known != nil {
		return known
	}
	if len(l.buckets) >= maxBuckets {
		maps.DeleteFunc(l.buckets, func(_ string, b *rate.Limiter) bool { return b.TokensAt(now) >= float64(l.burst) })
	}
	if len(l.buckets) >= maxBuckets {
		return l.rest
	}
	l.buckets[key] = rate.NewLimiter(l.rate, l.burst)
	return l.buckets[key]
}
