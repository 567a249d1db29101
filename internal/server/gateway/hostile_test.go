package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/types/known/timestamppb"

	"baize/internal/identity"
	baizev1 "baize/proto/baize/v1"
)

func TestASessionThatDoesNotReadEnds(t *testing.T) {
	p, _ := start(t, t.TempDir(), func(g *Gateway) { g.patience = 200 * time.Millisecond })
	h := p.enrol(t, "m1")
	c := h.connect(t, "b1")
	order := &baizev1.Envelope{Payload: make([]byte, 32<<10)}
	eventually(t, "ended", func() bool {
		return errors.Is(p.gateway.Send(h.name.Host, order), ErrNotConnected)
	})
	err := c.ended()
	code(t, "does not read", err, codes.Unavailable)
	if !strings.Contains(err.Error(), "does not take") {
		t.Error(err)
	}
}

func TestAPanicEndsOneSessionOnly(t *testing.T) {
	p, _ := start(t, t.TempDir(), func(g *Gateway) {
		g.deps.Answer = func(context.Context, string, *baizev1.CommandResult) { panic("poison") }
	})
	bad, good := p.enrol(t, "m1"), p.enrol(t, "m2")
	other := good.connect(t, "b1")
	c := bad.connect(t, "b1")
	c.send(&baizev1.ConnectRequest{Message: &baizev1.ConnectRequest_Result{Result: &baizev1.CommandResult{Id: "c1", State: "done"}}})
	code(t, "panic", c.ended(), codes.Internal)
	if mark := other.settle(good.batch(t, "b1", 1, 2)); mark != 2 {
		t.Errorf("mark %d", mark)
	}
	if err := guarded("call", func() error { panic(errors.New("poison")) }); err == nil || strings.Contains(err.Error(), "poison") {
		t.Errorf("the host is told %v", err)
	}
}

func TestRevocationEndsUploads(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	stream := h.upload(t.Context(), t, []byte("evidence"))
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	if err := p.gateway.Revoke(t.Context(), h.name.Host); err != nil {
		t.Fatal(err)
	}
	_, err := stream.Recv()
	code(t, "revoked", err, codes.PermissionDenied)
}

func TestOpenCallsOfAHostAreBounded(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h, other := p.enrol(t, "m1"), p.enrol(t, "m2")
	for i := range maxCalls {
		if i%maxStreams == 0 {
			h.dial(t, p.gateway.Addr().String())
		}
		if _, err := h.upload(t.Context(), t, []byte{byte(i)}).Recv(); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	h.dial(t, p.gateway.Addr().String())
	_, err := h.upload(t.Context(), t, []byte("one more")).Recv()
	code(t, "one more", err, codes.ResourceExhausted)
	other.connect(t, "b1")
}

func TestHeadersOfACallAreBounded(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	ctx := metadata.AppendToOutgoingContext(t.Context(), "flood", strings.Repeat("x", 2*maxHeader))
	if _, err := h.agent.Renew(ctx, &baizev1.RenewRequest{}); err == nil || strings.Contains(err.Error(), "certificate request") {
		t.Errorf("headers of %d bytes reached the handler: %v", 2*maxHeader, err)
	}
	h.connect(t, "b1")
}

// shown is the state of a connection that showed host's certificate; none for "".
func shown(host string) credentials.TLSInfo {
	if host == "" {
		return credentials.TLSInfo{}
	}
	certificate := &x509.Certificate{URIs: []*url.URL{identity.Name{Org: "default", Host: host}.URI()}}
	return credentials.TLSInfo{State: tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{certificate}}}}
}

func TestConnectionsAreBounded(t *testing.T) {
	for host, limit := range map[string]int{"": maxAnonymous, "h1": maxPerHost} {
		open := newConnections()
		var first net.Conn
		for range limit {
			near, _ := net.Pipe()
			kept, err := open.keep(near, shown(host))
			if err != nil {
				t.Fatal(err)
			}
			defer kept.Close()
			if first == nil {
				first = kept
			}
		}
		near, _ := net.Pipe()
		if _, err := open.keep(near, shown(host)); !errors.Is(err, errConnections) {
			t.Errorf("one more of %q: %v", host, err)
		}
		if kept, err := open.keep(near, shown("h2")); err != nil {
			t.Errorf("another host: %v", err)
		} else {
			defer kept.Close()
		}
		_, _ = first.Close(), first.Close() // the second does not count
		if _, err := open.keep(near, shown(host)); err != nil {
			t.Errorf("after one of %q left: %v", host, err)
		}
		if _, err := open.keep(near, shown(host)); !errors.Is(err, errConnections) {
			t.Errorf("closed twice, counted twice: %v", err)
		}
	}
}

func TestAnonymousConnectionsDoNotStay(t *testing.T) {
	open := newConnections()
	open.life = time.Millisecond
	near, far := net.Pipe()
	if _, err := open.keep(near, shown("")); err != nil {
		t.Fatal(err)
	}
	if _, err := far.Read(make([]byte, 1)); err == nil {
		t.Error("still open")
	}
	eventually(t, "counted out", func() bool {
		open.mu.Lock()
		defer open.mu.Unlock()
		return len(open.open) == 0
	})
}

func TestEnrolmentsAtOnceAreBounded(t *testing.T) {
	p, _ := start(t, t.TempDir())
	info := &tap.Info{FullMethodName: baizev1.EnrollmentService_Enroll_FullMethodName}
	ctx, done := context.WithCancel(t.Context())
	for range maxEnrolling {
		if _, err := p.gateway.tap(ctx, info); err != nil {
			t.Fatal(err)
		}
	}
	_, err := p.gateway.tap(ctx, info)
	code(t, "one more", err, codes.ResourceExhausted)
	done()
	eventually(t, "places are given back", func() bool { return len(p.gateway.enrolling) == 0 })
	p.enrol(t, "m1")
}

func TestHostNamesDoNotDeceive(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	hello := &baizev1.Hello{Host: h.name.Host, Boot: "b1", Name: "web\u202e-1\x1b[2J\u200b<b>", Time: timestamppb.Now()}
	if _, err := h.open(t, hello).stream.Recv(); err != nil {
		t.Fatal(err)
	}
	got, err := p.db.Host(t.Context(), h.name.Host)
	if err != nil || got.Name != "web-1[2J<b>" {
		t.Errorf("%q, %v", got.Name, err)
	}
}

func TestCallsOfAHostArePaced(t *testing.T) {
	p, _ := start(t, t.TempDir(), func(g *Gateway) { g.paces = newLimiter(rate.Every(time.Hour), 2) })
	h, other := p.enrol(t, "m1"), p.enrol(t, "m2")
	h.connect(t, "b1")
	h.connect(t, "b1")
	_, err := h.open(t, &baizev1.Hello{Host: h.name.Host, Boot: "b1"}).stream.Recv()
	code(t, "the third", err, codes.ResourceExhausted)
	_, err = h.agent.Renew(t.Context(), &baizev1.RenewRequest{})
	code(t, "another call", err, codes.ResourceExhausted)
	other.connect(t, "b1")
}
