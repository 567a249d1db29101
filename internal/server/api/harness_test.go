package api

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"baize/internal/event"
	"baize/internal/server/actions"
	"baize/internal/server/bulk"
	"baize/internal/server/bus"
	"baize/internal/server/evidence"
	"baize/internal/server/policy"
	"baize/internal/server/respond"
	"baize/internal/server/secret"
	"baize/internal/server/state"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// oneHost is a fleet of one connected host, h1, and one that is away, h2.
type oneHost struct {
	log []string
	org string
}

func (f *oneHost) Hosts(_ context.Context, after string, _ int) ([]Host, error) {
	if after >= "h1" {
		return nil, nil
	}
	classes := []Class{{Class: "file", State: event.CoverageLost, Seen: 7, Lost: 3}}
	return []Host{{ID: "h1", Name: "web-1", Org: f.org, Connected: true, Armed: true, Tier: 2, Classes: classes, Hooks: []Hook{}}}, nil
}

func (f *oneHost) Host(ctx context.Context, id string) (Host, error) {
	hosts, _ := f.Hosts(ctx, "", 1)
	if id != "h1" {
		return Host{}, fmt.Errorf("host %q: %w", id, state.ErrNotFound)
	}
	return hosts[0], nil
}

func (f *oneHost) Ping(ctx context.Context, id, by string) (Result, error) {
	switch id {
	case "h1":
		f.log = append(f.log, "ping by "+by)
		return Result{ID: "c1", State: "done"}, nil
	case "slow":
		<-ctx.Done()
		return Result{}, ctx.Err()
	}
	return Result{}, fmt.Errorf("%s: %w", id, ErrUnreachable)
}

func (f *oneHost) Do(ctx context.Context, id, by, action string, arguments map[string]string, wait time.Duration) (Result, error) {
	r, err := f.Ping(ctx, id, by)
	r.Detail = `{"probes":[{"process":"h1/b/7/70","runtime":"jvm","user":0,"state":"active"}],"more":` + strconv.Itoa(int(wait.Seconds())) + `}`
	switch {
	case arguments["pid"] == "8":
		r.State, r.Detail = "failed", "attach_disabled: it runs with -XX:+DisableAttachMechanism"
	case arguments["pid"] == "9":
		r.Detail = "{"
	case arguments["start"] != "" && arguments["start"] != "70", arguments["pid"] == "" && action != "probe.list":
		r.State, r.Detail = "refused", fmt.Sprint(arguments)
	}
	return r, err
}

func (f *oneHost) Stat(ctx context.Context, id, by string, arguments map[string]string) (Result, error) {
	r, err := f.Ping(ctx, id, by)
	r.Detail = `{"exists":true,"same":false,"inode":"h1/8:1/7/0","size":4,"mode":"0600","hash":{"state":"ok"}}`
	if r.State, _ = strings.CutPrefix(arguments["path"], "/"); r.State == "broken" {
		r.State, r.Detail = "done", "{"
	}
	return r, err
}

// order has h1 deliver what is asked for, if it is a file.
func (b *bench) order(ctx context.Context, o respond.Order) (respond.Result, error) {
	if o.Host != "h1" {
		return respond.Result{}, fmt.Errorf("%s: %w", o.Host, ErrUnreachable)
	}
	if err := o.Record(ctx, "c1"); err != nil {
		return respond.Result{}, err
	}
	content := []byte("evil")
	sum := sha256.Sum256(content)
	upload, err := b.kept.Begin("h1", bulk.Header{SHA256: sum[:], Size: int64(len(content)), Kind: "evidence", Name: "c1"})
	if err == nil {
		err = errors.Join(upload.Write(0, content), upload.Finish(), upload.Close())
	}
	must(b.t, err)
	b.kept.Ended(ctx, state.Command{
		ID: "c1", Host: "h1", Action: o.Action, State: "done", Detail: fmt.Sprintf(`{"sha256":"%x","size":4,"path":"/tmp/x"}`, sum),
	})
	return respond.Result{Command: "c1", State: "done"}, nil
}

func (f *oneHost) Revoke(_ context.Context, id, by string) error {
	f.log = append(f.log, "revoke "+id+" by "+by)
	return nil
}

func (f *oneHost) EnrolToken(context.Context, string, int, time.Duration) (string, error) {
	return "enrol-me", nil
}

// shortLog is an engine's log of events with consecutive sequence numbers.
type shortLog struct {
	events int
	fail   error
	// asked are the places that were looked at.
	asked []bus.Place
}

// Around has the events 7, 8 and 9 of h1, the first two of one process.
func (l *shortLog) Around(_ context.Context, place bus.Place) (bus.Near, error) {
	l.asked = append(l.asked, place)
	near := bus.Near{Earlier: true}
	for seq := uint64(7); seq < 10; seq++ {
		e := &event.Event{
			Host: event.Host{ID: place.Host}, Boot: "b1", Seq: seq, Kind: event.ProcessExec, Time: began,
			Process: &event.Process{Key: event.ProcessKey{Host: place.Host, Boot: "b1", PID: uint32(seq / 9), Start: 5}},
		}
		if place.Keep != nil && !place.Keep(e) {
			continue
		}
		if seq < place.Seq {
			near.At++
		}
		near.Events = append(near.Events, e)
	}
	return near, l.fail
}

// History has nothing of any host.
func (l *shortLog) History(context.Context, bus.Span, func(*event.Event) bool) (earlier, cut bool, err error) {
	return false, false, l.fail
}

func (l *shortLog) Read(_ context.Context, each func(*event.Event) error) error {
	for i := range l.events {
		e := &event.Event{Host: event.Host{ID: "h1"}, Seq: uint64(i + 1), Kind: event.ProcessExec, Time: began}
		if err := each(e); err != nil {
			return err
		}
	}
	return l.fail
}

func (l *shortLog) Last(context.Context) (uint64, error) { return 5 << busShift, nil }

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const password = "correct horse battery"

// bench is a server with its real state, listening on TLS and a unix socket.
type bench struct {
	t     testing.TB
	state *state.DB
	fleet *oneHost
	kept  *evidence.Store
	acts  *actions.Store
	// orders are those of response actions.
	orders []respond.Order
	log    *shortLog
	server *Server
	url    string
	socket string
	trust  *tls.Config
	now    time.Time
}

func start(t testing.TB) *bench {
	t.Helper()
	dir := t.TempDir()
	db, err := state.Open(t.Context(), filepath.Join(dir, "state.db"))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	log, err := bus.Open(t.Context(), bus.Config{Dir: filepath.Join(dir, "bus"), MaxAge: time.Hour, MaxBytes: 64 << 20})
	must(t, err)
	t.Cleanup(log.Close)
	b := &bench{t: t, state: db, fleet: &oneHost{}, log: &shortLog{}, socket: filepath.Join(dir, "api.sock"), now: time.Now()}
	logger := slog.New(slog.NewTextHandler(testWriter{t}, nil))
	rules, err := policy.Open(t.Context(), policy.Config{
		State: db, Bus: log, BuiltIn: fstest.MapFS{"linux/base.yml": {Data: []byte(ruleText("base", "/bin/base"))}},
		Version: "test", Now: func() time.Time { return b.now }, Log: logger,
	})
	must(t, err)
	blobs, err := bulk.Open(filepath.Join(dir, "evidence"), bulk.Quota{Host: 1 << 20}, func() time.Time { return b.now })
	must(t, err)
	b.kept = evidence.New(evidence.Deps{State: db, Blobs: blobs, Order: b.order, Now: func() time.Time { return b.now }, Log: logger})
	b.acts = actions.New(actions.Deps{State: db, Order: b.act, Now: func() time.Time { return b.now }, Log: logger})
	b.server = New(Config{
		State: db, Fleet: b.fleet, Evidence: b.kept, Actions: b.acts, Log: b.log, Policy: rules, Version: "test", Metrics: prometheus.NewRegistry(),
		Logger: logger, Now: func() time.Time { return b.now },
	})
	hash, err := secret.Hash(password)
	must(t, err)
	for _, role := range []Role{Viewer, Analyst, Responder, Admin} {
		must(t, db.AddUser(t.Context(), state.User{Name: string(role), Org: "default", Role: string(role), Password: hash}))
	}
	b.listen()
	return b
}

func (b *bench) listen() {
	b.t.Helper()
	certificate, pool := selfSigned(b.t)
	b.trust = &tls.Config{RootCAs: pool}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(b.t, err)
	b.url = "https://" + listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- b.server.Serve(ctx, listener, &tls.Config{Certificates: []tls.Certificate{certificate}}, b.socket)
	}()
	b.t.Cleanup(func() {
		cancel()
		must(b.t, <-done)
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if conn, err := new(net.Dialer).DialContext(b.t.Context(), "unix", b.socket); err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatal("the server does not listen")
		}
	}
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func selfSigned(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	parsed, err := x509.ParseCertificate(der)
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// client calls as one principal.
type client struct {
	b      *bench
	http   *http.Client
	base   string
	cookie string
	token  string
	header http.Header
}

// anonymous is a client that proves nothing.
func (b *bench) anonymous() *client {
	transport := &http.Transport{TLSClientConfig: b.trust, ForceAttemptHTTP2: true}
	b.t.Cleanup(transport.CloseIdleConnections)
	return &client{b: b, http: &http.Client{Transport: transport}, base: b.url, header: http.Header{}}
}

// local is a client on the unix socket.
func (b *bench) local() *client {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", b.socket)
	}}
	b.t.Cleanup(transport.CloseIdleConnections)
	return &client{b: b, http: &http.Client{Transport: transport}, base: "http://local", header: http.Header{}}
}

// login is a client with a session of the user.
func (b *bench) login(user string) *client {
	b.t.Helper()
	c := b.anonymous()
	answer := c.call(http.MethodPost, "/login", map[string]string{"user": user, "password": password})
	answer.want(http.StatusOK)
	c.cookie = sessionOf(b.t, answer)
	return c
}

func sessionOf(t testing.TB, a *answer) string {
	t.Helper()
	for _, cookie := range a.cookies {
		if cookie.Name == sessionCookie {
			return cookie.Value
		}
	}
	t.Fatal("no session cookie")
	return ""
}

// answer is a response that was read.
type answer struct {
	t       testing.TB
	what    string
	status  int
	header  http.Header
	cookies []*http.Cookie
	body    []byte
	err     error
}

func (c *client) request(method, path string, body any) *http.Request {
	c.b.t.Helper()
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		must(c.b.t, err)
		reader = bytes.NewReader(text)
	}
	target := c.base + base + path
	if outside, found := strings.CutPrefix(path, "/"); found && strings.HasPrefix(outside, "/") {
		target = c.base + outside
	}
	r, err := http.NewRequestWithContext(c.b.t.Context(), method, target, reader)
	must(c.b.t, err)
	for name, values := range c.header {
		r.Header[name] = values
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.cookie != "" {
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: c.cookie})
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	return r
}

// call asks path of the API, or of the server where it begins with "//".
func (c *client) call(method, path string, body any) *answer {
	c.b.t.Helper()
	response, err := c.http.Do(c.request(method, path, body))
	must(c.b.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return &answer{t: c.b.t, what: method + " " + path, status: response.StatusCode, header: response.Header, cookies: response.Cookies(), body: text, err: err}
}

func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status || a.err != nil {
		a.t.Fatalf("%s: %d (%v), want %d: %s", a.what, a.status, a.err, status, a.body)
	}
	return a
}

// problem checks that the answer is an RFC 9457 problem and returns its detail.
func (a *answer) problem(status int) string {
	a.t.Helper()
	a.want(status)
	var p struct {
		Title, Detail string
		Status        int
	}
	if err := json.Unmarshal(a.body, &p); err != nil || p.Status != status || p.Title == "" || a.header.Get("Content-Type") != "application/problem+json" {
		a.t.Fatalf("%s: not a problem: %v %s %s", a.what, err, a.header.Get("Content-Type"), a.body)
	}
	return p.Detail
}

func decode[T any](a *answer) T {
	a.t.Helper()
	var v T
	decoder := json.NewDecoder(bytes.NewReader(a.want(http.StatusOK).body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&v); err != nil {
		a.t.Fatalf("%s: %v: %s", a.what, err, a.body)
	}
	return v
}

var errBroken = errors.New("the disk broke")
