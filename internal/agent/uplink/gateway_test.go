package uplink

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

	"baize/internal/identity"
	baizev1 "baize/proto/baize/v1"
)

// gateway is a server of the wire contract with a real authority and mutual
// TLS. It keeps what it got, as a bus would.
type gateway struct {
	baizev1.UnimplementedEnrollmentServiceServer
	baizev1.UnimplementedAgentServiceServer

	t         *testing.T
	address   string
	key       *ecdsa.PrivateKey
	authority *x509.Certificate
	command   ed25519.PrivateKey
	server    *grpc.Server

	mu       sync.Mutex
	lifetime time.Duration
	marks    map[string]uint64
	batches  []*baizev1.Batch
	hellos   []*baizev1.Hello
	results  []*baizev1.CommandResult
	serials  map[string]bool // of the certificates that sessions used
	beats    int
	// hold : batches are taken but not marked. breakAfter ends a session after
	// that many batches, 0 for never.
	hold       bool
	breakAfter int
	outgoing   chan *baizev1.Envelope
	blob       []byte
	breakBlob  int
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{
		t: t, key: key, lifetime: time.Hour, marks: map[string]uint64{}, serials: map[string]bool{},
		command: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize)), outgoing: make(chan *baizev1.Envelope, 8),
	}
	g.authority = g.issue(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, key.Public())
	g.address = "127.0.0.1:0"
	g.start()
	return g
}

func (g *gateway) issue(template *x509.Certificate, public crypto.PublicKey) *x509.Certificate {
	g.t.Helper()
	template.SerialNumber, _ = rand.Int(rand.Reader, big.NewInt(1<<62))
	template.NotBefore = time.Now().Add(-time.Minute)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	parent := g.authority
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

// start listens at the address, which stays the same over restarts.
func (g *gateway) start() {
	g.t.Helper()
	leaf := g.issue(&x509.Certificate{
		DNSNames: []string{identity.ServerName}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, g.key.Public())
	clients := x509.NewCertPool()
	clients.AddCert(g.authority)
	g.server = grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS13, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: clients,
		Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw, g.authority.Raw}, PrivateKey: g.key}},
	})))
	baizev1.RegisterEnrollmentServiceServer(g.server, g)
	baizev1.RegisterAgentServiceServer(g.server, g)
	listener, err := (&net.ListenConfig{}).Listen(g.t.Context(), "tcp", g.address)
	if err != nil {
		g.t.Fatal(err)
	}
	g.address = listener.Addr().String()
	served := make(chan struct{})
	server := g.server
	go func() { defer close(served); _ = server.Serve(listener) }()
	g.t.Cleanup(func() { server.Stop(); <-served })
}

func (g *gateway) token() string {
	return identity.Token{Secret: "good", Authority: sha256.Sum256(g.authority.Raw)}.String()
}

func (g *gateway) hostCertificate(csr []byte) (*x509.Certificate, error) {
	request, err := x509.ParseCertificateRequest(csr)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.issue(&x509.Certificate{
		URIs:        []*url.URL{identity.Name{Org: "o", Host: "h-1"}.URI()},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, NotAfter: time.Now().Add(g.lifetime),
	}, request.PublicKey), nil
}

func (g *gateway) Enroll(_ context.Context, r *baizev1.EnrollRequest) (*baizev1.EnrollResponse, error) {
	if r.GetToken() != g.token() {
		return nil, status.Error(codes.PermissionDenied, "enrolment token is not valid")
	}
	c, err := g.hostCertificate(r.GetCsr())
	if err != nil {
		return nil, err
	}
	return &baizev1.EnrollResponse{
		Org: "o", Host: "h-1", Certificate: c.Raw, Authority: g.authority.Raw, CommandKey: g.command.Public().(ed25519.PublicKey),
	}, nil
}

// admit returns the caller's certificate.
func (g *gateway) admit(ctx context.Context) (*x509.Certificate, error) {
	p, _ := peer.FromContext(ctx)
	certificates := p.AuthInfo.(credentials.TLSInfo).State.PeerCertificates
	if len(certificates) == 0 {
		return nil, status.Error(codes.Unauthenticated, "no certificate")
	}
	return certificates[0], nil
}

func (g *gateway) Renew(ctx context.Context, r *baizev1.RenewRequest) (*baizev1.RenewResponse, error) {
	if _, err := g.admit(ctx); err != nil {
		return nil, err
	}
	c, err := g.hostCertificate(r.GetCsr())
	if err != nil {
		return nil, err
	}
	return &baizev1.RenewResponse{Certificate: c.Raw}, nil
}

func (g *gateway) Connect(stream grpc.BidiStreamingServer[baizev1.ConnectRequest, baizev1.ConnectResponse]) error {
	c, err := g.admit(stream.Context())
	if err != nil {
		return err
	}
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	g.mu.Lock()
	g.hellos = append(g.hellos, first.GetHello())
	g.serials[c.SerialNumber.String()] = true
	durable := g.marks[first.GetHello().GetBoot()]
	g.mu.Unlock()
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
		case e := <-g.outgoing:
			answer = &baizev1.ConnectResponse{Message: &baizev1.ConnectResponse_Command{Command: e}}
		case r := <-requests:
			if r.GetBatch() != nil {
				n++
			}
			answer = g.take(r)
			if g.breakAfter != 0 && n >= g.breakAfter {
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
func (g *gateway) take(r *baizev1.ConnectRequest) *baizev1.ConnectResponse {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.GetHeartbeat() != nil {
		g.beats++
	}
	if r.GetResult() != nil {
		g.results = append(g.results, r.GetResult())
	}
	b := r.GetBatch()
	if b == nil {
		return nil
	}
	if last := b.FirstSeq + uint64(b.Count) - 1; last > g.marks[b.Boot] {
		g.batches = append(g.batches, b)
		g.marks[b.Boot] = last
	}
	if g.hold {
		return nil
	}
	return &baizev1.ConnectResponse{Message: &baizev1.ConnectResponse_Mark{Mark: &baizev1.Mark{Boot: b.Boot, Seq: g.marks[b.Boot]}}}
}

func (g *gateway) Upload(stream grpc.BidiStreamingServer[baizev1.UploadRequest, baizev1.UploadResponse]) error {
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
	for n := 0; uint64(len(g.blob)) < header.GetSize(); n++ {
		if err := stream.Send(&baizev1.UploadResponse{Offset: uint64(len(g.blob))}); err != nil {
			return err
		}
		if g.breakBlob != 0 && n >= g.breakBlob {
			return status.Error(codes.Unavailable, "broken on purpose")
		}
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil // cut short: never completed
		}
		if err != nil {
			return err
		}
		if r.GetOffset() != uint64(len(g.blob)) {
			return status.Errorf(codes.InvalidArgument, "at %d, want %d", r.GetOffset(), len(g.blob))
		}
		g.blob = append(g.blob, r.GetData()...)
	}
	if sum := sha256.Sum256(g.blob); !bytes.Equal(sum[:], header.GetSha256()) {
		return status.Error(codes.DataLoss, "digest")
	}
	return stream.Send(&baizev1.UploadResponse{Offset: uint64(len(g.blob)), Complete: true})
}
