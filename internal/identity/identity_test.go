package identity

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestTokenRoundTrip(t *testing.T) {
	token := Token{Secret: "s3cret_-", Authority: sha256.Sum256([]byte("root"))}
	parsed, err := ParseToken(" " + token.String() + "\n")
	if err != nil || parsed != token {
		t.Fatalf("%v, %v", parsed, err)
	}
	if strings.Contains(token.Hash(), token.Secret) || len(token.Hash()) != 64 {
		t.Fatalf("hash %q", token.Hash())
	}
	for _, text := range []string{"", "s", "s.", ".abcd", "s.zz", "s." + strings.Repeat("ab", 31), "s." + strings.Repeat("ab", 33)} {
		if _, err := ParseToken(text); !errors.Is(err, ErrToken) {
			t.Errorf("ParseToken(%q): %v", text, err)
		}
	}
}

func TestNameRoundTrip(t *testing.T) {
	name := Name{Org: "default", Host: "h-1"}
	got, err := NameOf(&x509.Certificate{URIs: []*url.URL{name.URI()}})
	if err != nil || got != name {
		t.Fatalf("%v, %v", got, err)
	}
}

func TestCertificatesThatNameNoHost(t *testing.T) {
	for _, text := range []string{"https://default/h1", "baize://default/", "baize://default/a/b", "baize:///h1", "baize://default/h%20", "baize://" + strings.Repeat("o", 65) + "/h"} {
		uri, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if name, err := NameOf(&x509.Certificate{URIs: []*url.URL{uri}}); !errors.Is(err, ErrName) {
			t.Errorf("%s: %v, %v", text, name, err)
		}
	}
	two := &url.URL{Scheme: "baize", Host: "a", Path: "/b"}
	if _, err := NameOf(&x509.Certificate{URIs: []*url.URL{two, two}}); !errors.Is(err, ErrName) {
		t.Error("two names were accepted")
	}
	if _, err := NameOf(&x509.Certificate{}); !errors.Is(err, ErrName) {
		t.Error("no name was accepted")
	}
}

func TestValid(t *testing.T) {
	for s, want := range map[string]bool{
		"h-1": true, "A_9": true, "0b5c-77": true, "": false, "a/b": false, "a.b": false, "a b": false, "é": false, "*": false, ">": false,
		strings.Repeat("x", MaxName): true, strings.Repeat("x", MaxName+1): false,
	} {
		if Valid(s) != want {
			t.Errorf("Valid(%q) = %v", s, !want)
		}
	}
}
