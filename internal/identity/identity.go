// Package identity is what agent and server must agree on about who is who:
// the enrolment token that a person carries from one to the other, and the
// name in a host certificate. It is pure.
package identity

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// ServerName is in every server certificate, so that an agent can verify the
// server by the authority it pinned, whatever address it reached it by.
const ServerName = "baize-server"

var (
	// ErrToken reports a text that is not an enrolment token.
	ErrToken = errors.New("not an enrolment token")
	// ErrAuthority reports a server that the pinned authority did not vouch for.
	ErrAuthority = errors.New("server is not vouched for by the pinned authority")
	// ErrName reports a certificate that does not name a host.
	ErrName = errors.New("certificate does not name a host")
)

// Token lets a machine enrol. Its text, SECRET.AUTHORITY, also says which
// authority to trust, so that the first connection is authenticated both ways.
type Token struct {
	Secret string
	// Authority is the SHA-256 of the authority's certificate (DER).
	Authority [sha256.Size]byte
}

// String returns the form that ParseToken reads.
func (t Token) String() string { return t.Secret + "." + hex.EncodeToString(t.Authority[:]) }

// Hash is what the server keeps of the token, hexadecimal.
func (t Token) Hash() string {
	sum := sha256.Sum256([]byte(t.Secret))
	return hex.EncodeToString(sum[:])
}

// ParseToken reads the text of a token, or returns ErrToken.
func ParseToken(text string) (Token, error) {
	secret, authority, found := strings.Cut(strings.TrimSpace(text), ".")
	sum, err := hex.DecodeString(authority)
	if !found || secret == "" || err != nil || len(sum) != sha256.Size {
		return Token{}, fmt.Errorf("%w: want SECRET.AUTHORITY, with the authority's SHA-256 in hexadecimal", ErrToken)
	}
	return Token{Secret: secret, Authority: [sha256.Size]byte(sum)}, nil
}

// ClientTLS is how an agent connects: to a server whose certificate descends
// from the pinned authority. certificate is nil for enrolling.
func ClientTLS(authority [sha256.Size]byte, certificate *tls.Certificate) *tls.Config {
	config := &tls.Config{
		MinVersion: tls.VersionTLS13,
		ServerName: ServerName,
		// The roots are not known before enrolment, only their digest: the
		// chain is verified here instead, against the root that the server
		// sends and the digest vouches for.
		InsecureSkipVerify: true,
		VerifyConnection:   func(state tls.ConnectionState) error { return verify(state, authority) },
	}
	if certificate != nil {
		config.Certificates = []tls.Certificate{*certificate}
	}
	return config
}

func verify(state tls.ConnectionState, authority [sha256.Size]byte) error {
	if len(state.PeerCertificates) == 0 {
		return ErrAuthority
	}
	roots := x509.NewCertPool()
	for _, c := range state.PeerCertificates {
		if sha256.Sum256(c.Raw) == authority {
			roots.AddCert(c)
		}
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: roots, DNSName: ServerName, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAuthority, err)
	}
	return nil
}

// Name is a host's name in its certificate.
type Name struct {
	Org  string
	Host string
}

// URI is the subject alternative name: baize://ORG/HOST.
func (n Name) URI() *url.URL { return &url.URL{Scheme: "baize", Host: n.Org, Path: "/" + n.Host} }

// NameOf reads the name in a host certificate, or returns ErrName.
func NameOf(certificate *x509.Certificate) (Name, error) {
	if len(certificate.URIs) != 1 || certificate.URIs[0].Scheme != "baize" {
		return Name{}, ErrName
	}
	uri := certificate.URIs[0]
	name := Name{Org: uri.Host, Host: strings.TrimPrefix(uri.Path, "/")}
	if !Valid(name.Org) || !Valid(name.Host) {
		return Name{}, fmt.Errorf("%w: %s", ErrName, uri)
	}
	return name, nil
}

// MaxName bounds an organisation, a host or a boot, in bytes.
const MaxName = 64

// Valid reports whether s may name an organisation, a host or a boot: letters,
// digits, '-' and '_', so that it is one part of a key, a path and a subject.
func Valid(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return s != "" && len(s) <= MaxName
}
