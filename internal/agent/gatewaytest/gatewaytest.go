// Package gatewaytest is a gateway to test agents against: a server of the wire
// contract with an authority of its own and mutual TLS.
package gatewaytest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"baize/internal/event"
	"baize/internal/identity"
	"baize/internal/wire"
	baizev1 "baize/proto/baize/v1"
)

// Gateway keeps what it got, as a bus would. The exported fields may be set before
// an agent connects; afterwards they belong to the lock.
type Gateway struct {
	baizev1.UnimplementedEnrollmentServiceServer
	baizev1.UnimplementedAgentServiceServer

	t          testing.TB
	Address    string
	key        *ecdsa.PrivateKey
	Authority  *x509.Certificate
	CommandKey ed25519.PrivateKey
	server     *grpc.Server

	// The lock guards what follows.
	sync.Mutex
	Lifetime time.Duration
	Marks    map[string]uint64
	Batches  []*baizev1.Batch
	Hellos   []*baizev1.Hello
	Results  []*baizev1.CommandResult
	Serials  map[string]bool // of the certificates that sessions used
	Beats    int
	Beat     *baizev1.Heartbeat // the latest
	// Hold : batches are taken but not marked. BreakAfter ends a session after
	// that many batches, 0 for never.
	Hold       bool
	BreakAfter int
	Outgoing   chan *baizev1.Envelope
	Interests  chan *baizev1.Interest
	Blob       []byte
	BreakBlob  int
}

// RedactionKey is what its hosts hash secrets with.
var RedactionKey = bytes.Repeat([]byte{4}, sha256.Size)

// New serves until the test ends.
func New(t testing.TB) *Gateway {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	g := &Gateway{
		t: t, key: key, Lifetime: time.Hour, Marks: map[string]uint64{}, Serials: map[string]bool{},
		CommandKey: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize)), Outgoing: make(chan *baizev1.Envelope, 8),
		Interests: make(chan *baizev1.Interest, 8),
	}
	g.Authority = g.issue(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, key.Public())
	g.Address = "127.0.0.1:0"
	g.Start()
	return g
}

func (g *Gateway) issue(template *x509.Certificate, public crypto.PublicKey) *x509.Certificate {
	g.t.Helper()
	template.SerialNumber, _ = rand.Int(rand.Reader, big.NewInt(1<<62))
	template.NotBefore = time.Now().Add(-time.Minute)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	parent := g.Authority
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, g.key)
	if err != nil {
		g.t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		g.t.Fatal(err)
	}
	return c
}

// Start listens at the address, which stays the same over restarts.
func (g *Gateway) Start() {
	g.t.Helper()
	leaf := g.issue(&x509.Certificate{
		DNSNames: []string{identity.ServerName}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, g.key.Public())
	clients := x509.NewCertPool()
	clients.AddCert(g.Authority)
	g.server = grpc.NewServer(grpc.WaitForHandlers(true), grpc.Creds(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS13, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: clients,
		Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw, g.Authority.Raw}, PrivateKey: g.key}},
	})))
	baizev1.RegisterEnrollmentServiceServer(g.server, g)
	baizev1.RegisterAgentServiceServer(g.server, g)
	listener, err := (&net.ListenConfig{}).Listen(g.t.Context(), "tcp", g.Address)
	if err != nil {
		g.t.Fatal(err)
	}
	g.Address = listener.Addr().String()
	served := make(chan struct{})
	server := g.server
	go func() { defer close(served); _ = server.Serve(listener) }()
	g.t.Cleanup(func() { server.Stop(); <-served })
}

// Token is one that enrols.
func (g *Gateway) Token() string {
	return identity.Token{Secret: "good", Authority: sha256.Sum256(g.Authority.Raw)}.String()
}

// Stop ends all connections; Start serves at the same address again.
func (g *Gateway) Stop() { g.server.Stop() }

func (g *Gateway) hostCertificate(csr []byte) (*x509.Certificate, error) {
	request, err := x509.ParseCertificateRequest(csr)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	g.Lock()
	defer g.Unlock()
	return g.issue(&x509.Certificate{
		URIs:        []*url.URL{identity.Name{Org: "o", Host: "h-1"}.URI()},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, NotAfter: time.Now().Add(g.Lifetime),
	}, request.PublicKey), nil
}

// Enroll implements the contract.
func (g *Gateway) Enroll(_ context.Context, r *baizev1.EnrollRequest) (*baizev1.EnrollResponse, error) {
	if r.GetToken() != g.Token() {
		return nil, status.Error(codes.PermissionDenied, "enrolment token is not valid")
	}
	c, err := g.hostCertificate(r.GetCsr())
	if err != nil {
		return nil, err
	}
	return &baizev1.EnrollResponse{
		Org: "o", Host: "h-1", Certificate: c.Raw, Authority: g.Authority.Raw, CommandKey: g.CommandKey.Public().(ed25519.PublicKey),
		RedactionKey: RedactionKey,
	}, nil
}

// admit returns the caller's certificate.
func (g *Gateway) admit(ctx context.Context) (*x509.Certificate, error) {
	p, _ := peer.FromContext(ctx)
	certificates := p.AuthInfo.(credentials.TLSInfo).State.PeerCertificates
	if len(certificates) == 0 {
		return nil, status.Error(codes.Unauthenticated, "no certificate")
	}
	return certificates[0], nil
}

// Renew implements the contract.
func (g *Gateway) Renew(ctx context.Context, r *baizev1.RenewRequest) (*baizev1.RenewResponse, error) {
	if _, err := g.admit(ctx); err != nil {
		return nil, err
	}
	c, err := g.hostCertificate(r.GetCsr())
	if err != nil {
		return nil, err
	}
	return &baizev1.RenewResponse{Certificate: c.Raw, RedactionKey: RedactionKey}, nil
}

// Connect implements the contract.
func (g *Gateway) Connect(stream grpc.BidiStreamingServer[baizev1.ConnectRequest, baizev1.ConnectResponse]) error {
	c, err := g.admit(stream.Context())
	if err != nil {
		return err
	}
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	g.Lock()
	g.Hellos = append(g.Hellos, first.GetHello())
	g.Serials[c.SerialNumber.String()] = true
	durable := g.Marks[first.GetHello().GetBoot()]
	g.Unlock()
	welcome := &baizev1.ConnectResponse{Message: &baizev1.ConnectResponse_Welcome{Welcome: &baizev1.Welcome{DurableSeq: durable}}}
	if err := stream.Send(welcome); err != nil {
		return err
	}
	requests := make(chan *baizev1.ConnectRequest)
	failed := make(chan error, 1)
	go func() {
		for {
			r, err := stream.Recv()
			if err != nil {
				failed <- err
				return
			}
			select {
			case requests <- r:
			case <-stream.Context().Done():
				return
			}
		}
	}()
	for n := 0; ; {
		var answer *baizev1.ConnectResponse
		select {
		case err := <-failed:
			return err
		case <-stream.Context().Done():
			return stream.Context().Err()
		case e := <-g.Outgoing:
			answer = &baizev1.ConnectResponse{Message: &baizev1.ConnectResponse_Command{Command: e}}
		case i := <-g.Interests:
			answer = &baizev1.ConnectResponse{Message: &baizev1.ConnectResponse_Interest{Interest: i}}
		case r := <-requests:
			if r.GetBatch() != nil {
				n++
			}
			answer = g.take(r)
			if g.BreakAfter != 0 && n >= g.BreakAfter {
				return status.Error(codes.Unavailable, "broken on purpose")
			}
		}
		if answer == nil {
			continue
		}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
}

// take stores what is above the mark, like the real one, and returns the mark.
func (g *Gateway) take(r *baizev1.ConnectRequest) *baizev1.ConnectResponse {
	g.Lock()
	defer g.Unlock()
	if beat := r.GetHeartbeat(); beat != nil {
		g.Beats++
		g.Beat = beat
	}
	if r.GetResult() != nil {
		g.Results = append(g.Results, r.GetResult())
	}
	b := r.GetBatch()
	if b == nil {
		return nil
	}
	if last := b.FirstSeq + uint64(b.Count) - 1; last > g.Marks[b.Boot] {
		g.Batches = append(g.Batches, b)
		g.Marks[b.Boot] = last
	}
	if g.Hold {
		return nil
	}
	return &baizev1.ConnectResponse{Message: &baizev1.ConnectResponse_Mark{Mark: &baizev1.Mark{Boot: b.Boot, Seq: g.Marks[b.Boot]}}}
}

// Upload implements the contract.
func (g *Gateway) Upload(stream grpc.BidiStreamingServer[baizev1.UploadRequest, baizev1.UploadResponse]) error {
	if _, err := g.admit(stream.Context()); err != nil {
		return err
	}
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	header := first.GetHeader()
	if header.GetKind() == "refused" {
		return status.Error(codes.ResourceExhausted, "over quota")
	}
	for n := 0; uint64(len(g.Blob)) < header.GetSize(); n++ {
		if err := stream.Send(&baizev1.UploadResponse{Offset: uint64(len(g.Blob))}); err != nil {
			return err
		}
		if g.BreakBlob != 0 && n >= g.BreakBlob {
			return status.Error(codes.Unavailable, "broken on purpose")
		}
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil // cut short: never completed
		}
		if err != nil {
			return err
		}
		if r.GetOffset() != uint64(len(g.Blob)) {
			return status.Errorf(codes.InvalidArgument, "at %d, want %d", r.GetOffset(), len(g.Blob))
		}
		g.Blob = append(g.Blob, r.GetData()...)
	}
	if sum := sha256.Sum256(g.Blob); !bytes.Equal(sum[:], header.GetSha256()) {
		return status.Error(codes.DataLoss, "digest")
	}
	return stream.Send(&baizev1.UploadResponse{Offset: uint64(len(g.Blob)), Complete: true})
}

// Events decodes every event that arrived, in order. It fails the test where a
// sequence number of a boot is missing or doubled.
func (g *Gateway) Events() []*event.Event {
	g.t.Helper()
	g.Lock()
	defer g.Unlock()
	next := map[string]uint64{}
	var all []*event.Event
	for _, b := range g.Batches {
		events, err := wire.Unpack(b.GetEvents(), wire.Origin{Org: "o", Host: event.Host{ID: b.GetHost()}, Boot: b.GetBoot()})
		if err != nil {
			g.t.Fatal(err)
		}
		for _, ev := range events {
			if last := next[b.GetBoot()]; last != 0 && ev.Seq != last+1 {
				g.t.Fatalf("event %d after %d of boot %s", ev.Seq, last, b.GetBoot())
			}
			next[b.GetBoot()] = ev.Seq
		}
		all = append(all, events...)
	}
	return all
}
