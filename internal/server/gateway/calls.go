package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// maxCalls bounds the streams that one host has open, over all its connections.
	maxCalls = 16
	// sendPatience is how long a host may leave one message untaken once its
	// window is full: it answers keepalives, and yet nobody reads there.
	sendPatience = 10 * time.Second
	// silence ends a call whose host says nothing: agents have their heartbeat,
	// and uploads their next piece.
	silence = 2 * time.Minute
)

// calls are the open streams of each host: sessions and uploads alike.
type calls struct {
	mu   sync.Mutex
	open map[string]map[*admitted]bool
}

func newCalls() *calls { return &calls{open: map[string]map[*admitted]bool{}} }

// enter counts a stream of host, unless it has too many.
func (c *calls) enter(host string, a *admitted) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open[host]) >= maxCalls {
		return status.Errorf(codes.ResourceExhausted, "the host has %d open calls", maxCalls)
	}
	if c.open[host] == nil {
		c.open[host] = map[*admitted]bool{}
	}
	c.open[host][a] = true
	return nil
}

func (c *calls) leave(host string, a *admitted) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open[host], a)
	if len(c.open[host]) == 0 {
		delete(c.open, host)
	}
}

// end ends every stream of host.
func (c *calls) end(host string, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for a := range c.open[host] {
		a.end(why)
	}
}

// admitted is a stream whose context says who calls, and ends with a cause.
type admitted struct {
	grpc.ServerStream
	ctx      context.Context
	end      context.CancelCauseFunc
	patience time.Duration
}

// Context returns the stream's context with the peer in it.
func (a *admitted) Context() context.Context { return a.ctx }

// SendMsg ends the call when the message is not taken in time.
func (a *admitted) SendMsg(m any) error {
	stalled := time.AfterFunc(a.patience, func() { a.end(errStalled) })
	defer stalled.Stop()
	return a.ServerStream.SendMsg(m)
}

// RecvMsg ends the call when nothing comes for long.
func (a *admitted) RecvMsg(m any) error {
	silent := time.AfterFunc(silence, func() { a.end(errSilent) })
	defer silent.Stop()
	return a.ServerStream.RecvMsg(m)
}

// admitStream lets a stream in and stands over it. The handler runs beside, so
// that a call ends with its certificate, its revocation or a host that does not
// read, whatever the handler waits for: a stream that has ended releases it.
func (g *Gateway) admitStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	ctx, err := g.admit(stream.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	p := peerOf(ctx)
	ctx, expire := context.WithDeadline(ctx, p.notAfter)
	defer expire()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	a := &admitted{stream, ctx, end, g.patience}
	if err := g.calls.enter(p.Host, a); err != nil {
		return err
	}
	defer g.calls.leave(p.Host, a)
	done := make(chan error, 1)
	g.work.Go(func() { done <- guarded(info.FullMethod, func() error { return handle(srv, a) }) })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return statusOf(context.Cause(ctx))
	}
}

func (g *Gateway) admitUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (answer any, err error) {
	ctx, err = g.admit(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	err = guarded(info.FullMethod, func() (err error) {
		answer, err = handle(ctx, req)
		return err
	})
	return answer, err
}

// guarded turns a panic into an error: what one host sends must not end the
// sessions of all others.
func guarded(what string, do func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			slog.Error("gateway: panic", "call", what, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			err = status.Error(codes.Internal, "the server failed: its log says why")
		}
	}()
	return do()
}
