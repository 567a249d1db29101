package app

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// redactionKeys gives each organisation the key that its hosts hash secrets
// with, derived from one that is kept in dir. Hosts get it with their identity
// and not with every session: it never changes while they live, and it is worth
// nothing without the events, which a host cannot read.
func redactionKeys(dir string) (func(org string) []byte, error) {
	root, err := rootKey(filepath.Join(dir, "redaction.key"))
	if err != nil {
		return nil, fmt.Errorf("redaction key: %w", err)
	}
	return func(org string) []byte {
		mac := hmac.New(sha256.New, root)
		mac.Write([]byte("secrets of " + org))
		return mac.Sum(nil)
	}, nil
}

// rootKey reads the key, or makes one where there is none.
func rootKey(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err == nil {
		key, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil || len(key) != sha256.Size {
			return nil, fmt.Errorf("%s: want %d bytes, hexadecimal", file, sha256.Size)
		}
		return key, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(file+".new", []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		return nil, err
	}
	return key, os.Rename(file+".new", file)
}
