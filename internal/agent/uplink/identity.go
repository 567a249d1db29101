package uplink

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"baize/internal/identity"
)

// Identity is who this host is to its server, and whom it obeys. Everything in
// it was pinned at enrolment; only the certificate changes.
type Identity struct {
	Name identity.Name
	// Server is the address of the gateway, HOST:PORT.
	Server string
	// Authority is the SHA-256 of the authority's certificate.
	Authority [sha256.Size]byte
	// CommandKey is the respond role's public key.
	CommandKey ed25519.PublicKey
	// RedactionKey is what secrets are hashed with, the organisation's; one of
	// this host's own while the server has not given it.
	RedactionKey []byte
	Certificate  tls.Certificate
}

// ErrNoIdentity reports a host that is not enrolled.
var ErrNoIdentity = errors.New("this host is not enrolled")

// pinned is the part of an identity that is kept as JSON.
type pinned struct {
	Org        string `json:"org"`
	Host       string `json:"host"`
	Server     string `json:"server"`
	Authority  string `json:"authority"`
	CommandKey string `json:"command_key"`
}

const (
	pinnedFile      = "identity.json"
	certificateFile = "certificate.pem"
	redactionFile   = "redaction.key"
)

// Load reads the identity in dir, or returns ErrNoIdentity.
func Load(dir string) (*Identity, error) {
	text, err := os.ReadFile(filepath.Join(dir, pinnedFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoIdentity
	}
	if err != nil {
		return nil, fmt.Errorf("read identity: %w", err)
	}
	id, err := parsePinned(text)
	if err != nil {
		return nil, fmt.Errorf("identity in %s: %w", dir, err)
	}
	// Certificate and key are one file, so that a renewal replaces both or none.
	path := filepath.Join(dir, certificateFile)
	if id.Certificate, err = tls.LoadX509KeyPair(path, path); err != nil {
		return nil, fmt.Errorf("identity in %s: %w", dir, err)
	}
	if id.Certificate.Leaf == nil {
		if id.Certificate.Leaf, err = x509.ParseCertificate(id.Certificate.Certificate[0]); err != nil {
			return nil, fmt.Errorf("identity in %s: %w", dir, err)
		}
	}
	id.RedactionKey, err = os.ReadFile(filepath.Join(dir, redactionFile))
	if errors.Is(err, os.ErrNotExist) {
		err = id.saveRedactionKey(dir, nil)
	}
	return id, err
}

// saveRedactionKey keeps what the server gave, or a random key if it gave none
// and there is none yet.
func (id *Identity) saveRedactionKey(dir string, given []byte) error {
	switch {
	case len(given) == sha256.Size:
		id.RedactionKey = given
	case len(id.RedactionKey) > 0:
		return nil
	default:
		id.RedactionKey = make([]byte, sha256.Size)
		_, _ = rand.Read(id.RedactionKey) // never fails
	}
	if err := writeFile(filepath.Join(dir, redactionFile), id.RedactionKey); err != nil {
		return fmt.Errorf("save the redaction key: %w", err)
	}
	return nil
}

func parsePinned(text []byte) (*Identity, error) {
	var p pinned
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, err
	}
	authority, err := hex.DecodeString(p.Authority)
	if err != nil || len(authority) != sha256.Size {
		return nil, errors.New("authority is not a SHA-256")
	}
	key, err := hex.DecodeString(p.CommandKey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, errors.New("command key is not an ed25519 public key")
	}
	if !identity.Valid(p.Org) || !identity.Valid(p.Host) {
		return nil, fmt.Errorf("%q/%q is no host", p.Org, p.Host)
	}
	return &Identity{
		Name: identity.Name{Org: p.Org, Host: p.Host}, Server: p.Server,
		Authority: [sha256.Size]byte(authority), CommandKey: key,
	}, nil
}

// save writes a new identity: a directory that is there is there whole.
func (id *Identity) save(dir string) error {
	temporary := dir + ".new"
	if err := os.RemoveAll(temporary); err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	if err := os.MkdirAll(temporary, 0o700); err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	text, err := json.MarshalIndent(pinned{
		Org: id.Name.Org, Host: id.Name.Host, Server: id.Server,
		Authority: hex.EncodeToString(id.Authority[:]), CommandKey: hex.EncodeToString(id.CommandKey),
	}, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(temporary, pinnedFile), text); err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	if err := errors.Join(id.saveCertificate(temporary), id.saveRedactionKey(temporary, id.RedactionKey)); err != nil {
		return err
	}
	if err := os.Rename(temporary, dir); err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	return nil
}

func (id *Identity) saveCertificate(dir string) error {
	key, err := x509.MarshalPKCS8PrivateKey(id.Certificate.PrivateKey)
	if err != nil {
		return fmt.Errorf("save certificate: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.Certificate.Certificate[0]})...)
	if err := writeFile(filepath.Join(dir, certificateFile), text); err != nil {
		return fmt.Errorf("save certificate: %w", err)
	}
	return nil
}

// writeFile replaces a file whole, durably, readable by its owner alone.
func writeFile(path string, text []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// newKey makes a key and the request to certify it.
func newKey() (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make a key: %w", err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, nil, fmt.Errorf("make a certificate request: %w", err)
	}
	return key, csr, nil
}

// certificate joins a key and its certificate (DER), which must name the host.
func certificate(key *ecdsa.PrivateKey, der []byte, want identity.Name) (tls.Certificate, error) {
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("host certificate: %w", err)
	}
	name, err := identity.NameOf(leaf)
	if err != nil {
		return tls.Certificate{}, err
	}
	if name != want || !key.PublicKey.Equal(leaf.PublicKey) {
		return tls.Certificate{}, fmt.Errorf("host certificate is for %s, or another key; want %s", name.URI(), want.URI())
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// renewable reports whether half of the certificate's life is over.
func (id *Identity) renewable(now time.Time) bool {
	leaf := id.Certificate.Leaf
	half := leaf.NotAfter.Sub(leaf.NotBefore) / 2
	return !now.Before(leaf.NotAfter.Add(-half))
}
