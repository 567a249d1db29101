package launch

import (
	"context"
	"fmt"
	"strings"
)

// Login is how a person gets into the console for the first time.
type Login struct{ URL, User, Password string }

// adminName is the user that the server makes for itself at its first start.
const adminName = "admin"

// Login has the server make a password that is good for one login.
func (s *Stack) Login(ctx context.Context) (Login, error) {
	out, err := s.Baize(ctx, "users", "one-time", adminName)
	if err != nil {
		return Login{}, fmt.Errorf("one-time password: %w", err)
	}
	return Login{URL: "https://" + s.opts.HTTP + "/", User: adminName, Password: strings.TrimSpace(string(out))}, nil
}
