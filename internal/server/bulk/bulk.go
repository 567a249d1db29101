// Package bulk keeps what is too large for the event log: evidence, memory,
// logs. A blob is named by its content, kept apart for each host, within a
// quota for each host and for all together, and is there only when its digest
// was verified. An
// upload that was interrupted goes on from what is on disk.
package bulk

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"baize/internal/identity"
)

var (
	// ErrHeader reports an upload that does not say what it is.
	ErrHeader = errors.New("upload header")
	// ErrQuota reports a blob that does not fit the quota of its host, or of all.
	ErrQuota = errors.New("quota exceeded")
	// ErrBusy reports a blob that is being uploaded already.
	ErrBusy = errors.New("upload in progress")
	// ErrOffset reports a piece that does not follow what is there.
	ErrOffset = errors.New("piece does not follow")
	// ErrDigest reports content that is not what its header said.
	ErrDigest = errors.New("content does not match its digest")
)

// maxFiles bounds the files of one host: a blob has two, and an upload that was
// begun has one however little of it arrived.
const maxFiles = 8192

// maxLabel bounds kind and name, in bytes.
const maxLabel = 255

// Header says what a blob is.
type Header struct {
	// SHA256 of the whole.
	SHA256 []byte `json:"-"`
	Size   int64  `json:"size"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
}

// Blob is a verified blob.
type Blob struct {
	Header
	// Digest is the SHA-256, hexadecimal.
	Digest   string    `json:"digest"`
	Received time.Time `json:"received"`
}

// Quota bounds what is kept, in bytes. What would exceed it is refused: nothing
// that is there goes for it.
type Quota struct {
	// Host bounds what each host may leave.
	Host int64
	// All bounds that of all hosts together; 0 does not.
	All int64
}

// Store keeps blobs below a directory: HOST/DIGEST with HOST/DIGEST.json, and
// HOST/DIGEST.part while it arrives. It is safe for concurrent use.
type Store struct {
	dir   string
	quota Quota
	now   func() time.Time

	mu     sync.Mutex
	active map[string]int64 // bytes promised, by path
}

// Open keeps blobs in dir.
func Open(dir string, quota Quota, now func() time.Time) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	return &Store{dir: dir, quota: quota, now: now, active: map[string]int64{}}, nil
}

// Upload is one blob on its way. One goroutine uses it; Close releases it.
type Upload struct {
	store  *Store
	path   string
	header Header
	file   *os.File
	offset int64
}

// Begin starts the upload of a blob of host, or goes on with it.
func (s *Store) Begin(host string, h Header) (*Upload, error) {
	if len(h.SHA256) != sha256.Size || h.Size < 0 || len(h.Kind) > maxLabel || len(h.Name) > maxLabel || !identity.Valid(host) {
		return nil, fmt.Errorf("%w: a SHA-256, a size, and a kind and a name of at most %d bytes are required", ErrHeader, maxLabel)
	}
	dir := filepath.Join(s.dir, host)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob of %s: %w", host, err)
	}
	u := &Upload{store: s, path: filepath.Join(dir, hex.EncodeToString(h.SHA256)), header: h}
	if err := s.reserve(dir, u.path, h.Size); err != nil {
		return nil, fmt.Errorf("blob of %s: %w", host, err)
	}
	if err := u.open(); err != nil {
		s.release(u.path)
		return nil, fmt.Errorf("blob of %s: %w", host, err)
	}
	return u, nil
}

// reserve makes room for a blob: what it will be counts, not what has arrived.
func (s *Store) reserve(dir, path string, size int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, busy := s.active[path]; busy {
		return ErrBusy
	}
	used, err := s.used(dir, path)
	if err != nil {
		return err
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) >= maxFiles {
		return errors.Join(err, fmt.Errorf("%w: %d files, at most %d", ErrQuota, len(entries), maxFiles))
	}
	if size > s.quota.Host-used {
		return fmt.Errorf("%w: %d bytes beside %d of this host, at most %d", ErrQuota, size, used, s.quota.Host)
	}
	if err := s.fits(dir, size, used); err != nil {
		return err
	}
	s.active[path] = size
	return nil
}

// fits holds a blob against what all hosts may leave; used is its own host's part.
func (s *Store) fits(dir string, size, used int64) error {
	if s.quota.All == 0 {
		return nil
	}
	hosts, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, host := range hosts {
		if other := filepath.Join(s.dir, host.Name()); other != dir {
			theirs, err := s.used(other, "")
			if err != nil {
				return err
			}
			used += theirs
		}
	}
	if size > s.quota.All-used {
		return fmt.Errorf("%w: %d bytes beside %d of all hosts, at most %d", ErrQuota, size, used, s.quota.All)
	}
	return nil
}

// used is what a host's blobs occupy, that of path aside.
func (s *Store) used(dir, path string) (int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	var used int64
	for _, entry := range entries {
		file := strings.TrimSuffix(filepath.Join(dir, entry.Name()), ".part")
		if _, promised := s.active[file]; promised || file == path {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return 0, err
		}
		used += info.Size()
	}
	for file, size := range s.active {
		if filepath.Dir(file) == dir {
			used += size
		}
	}
	return used, nil
}

func (s *Store) release(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.active, path)
}

// open finds how much is there.
func (u *Upload) open() error {
	if _, err := os.Stat(u.path + ".json"); err == nil {
		u.offset = u.header.Size
		return nil
	}
	file, err := os.OpenFile(u.path+".part", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	u.file = file
	if u.offset = info.Size(); u.offset > u.header.Size {
		u.offset = 0
		return file.Truncate(0)
	}
	return nil
}

// Offset is how much is durable: where the sender goes on.
func (u *Upload) Offset() int64 { return u.offset }

// Done reports whether everything has arrived.
func (u *Upload) Done() bool { return u.offset == u.header.Size }

// Write makes the next piece durable.
func (u *Upload) Write(offset int64, data []byte) error {
	switch {
	case offset != u.offset:
		return fmt.Errorf("%w: from %d, %d are here", ErrOffset, offset, u.offset)
	case int64(len(data)) > u.header.Size-u.offset:
		return fmt.Errorf("%w: %d bytes from %d exceed the size of %d", ErrOffset, len(data), offset, u.header.Size)
	}
	if _, err := u.file.WriteAt(data, offset); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	if err := u.file.Sync(); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	u.offset += int64(len(data))
	return nil
}

// Finish verifies the blob and enters it. What does not match is dropped.
func (u *Upload) Finish() error {
	if u.file == nil {
		return nil // it was here before
	}
	if err := u.verify(); err != nil {
		return errors.Join(err, os.Remove(u.path+".part"))
	}
	if err := os.Rename(u.path+".part", u.path); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	return u.describe()
}

func (u *Upload) verify() error {
	hash := sha256.New()
	n, err := io.Copy(hash, io.NewSectionReader(u.file, 0, u.header.Size))
	if err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	if n != u.header.Size || !bytes.Equal(hash.Sum(nil), u.header.SHA256) {
		return fmt.Errorf("%w: %d bytes", ErrDigest, n)
	}
	return nil
}

// describe writes the description last: a blob without one is not there.
func (u *Upload) describe() error {
	blob := Blob{Header: u.header, Digest: hex.EncodeToString(u.header.SHA256), Received: u.store.now().UTC()}
	text, err := json.Marshal(blob)
	if err != nil {
		return err
	}
	if err := os.WriteFile(u.path+".json.new", text, 0o600); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	if err := os.Rename(u.path+".json.new", u.path+".json"); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	dir, err := os.Open(filepath.Dir(u.path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Close releases the upload. What arrived stays for the next attempt.
func (u *Upload) Close() error {
	defer u.store.release(u.path)
	if u.file == nil {
		return nil
	}
	if u.offset > 0 || u.header.Size == 0 {
		return u.file.Close()
	}
	return errors.Join(u.file.Close(), os.Remove(u.path+".part")) // nothing arrived
}

// Blobs lists what a host has delivered.
func (s *Store) Blobs(host string) ([]Blob, error) {
	if !identity.Valid(host) {
		return nil, fmt.Errorf("%w: host %q", ErrHeader, host)
	}
	files, err := filepath.Glob(filepath.Join(s.dir, host, "*.json"))
	if err != nil {
		return nil, err
	}
	var blobs []Blob
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("blobs of %s: %w", host, err)
		}
		var blob Blob
		if err := json.Unmarshal(text, &blob); err != nil {
			return nil, fmt.Errorf("blobs of %s: %s: %w", host, filepath.Base(file), err)
		}
		blobs = append(blobs, blob)
	}
	return blobs, nil
}

// Open opens a verified blob.
func (s *Store) Open(host, digest string) (*os.File, error) {
	path, err := s.verified(host, digest)
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// verified is where a verified blob is.
func (s *Store) verified(host, digest string) (string, error) {
	if sum, err := hex.DecodeString(digest); err != nil || len(sum) != sha256.Size || !identity.Valid(host) {
		return "", fmt.Errorf("%w: %s of host %q", ErrHeader, digest, host)
	}
	path := filepath.Join(s.dir, host, digest)
	if _, err := os.Stat(path + ".json"); err != nil {
		return "", fmt.Errorf("blob %s of %s: %w", digest, host, err)
	}
	return path, nil
}

// Remove removes a verified blob. Whoever has it open may read on.
func (s *Store) Remove(host, digest string) error {
	path, err := s.verified(host, digest)
	if err != nil {
		return err
	}
	// Without its description it is not there.
	if err := errors.Join(os.Remove(path+".json"), os.Remove(path)); err != nil {
		return fmt.Errorf("remove blob %s of %s: %w", digest, host, err)
	}
	return nil
}
