package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"baize/internal/server/secret"
	"baize/internal/server/state"
)

const loginOperation = "login"

type loginInput struct {
	Body struct {
		User     string `json:"user" minLength:"1" maxLength:"64"`
		Password string `json:"password" minLength:"1" maxLength:"256"`
	}
	source string
}

// Resolve implements huma.Resolver: it learns who asks.
func (in *loginInput) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	in.source = sourceOf(r)
	return nil
}

var _ huma.Resolver = (*loginInput)(nil)

// Me is who makes the call, as others see it.
type Me struct {
	Name string `json:"name"`
	Org  string `json:"org"`
	Role Role   `json:"role"`
	// PasswordSet is false after a login with a one-time password: until one is
	// set, the user cannot log in again.
	PasswordSet bool `json:"password_set"`
}

type sessionOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Me
}

type passwordInput struct {
	Body struct {
		Current string `json:"current,omitempty" maxLength:"256" doc:"Needed where a password is set"`
		New     string `json:"new" maxLength:"256"`
	}
}

func (s *Server) loginRoutes() {
	register(s, operation{method: http.MethodPost, path: "/login", id: loginOperation, summary: "Open a session", need: Anyone}, s.login)
	register(s, operation{method: http.MethodPost, path: "/logout", id: "logout", summary: "End the session", need: Viewer}, s.logout)
	register(s, operation{method: http.MethodGet, path: "/me", id: "get-me", summary: "Who makes this call", need: Viewer}, s.getMe)
	register(s, operation{method: http.MethodPut, path: "/me/password", id: "set-my-password", summary: "Set the own password; all other sessions end", need: Viewer, status: http.StatusNoContent}, s.setMyPassword)
}

func (s *Server) login(ctx context.Context, in *loginInput) (*sessionOutput, error) {
	name := in.Body.User
	annotate(ctx, name, "")
	if delay := s.logins.name(name, in.source, s.now()); delay > 0 {
		s.metrics.login("limited")
		return nil, tooMany("too many logins failed", delay)
	}
	user, err := s.verify(ctx, name, in.Body.Password)
	if err != nil {
		return nil, err
	}
	s.logins.succeeded(name, in.source, s.now())
	s.metrics.login("succeeded")
	return s.openSession(ctx, user, in.source)
}

// verify returns the user whose password it is. A one-time password is used by it.
func (s *Server) verify(ctx context.Context, name, password string) (state.User, error) {
	user, err := s.state.User(ctx, name)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return user, err
	}
	good := secret.Matches(user.Password, password)
	if good && user.OneTime {
		good, err = s.state.UseOneTime(ctx, name, user.Password)
		if err != nil {
			return user, err
		}
	}
	if !good {
		s.metrics.login("failed")
		return user, huma.Error401Unauthorized("wrong user or password")
	}
	return user, nil
}

func (s *Server) openSession(ctx context.Context, user state.User, source string) (*sessionOutput, error) {
	value, now := secret.Token(""), s.now()
	err := s.state.AddSession(ctx, state.Session{Hash: secret.Digest(value), User: user.Name, Created: now, Seen: now, Source: source})
	if err != nil {
		return nil, err
	}
	return &sessionOutput{
		SetCookie: cookie(value, int(sessionLife.Seconds())),
		Body:      Me{Name: user.Name, Org: user.Org, Role: Role(user.Role), PasswordSet: user.HasPassword()},
	}, nil
}

// cookie carries a session: out of reach of scripts and of other sites.
func cookie(value string, seconds int) http.Cookie {
	return http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", MaxAge: seconds,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

type logoutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *Server) logout(ctx context.Context, _ *none) (*logoutOutput, error) {
	if digest := principalOf(ctx).Session; digest != "" {
		if err := s.state.EndSession(ctx, digest); err != nil {
			return nil, err
		}
	}
	return &logoutOutput{SetCookie: cookie("", -1)}, nil
}

func (s *Server) getMe(ctx context.Context, _ *none) (*bodyOutput[Me], error) {
	p := principalOf(ctx)
	return &bodyOutput[Me]{Body: Me{Name: p.Name, Org: p.Org, Role: p.Role, PasswordSet: p.HasPassword}}, nil
}

func (s *Server) setMyPassword(ctx context.Context, in *passwordInput) (*none, error) {
	p := principalOf(ctx)
	if p.Session == "" {
		return nil, huma.Error403Forbidden("only a person's session may set its password")
	}
	if delay := s.logins.take(ownChange, p.Name, s.now()); delay > 0 {
		return nil, tooMany("too many attempts", delay)
	}
	user, err := s.state.User(ctx, p.Name)
	if err != nil {
		return nil, err
	}
	if user.HasPassword() && !secret.Matches(user.Password, in.Body.Current) {
		return nil, huma.Error403Forbidden("the current password is wrong")
	}
	hash, err := secret.Hash(in.Body.New)
	if err != nil {
		return nil, err
	}
	return nil, s.state.SetPassword(ctx, p.Name, hash, false, p.Session)
}
