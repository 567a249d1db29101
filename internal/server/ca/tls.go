package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"baize/internal/identity"
)

// Server keeps the server's own certificate fresh. The key lives in memory
// only. It is safe for concurrent use.
type Server struct {
	authority *Authority
	names     []string
	now       func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
}

// Server returns the server's certificate for the names and addresses that it
// is reached by, besides localhost and this machine's name.
func (a *Authority) Server(names []string, now func() time.Time) *Server {
	all := append([]string{identity.ServerName, "localhost", "127.0.0.1", "::1"}, names...)
	if host, err := os.Hostname(); err == nil {
		all = append(all, host)
	}
	return &Server{authority: a, names: all, now: now}
}

// Certificate returns a certificate with at least half of its life left.
func (s *Server) Certificate() (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.current != nil && now.Before(s.current.Leaf.NotAfter.Add(-serverLifetime/2)) {
		return s.current, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leaf, err := s.authority.sign(serverTemplate(s.names, now), key.Public())
	if err != nil {
		return nil, fmt.Errorf("server certificate: %w", err)
	}
	// The root goes along: an agent that enrols knows only its digest.
	s.current = &tls.Certificate{Certificate: [][]byte{leaf.Raw, s.authority.root.Raw}, PrivateKey: key, Leaf: leaf}
	return s.current, nil
}

func serverTemplate(names []string, now time.Time) *x509.Certificate {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: identity.ServerName},
		NotBefore:   now.Add(-backdate),
		NotAfter:    now.Add(serverLifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return template
}

// AgentTLS is the agents' port: a client certificate of this authority, or
// none (to enrol); which it must be is decided per call.
func (s *Server) AgentTLS() *tls.Config {
	clients := x509.NewCertPool()
	clients.AddCert(s.authority.root)
	config := s.WebTLS()
	config.MinVersion = tls.VersionTLS13
	config.ClientAuth = tls.VerifyClientCertIfGiven
	config.ClientCAs = clients
	config.NextProtos = []string{"h2"}
	return config
}

// WebTLS is the console's port.
func (s *Server) WebTLS() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.Certificate() },
	}
}
