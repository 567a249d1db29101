package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"time"
)

// ErrPrerequisite reports that this machine or user lacks something, or has
// too much; the text says what. Programs exit with status 3 on it.
var ErrPrerequisite = errors.New("prerequisite missing")

// Retention bounds what is kept. What exceeds a bound goes, the oldest first.
type Retention struct {
	// LogAge and LogBytes bound the engine's log.
	LogAge   time.Duration
	LogBytes int64
	// Audit bounds the audit log by age.
	Audit time.Duration
	// BlobBytes bounds what each host may leave on the bulk channel: of evidence,
	// and of everything else.
	BlobBytes int64
	// EvidenceBytes bounds the evidence of all hosts. It is not made room for.
	EvidenceBytes int64
}

// DefaultRetention suits one machine: a week of telemetry within 10 GiB.
var DefaultRetention = Retention{
	LogAge: 7 * 24 * time.Hour, LogBytes: 10 << 30, Audit: 365 * 24 * time.Hour, BlobBytes: 1 << 30, EvidenceBytes: 10 << 30,
}

// Config of a server.
type Config struct {
	// Home is the state directory; the server's part of it is Home/server.
	Home string
	// HTTP and GRPC are the addresses of console and API, and of the gateway.
	HTTP, GRPC string
	// Names are further names and addresses that the server is reached by.
	Names []string
	// MaxSessions bounds the connected hosts.
	MaxSessions int
	Retention   Retention
	Version     string
	Logger      *slog.Logger
}

// dir is the server's own directory.
func (c *Config) dir(name string) string { return filepath.Join(c.Home, "server", name) }

// check says what of the configuration cannot be used, and how to correct it.
func (c *Config) check() error {
	for name, address := range map[string]string{"BAIZE_HTTP": c.HTTP, "BAIZE_GRPC": c.GRPC} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return fmt.Errorf("%s is %q: want HOST:PORT: %w", name, address, err)
		}
	}
	if c.MaxSessions <= 0 {
		return fmt.Errorf("max-hosts is %d: want at least 1", c.MaxSessions)
	}
	r := c.Retention
	if r.LogAge <= 0 || r.LogBytes <= 0 || r.Audit <= 0 || r.BlobBytes <= 0 || r.EvidenceBytes <= 0 {
		return errors.New("a retention of nothing keeps nothing: want every bound above 0")
	}
	return nil
}

// names are those in the server's certificate besides the local ones.
func (c *Config) names() []string {
	names := append([]string{}, c.Names...)
	for _, address := range []string{c.HTTP, c.GRPC} {
		host, _, err := net.SplitHostPort(address)
		if ip := net.ParseIP(host); err == nil && host != "" && (ip == nil || !ip.IsUnspecified()) {
			names = append(names, host)
		}
	}
	return names
}
