package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"baize/internal/server/secret"
	"baize/internal/server/state"
)

// Life of a session, and of what stands for it in a browser.
const (
	// sessionIdle ends a session that was not used. An open stream is use.
	sessionIdle = 2 * time.Hour
	// sessionLife ends a session however much it is used.
	sessionLife = 12 * time.Hour
	// sessionTouch is how exactly use is recorded, so that not every call writes.
	sessionTouch = time.Minute
	// sessionCookie has the prefix that makes browsers insist on Secure, on
	// Path=/ and on this very host.
	sessionCookie = "__Host-baize"
	// tokenPrefix marks API tokens.
	tokenPrefix = "baize_"
)

// localOrg is the tenant of the local operator.
const localOrg = "default"

// errAnonymous reports a call without valid proof of who calls.
var errAnonymous = errors.New("not logged in")

// Principal is who makes a call.
type Principal struct {
	// Name is a user's name, or "local:UID" on the unix socket.
	Name string
	Org  string
	Role Role
	// Session is the digest of the session; empty for tokens and local calls.
	Session string
	// HasPassword says that the user can log in again with a password.
	HasPassword bool
	// Local says that the call came through the unix socket.
	Local bool
}

type contextKey int

const (
	principalKey contextKey = iota
	localKey
	noteKey
)

// principalOf is who makes the call that ctx belongs to.
func principalOf(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey).(Principal)
	return p
}

// authenticate finds out who makes the call: the peer of the unix socket, the
// owner of a bearer token, or that of a session cookie.
func (s *Server) authenticate(r *http.Request) (Principal, error) {
	if uid, local := r.Context().Value(localKey).(uint32); local {
		return Principal{Name: "local:" + strconv.FormatUint(uint64(uid), 10), Org: localOrg, Role: Admin, Local: true}, nil
	}
	if token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); found {
		return s.byToken(r.Context(), token)
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return Principal{}, errAnonymous
	}
	return s.bySession(r.Context(), secret.Digest(cookie.Value))
}

func (s *Server) byToken(ctx context.Context, token string) (Principal, error) {
	t, user, err := s.state.APIToken(ctx, secret.Digest(token))
	if errors.Is(err, state.ErrNotFound) || err == nil && !s.now().Before(t.Expires) {
		return Principal{}, errAnonymous
	}
	if err != nil {
		return Principal{}, err
	}
	role := lesser(Role(t.Role), Role(user.Role))
	return Principal{Name: user.Name, Org: user.Org, Role: role, HasPassword: user.HasPassword()}, nil
}

func (s *Server) bySession(ctx context.Context, digest string) (Principal, error) {
	session, user, err := s.state.Session(ctx, digest)
	now := s.now()
	if errors.Is(err, state.ErrNotFound) || err == nil && expired(session, now) {
		return Principal{}, errAnonymous
	}
	if err != nil {
		return Principal{}, err
	}
	if now.Sub(session.Seen) >= sessionTouch {
		if err := s.state.SeeSession(ctx, digest, now); err != nil {
			return Principal{}, err
		}
	}
	return Principal{Name: user.Name, Org: user.Org, Role: Role(user.Role), Session: digest, HasPassword: user.HasPassword()}, nil
}

func expired(s state.Session, now time.Time) bool {
	return now.Sub(s.Created) >= sessionLife || now.Sub(s.Seen) >= sessionIdle
}

// SessionExpiry is which sessions and tokens are over at now: for state.Prune.
func SessionExpiry(now time.Time) state.Expiry {
	return state.Expiry{SessionCreated: now.Add(-sessionLife), SessionSeen: now.Add(-sessionIdle), Tokens: now}
}

// sourceOf is the client's address without its port, "unix" on the socket.
func sourceOf(r *http.Request) string {
	if _, local := r.Context().Value(localKey).(uint32); local {
		return "unix"
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
