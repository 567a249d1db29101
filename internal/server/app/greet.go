package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"baize/internal/server/api"
	"baize/internal/server/secret"
	"baize/internal/server/state"
)

const (
	// firstUser is made at the first start.
	firstUser = "admin"
	// firstOrg is the tenant of a server that has one.
	firstOrg = "default"
)

// greet makes the first user at the first start, with a password for one
// login: after that the user sets a lasting one, or the operator of this
// machine asks for another with "baize users one-time admin".
func (s *Server) greet(ctx context.Context) (Welcome, error) {
	pin := s.stores.authority.Digest()
	w := Welcome{URL: "https://" + s.console.Addr().String() + "/", User: firstUser, Pin: hex.EncodeToString(pin[:])}
	known, err := s.stores.state.User(ctx, firstUser)
	if err == nil {
		w.PasswordSet = known.HasPassword()
		return w, nil
	}
	if !errors.Is(err, state.ErrNotFound) {
		return w, err
	}
	w.Password = secret.Password()
	hash, err := secret.Hash(w.Password)
	if err != nil {
		return w, err
	}
	err = s.stores.state.AddUser(ctx, state.User{Name: firstUser, Org: firstOrg, Role: string(api.Admin), Password: hash, OneTime: true})
	if err != nil {
		return w, fmt.Errorf("first user: %w", err)
	}
	return w, nil
}

// pruneEvery is how often what has expired is removed.
const pruneEvery = 10 * time.Minute

// retain removes what has expired, at the start and then now and again.
func (s *Server) retain(ctx context.Context) error {
	every := time.NewTicker(pruneEvery)
	defer every.Stop()
	for {
		now := time.Now()
		expiry := api.SessionExpiry(now)
		expiry.Audit = now.Add(-s.config.Retention.Audit)
		if err := s.stores.state.Prune(ctx, expiry); err != nil && ctx.Err() == nil {
			s.config.Logger.Error("retention failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}
