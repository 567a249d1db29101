package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"unicode"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"baize/internal/server/ca"
	"baize/internal/server/state"
	baizev1 "baize/proto/baize/v1"
)

// Enroll exchanges a token for a host certificate.
func (g *Gateway) Enroll(ctx context.Context, r *baizev1.EnrollRequest) (*baizev1.EnrollResponse, error) {
	addr, _ := caller(ctx)
	if !g.limiter.allow(addr, g.deps.Now()) {
		return nil, status.Error(codes.ResourceExhausted, "too many wrong tokens: wait a minute")
	}
	e, err := g.deps.Registrar.Enrol(ctx, r.GetToken(), r.GetCsr(), ca.Machine{Name: printable(r.GetName()), ID: r.GetMachineId()})
	if err != nil {
		return nil, g.enrolError(addr, err)
	}
	if e.Again {
		g.calls.end(e.Name.Host, errEnrolledAgain)
	}
	slog.Info("gateway: host enrolled", "host", e.Name.Host, "name", printable(r.GetName()), "addr", addr, "again", e.Again)
	return &baizev1.EnrollResponse{
		Org: e.Name.Org, Host: e.Name.Host, Certificate: e.Certificate.Raw,
		Authority: g.deps.Authority.Root().Raw, CommandKey: g.deps.CommandKey,
		RedactionKey: g.deps.RedactionKey(e.Name.Org),
	}, nil
}

func (g *Gateway) enrolError(addr string, err error) error {
	switch {
	case errors.Is(err, state.ErrToken):
		g.limiter.wrong(addr, g.deps.Now())
		g.refusals.add(refusal{kind: "token", reason: fmt.Sprintf("%v: from %s", err, addr)})
		return status.Error(codes.PermissionDenied, err.Error()+": ask for a new one (baize tokens)")
	case errors.Is(err, ca.ErrRequest), errors.Is(err, ca.ErrMachine):
		return status.Error(codes.InvalidArgument, err.Error())
	}
	slog.Error("gateway: enrolment failed", "addr", addr, "error", err)
	return status.Error(codes.Internal, "enrolment failed: see the server's log")
}

// Renew exchanges the certificate of the connection for a fresh one.
func (g *Gateway) Renew(ctx context.Context, r *baizev1.RenewRequest) (*baizev1.RenewResponse, error) {
	p := peerOf(ctx)
	c, err := g.deps.Registrar.Renew(ctx, p.Name, r.GetCsr())
	switch {
	case errors.Is(err, ca.ErrRequest):
		return nil, status.Error(codes.InvalidArgument, err.Error())
	case err != nil:
		slog.Error("gateway: renewal failed", "host", p.Host, "error", err)
		return nil, status.Error(codes.Internal, "renewal failed: see the server's log")
	}
	return &baizev1.RenewResponse{Certificate: c.Raw, RedactionKey: g.deps.RedactionKey(p.Org)}, nil
}

// printable is what a host says of itself, fit to be shown: at most 255
// printable characters, none of them one that turns the direction of others.
func printable(s string) string {
	out := make([]rune, 0, min(len(s), 255))
	for _, r := range s {
		if len(out) == 255 {
			break
		}
		if unicode.IsPrint(r) && r != utf8.RuneError {
			out = append(out, r)
		}
	}
	return string(out)
}
