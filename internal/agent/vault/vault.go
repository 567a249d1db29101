// Package vault keeps files that were taken away, so that nothing on the host
// can execute, scan or read them by accident: encrypted, within a quota, whole
// or not at all.
//
// A file is sealed in pieces by AES-256-GCM under the vault's own key. The nonce
// of a piece is its number, and the last one is marked, so that pieces can be
// neither exchanged nor cut off (the STREAM construction of Hoang, Reyhanitabar,
// Rogaway and Vizár, 2015); each item has a key of its own, by HKDF of its name
// and a salt. Whoever reads the whole state directory has the key as well: it
// keeps files apart from accidents, not secrets from root.
package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	// MaxFile bounds one file, in bytes.
	MaxFile = 256 << 20
	// MaxTotal bounds all of them.
	MaxTotal = 1 << 30
	// piece is how much is sealed at once.
	piece = 64 << 10
	// saltSize of an item.
	saltSize = 32
	keyFile  = "key"
)

// Errors of this package.
var (
	// ErrQuota reports a file that there is no room for.
	ErrQuota = errors.New("the vault has no room for it")
	// ErrDamaged reports an item that is not what was put in.
	ErrDamaged = errors.New("the vault's copy is damaged")
	// ErrName reports a name that cannot be an item's.
	ErrName = errors.New("no name for an item")
)

// Vault is a directory of sealed files. One goroutine at a time uses it.
type Vault struct {
	dir string
	key []byte
}

// Open opens the vault in a directory, which is made where it is not there.
func Open(dir string) (*Vault, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	v := &Vault{dir: dir}
	var err error
	v.key, err = os.ReadFile(filepath.Join(dir, keyFile))
	if errors.Is(err, os.ErrNotExist) {
		err = v.makeKey()
	}
	if err == nil && len(v.key) != sha256.Size {
		err = fmt.Errorf("its key has %d bytes", len(v.key))
	}
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return v, nil
}

func (v *Vault) makeKey() error {
	v.key = make([]byte, sha256.Size)
	_, _ = rand.Read(v.key) // never fails
	return write(filepath.Join(v.dir, keyFile), func(f io.Writer) error {
		_, err := f.Write(v.key)
		return err
	})
}

// write makes a file that is there whole or not at all, also after a power cut.
func write(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = fill(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (v *Vault) path(name string) (string, error) {
	if name == "" || len(name) > 64 || name == keyFile || strings.Trim(name, "0123456789abcdefghijklmnopqrstuvwxyz-") != "" {
		return "", fmt.Errorf("%w: %q", ErrName, name)
	}
	return filepath.Join(v.dir, name), nil
}

// Names are the items.
func (v *Vault) Names() ([]string, error) {
	entries, err := os.ReadDir(v.dir)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if name := entry.Name(); name != keyFile {
			names = append(names, name)
		}
	}
	return names, nil
}

// room checks the quota against what there is.
func (v *Vault) room(size int64) error {
	if size > MaxFile {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrQuota, size, int64(MaxFile))
	}
	entries, err := os.ReadDir(v.dir)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	total := size
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			total += info.Size()
		}
	}
	if total > MaxTotal {
		return fmt.Errorf("%w: %d bytes with this one, at most %d", ErrQuota, total, int64(MaxTotal))
	}
	return nil
}

// Put seals what from has, and returns its length and SHA-256, hexadecimal. size
// is how long it should be, for the quota. When it returns the item is on disk,
// and was read back.
func (v *Vault) Put(ctx context.Context, name string, from io.Reader, size int64) (n int64, sum string, err error) {
	path, err := v.path(name)
	if err == nil {
		err = v.room(size)
	}
	if err != nil {
		return 0, "", err
	}
	hash := sha256.New()
	err = write(path, func(f io.Writer) error {
		n, err = v.seal(ctx, name, f, io.TeeReader(from, hash))
		return err
	})
	if err != nil {
		return 0, "", fmt.Errorf("vault: %w", err)
	}
	sum = hex.EncodeToString(hash.Sum(nil))
	if err := v.Get(ctx, name, io.Discard, sum); err != nil {
		return 0, "", errors.Join(err, v.Remove(name))
	}
	return n, sum, nil
}

// sealer makes and opens the pieces of one item.
type sealer struct {
	aead  cipher.AEAD
	piece uint64
}

func (v *Vault) sealer(name string, salt []byte) (*sealer, error) {
	key, err := hkdf.Key(sha256.New, v.key, salt, "baize vault "+name, sha256.Size)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return &sealer{aead: aead}, err
}

// nonce is the number of the piece and whether it is the last.
func (s *sealer) nonce(last bool) []byte {
	nonce := make([]byte, 12)
	binary.BigEndian.PutUint64(nonce, s.piece)
	s.piece++
	if last {
		nonce[11] = 1
	}
	return nonce
}

func (v *Vault) seal(ctx context.Context, name string, to io.Writer, from io.Reader) (n int64, err error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails
	s, err := v.sealer(name, salt)
	if err == nil {
		_, err = to.Write(salt)
	}
	if err != nil {
		return 0, err
	}
	err = pieces(ctx, from, piece, func(plain []byte, last bool) error {
		if n += int64(len(plain)); n > MaxFile {
			return fmt.Errorf("%w: it is longer than %d bytes", ErrQuota, int64(MaxFile))
		}
		_, err := to.Write(s.aead.Seal(nil, s.nonce(last), plain, nil))
		return err
	})
	return n, err
}

// pieces reads in pieces of a size, the last of which may be shorter, or empty.
func pieces(ctx context.Context, from io.Reader, size int, do func(text []byte, last bool) error) error {
	buffer, ahead := make([]byte, size), make([]byte, size)
	n, err := io.ReadFull(from, buffer)
	for {
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if n < size {
			return do(buffer[:n], true)
		}
		next, nextErr := io.ReadFull(from, ahead)
		if next == 0 && errors.Is(nextErr, io.EOF) {
			return do(buffer, true)
		}
		if err := do(buffer, false); err != nil {
			return err
		}
		buffer, ahead, n, err = ahead, buffer, next, nextErr
	}
}

// Get opens an item into to, and fails if it is not what has the SHA-256: what
// was written to to until then is not to be used.
func (v *Vault) Get(ctx context.Context, name string, to io.Writer, sum string) error {
	path, err := v.path(name)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	defer f.Close()
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(f, salt); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	s, err := v.sealer(name, salt)
	if err != nil {
		return err
	}
	hash := sha256.New()
	err = pieces(ctx, f, piece+s.aead.Overhead(), func(sealed []byte, last bool) error {
		plain, err := s.aead.Open(nil, s.nonce(last), sealed, nil)
		if err != nil {
			return fmt.Errorf("%w: piece %d", ErrDamaged, s.piece-1)
		}
		hash.Write(plain)
		_, err = to.Write(plain)
		return err
	})
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != sum {
		return fmt.Errorf("%w: SHA-256 %s, not %s", ErrDamaged, got, sum)
	}
	return nil
}

// Remove removes an item. One that is not there is removed.
func (v *Vault) Remove(name string) error {
	path, err := v.path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("vault: %w", err)
	}
	return nil
}

// Clear removes what no name of keep is for: what was being put in when the agent
// was ended.
func (v *Vault) Clear(keep map[string]bool) error {
	names, err := v.Names()
	for _, name := range names {
		if !keep[name] {
			err = errors.Join(err, os.Remove(filepath.Join(v.dir, name)))
		}
	}
	return err
}
