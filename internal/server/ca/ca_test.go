package ca

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"baize/internal/identity"
	"baize/internal/server/state"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time that tests move.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

type fixture struct {
	clock     *clock
	authority *Authority
	db        *state.DB
	registrar *Registrar
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	c := &clock{time.Now()}
	dir := t.TempDir()
	authority, err := Open(filepath.Join(dir, "ca"), c.t)
	if err != nil {
		t.Fatal(err)
	}
	db, err := state.Open(t.Context(), filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &fixture{c, authority, db, NewRegistrar(authority, db, c.now)}
}

func newKey(t *testing.T) (*ecdsa.PrivateKey, []byte) {
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

func (f *fixture) token(t *testing.T, uses int) string {
	t.Helper()
	token, err := f.registrar.NewToken(t.Context(), "default", uses, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (f *fixture) enrol(t *testing.T, token, machine string) (Enrolment, tls.Certificate) {
	t.Helper()
	key, csr := newKey(t)
	e, err := f.registrar.Enrol(t.Context(), token, csr, Machine{Name: "web-1", ID: machine})
	if err != nil {
		t.Fatal(err)
	}
	return e, tls.Certificate{Certificate: [][]byte{e.Certificate.Raw}, PrivateKey: key}
}

func TestTheAuthorityIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ca")
	first, err := Open(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	second, err := Open(dir, time.Now())
	if err != nil || first.Digest() != second.Digest() {
		t.Fatalf("another authority: %v", err)
	}
	file := filepath.Join(dir, "authority.pem")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, time.Now()); err == nil {
		t.Fatal("a key that others can read was accepted")
	}
	for _, content := range []string{"", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, time.Now()); err == nil {
			t.Fatalf("opened %q", content)
		}
	}
}

// handshake returns what the client and the server think of each other.
func handshake(t *testing.T, client, server *tls.Config) (clientErr, serverErr error) {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		conn := tls.Server(b, server)
		err := conn.HandshakeContext(ctx)
		_, _ = conn.Write([]byte{1})
		_ = b.Close()
		done <- err
	}()
	conn := tls.Client(a, client)
	clientErr = conn.HandshakeContext(ctx)
	if clientErr == nil {
		_, clientErr = conn.Read(make([]byte, 1))
	}
	_ = a.Close()
	return clientErr, <-done
}

func TestMutualTLS(t *testing.T) {
	f := newFixture(t)
	server := f.authority.Server(nil, f.clock.now).AgentTLS()
	_, certificate := f.enrol(t, f.token(t, 1), "m1")
	if c, s := handshake(t, identity.ClientTLS(f.authority.Digest(), &certificate), server); c != nil || s != nil {
		t.Fatalf("agent: %v, %v", c, s)
	}
	if c, s := handshake(t, identity.ClientTLS(f.authority.Digest(), nil), server); c != nil || s != nil {
		t.Fatalf("enrolling: %v, %v", c, s)
	}
	if c, _ := handshake(t, identity.ClientTLS(sha256.Sum256([]byte("other")), nil), server); !errors.Is(c, identity.ErrAuthority) {
		t.Fatalf("another authority pinned: %v", c)
	}
}

func TestAForeignCertificateIsRefused(t *testing.T) {
	f, other := newFixture(t), newFixture(t)
	_, foreign := other.enrol(t, other.token(t, 1), "m1")
	server := f.authority.Server(nil, f.clock.now).AgentTLS()
	// The client offers it whatever the server asks for.
	client := identity.ClientTLS(f.authority.Digest(), nil)
	client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &foreign, nil }
	if _, s := handshake(t, client, server); s == nil {
		t.Fatal("a certificate of another authority was accepted")
	}
}

func TestAHostCannotPoseAsTheServer(t *testing.T) {
	f := newFixture(t)
	_, host := f.enrol(t, f.token(t, 1), "m1")
	host.Certificate = append(host.Certificate, f.authority.root.Raw)
	c, _ := handshake(t, identity.ClientTLS(f.authority.Digest(), nil), &tls.Config{Certificates: []tls.Certificate{host}, MinVersion: tls.VersionTLS13})
	if !errors.Is(c, identity.ErrAuthority) {
		t.Fatalf("the agent accepted it: %v", c)
	}
}

func TestBrowsersVerifyTheServer(t *testing.T) {
	f := newFixture(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(f.authority.RootPEM())
	server := f.authority.Server([]string{"console.example", "203.0.113.7"}, f.clock.now).WebTLS()
	for _, name := range []string{"console.example", "203.0.113.7", "localhost", "127.0.0.1"} {
		if c, s := handshake(t, &tls.Config{RootCAs: roots, ServerName: name}, server); c != nil || s != nil {
			t.Errorf("%s: %v, %v", name, c, s)
		}
	}
	if c, _ := handshake(t, &tls.Config{RootCAs: roots, ServerName: "other.example"}, server); c == nil {
		t.Error("a name that was not given is vouched for")
	}
}

func TestTheServerCertificateStaysFresh(t *testing.T) {
	f := newFixture(t)
	server := f.authority.Server(nil, f.clock.now)
	first, err := server.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := server.Certificate(); again != first {
		t.Fatal("made anew without need")
	}
	f.clock.t = f.clock.t.Add(serverLifetime/2 + time.Minute)
	second, err := server.Certificate()
	if err != nil || second == first || !second.Leaf.NotAfter.After(f.clock.t.Add(serverLifetime/2)) {
		t.Fatalf("not renewed: %v", err)
	}
}

func TestHostCertificate(t *testing.T) {
	f := newFixture(t)
	e, _ := f.enrol(t, f.token(t, 1), "m1")
	c := e.Certificate
	if life := c.NotAfter.Sub(c.NotBefore); life > HostLifetime {
		t.Errorf("lives %s", life)
	}
	if name, err := identity.NameOf(c); err != nil || name != e.Name || c.Subject.CommonName != e.Name.Host || c.IsCA {
		t.Errorf("%v %v %v", name, c.Subject, err)
	}
	if name, err := f.registrar.Admit(t.Context(), c); err != nil || name != e.Name {
		t.Errorf("Admit: %v, %v", name, err)
	}
}

func TestBadRequests(t *testing.T) {
	f := newFixture(t)
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	weakCSR, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, weak)
	if err != nil {
		t.Fatal(err)
	}
	_, tampered := newKey(t)
	tampered[len(tampered)-1] ^= 1
	token := f.token(t, 1)
	for name, csr := range map[string][]byte{"empty": nil, "garbage": []byte("x"), "RSA": weakCSR, "bad signature": tampered} {
		if _, err := f.registrar.Enrol(t.Context(), token, csr, Machine{ID: "m1"}); !errors.Is(err, ErrRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// None of them spent the token.
	f.enrol(t, token, "m1")
}

func TestTokensAreLimited(t *testing.T) {
	f := newFixture(t)
	twice := f.token(t, 2)
	f.enrol(t, twice, "m1")
	f.enrol(t, twice, "m2")
	late := f.token(t, 1)
	f.clock.t = f.clock.t.Add(2 * time.Hour)
	_, csr := newKey(t)
	for name, token := range map[string]string{"used up": twice, "expired": late, "made up": "x." + late[len(late)-64:], "garbage": "x"} {
		if _, err := f.registrar.Enrol(t.Context(), token, csr, Machine{ID: "m3"}); !errors.Is(err, state.ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if hosts, err := f.db.Hosts(t.Context()); err != nil || len(hosts) != 2 {
		t.Errorf("%d hosts, %v", len(hosts), err)
	}
}

func TestTokensOfNothing(t *testing.T) {
	f := newFixture(t)
	if _, err := f.registrar.NewToken(t.Context(), "a/b", 1, time.Hour); err == nil {
		t.Error("an organisation that cannot be named")
	}
	if _, err := f.registrar.NewToken(t.Context(), "default", 0, time.Hour); err == nil {
		t.Error("no uses")
	}
	_, csr := newKey(t)
	if _, err := f.registrar.Enrol(t.Context(), f.token(t, 1), csr, Machine{}); !errors.Is(err, ErrMachine) {
		t.Errorf("no machine: %v", err)
	}
}

func TestTheSameMachineKeepsItsHost(t *testing.T) {
	f := newFixture(t)
	token := f.token(t, 3)
	first, _ := f.enrol(t, token, "m1")
	second, _ := f.enrol(t, token, "m1")
	other, _ := f.enrol(t, token, "m2")
	if first.Again || !second.Again || first.Name != second.Name || other.Name == first.Name {
		t.Fatalf("%+v %+v %+v", first.Name, second.Name, other.Name)
	}
	if _, err := f.registrar.Admit(t.Context(), first.Certificate); !errors.Is(err, ErrRevoked) {
		t.Fatalf("the certificate before: %v", err)
	}
}

func TestRenewAndRevoke(t *testing.T) {
	f := newFixture(t)
	e, _ := f.enrol(t, f.token(t, 2), "m1")
	_, csr := newKey(t)
	renewed, err := f.registrar.Renew(t.Context(), e.Name, csr)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.db.RevokeHost(t.Context(), e.Name.Host); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*x509.Certificate{e.Certificate, renewed} {
		if name, err := f.registrar.Admit(t.Context(), c); !errors.Is(err, ErrRevoked) || name != e.Name {
			t.Errorf("Admit: %v, %v", name, err)
		}
	}
	if _, err := f.registrar.Renew(t.Context(), e.Name, csr); err == nil {
		t.Error("a revoked host renewed")
	}
	again, _ := f.enrol(t, f.token(t, 1), "m1")
	if again.Name == e.Name {
		t.Error("a revoked host came back as itself")
	}
}

func TestAdmitKnowsOnlyWhatItIssued(t *testing.T) {
	f := newFixture(t)
	e, _ := f.enrol(t, f.token(t, 1), "m1")
	_, csr := newKey(t)
	unrecorded, err := f.authority.Host(e.Name, csr, f.clock.t)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.registrar.Admit(t.Context(), unrecorded); !errors.Is(err, ErrUnknown) {
		t.Errorf("not on record: %v", err)
	}
	if _, err := f.registrar.Admit(t.Context(), f.authority.Root()); !errors.Is(err, identity.ErrName) {
		t.Errorf("the root: %v", err)
	}
	f.clock.t = f.clock.t.Add(HostLifetime)
	if _, err := f.registrar.Admit(t.Context(), e.Certificate); err == nil {
		t.Error("an expired certificate was admitted")
	}
}
