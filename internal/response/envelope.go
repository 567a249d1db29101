// Package response is the command channel's envelope: what makes an order to a
// host authentic. Whoever can make an agent obey is root on the fleet, so an
// order is signed by the one role that holds the key, names the one host it is
// for, is good for a short time, and is good once.
//
// The package is pure: the caller passes the time and the last counter, and
// keeps the counter of what it obeyed before it obeys.
package response

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	baizev1 "baize/proto/baize/v1"
)

// Reasons to refuse an envelope. A caller reports them; none may be overridden.
var (
	// ErrMalformed : not an envelope, or a command that lacks what every
	// command has.
	ErrMalformed = errors.New("malformed command")
	// ErrSignature : not signed by the pinned key.
	ErrSignature = errors.New("signature does not match the pinned key")
	// ErrOrg : for another organisation.
	ErrOrg = errors.New("command is for another organisation")
	// ErrHost : for another host.
	ErrHost = errors.New("command is for another host")
	// ErrBoot : for another boot of this host.
	ErrBoot = errors.New("command is for another boot")
	// ErrEarly : not valid yet.
	ErrEarly = errors.New("command is not valid yet")
	// ErrExpired : not valid any more.
	ErrExpired = errors.New("command has expired")
	// ErrReplayed : the counter did not rise.
	ErrReplayed = errors.New("command was seen before")
)

const (
	// MaxPayload bounds a command, in bytes.
	MaxPayload = 64 << 10
	// MaxLifetime bounds the time between NotBefore and Expires.
	MaxLifetime = 24 * time.Hour
)

// domain is signed before the payload, so that the key's signatures mean
// nothing anywhere else.
const domain = "baize.v1.Command\x00"

// Sign makes the envelope of command. It refuses to sign what Verify would
// call malformed.
func Sign(key ed25519.PrivateKey, command *baizev1.Command) (*baizev1.Envelope, error) {
	if err := check(command); err != nil {
		return nil, fmt.Errorf("sign command %q: %w", command.GetId(), err)
	}
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(command)
	if err != nil {
		return nil, fmt.Errorf("sign command %q: %w", command.GetId(), err)
	}
	if len(payload) > MaxPayload {
		return nil, fmt.Errorf("sign command %q: %w: %d bytes, at most %d", command.GetId(), ErrMalformed, len(payload), MaxPayload)
	}
	return &baizev1.Envelope{Payload: payload, Signature: ed25519.Sign(key, signed(payload))}, nil
}

// Recipient is what the receiving host knows of itself.
type Recipient struct {
	// Key is the pinned public key.
	Key  ed25519.PublicKey
	Org  string
	Host string
	Boot string
	// Counter is the highest that this host has obeyed.
	Counter uint64
}

// Verify returns the command of an envelope that the recipient is to obey at
// now, or why it must not. The signature is checked before anything is parsed.
func Verify(envelope *baizev1.Envelope, to Recipient, now time.Time) (*baizev1.Command, error) {
	payload := envelope.GetPayload()
	if len(payload) == 0 || len(payload) > MaxPayload || len(to.Key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%w: payload of %d bytes, key of %d", ErrMalformed, len(payload), len(to.Key))
	}
	if !ed25519.Verify(to.Key, signed(payload), envelope.GetSignature()) {
		return nil, ErrSignature
	}
	command := &baizev1.Command{}
	if err := proto.Unmarshal(payload, command); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := check(command); err != nil {
		return nil, err
	}
	return command, admit(command, to, now)
}

func signed(payload []byte) []byte { return append([]byte(domain), payload...) }

// check holds a command against what every command must say.
func check(c *baizev1.Command) error {
	lifetime := c.GetExpires().AsTime().Sub(c.GetNotBefore().AsTime())
	switch {
	case c.GetId() == "" || c.GetOrg() == "" || c.GetHost() == "" || c.GetAction() == "":
		return fmt.Errorf("%w: id, org, host and action are required", ErrMalformed)
	case c.GetCounter() == 0:
		return fmt.Errorf("%w: no counter", ErrMalformed)
	case len(c.GetApprovers()) == 0:
		return fmt.Errorf("%w: nobody approved it", ErrMalformed)
	case !c.GetNotBefore().IsValid() || !c.GetExpires().IsValid():
		return fmt.Errorf("%w: no period of validity", ErrMalformed)
	case lifetime <= 0 || lifetime > MaxLifetime:
		return fmt.Errorf("%w: valid for %s, at most %s", ErrMalformed, lifetime, MaxLifetime)
	}
	return nil
}

// admit holds an authentic command against who, when and how often.
func admit(c *baizev1.Command, to Recipient, now time.Time) error {
	switch {
	case c.Org != to.Org:
		return fmt.Errorf("%w: %q, this is %q", ErrOrg, c.Org, to.Org)
	case c.Host != to.Host:
		return fmt.Errorf("%w: %q, this is %q", ErrHost, c.Host, to.Host)
	case c.Boot != "" && c.Boot != to.Boot:
		return fmt.Errorf("%w: %q, this is %q", ErrBoot, c.Boot, to.Boot)
	case now.Before(c.NotBefore.AsTime()):
		return fmt.Errorf("%w: from %s, it is %s", ErrEarly, c.NotBefore.AsTime().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case !now.Before(c.Expires.AsTime()):
		return fmt.Errorf("%w: until %s, it is %s", ErrExpired, c.Expires.AsTime().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case c.Counter <= to.Counter:
		return fmt.Errorf("%w: counter %d, %d was obeyed", ErrReplayed, c.Counter, to.Counter)
	}
	return nil
}
