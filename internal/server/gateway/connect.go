package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"baize/internal/identity"
	baizev1 "baize/proto/baize/v1"
)

const (
	// helloTimeout is how long a session may be silent before its Hello.
	helloTimeout = 10 * time.Second
	// outgoing bounds what waits to be sent to one host.
	outgoing = 32
	// maxRefused ends a session that sends one refused message after another.
	maxRefused = 64
)

type connection = grpc.BidiStreamingServer[baizev1.ConnectRequest, baizev1.ConnectResponse]

// Connect is a host's session. One goroutine receives and decides, this one
// sends; the session ends with its context, whose cause the host is told.
func (g *Gateway) Connect(stream connection) error {
	p := peerOf(stream.Context())
	ctx, end := context.WithCancelCause(stream.Context())
	defer end(nil)
	s := &session{peer: p, out: make(chan *baizev1.ConnectResponse, outgoing), end: end}
	hello := time.AfterFunc(helloTimeout, func() { end(status.Error(codes.DeadlineExceeded, "no hello")) })
	defer hello.Stop()
	g.work.Go(func() {
		end(guarded("session of "+p.Host, func() error { return g.receive(ctx, stream, s, hello) }))
	})
	for {
		select {
		case <-ctx.Done():
			return s.finish(stream, context.Cause(ctx))
		case message := <-s.out:
			if err := stream.Send(message); err != nil {
				return err
			}
		}
	}
}

// finish returns the session's status. A host that is done sending still gets
// what it is owed.
func (s *session) finish(stream connection, cause error) error {
	if !errors.Is(cause, errDone) {
		return statusOf(cause)
	}
	for {
		select {
		case message := <-s.out:
			if err := stream.Send(message); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// receive is the session from Hello to end.
func (g *Gateway) receive(ctx context.Context, stream connection, s *session, timeout *time.Timer) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	timeout.Stop()
	in := &inbound{g: g, s: s}
	if err := in.hello(ctx, first.GetHello()); err != nil {
		return err
	}
	if err := g.sessions.add(s, g.deps.Now()); err != nil {
		return err
	}
	defer g.leave(s)
	if err := g.deps.State.ConnectHost(ctx, s.peer.Host, cleaned(first.GetHello()), g.deps.Now()); err != nil {
		return internal("session of "+s.peer.Host, err)
	}
	if err := in.welcome(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		message, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return errDone
		case err != nil:
			return err
		}
		if err := in.message(ctx, message); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// leave forgets a session; with the last one the host is disconnected.
func (g *Gateway) leave(s *session) {
	if !g.sessions.remove(s) {
		return
	}
	g.progress.forget(s.peer.Host)
	g.health.forget(s.peer.Host)
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := g.deps.State.DisconnectHost(ctx, s.peer.Host, g.deps.Now()); err != nil {
		slog.Error("gateway: host is not marked as disconnected", "host", s.peer.Host, "error", err)
	}
}

// internal logs what is the server's fault; the host learns that it may try again.
func internal(what string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	slog.Error("gateway: "+what, "error", err)
	return status.Error(codes.Unavailable, "the server cannot take it now")
}

func cleaned(h *baizev1.Hello) *baizev1.Hello {
	return &baizev1.Hello{
		Host: h.GetHost(), Boot: h.GetBoot(), Name: printable(h.GetName()),
		Version: printable(h.GetVersion()), Kernel: printable(h.GetKernel()), Time: h.GetTime(),
	}
}

// inbound is the receiving side of one session. One goroutine uses it.
type inbound struct {
	g       *Gateway
	s       *session
	name    string
	skew    skew
	refused int
	boots   map[string]bool
	// revision of the rules that the host was last told of.
	revision string
}

// hello opens the session.
func (in *inbound) hello(_ context.Context, h *baizev1.Hello) error {
	switch {
	case h == nil:
		return status.Error(codes.InvalidArgument, "the first message is a Hello")
	case h.Host != in.s.peer.Host:
		in.refuse("host", fmt.Sprintf("Hello of host %q with the certificate of %s, from %s", printable(h.Host), in.s.peer.Host, in.s.peer.addr))
		return status.Error(codes.PermissionDenied, "the certificate is another host's")
	case !identity.Valid(h.Boot):
		return status.Errorf(codes.InvalidArgument, "boot %q: want letters, digits, '-' and '_', at most %d", printable(h.Boot), identity.MaxName)
	}
	in.s.boot, in.name = h.Boot, printable(h.Name)
	in.skew.add(h.Time, in.g.deps.Now())
	return nil
}

func (in *inbound) welcome(ctx context.Context) error {
	seq, err := in.g.progress.seq(ctx, bootKey{in.s.peer.Host, in.s.boot})
	if err != nil {
		return internal("welcome", err)
	}
	welcome := &baizev1.Welcome{DurableSeq: seq, Time: timestamppb.New(in.g.deps.Now())}
	if err := in.send(ctx, &baizev1.ConnectResponse{Message: &baizev1.ConnectResponse_Welcome{Welcome: welcome}}); err != nil {
		return err
	}
	return in.interest(ctx)
}

// interest says what the rules ask for, if they are others than before. It gives
// nobody a power: who can say it could as well drop the events.
func (in *inbound) interest(ctx context.Context) error {
	if in.g.deps.Asked == nil {
		return nil
	}
	revision, kinds := in.g.deps.Asked()
	if revision == in.revision {
		return nil
	}
	in.revision = revision
	said := &baizev1.Interest{Revision: revision}
	for _, kind := range kinds {
		said.Kinds = append(said.Kinds, string(kind))
	}
	return in.send(ctx, &baizev1.ConnectResponse{Message: &baizev1.ConnectResponse_Interest{Interest: said}})
}

func (in *inbound) send(ctx context.Context, message *baizev1.ConnectResponse) error {
	select {
	case in.s.out <- message:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// message decides on one message. An error ends the session; what is refused
// does not, until there is too much of it.
func (in *inbound) message(ctx context.Context, m *baizev1.ConnectRequest) error {
	now := in.g.deps.Now()
	if ctx.Err() != nil {
		return context.Cause(ctx) // revoked while it was on its way
	}
	if by, alive := in.s.twice(now); alive {
		in.refuse("session", fmt.Sprintf("certificate %s of %s is in two live sessions: from %s and from %s", in.s.peer.serial, in.s.peer.Host, in.s.peer.addr, by))
		return errTwice
	}
	switch m := m.GetMessage().(type) {
	case *baizev1.ConnectRequest_Batch:
		return in.batch(ctx, m.Batch)
	case *baizev1.ConnectRequest_Heartbeat:
		in.heartbeat(m.Heartbeat, now)
		if err := in.interest(ctx); err != nil {
			return err
		}
	case *baizev1.ConnectRequest_Result:
		in.result(ctx, m.Result)
	default:
		in.refuse("message", "a message that is not known here")
	}
	return in.enough()
}

// refuse reports something that this host was not allowed.
func (in *inbound) refuse(kind, reason string) {
	in.refused++
	in.g.refusals.add(refusal{name: in.s.peer.Name, boot: in.s.boot, kind: kind, reason: reason})
}

func (in *inbound) enough() error {
	if in.refused > maxRefused {
		return status.Error(codes.PermissionDenied, "too many refused messages")
	}
	return nil
}

func (in *inbound) heartbeat(beat *baizev1.Heartbeat, now time.Time) {
	if err := checkHeartbeat(beat); err != nil {
		in.refuse("heartbeat", err.Error())
		return
	}
	in.skew.add(beat.GetTime(), now)
	in.g.health.add(in.s.peer.Host, beat, now)
}

// maxDetail bounds the detail of a command's result, in bytes.
const maxDetail = 64 << 10

func (in *inbound) result(ctx context.Context, r *baizev1.CommandResult) {
	switch {
	case len(r.GetId()) > identity.MaxName || len(r.GetDetail()) > maxDetail:
		in.refuse("result", fmt.Sprintf("result with an id of %d bytes, a detail of %d", len(r.GetId()), len(r.GetDetail())))
	case r.GetState() != "done" && r.GetState() != "failed" && r.GetState() != "refused":
		in.refuse("result", fmt.Sprintf("result in state %q", printable(r.GetState())))
	default:
		in.g.deps.Answer(ctx, in.s.peer.Host, r)
	}
}
