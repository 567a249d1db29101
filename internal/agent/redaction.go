package agent

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"baize/internal/redact"
)

// redactFile is the name of a host's redaction patterns within the agent's
// state. Its owner writes it.
const redactFile = "redact.yaml"

// newRedactor makes the redactor with the host's own patterns. Where they
// cannot be used it has the default ones, and the error says so: a slip in the
// file must not send out what it was to protect.
func newRedactor(state string, key []byte) (*redact.Redactor, error) {
	config, problem := redactConfig(filepath.Join(state, redactFile))
	r, err := redact.New(key, config)
	if err != nil {
		return nil, errors.Join(err, problem)
	}
	return r, problem
}

func redactConfig(file string) (redact.Config, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return redact.Config{}, nil
	}
	if err == nil {
		var config redact.Config
		if config, err = redact.ParseConfig(text); err == nil {
			return config, nil
		}
	}
	return redact.Config{}, fmt.Errorf("%s is not used, the default patterns are: %w", file, err)
}

// ownRedactor has a key of its own, for what stays on this host.
func ownRedactor() (*redact.Redactor, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return redact.New(key, redact.Config{})
}
