package respond

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// LoadKey reads the key that commands are signed with, or makes one where
// there is none. Only its owner may read it.
func LoadKey(dir string) (ed25519.PrivateKey, error) {
	file := filepath.Join(dir, "command.pem")
	key, err := readKey(file)
	if errors.Is(err, os.ErrNotExist) {
		key, err = createKey(dir, file)
	}
	if err != nil {
		return nil, fmt.Errorf("command key %s: %w", file, err)
	}
	return key, nil
}

func readKey(file string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("mode %04o lets others read it; make it 0600", info.Mode().Perm())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("want a private key, PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("a %T, want Ed25519", parsed)
	}
	return key, nil
}

func createKey(dir, file string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return nil, err
	}
	return key, os.Rename(file+".new", file)
}
