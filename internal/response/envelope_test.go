package response

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	baizev1 "baize/proto/baize/v1"
)

var (
	start      = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	serverKey  = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	forgersKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
)

func ping() *baizev1.Command {
	return &baizev1.Command{
		Id: "c-1", Org: "default", Host: "h1", Boot: "b1", Action: "ping",
		Arguments: map[string]string{"text": "hello", "again": "yes"}, Approvers: []string{"admin"},
		NotBefore: timestamppb.New(start), Expires: timestamppb.New(start.Add(time.Minute)), Counter: 5,
	}
}

func recipient() Recipient {
	return Recipient{Key: serverKey.Public().(ed25519.PublicKey), Org: "default", Host: "h1", Boot: "b1", Counter: 4}
}

func sign(t *testing.T, key ed25519.PrivateKey, c *baizev1.Command) *baizev1.Envelope {
	t.Helper()
	envelope, err := Sign(key, c)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

func TestAnAuthenticCommandIsReadWhole(t *testing.T) {
	got, err := Verify(sign(t, serverKey, ping()), recipient(), start.Add(time.Second))
	if err != nil || !proto.Equal(got, ping()) {
		t.Fatalf("%v, %v", got, err)
	}
}

func TestAnyBootAndLaterCounters(t *testing.T) {
	c := ping()
	c.Boot, c.Counter = "", 900
	if _, err := Verify(sign(t, serverKey, c), recipient(), start); err != nil {
		t.Fatal(err)
	}
}

func TestRefusals(t *testing.T) {
	cases := map[string]struct {
		to   func(*Recipient)
		at   time.Duration
		want error
	}{
		"another organisation": {to: func(r *Recipient) { r.Org = "other" }, want: ErrOrg},
		"another host":         {to: func(r *Recipient) { r.Host = "h2" }, want: ErrHost},
		"another boot":         {to: func(r *Recipient) { r.Boot = "b2" }, want: ErrBoot},
		"too early":            {at: -time.Nanosecond, want: ErrEarly},
		"at its end":           {at: time.Minute, want: ErrExpired},
		"long after":           {at: 1000 * time.Hour, want: ErrExpired},
		"replayed":             {to: func(r *Recipient) { r.Counter = 5 }, want: ErrReplayed},
		"older than obeyed":    {to: func(r *Recipient) { r.Counter = 6 }, want: ErrReplayed},
		"another key pinned":   {to: func(r *Recipient) { r.Key = forgersKey.Public().(ed25519.PublicKey) }, want: ErrSignature},
		"no key pinned":        {to: func(r *Recipient) { r.Key = nil }, want: ErrMalformed},
	}
	envelope := sign(t, serverKey, ping())
	for name, c := range cases {
		to := recipient()
		if c.to != nil {
			c.to(&to)
		}
		if _, err := Verify(envelope, to, start.Add(c.at)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestForgeries(t *testing.T) {
	good := sign(t, serverKey, ping())
	bare := &baizev1.Envelope{Payload: good.Payload, Signature: ed25519.Sign(serverKey, good.Payload)}
	altered := ping()
	altered.Action = "isolate"
	payload, _ := proto.Marshal(altered)
	cases := map[string]*baizev1.Envelope{
		"signed by another":        sign(t, forgersKey, ping()),
		"payload changed":          {Payload: payload, Signature: good.Signature},
		"no signature":             {Payload: good.Payload},
		"short signature":          {Payload: good.Payload, Signature: good.Signature[:63]},
		"signed for other purpose": bare,
	}
	for name, envelope := range cases {
		if _, err := Verify(envelope, recipient(), start); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range good.Payload {
		flipped := &baizev1.Envelope{Payload: bytes.Clone(good.Payload), Signature: good.Signature}
		flipped.Payload[i] ^= 1
		if _, err := Verify(flipped, recipient(), start); !errors.Is(err, ErrSignature) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
}

func TestMalformedCommandsAreNeitherSignedNorObeyed(t *testing.T) {
	cases := map[string]func(*baizev1.Command){
		"no id":       func(c *baizev1.Command) { c.Id = "" },
		"no org":      func(c *baizev1.Command) { c.Org = "" },
		"no host":     func(c *baizev1.Command) { c.Host = "" },
		"no action":   func(c *baizev1.Command) { c.Action = "" },
		"no counter":  func(c *baizev1.Command) { c.Counter = 0 },
		"no approver": func(c *baizev1.Command) { c.Approvers = nil },
		"no start":    func(c *baizev1.Command) { c.NotBefore = nil },
		"no end":      func(c *baizev1.Command) { c.Expires = nil },
		"backwards":   func(c *baizev1.Command) { c.Expires = timestamppb.New(start.Add(-1)) },
		"for ever":    func(c *baizev1.Command) { c.Expires = timestamppb.New(start.Add(MaxLifetime + 1)) },
	}
	for name, change := range cases {
		c := ping()
		change(c)
		if _, err := Sign(serverKey, c); !errors.Is(err, ErrMalformed) {
			t.Errorf("sign %s: %v", name, err)
		}
		payload, _ := proto.Marshal(c)
		envelope := &baizev1.Envelope{Payload: payload, Signature: ed25519.Sign(serverKey, signed(payload))}
		if _, err := Verify(envelope, recipient(), start); !errors.Is(err, ErrMalformed) {
			t.Errorf("verify %s: %v", name, err)
		}
	}
}

func TestSizeIsBounded(t *testing.T) {
	c := ping()
	c.Arguments["text"] = strings.Repeat("x", MaxPayload)
	if _, err := Sign(serverKey, c); !errors.Is(err, ErrMalformed) {
		t.Fatalf("sign: %v", err)
	}
	big := make([]byte, MaxPayload+1)
	envelope := &baizev1.Envelope{Payload: big, Signature: ed25519.Sign(serverKey, signed(big))}
	if _, err := Verify(envelope, recipient(), start); !errors.Is(err, ErrMalformed) {
		t.Fatalf("verify: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	good, _ := Sign(serverKey, ping())
	f.Add(good.Payload, good.Signature)
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, payload, signature []byte) {
		got, err := Verify(&baizev1.Envelope{Payload: payload, Signature: signature}, recipient(), start)
		if err == nil && !proto.Equal(got, ping()) {
			t.Fatalf("obeyed %v", got)
		}
		// What the key holder signed is parsed, whatever it is.
		_, _ = Verify(&baizev1.Envelope{Payload: payload, Signature: ed25519.Sign(serverKey, signed(payload))}, recipient(), start)
	})
}
