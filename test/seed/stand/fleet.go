package stand

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"

	"baize/internal/identity"
	"baize/internal/server/api"
	"baize/internal/server/respond"
	"baize/internal/server/secret"
	"baize/internal/server/state"
	"baize/test/seed/story"
)

// fleet is three hosts: a healthy one, one that loses events, one that is gone.
type fleet struct{}

func hosts() []api.Host {
	now := time.Now().UTC()
	healthy := []api.Class{{Class: "dns", State: "complete", Seen: 410}, {Class: "file", State: "complete", Seen: 50211}, {Class: "network", State: "complete", Seen: 9120}, {Class: "process", State: "complete", Seen: 18233}}
	lossy := []api.Class{{Class: "dns", State: "complete", Seen: 88}, {Class: "file", State: "lost", Seen: 903311, Lost: 1204}, {Class: "network", State: "throttled", Seen: 77120}, {Class: "process", State: "complete", Seen: 120991}}
	hooks := []api.Hook{{Name: "tracepoint/sched/sched_process_exec", Attached: true}, {Name: "tracepoint/sched/sched_process_fork", Attached: true}, {Name: "fanotify/close_write", Attached: true}}
	failing := append([]api.Hook{{Name: "tracepoint/sock/inet_sock_set_state", Error: "not supported by this kernel (since 4.16)"}}, hooks...)
	base := api.Host{Org: "default", Version: "0.1.0", Kernel: "6.12.9", Boot: "0b5c2f6e-8a41-4c3d-9d55-3f1e2a7b9c10", Tier: 2, Enrolled: now.Add(-72 * time.Hour), LastSeen: now}
	db, web, gone := base, base, base
	db.ID, db.Name, db.Connected, db.Armed, db.Classes, db.Hooks, db.SpoolBytes, db.RSSBytes, db.CPUSeconds, db.Processes = story.DatabaseHost, "db-1", true, true, lossy, failing, 12<<20, 61<<20, 512.4, 311
	web.ID, web.Name, web.Connected, web.Armed, web.Classes, web.Hooks, web.RSSBytes, web.CPUSeconds, web.Processes = story.WebHost, "web-1", true, true, healthy, hooks, 48<<20, 81.2, 164
	gone.ID, gone.Name, gone.LastSeen, gone.Classes, gone.Hooks = "h-zz-old", "old-1", now.Add(-9*time.Hour), []api.Class{}, []api.Hook{}
	return []api.Host{db, web, gone}
}

func (fleet) Hosts(_ context.Context, after string, limit int) ([]api.Host, error) {
	var found []api.Host
	for _, h := range hosts() {
		if h.ID > after && len(found) < limit {
			found = append(found, h)
		}
	}
	return found, nil
}

func (fleet) Host(_ context.Context, id string) (api.Host, error) {
	for _, h := range hosts() {
		if h.ID == id {
			return h, nil
		}
	}
	return api.Host{}, fmt.Errorf("host %q: %w", id, state.ErrNotFound)
}

func (f fleet) Ping(ctx context.Context, id, _ string) (api.Result, error) {
	h, err := f.Host(ctx, id)
	if err == nil && !h.Connected {
		err = fmt.Errorf("%s: %w", id, api.ErrUnreachable)
	}
	return api.Result{ID: "seed", State: "done", Detail: "pong", Milliseconds: 3.2}, err
}

func (fleet) Stat(_ context.Context, id, _ string, _ map[string]string) (api.Result, error) {
	return api.Result{}, fmt.Errorf("%s: %w", id, api.ErrUnreachable)
}

func (fleet) Do(_ context.Context, id, _, _ string, _ map[string]string, _ time.Duration) (api.Result, error) {
	return api.Result{}, fmt.Errorf("%s: %w", id, api.ErrUnreachable)
}

// order is given to no host: those of the story are not there.
func (fleet) order(_ context.Context, o respond.Order) (respond.Result, error) {
	return respond.Result{}, fmt.Errorf("%s: %w", o.Host, api.ErrUnreachable)
}

func (f fleet) Revoke(ctx context.Context, id, _ string) error {
	_, err := f.Host(ctx, id)
	return err
}

func (fleet) EnrolToken(context.Context, string, int, time.Duration) (string, error) {
	return secret.Token("enrol_"), nil
}

// certificate is self-signed, for loopback and an hour of tests.
func certificate() (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: identity.ServerName}, DNSNames: []string{"localhost", identity.ServerName}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(24 * time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, nil
}
