package ca

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"baize/internal/identity"
	"baize/internal/server/state"
)

var (
	// ErrRevoked reports a certificate, or its host, that was revoked.
	ErrRevoked = errors.New("certificate is revoked")
	// ErrUnknown reports a certificate of ours that is not on record.
	ErrUnknown = errors.New("certificate is not on record")
	// ErrMachine reports an enrolment without a usable machine identity.
	ErrMachine = errors.New("machine identity")
)

// Bounds of what an enrolling machine says of itself, in bytes.
const (
	maxMachineID = 128
	maxHostname  = 255
)

// Registrar says who is who: it turns tokens into host certificates and
// certificates into hosts.
type Registrar struct {
	authority *Authority
	db        *state.DB
	now       func() time.Time
}

// NewRegistrar returns the registrar of an authority.
func NewRegistrar(authority *Authority, db *state.DB, now func() time.Time) *Registrar {
	return &Registrar{authority: authority, db: db, now: now}
}

// NewToken makes a token that enrols at most uses machines of org within ttl.
// Only its hash is kept: the text cannot be had again.
func (r *Registrar) NewToken(ctx context.Context, org string, uses int, ttl time.Duration) (string, error) {
	if !identity.Valid(org) || uses < 1 || ttl <= 0 {
		return "", fmt.Errorf("enrolment token for %q, %d uses, %s: organisation, uses and lifetime must be given", org, uses, ttl)
	}
	secret := make([]byte, 24)
	_, _ = rand.Read(secret) // never fails
	token := identity.Token{Secret: base64.RawURLEncoding.EncodeToString(secret), Authority: r.authority.Digest()}
	now := r.now()
	err := r.db.AddEnrolToken(ctx, state.EnrolToken{Hash: token.Hash(), Org: org, UsesLeft: uses, Expires: now.Add(ttl), Created: now})
	return token.String(), err
}

// Machine is what an enrolling machine says of itself.
type Machine struct {
	Name string
	// ID is the stable machine identity: the same ID keeps its host.
	ID string
}

// Enrolment is a fresh identity.
type Enrolment struct {
	Name        identity.Name
	Certificate *x509.Certificate
	// Again says that the machine was a host before.
	Again bool
}

// Enrol spends one use of a token on a host certificate for csr's key. It
// returns state.ErrToken for a token that is not good.
func (r *Registrar) Enrol(ctx context.Context, text string, csr []byte, machine Machine) (Enrolment, error) {
	token, err := identity.ParseToken(text)
	if err != nil {
		return Enrolment{}, state.ErrToken
	}
	if machine.ID == "" || len(machine.ID) > maxMachineID || len(machine.Name) > maxHostname {
		return Enrolment{}, fmt.Errorf("%w: an ID of 1 to %d bytes and a name of at most %d are required", ErrMachine, maxMachineID, maxHostname)
	}
	var e Enrolment
	now := r.now()
	fresh := state.Host{ID: newHostID(), MachineID: machine.ID, Name: machine.Name}
	done, err := r.db.Enrol(ctx, token.Hash(), fresh, now, func(h state.Host) (state.Certificate, error) {
		e.Name = identity.Name{Org: h.Org, Host: h.ID}
		e.Certificate, err = r.authority.Host(e.Name, csr, now)
		if err != nil {
			return state.Certificate{}, err
		}
		return record(e.Name, e.Certificate), nil
	})
	e.Again = done.Again
	return e, err
}

// newHostID is random: an identity is given, never derived from what a machine says.
func newHostID() string {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails
	return "h-" + hex.EncodeToString(id)
}

func record(name identity.Name, c *x509.Certificate) state.Certificate {
	return state.Certificate{Serial: Serial(c), Host: name.Host, NotAfter: c.NotAfter}
}

// Serial is a certificate's serial number as state keeps it, hexadecimal.
func Serial(c *x509.Certificate) string { return c.SerialNumber.Text(16) }

// Renew issues a fresh certificate to a host that Admit let in.
func (r *Registrar) Renew(ctx context.Context, name identity.Name, csr []byte) (*x509.Certificate, error) {
	now := r.now()
	c, err := r.authority.Host(name, csr, now)
	if err != nil {
		return nil, err
	}
	return c, r.db.AddCertificate(ctx, record(name, c), now)
}

// Admit says which host a certificate stands for, now: one of this authority,
// on record, of that host, in time and not revoked. The chain itself was
// verified by TLS. The name is returned beside ErrRevoked too.
func (r *Registrar) Admit(ctx context.Context, certificate *x509.Certificate) (identity.Name, error) {
	name, err := identity.NameOf(certificate)
	if err != nil {
		return identity.Name{}, err
	}
	known, err := r.db.Certificate(ctx, Serial(certificate))
	switch {
	case errors.Is(err, state.ErrNotFound):
		return identity.Name{}, ErrUnknown
	case err != nil:
		return identity.Name{}, err
	case known.Host != name.Host:
		return identity.Name{}, ErrUnknown
	case known.Revoked:
		return name, ErrRevoked
	case !r.now().Before(certificate.NotAfter):
		return name, fmt.Errorf("certificate expired at %s", certificate.NotAfter.Format(time.RFC3339))
	}
	return name, nil
}
