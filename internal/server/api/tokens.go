package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"baize/internal/server/secret"
	"baize/internal/server/state"
)

// maxLife bounds the life of every kind of token.
const maxLife = 365 * 24 * time.Hour

// maxTokens bounds the tokens that act for one user.
const maxTokens = 64

// EnrolToken lets hosts enrol.
type EnrolToken struct {
	// Token is shown once.
	Token   string    `json:"token"`
	Uses    int       `json:"uses"`
	Expires time.Time `json:"expires"`
}

type enrolInput struct {
	Body struct {
		Uses int    `json:"uses,omitempty" minimum:"1" maximum:"100000" default:"1" doc:"Hosts it may enrol"`
		Life string `json:"life,omitempty" default:"1h" doc:"A duration like 24h, at most a year"`
	}
}

// Token lets a program act for a user.
type Token struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	User string `json:"user"`
	Role Role   `json:"role"`
	// Token is shown once, when it is made.
	Token   string    `json:"token,omitempty"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
}

type apiTokenInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"64"`
		User string `json:"user,omitempty" maxLength:"64" doc:"Whom it acts for: oneself, and others for an admin"`
		Role Role   `json:"role,omitempty" enum:"viewer,analyst,responder,admin" default:"viewer" doc:"It may do at most this, and what its user may"`
		Life string `json:"life,omitempty" default:"720h" doc:"A duration like 24h, at most a year"`
	}
}

func (s *Server) tokenRoutes() {
	register(s, operation{method: http.MethodPost, path: "/tokens", id: "add-enrol-token", summary: "Make a token that enrols hosts", need: Admin, status: http.StatusCreated}, s.addEnrolToken)
	register(s, operation{method: http.MethodGet, path: "/api-tokens", id: "list-api-tokens", summary: "One's tokens for programs; an admin sees all", need: Viewer}, s.listAPITokens)
	register(s, operation{method: http.MethodPost, path: "/api-tokens", id: "add-api-token", summary: "Make a token for a program", need: Viewer, status: http.StatusCreated}, s.addAPIToken)
	register(s, operation{method: http.MethodDelete, path: "/api-tokens/{id}", id: "remove-api-token", summary: "End a token", need: Viewer, status: http.StatusNoContent}, s.removeAPIToken)
}

// life reads how long a token is to live.
func life(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > maxLife {
		return 0, huma.Error422UnprocessableEntity("life is not a duration between 0 and " + maxLife.String() + ", like 24h")
	}
	return d, nil
}

func (s *Server) addEnrolToken(ctx context.Context, in *enrolInput) (*bodyOutput[EnrolToken], error) {
	d, err := life(in.Body.Life)
	if err != nil {
		return nil, err
	}
	token, err := s.fleet.EnrolToken(ctx, principalOf(ctx).Org, in.Body.Uses, d)
	return &bodyOutput[EnrolToken]{Body: EnrolToken{Token: token, Uses: in.Body.Uses, Expires: s.now().Add(d)}}, err
}

func (s *Server) addAPIToken(ctx context.Context, in *apiTokenInput) (*bodyOutput[Token], error) {
	p := principalOf(ctx)
	owner, err := s.tokenOwner(ctx, p, in.Body.User)
	if err != nil {
		return nil, err
	}
	d, err := life(in.Body.Life)
	if err != nil {
		return nil, err
	}
	held, err := s.state.APITokens(ctx, owner.Name)
	if err != nil {
		return nil, err
	}
	if len(held) >= maxTokens {
		return nil, huma.Error409Conflict(fmt.Sprintf("%d tokens act for %s: end one first", len(held), owner.Name))
	}
	token, now := secret.Token(tokenPrefix), s.now()
	kept := state.APIToken{
		ID: secret.Digest(token)[:16], Hash: secret.Digest(token), Name: in.Body.Name, User: owner.Name,
		Role: string(lesser(in.Body.Role, Role(owner.Role))), Created: now, Expires: now.Add(d),
	}
	annotate(ctx, kept.ID, kept.User+" "+kept.Role+" "+kept.Name)
	shown := showToken(kept)
	shown.Token = token
	return &bodyOutput[Token]{Body: shown}, s.state.AddAPIToken(ctx, kept)
}

// tokenOwner is the user that a new token acts for. A token makes no tokens:
// it would outlive its own end.
func (s *Server) tokenOwner(ctx context.Context, p Principal, name string) (state.User, error) {
	if p.Session == "" && !p.Local {
		return state.User{}, huma.Error403Forbidden("a token cannot make tokens; log in")
	}
	if name == "" && p.Local {
		return state.User{}, huma.Error422UnprocessableEntity("name the user it acts for")
	}
	if name == "" || name == p.Name {
		return s.state.User(ctx, p.Name)
	}
	if !p.Role.May(Admin) {
		return state.User{}, huma.Error403Forbidden("only an admin may make tokens for others")
	}
	return s.state.User(ctx, name)
}

func showToken(t state.APIToken) Token {
	return Token{ID: t.ID, Name: t.Name, User: t.User, Role: Role(t.Role), Created: t.Created, Expires: t.Expires}
}

// reach is whose tokens the principal may see and end: "" for everyone's.
func reach(p Principal) string {
	if p.Role.May(Admin) {
		return ""
	}
	return p.Name
}

func (s *Server) listAPITokens(ctx context.Context, _ *none) (*listOutput[Token], error) {
	tokens, err := s.state.APITokens(ctx, reach(principalOf(ctx)))
	var shown []Token
	for _, t := range tokens {
		shown = append(shown, showToken(t))
	}
	return list(shown, ""), err
}

func (s *Server) removeAPIToken(ctx context.Context, in *IDInput) (*none, error) {
	return nil, s.state.RemoveAPIToken(ctx, in.ID, reach(principalOf(ctx)))
}
