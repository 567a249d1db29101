package launch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Login is how a person gets into the console.
type Login struct {
	URL, User string
	// Password is good for one login. It is empty where the user has set one.
	Password string
}

// adminName is the first user.
const adminName = "admin"

// person is a user as the API shows one.
type person struct {
	Name        string `json:"name"`
	PasswordSet bool   `json:"password_set"`
	OneTime     string `json:"one_time_password"`
}

// Login makes a password for one login, unless the first user already has one
// that lasts.
func (s *Stack) Login(ctx context.Context) (Login, error) {
	login := Login{URL: "https://" + s.opts.HTTP + "/", User: adminName}
	var users struct {
		Items []person `json:"items"`
	}
	if err := s.call(ctx, http.MethodGet, "/users", nil, &users); err != nil {
		return login, fmt.Errorf("list users: %w", err)
	}
	for _, user := range users.Items {
		if user.Name == adminName && user.PasswordSet {
			return login, nil
		}
	}
	fresh, err := s.oneTime(ctx)
	if err != nil {
		return login, fmt.Errorf("one-time password of %s: %w", adminName, err)
	}
	login.Password = fresh.OneTime
	return login, nil
}

func (s *Stack) oneTime(ctx context.Context) (fresh person, err error) {
	err = s.call(ctx, http.MethodPut, "/users/"+adminName+"/password", struct{}{}, &fresh)
	if missing, is := errors.AsType[*statusError](err); is && missing.status == http.StatusNotFound {
		err = s.call(ctx, http.MethodPost, "/users", map[string]string{"name": adminName, "role": "admin"}, &fresh)
	}
	return fresh, err
}
