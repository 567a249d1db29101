package gateway

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/types/known/timestamppb"

	"baize/internal/event"
	"baize/internal/identity"
	"baize/internal/server/bulk"
	"baize/internal/server/bus"
	"baize/internal/server/ca"
	"baize/internal/server/state"
	"baize/internal/wire"
	baizev1 "baize/proto/baize/v1"
)

func TestMain(m *testing.M) {
	if serveForParent() {
		return
	}
	goleak.VerifyTestMain(m)
}

// parts is a server's share of the gateway, on a directory.
type parts struct {
	dir       string
	db        *state.DB
	bus       *bus.Bus
	authority *ca.Authority
	registrar *ca.Registrar
	gateway   *Gateway
	blobs     *bulk.Store
	answers   chan *baizev1.CommandResult
}

func openParts(ctx context.Context, dir string, quota int64) (*parts, error) {
	p := &parts{dir: dir, answers: make(chan *baizev1.CommandResult, 16)}
	var err error
	if p.db, err = state.Open(ctx, filepath.Join(dir, "state.db")); err != nil {
		return nil, err
	}
	if p.bus, err = bus.Open(ctx, bus.Config{Dir: filepath.Join(dir, "bus"), MaxAge: time.Hour, MaxBytes: 1 << 30}); err != nil {
		return nil, err
	}
	if p.authority, err = ca.Open(filepath.Join(dir, "ca"), time.Now()); err != nil {
		return nil, err
	}
	if p.blobs, err = bulk.Open(filepath.Join(dir, "blobs"), bulk.Quota{Host: quota}, time.Now); err != nil {
		return nil, err
	}
	p.registrar = ca.NewRegistrar(p.authority, p.db, time.Now)
	p.gateway, err = New(Config{Addr: "127.0.0.1:0", MaxSessions: 64}, Deps{
		TLS: p.authority.Server(nil, time.Now).AgentTLS(), Authority: p.authority, Registrar: p.registrar,
		State: p.db, Bus: p.bus, Blobs: p.blobs, CommandKey: make(ed25519.PublicKey, ed25519.PublicKeySize), Now: time.Now,
		RedactionKey: func(org string) []byte { return bytes.Repeat([]byte(org[:1]), 32) },
		Answer:       func(_ context.Context, _ string, r *baizev1.CommandResult) { p.answers <- r },
	})
	return p, err
}

func (p *parts) close() {
	p.bus.Close()
	_ = p.db.Close()
}

// start runs a server in dir until the returned stop, which tests may call
// early. What adjust changes of its gateway is so from the start.
func start(t testing.TB, dir string, adjust ...func(*Gateway)) (*parts, func()) {
	t.Helper()
	p, err := openParts(t.Context(), dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range adjust {
		change(p.gateway)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.gateway.Run(ctx) }()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error("Run:", err)
			}
			p.close()
		})
	}
	t.Cleanup(stop)
	return p, stop
}

// host is an enrolled machine with its connection.
type host struct {
	name        identity.Name
	certificate tls.Certificate
	digest      [32]byte
	conn        *grpc.ClientConn
	agent       baizev1.AgentServiceClient
}

func dial(t testing.TB, addr string, config *tls.Config) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(credentials.NewTLS(config)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func newRequest(t testing.TB) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return key, csr
}

// enrol does what an agent does first: over the wire, with a token.
func (p *parts) enrol(t testing.TB, machine string) *host {
	t.Helper()
	text, err := p.registrar.NewToken(t.Context(), "default", 1, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	token, err := identity.ParseToken(text)
	if err != nil {
		t.Fatal(err)
	}
	key, csr := newRequest(t)
	conn := dial(t, p.gateway.Addr().String(), identity.ClientTLS(token.Authority, nil))
	r, err := baizev1.NewEnrollmentServiceClient(conn).Enroll(t.Context(), &baizev1.EnrollRequest{Token: text, Csr: csr, Name: "web-1", MachineId: machine})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	h := &host{
		name: identity.Name{Org: r.Org, Host: r.Host}, digest: token.Authority,
		certificate: tls.Certificate{Certificate: [][]byte{r.Certificate}, PrivateKey: key},
	}
	h.dial(t, p.gateway.Addr().String())
	return h
}

func (h *host) dial(t testing.TB, addr string) {
	t.Helper()
	h.conn = dial(t, addr, identity.ClientTLS(h.digest, &h.certificate))
	h.agent = baizev1.NewAgentServiceClient(h.conn)
}

// client is one session, as an agent sees it.
type client struct {
	t      testing.TB
	host   *host
	stream grpc.BidiStreamingClient[baizev1.ConnectRequest, baizev1.ConnectResponse]
	mark   uint64
}

func (h *host) open(t testing.TB, hello *baizev1.Hello) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	stream, err := h.agent.Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, host: h, stream: stream}
	c.send(&baizev1.ConnectRequest{Message: &baizev1.ConnectRequest_Hello{Hello: hello}})
	return c
}

func (h *host) connect(t testing.TB, boot string) *client {
	t.Helper()
	c := h.open(t, &baizev1.Hello{Host: h.name.Host, Boot: boot, Name: "web-1", Version: "1", Kernel: "6", Time: timestamppb.Now()})
	welcome, err := c.stream.Recv()
	if err != nil || welcome.GetWelcome() == nil {
		t.Fatalf("no welcome: %v, %v", welcome, err)
	}
	c.mark = welcome.GetWelcome().DurableSeq
	return c
}

func (c *client) send(r *baizev1.ConnectRequest) {
	c.t.Helper()
	if err := c.stream.Send(r); err != nil {
		c.t.Log("send:", err) // the status comes with Recv
	}
}

func (c *client) sendBatch(b *baizev1.Batch) {
	c.t.Helper()
	c.send(wrap(b))
}

// settle sends a batch and returns the mark that it brings.
func (c *client) settle(b *baizev1.Batch) uint64 {
	c.t.Helper()
	c.sendBatch(b)
	return c.recv().GetMark().GetSeq()
}

func (c *client) recv() *baizev1.ConnectResponse {
	c.t.Helper()
	r, err := c.stream.Recv()
	if err != nil {
		c.t.Fatal("recv:", err)
	}
	return r
}

// ended returns the error that the session ends with.
func (c *client) ended() error {
	for {
		if _, err := c.stream.Recv(); err != nil {
			return err
		}
	}
}

// numbered are events first to last of a host's boot.
func numbered(host, boot string, first, last uint64) []*event.Event {
	var events []*event.Event
	for seq := first; seq <= last; seq++ {
		key := event.ProcessKey{Host: host, Boot: boot, PID: uint32(seq), Start: seq}
		events = append(events, &event.Event{
			Host: event.Host{ID: host}, Boot: boot, Seq: seq, Time: time.Unix(1_700_000_000, int64(seq)), Kind: event.ProcessExec,
			Process: &event.Process{Key: key, Executable: "/bin/true"},
		})
	}
	return events
}

func packed(t testing.TB, host, boot string, first uint64, count uint32, events []*event.Event) *baizev1.Batch {
	t.Helper()
	body, err := wire.Pack(events)
	if err != nil {
		t.Fatal(err)
	}
	return &baizev1.Batch{Host: host, Boot: boot, FirstSeq: first, Count: count, Events: body, Sent: timestamppb.Now()}
}

func (h *host) batch(t testing.TB, boot string, first, last uint64) *baizev1.Batch {
	t.Helper()
	return packed(t, h.name.Host, boot, first, uint32(last-first+1), numbered(h.name.Host, boot, first, last))
}

// log returns what is in the event log now, of the kinds that tests look at.
func (p *parts) log(t testing.TB) []*event.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var events []*event.Event
	if err := p.bus.Read(ctx, 0, func(ev *event.Event) error { events = append(events, ev); return nil }); err != nil {
		t.Fatal(err)
	}
	return events
}

func seqs(events []*event.Event) []uint64 {
	var all []uint64
	for _, ev := range events {
		if ev.Seq > 0 {
			all = append(all, ev.Seq)
		}
	}
	return all
}

// refusal waits for a gateway.refused event whose message holds text.
func (p *parts) refusal(t testing.TB, text string) *event.Event {
	t.Helper()
	return p.refusals(t, text, 1)
}

// refusals waits until the refusals with text count at least n, and returns
// one event with the sum.
func (p *parts) refusals(t testing.TB, text string, n uint64) *event.Event {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		p.gateway.refusals.publish(t.Context(), true) // without waiting for the window
		var found *event.Event
		var count uint64
		for _, ev := range p.log(t) {
			if ev.Kind == event.GatewayRefused && strings.Contains(ev.Message, text) {
				found = ev
				count += ev.Repeats()
			}
		}
		if count >= n {
			found.Count = count
			return found
		}
	}
	t.Fatalf("no refusal with %q, %d times", text, n)
	return nil
}

// eventually polls until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("never: " + what)
}

func wrap(b *baizev1.Batch) *baizev1.ConnectRequest {
	return &baizev1.ConnectRequest{Message: &baizev1.ConnectRequest_Batch{Batch: b}}
}
