package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	baizev1 "baize/proto/baize/v1"
)

// Why a session ends; agents see the status.
var (
	errStopping      = status.Error(codes.Unavailable, "the server stops")
	errRevoked       = status.Error(codes.PermissionDenied, "the certificate is revoked")
	errEnrolledAgain = status.Error(codes.PermissionDenied, "the certificate is revoked: the machine enrolled again")
	errTwice         = status.Error(codes.Aborted, "the host has a newer session")
	errExpired       = status.Error(codes.Unauthenticated, "the certificate has expired")
	errStalled       = status.Error(codes.Unavailable, "the host does not take what it is sent")
	errSilent        = status.Error(codes.DeadlineExceeded, "the host says nothing")
	errAnonymous     = status.Error(codes.Unauthenticated, "a host certificate is required: enrol first")
	errFull          = status.Error(codes.ResourceExhausted, "the server has as many hosts as it takes")
)

// errDone ends a session whose host has nothing more to send.
var errDone = errors.New("done")

// twiceGrace is how long a session that was superseded may still deliver what
// was on its way. A session that goes on after that is alive: the same
// identity is in use twice.
const twiceGrace = 2 * time.Second

// session is one host's connection.
type session struct {
	peer peer
	boot string
	// out is what the host is sent.
	out chan *baizev1.ConnectResponse
	// end ends the session with a status.
	end context.CancelCauseFunc

	mu sync.Mutex
	// by is the address of the session that superseded this one, since when.
	by    string
	since time.Time
}

// supersede notes that a newer session of the host began.
func (s *session) supersede(by string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == "" {
		s.by, s.since = by, now
	}
}

// twice reports whether the session is alive beside a newer one, and whose.
func (s *session) twice(now time.Time) (by string, alive bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.by, s.by != "" && now.Sub(s.since) > twiceGrace
}

// sessions are the open ones: of each host, the newest and, until it ends, the
// one before.
type sessions struct {
	limit int

	mu     sync.Mutex
	closed error
	open   map[string][]*session
}

func newSessions(limit int) *sessions { return &sessions{limit: limit, open: map[string][]*session{}} }

// add enters a session, the newest of its host from here on.
func (all *sessions) add(s *session, now time.Time) error {
	all.mu.Lock()
	defer all.mu.Unlock()
	before := all.open[s.peer.Host]
	switch {
	case all.closed != nil:
		return all.closed
	case before == nil && len(all.open) >= all.limit:
		return errFull
	}
	if len(before) > 1 {
		before[0].end(errTwice)
	}
	for _, old := range before {
		old.supersede(s.peer.addr, now)
	}
	all.open[s.peer.Host] = append(before, s)
	return nil
}

// remove takes a session out and reports whether the host has none left.
func (all *sessions) remove(s *session) (last bool) {
	all.mu.Lock()
	defer all.mu.Unlock()
	var rest []*session
	for _, other := range all.open[s.peer.Host] {
		if other != s {
			rest = append(rest, other)
		}
	}
	if rest == nil {
		delete(all.open, s.peer.Host)
		return true
	}
	all.open[s.peer.Host] = rest
	return false
}

// of returns the newest session of host, or nil.
func (all *sessions) of(host string) *session {
	all.mu.Lock()
	defer all.mu.Unlock()
	list := all.open[host]
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

// close ends all sessions and lets no more in.
func (all *sessions) close(why error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.closed = why
	for _, list := range all.open {
		for _, s := range list {
			s.end(why)
		}
	}
}

// statusOf is what a session that ended with cause returns.
func statusOf(cause error) error {
	if _, ok := status.FromError(cause); ok {
		return cause
	}
	if errors.Is(cause, context.DeadlineExceeded) {
		return errExpired
	}
	return status.FromContextError(cause).Err()
}
