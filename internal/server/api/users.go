package api

import (
	"context"
	"net/http"
	"time"

	"baize/internal/server/secret"
	"baize/internal/server/state"
)

// User is a person who may log in.
type User struct {
	Name    string    `json:"name"`
	Org     string    `json:"org"`
	Role    Role      `json:"role"`
	Created time.Time `json:"created,omitzero"`
	// PasswordSet is false while only a one-time password can be used, or none.
	PasswordSet bool `json:"password_set"`
	// OneTime is the password of a new user, good for one login, shown once.
	OneTime string `json:"one_time_password,omitempty"`
}

type addUserInput struct {
	Body struct {
		Name     string `json:"name" pattern:"^[a-z0-9][a-z0-9._-]{0,63}$" doc:"Lower-case letters, digits, dot, dash and underscore"`
		Role     Role   `json:"role" enum:"viewer,analyst,responder,admin"`
		Password string `json:"password,omitempty" maxLength:"256" doc:"Empty for a one-time password in the answer"`
	}
}

// UserInput names a user.
type UserInput struct {
	Name string `path:"name" maxLength:"64"`
}

type userPasswordInput struct {
	UserInput
	Body struct {
		Password string `json:"password,omitempty" maxLength:"256" doc:"Empty for a one-time password in the answer"`
	}
}

func (s *Server) userRoutes() {
	register(s, operation{method: http.MethodGet, path: "/users", id: "list-users", summary: "Users by name", need: Admin}, s.listUsers)
	register(s, operation{method: http.MethodPost, path: "/users", id: "add-user", summary: "Add a user", need: Admin, status: http.StatusCreated}, s.addUser)
	register(s, operation{method: http.MethodPut, path: "/users/{name}/password", id: "set-password", summary: "Set a user's password; all sessions of the user end", need: Admin}, s.setPassword)
	register(s, operation{method: http.MethodDelete, path: "/users/{name}", id: "remove-user", summary: "Remove a user with sessions and tokens", need: Admin, status: http.StatusNoContent}, s.removeUser)
}

func show(u state.User) User {
	return User{Name: u.Name, Org: u.Org, Role: Role(u.Role), Created: u.Created, PasswordSet: u.HasPassword()}
}

func (s *Server) listUsers(ctx context.Context, _ *none) (*listOutput[User], error) {
	users, err := s.state.Users(ctx)
	var shown []User
	for _, u := range users {
		shown = append(shown, show(u))
	}
	return list(shown, ""), err
}

// choose hashes the password that was chosen, or a fresh one for one login,
// which it returns.
func choose(password string) (hash, oneTime string, err error) {
	if password == "" {
		oneTime = secret.Password()
		password = oneTime
	}
	hash, err = secret.Hash(password)
	return hash, oneTime, err
}

func (s *Server) addUser(ctx context.Context, in *addUserInput) (*bodyOutput[User], error) {
	annotate(ctx, in.Body.Name, string(in.Body.Role))
	hash, oneTime, err := choose(in.Body.Password)
	if err != nil {
		return nil, err
	}
	u := state.User{Name: in.Body.Name, Org: principalOf(ctx).Org, Role: string(in.Body.Role), Password: hash, OneTime: oneTime != "", Created: s.now()}
	shown := show(u)
	shown.OneTime = oneTime
	return &bodyOutput[User]{Body: shown}, s.state.AddUser(ctx, u)
}

func (s *Server) setPassword(ctx context.Context, in *userPasswordInput) (*bodyOutput[User], error) {
	hash, oneTime, err := choose(in.Body.Password)
	if err != nil {
		return nil, err
	}
	if err := s.state.SetPassword(ctx, in.Name, hash, oneTime != "", ""); err != nil {
		return nil, err
	}
	u, err := s.state.User(ctx, in.Name)
	shown := show(u)
	shown.OneTime = oneTime
	return &bodyOutput[User]{Body: shown}, err
}

func (s *Server) removeUser(ctx context.Context, in *UserInput) (*none, error) {
	return nil, s.state.RemoveUser(ctx, in.Name)
}
