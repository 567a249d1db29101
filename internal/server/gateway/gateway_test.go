package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"baize/internal/event"
	"baize/internal/identity"
	"baize/internal/wire"
	baizev1 "baize/proto/baize/v1"
)

func code(t *testing.T, what string, err error, want codes.Code) {
	t.Helper()
	if status.Code(err) != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func TestEventsArriveOnceAndInOrder(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	c := h.connect(t, "b1")
	if c.mark != 0 {
		t.Fatalf("a new boot is durable to %d", c.mark)
	}
	for _, step := range []struct{ first, last, mark uint64 }{
		{1, 10, 10},
		{1, 10, 10}, // all of it again
		{3, 15, 15}, // some of it again
		{16, 16, 16},
		{5, 8, 16}, // old
	} {
		if got := c.settle(h.batch(t, "b1", step.first, step.last)); got != step.mark {
			t.Errorf("%d to %d: mark %d, want %d", step.first, step.last, got, step.mark)
		}
	}
	events := p.log(t)
	for i, ev := range events {
		if ev.Seq != uint64(i+1) || ev.Host.ID != h.name.Host || ev.Host.Name != "web-1" || ev.Org != "default" || ev.Boot != "b1" || ev.Ingest.Received.IsZero() {
			t.Fatalf("event %d: %+v", i, ev)
		}
	}
	if len(events) != 16 {
		t.Fatalf("%d events", len(events))
	}
}

func TestEachBootHasItsOwnNumbers(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	c := h.connect(t, "b2")
	c.settle(h.batch(t, "b2", 1, 3))
	c.sendBatch(h.batch(t, "b1", 1, 5)) // the spool of the boot before
	if m := c.recv().GetMark(); m.Boot != "b1" || m.Seq != 5 {
		t.Fatalf("%v", m)
	}
	if again := h.connect(t, "b1"); again.mark != 5 {
		t.Fatalf("b1 is durable to %d", again.mark)
	}
	if len(p.log(t)) != 8 {
		t.Fatalf("%d events", len(p.log(t)))
	}
}

func TestMarksOutliveTheServer(t *testing.T) {
	dir := t.TempDir()
	p, stop := start(t, dir)
	h := p.enrol(t, "m1")
	h.connect(t, "b1").settle(h.batch(t, "b1", 1, 7))
	stop()
	p, _ = start(t, dir)
	h.dial(t, p.gateway.Addr().String())
	c := h.connect(t, "b1")
	if c.mark != 7 || c.settle(h.batch(t, "b1", 4, 9)) != 9 {
		t.Fatalf("goes on from %d", c.mark)
	}
	if got := seqs(p.log(t)); !reflect.DeepEqual(got, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Fatalf("%v", got)
	}
}

// loss is the coverage record that says what is missing.
func loss(t *testing.T, events []*event.Event) *event.Coverage {
	t.Helper()
	for _, ev := range events {
		if ev.Kind == event.SensorCoverage {
			return ev.Coverage
		}
	}
	t.Fatal("the loss is not in the log")
	return nil
}

func TestAGapIsRecordedAsLoss(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	c := h.connect(t, "b1")
	c.settle(h.batch(t, "b1", 1, 2))
	if got := c.settle(h.batch(t, "b1", 10, 12)); got != 12 {
		t.Fatalf("mark %d", got)
	}
	c.settle(h.batch(t, "b1", 10, 13))
	events := p.log(t)
	if l := loss(t, events); l.Lost != 7 || l.State != event.CoverageLost || l.Class != event.ClassAll {
		t.Fatalf("%+v", l)
	}
	if got := seqs(events); !reflect.DeepEqual(got, []uint64{1, 2, 10, 11, 12, 13}) {
		t.Fatalf("%v", got)
	}
}

func TestAMalformedEventIsRefusedAndTheRestKept(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	c := h.connect(t, "b1")
	list, err := wire.EncodeList(numbered(h.name.Host, "b1", 1, 2))
	if err != nil {
		t.Fatal(err)
	}
	rest, err := wire.EncodeList(numbered(h.name.Host, "b1", 4, 5))
	if err != nil {
		t.Fatal(err)
	}
	list = append(append(list, 0x0a, 3, 0x0a, 1, 'x'), rest...)
	body, err := wire.Compress(list)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.settle(&baizev1.Batch{Host: h.name.Host, Boot: "b1", FirstSeq: 1, Count: 5, Events: body}); got != 5 {
		t.Fatalf("mark %d", got)
	}
	r := p.refusal(t, "event 2: seq")
	if r.Host.ID != h.name.Host || r.Org != "default" {
		t.Fatalf("%+v", r)
	}
	events := p.log(t)
	if got := seqs(events); !reflect.DeepEqual(got, []uint64{1, 2, 4, 5}) || loss(t, events).Lost != 1 {
		t.Fatalf("%v", got)
	}
}

func TestAnUnreadableBatchIsRecordedAsLoss(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	c := h.connect(t, "b1")
	if got := c.settle(&baizev1.Batch{Host: h.name.Host, Boot: "b1", FirstSeq: 1, Count: 5, Events: []byte("garbage")}); got != 5 {
		t.Fatalf("mark %d", got)
	}
	p.refusal(t, "batch body")
	if l := loss(t, p.log(t)); l.Lost != 5 {
		t.Fatalf("%+v", l)
	}
}

func TestWrongNumbersAreRefused(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	c := h.connect(t, "b1")
	swapped := numbered(h.name.Host, "b1", 1, 4)
	swapped[1], swapped[2] = swapped[2], swapped[1]
	if got := c.settle(packed(t, h.name.Host, "b1", 1, 4, swapped)); got != 4 {
		t.Fatalf("mark %d", got)
	}
	p.refusal(t, "number 2 after 3")
	c.settle(packed(t, h.name.Host, "b1", 5, 2, numbered(h.name.Host, "b1", 5, 9)))
	p.refusal(t, "number 7 after 6")
	c.settle(packed(t, h.name.Host, "b1", 7, 3, numbered(h.name.Host, "b1", 7, 8)))
	if got := seqs(p.log(t)); !reflect.DeepEqual(got, []uint64{1, 3, 5, 6, 7, 8}) {
		t.Fatalf("%v", got)
	}
}

func TestAMessageOfAnotherHostIsRefused(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h, victim := p.enrol(t, "m1"), p.enrol(t, "m2")
	c := h.connect(t, "b1")
	c.sendBatch(victim.batch(t, "b1", 1, 3))
	r := p.refusal(t, victim.name.Host)
	if r.Host.ID != h.name.Host {
		t.Fatalf("the refusal is of %s", r.Host.ID)
	}
	if got := c.settle(h.batch(t, "b1", 1, 1)); got != 1 {
		t.Fatalf("the session did not go on: %d", got)
	}
	if v := victim.connect(t, "b1"); v.mark != 0 {
		t.Fatalf("the victim's mark moved to %d", v.mark)
	}
	if got := seqs(p.log(t)); !reflect.DeepEqual(got, []uint64{1}) {
		t.Fatalf("%v", got)
	}
}

func TestRefusalsAreCountedExactly(t *testing.T) {
	p, stop := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	c := h.connect(t, "b1")
	for range 40 {
		c.sendBatch(packed(t, "someone-else", "b1", 1, 1, nil))
	}
	c.settle(h.batch(t, "b1", 1, 1))
	r := p.refusals(t, "someone-else", 40)
	if r.Count != 40 {
		t.Fatalf("%d refusals", r.Count)
	}
	var told int
	for _, ev := range p.log(t) {
		if ev.Kind == event.GatewayRefused {
			told++
		}
	}
	if told > 2 {
		t.Fatalf("told %d times", told)
	}
	stop()
}

func TestTooManyRefusedMessagesEndTheSession(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	c := h.connect(t, "b1")
	for range maxRefused + 1 {
		c.sendBatch(packed(t, "x", "b1", 1, 1, nil))
	}
	code(t, "session", c.ended(), codes.PermissionDenied)
}

func TestClaimsAreBounded(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	c := h.connect(t, "b1")
	good := h.batch(t, "b1", 1, 1)
	for text, b := range map[string]*baizev1.Batch{
		"batch of boot":        {Host: h.name.Host, Boot: "a.b", FirstSeq: 1, Count: 1, Events: good.Events},
		"batch of 0 events":    {Host: h.name.Host, Boot: "b1", FirstSeq: 1, Events: good.Events},
		"batch of 65537":       {Host: h.name.Host, Boot: "b1", FirstSeq: 1, Count: wire.MaxEvents + 1, Events: good.Events},
		"batch from number 0":  {Host: h.name.Host, Boot: "b1", Count: 1, Events: good.Events},
		"from number 92233720": {Host: h.name.Host, Boot: "b1", FirstSeq: 1 << 63, Count: 1, Events: good.Events},
		"2097153 bytes":        {Host: h.name.Host, Boot: "b1", FirstSeq: 1, Count: 1, Events: make([]byte, 2<<20+1)},
	} {
		c.sendBatch(b)
		c.settle(good) // still alive
		p.refusal(t, text)
	}
	c.send(&baizev1.ConnectRequest{})
	p.refusal(t, "not known")
	if got := seqs(p.log(t)); !reflect.DeepEqual(got, []uint64{1}) {
		t.Fatalf("%v", got)
	}
}

func TestASessionBeginsWithItsOwnHello(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	code(t, "another host", h.open(t, &baizev1.Hello{Host: "h-other", Boot: "b1"}).ended(), codes.PermissionDenied)
	p.refusal(t, "h-other")
	code(t, "no boot", h.open(t, &baizev1.Hello{Host: h.name.Host}).ended(), codes.InvalidArgument)
	stream, err := h.agent.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&baizev1.ConnectRequest{Message: &baizev1.ConnectRequest_Heartbeat{}}); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	code(t, "no hello", err, codes.InvalidArgument)
}

func TestNothingButEnrolmentWithoutACertificate(t *testing.T) {
	p, _ := start(t, t.TempDir())
	conn := dial(t, p.gateway.Addr().String(), identity.ClientTLS(p.authority.Digest(), nil))
	agent := baizev1.NewAgentServiceClient(conn)
	_, err := agent.Renew(t.Context(), &baizev1.RenewRequest{})
	code(t, "Renew", err, codes.Unauthenticated)
	connect, err := agent.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = connect.Recv()
	code(t, "Connect", err, codes.Unauthenticated)
	upload, err := agent.Upload(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = upload.Recv()
	code(t, "Upload", err, codes.Unauthenticated)
	if n := len(baizev1.AgentService_ServiceDesc.Methods) + len(baizev1.AgentService_ServiceDesc.Streams); n != 3 {
		t.Errorf("%d calls, this test knows 3", n)
	}
}

func TestGuessesAreCountedPerAddress(t *testing.T) {
	l := newLimiter(guessRate, guessBurst)
	now := time.Unix(1_700_000_000, 0)
	for range guessBurst {
		if !l.allow("203.0.113.9:1", now) || !l.allow("203.0.113.9:2", now) {
			t.Fatal("refused before its guesses were used up")
		}
		l.wrong("203.0.113.9:3", now)
	}
	if l.allow("203.0.113.9:4", now) || !l.allow("203.0.113.8:4", now) || !l.allow("203.0.113.9:5", now.Add(time.Second)) {
		t.Fatal("want one address to wait a second")
	}
	for i := range 2 * maxBuckets {
		l.wrong(fmt.Sprintf("10.0.%d.%d:1", i/256, i%256), now)
	}
	if len(l.buckets) > maxBuckets {
		t.Fatalf("%d buckets", len(l.buckets))
	}
	if l.wrong("198.51.100.1:1", now.Add(time.Hour)); len(l.buckets) > 1 {
		t.Fatalf("%d buckets after an hour", len(l.buckets))
	}
}

func TestABadTokenIsRefusedAndReported(t *testing.T) {
	p, _ := start(t, t.TempDir())
	_, csr := newRequest(t)
	conn := dial(t, p.gateway.Addr().String(), identity.ClientTLS(p.authority.Digest(), nil))
	enrolment := baizev1.NewEnrollmentServiceClient(conn)
	_, err := enrolment.Enroll(t.Context(), &baizev1.EnrollRequest{Token: "guess", Csr: csr, MachineId: "m"})
	code(t, "token", err, codes.PermissionDenied)
	if r := p.refusal(t, "token"); r.Host.ID != reporter {
		t.Errorf("%+v", r.Host)
	}
	text, err := p.registrar.NewToken(t.Context(), "default", 1, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	_, err = enrolment.Enroll(t.Context(), &baizev1.EnrollRequest{Token: text, Csr: []byte("x"), MachineId: "m"})
	code(t, "request", err, codes.InvalidArgument)
	for range guessBurst {
		_, err = enrolment.Enroll(t.Context(), &baizev1.EnrollRequest{Token: "guess", Csr: csr, MachineId: "m"})
	}
	code(t, "guessing", err, codes.ResourceExhausted)
}

func TestAForeignCertificateIsReported(t *testing.T) {
	p, _ := start(t, t.TempDir())
	other, _ := start(t, t.TempDir())
	foreign := other.enrol(t, "m1")
	config := identity.ClientTLS(p.authority.Digest(), nil)
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &foreign.certificate, nil }
	agent := baizev1.NewAgentServiceClient(dial(t, p.gateway.Addr().String(), config))
	if _, err := agent.Renew(t.Context(), &baizev1.RenewRequest{}); err == nil {
		t.Fatal("let in")
	}
	p.refusal(t, "handshake: TLS from 127.0.0.1")
}

func TestRevocationEndsLiveSessionsAtOnce(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	c := h.connect(t, "b1")
	c.settle(h.batch(t, "b1", 1, 1))
	if err := p.gateway.Revoke(t.Context(), h.name.Host); err != nil {
		t.Fatal(err)
	}
	c.sendBatch(h.batch(t, "b1", 2, 2))
	code(t, "the live session", c.ended(), codes.PermissionDenied)
	stream, err := h.agent.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	code(t, "a new session", err, codes.Unauthenticated)
	_, csr := newRequest(t)
	_, err = h.agent.Renew(t.Context(), &baizev1.RenewRequest{Csr: csr})
	code(t, "Renew", err, codes.Unauthenticated)
	if r := p.refusal(t, "revoked"); r.Host.ID != h.name.Host {
		t.Errorf("%+v", r.Host)
	}
	if got := seqs(p.log(t)); !reflect.DeepEqual(got, []uint64{1}) {
		t.Fatalf("%v", got)
	}
}

func TestRenewal(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	key, csr := newRequest(t)
	r, err := h.agent.Renew(t.Context(), &baizev1.RenewRequest{Csr: csr})
	if err != nil {
		t.Fatal(err)
	}
	h.certificate = tls.Certificate{Certificate: [][]byte{r.Certificate}, PrivateKey: key}
	h.dial(t, p.gateway.Addr().String())
	h.connect(t, "b1")
	_, err = h.agent.Renew(t.Context(), &baizev1.RenewRequest{Csr: []byte("x")})
	code(t, "garbage", err, codes.InvalidArgument)
}

func TestEnrollingAgainEndsTheSessionBefore(t *testing.T) {
	p, _ := start(t, t.TempDir())
	first := p.enrol(t, "m1")
	c := first.connect(t, "b1")
	second := p.enrol(t, "m1")
	if second.name != first.name {
		t.Fatalf("%v became %v", first.name, second.name)
	}
	code(t, "the session before", c.ended(), codes.PermissionDenied)
	second.connect(t, "b1")
}

func TestOneIdentityInTwoLiveSessionsIsReported(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	older := h.connect(t, "b1")
	h.dial(t, p.gateway.Addr().String())
	newer := h.connect(t, "b1")
	if got := older.settle(h.batch(t, "b1", 1, 1)); got != 1 {
		t.Fatalf("what was on its way: %d", got)
	}
	time.Sleep(twiceGrace + 100*time.Millisecond) // the grace is the thing tested
	older.sendBatch(h.batch(t, "b1", 2, 2))
	code(t, "the older", older.ended(), codes.Aborted)
	if got := newer.settle(h.batch(t, "b1", 2, 3)); got != 3 {
		t.Fatalf("the newer: %d", got)
	}
	p.refusal(t, "two live sessions: from 127.0.0.1")
	if !p.gateway.Connected(h.name.Host) {
		t.Error("the newer session is gone")
	}
}

func TestAReplacedSessionThatIsDeadIsNoReport(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	for range 4 {
		h.connect(t, "b1") // each leaves the one before hanging
	}
	c := h.connect(t, "b1")
	c.settle(h.batch(t, "b1", 1, 1))
	for _, ev := range p.log(t) {
		if ev.Kind == event.GatewayRefused {
			t.Errorf("%s", ev.Message)
		}
	}
}

func TestHealthReachesTheState(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	c := h.connect(t, "b1")
	eventually(t, "connected", func() bool {
		got, err := p.db.Host(t.Context(), h.name.Host)
		return err == nil && got.Connected && got.Boot == "b1" && got.Name == "web-1"
	})
	c.send(&baizev1.ConnectRequest{Message: &baizev1.ConnectRequest_Heartbeat{Heartbeat: &baizev1.Heartbeat{Time: timestamppb.Now(), Tier: 2, Armed: true}}})
	eventually(t, "healthy", func() bool {
		got, err := p.db.Host(t.Context(), h.name.Host)
		return err == nil && got.Health != nil && got.Health.Armed
	})
	hooks := make([]*baizev1.HookHealth, maxHooks+1)
	for i := range hooks {
		hooks[i] = &baizev1.HookHealth{}
	}
	c.send(&baizev1.ConnectRequest{Message: &baizev1.ConnectRequest_Heartbeat{Heartbeat: &baizev1.Heartbeat{Hooks: hooks}}})
	p.refusal(t, "heartbeat with 0 classes, 513 hooks")
	if err := c.stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "disconnected", func() bool {
		got, err := p.db.Host(t.Context(), h.name.Host)
		return err == nil && !got.Connected
	})
}

func TestCommandsGoToTheSession(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	order := &baizev1.Envelope{Payload: []byte("p"), Signature: []byte("s")}
	if err := p.gateway.Send(h.name.Host, order); !errors.Is(err, ErrNotConnected) {
		t.Fatal(err)
	}
	c := h.connect(t, "b1")
	if err := p.gateway.Send(h.name.Host, order); err != nil {
		t.Fatal(err)
	}
	if got := c.recv().GetCommand(); string(got.GetPayload()) != "p" {
		t.Fatalf("%v", got)
	}
	c.send(&baizev1.ConnectRequest{Message: &baizev1.ConnectRequest_Result{Result: &baizev1.CommandResult{Id: "c1", State: "obeyed"}}})
	p.refusal(t, `result in state "obeyed"`)
	c.send(&baizev1.ConnectRequest{Message: &baizev1.ConnectRequest_Result{Result: &baizev1.CommandResult{Id: "c1", State: "done"}}})
	if got := <-p.answers; got.Id != "c1" {
		t.Fatalf("%v", got)
	}
}

func TestDoneSendingStillGetsTheMark(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	c := h.connect(t, "b1")
	c.sendBatch(h.batch(t, "b1", 1, 3))
	if err := c.stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if got := c.recv().GetMark().GetSeq(); got != 3 {
		t.Fatalf("mark %d", got)
	}
	if err := c.ended(); err.Error() != "EOF" {
		t.Fatal(err)
	}
}

func TestTheServerIsFullAtItsLimit(t *testing.T) {
	all := newSessions(1)
	now := time.Now()
	first := &session{peer: peer{Name: identity.Name{Host: "h1"}}, end: func(error) {}}
	if err := all.add(first, now); err != nil {
		t.Fatal(err)
	}
	if err := all.add(&session{peer: peer{Name: identity.Name{Host: "h1"}}, end: func(error) {}}, now); err != nil {
		t.Fatalf("the same host: %v", err)
	}
	if err := all.add(&session{peer: peer{Name: identity.Name{Host: "h2"}}}, now); !errors.Is(err, errFull) {
		t.Fatalf("another: %v", err)
	}
}

func TestSkewIsTheBestOfTheLatest(t *testing.T) {
	var s skew
	now := time.Unix(1_700_000_000, 0)
	if s.estimate() != 0 {
		t.Fatal("an estimate of nothing")
	}
	for _, delay := range []time.Duration{300, 20, 5000} {
		s.add(timestamppb.New(now.Add(time.Minute-delay*time.Millisecond)), now)
	}
	if got := s.estimate(); got != time.Minute-20*time.Millisecond {
		t.Fatalf("%s", got)
	}
	for range skewSamples {
		s.add(timestamppb.New(now.Add(-time.Second)), now)
	}
	if got := s.estimate(); got != -time.Second {
		t.Fatalf("a clock that was set: %s", got)
	}
	s.add(nil, now)
	if s.n != skewSamples+3 {
		t.Fatal("no time is no sample")
	}
}

// A host is told what the rules ask for when it comes, and when they change.
func TestHostsAreToldWhatTheRulesAskFor(t *testing.T) {
	var revision atomic.Value
	revision.Store("r1")
	p, _ := start(t, t.TempDir(), func(g *Gateway) {
		g.deps.Asked = func() (string, []event.Kind) {
			return revision.Load().(string), []event.Kind{event.ProcessExec, event.FileOpen}
		}
	})
	c := p.enrol(t, "m1").connect(t, "b1")
	for _, want := range []string{"r1", "r2"} {
		revision.Store(want)
		c.send(&baizev1.ConnectRequest{Message: &baizev1.ConnectRequest_Heartbeat{Heartbeat: &baizev1.Heartbeat{}}})
		i := c.recv().GetInterest()
		if i.GetRevision() != want || strings.Join(i.GetKinds(), " ") != "process.exec file.open" {
			t.Errorf("told %v, want revision %s", i, want)
		}
	}
}
