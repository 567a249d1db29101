// Package ca is the server's own certificate authority. Its root key never
// leaves the state directory. It vouches for the server itself, towards agents
// and browsers, and for hosts: short-lived client certificates whose one URI
// names organisation and host. A host certificate is good for nothing else, so
// that a stolen one cannot pose as the server.
package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"baize/internal/identity"
)

const (
	// HostLifetime bounds a host certificate. Agents renew when half of it is over.
	HostLifetime = 7 * 24 * time.Hour
	// serverLifetime is that of the server's certificate, which it makes anew
	// at every start and when half of it is over. Browsers accept 398 days.
	serverLifetime = 90 * 24 * time.Hour
	rootLifetime   = 10 * 365 * 24 * time.Hour
	// backdate allows for clocks that are behind.
	backdate = time.Hour
)

// ErrRequest reports a certificate request that cannot be used.
var ErrRequest = errors.New("certificate request")

// Authority issues certificates. It is safe for concurrent use.
type Authority struct {
	key  *ecdsa.PrivateKey
	root *x509.Certificate
}

// Open reads the authority in dir, or makes one where there is none. Its files
// are readable by their owner alone; it refuses a key that others can read.
func Open(dir string, now time.Time) (*Authority, error) {
	file := filepath.Join(dir, "authority.pem")
	a, err := read(file)
	if errors.Is(err, os.ErrNotExist) {
		a, err = create(dir, file, now)
	}
	if err != nil {
		return nil, fmt.Errorf("certificate authority %s: %w", file, err)
	}
	return a, nil
}

func read(file string) (*Authority, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("mode %04o lets others read the key; make it 0600", info.Mode().Perm())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parse(data)
}

func parse(data []byte) (*Authority, error) {
	keyBlock, rest := pem.Decode(data)
	certBlock, _ := pem.Decode(rest)
	if keyBlock == nil || certBlock == nil {
		return nil, errors.New("want a private key and a certificate, PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	root, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(root.PublicKey) {
		return nil, errors.New("key and certificate do not belong together")
	}
	return &Authority{key: key, root: root}, nil
}

func create(dir, file string, now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Baize authority"},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(rootLifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	a := &Authority{key: key, root: template}
	if a.root, err = a.sign(template, key.Public()); err != nil {
		return nil, err
	}
	return a, a.save(dir, file)
}

// save writes key and certificate as one file, whole or not at all.
func (a *Authority) save(dir, file string) error {
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return err
	}
	data := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	data = append(data, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw})...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func (a *Authority) sign(template *x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, a.root, public, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// Root is the authority's own certificate.
func (a *Authority) Root() *x509.Certificate { return a.root }

// Digest is the SHA-256 of the root, which agents pin.
func (a *Authority) Digest() [sha256.Size]byte { return sha256.Sum256(a.root.Raw) }

// RootPEM is the root for browsers and other clients.
func (a *Authority) RootPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw})
}

// Host issues a host certificate for the public key of a PKCS#10 request. The
// request's own names are ignored.
func (a *Authority) Host(name identity.Name, csr []byte, now time.Time) (*x509.Certificate, error) {
	request, err := x509.ParseCertificateRequest(csr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	if err := request.CheckSignature(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	if _, ok := request.PublicKey.(*ecdsa.PublicKey); !ok && request.PublicKeyAlgorithm != x509.Ed25519 {
		return nil, fmt.Errorf("%w: %s key, want ECDSA or Ed25519", ErrRequest, request.PublicKeyAlgorithm)
	}
	return a.sign(&x509.Certificate{
		Subject:     pkix.Name{CommonName: name.Host, Organization: []string{name.Org}},
		URIs:        []*url.URL{name.URI()},
		NotBefore:   now.Add(-backdate),
		NotAfter:    now.Add(HostLifetime - backdate),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, request.PublicKey)
}
