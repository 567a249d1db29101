package cli

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"baize/internal/identity"
)

// login is a stored access to a server elsewhere.
type login struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	// Authority is the server's root certificate, PEM: the only one trusted.
	Authority string    `json:"authority"`
	Expires   time.Time `json:"expires"`
}

// loginFile is where the login is stored, for this user alone.
func loginFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "baize", "login.json"), nil
}

func readLogin() (*login, error) {
	file, err := loginFile()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", os.ErrNotExist, err) // nowhere to store one
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var l login
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &l, nil
}

func (l *login) client() (*client, error) {
	if !l.Expires.IsZero() && time.Now().After(l.Expires) {
		return nil, unreachable("the login to %s has expired: baize login %s", l.URL, l.URL)
	}
	trust, err := trustOnly(l.Authority)
	if err != nil {
		return nil, unreachable("the stored login: %w", err)
	}
	return &client{base: strings.TrimRight(l.URL, "/"), token: l.Token, http: &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}}, nil
}

// store writes the login so that only this user can read it.
func (l *login) store() error {
	file, err := loginFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	temporary := file + ".new"
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, file)
}

// trustOnly trusts the certificates of one authority. By which name or address
// the server was reached does not matter then.
func trustOnly(authority string) (*tls.Config, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(authority)) {
		return nil, errors.New("no certificate of an authority: log in again")
	}
	return &tls.Config{RootCAs: pool, ServerName: identity.ServerName, MinVersion: tls.VersionTLS12}, nil
}
