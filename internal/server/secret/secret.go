// Package secret makes and checks what people and programs prove themselves
// with: passwords, kept as argon2id, and random tokens, kept as SHA-256. A
// random token has 256 bits, so a fast hash of it cannot be searched; a
// password has not, so its hash is slow and takes memory.
package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost of a password's hash: OWASP's second recommendation for argon2id, so
// that a burst of logins does not take the server's memory.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	threads   = 1
	keyBytes  = 32
)

// Bounds of a password that a person chooses, in bytes.
const (
	MinPassword = 10
	MaxPassword = 256
)

// ErrPassword reports a password that may not be chosen.
var ErrPassword = fmt.Errorf("a password has %d to %d bytes", MinPassword, MaxPassword)

// errHash reports a stored hash that Hash did not write.
var errHash = errors.New("malformed password hash")

// slots bounds how many hashes are computed at once, and so the memory of
// logins: 38 MiB.
var slots = make(chan struct{}, 2)

// decoy is compared where there is no user, so that the time of an answer does
// not tell which names exist.
var decoy = encode(make([]byte, 16), make([]byte, keyBytes))

// Hash returns the PHC string of password, with a fresh salt. It returns
// ErrPassword for one that is too short or too long.
func Hash(password string) (string, error) {
	if len(password) < MinPassword || len(password) > MaxPassword {
		return "", ErrPassword
	}
	salt := make([]byte, 16)
	rand.Read(salt) // never fails: crypto/rand
	return encode(salt, derive(password, salt)), nil
}

// Matches reports whether password is the one that hash was made from. An
// empty hash stands for "no such user", and takes as long as any.
func Matches(hash, password string) bool {
	known := hash != ""
	if !known {
		hash = decoy
	}
	salt, key, err := decode(hash)
	if err != nil || len(password) > MaxPassword {
		return false
	}
	return subtle.ConstantTimeCompare(derive(password, salt), key) == 1 && known
}

func derive(password string, salt []byte) []byte {
	slots <- struct{}{}
	defer func() { <-slots }()
	return argon2.IDKey([]byte(password), salt, passes, memoryKiB, threads, keyBytes)
}

func encode(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, threads,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// decode reads what encode wrote with today's cost. Hashes of another cost do
// not exist yet.
func decode(hash string) (salt, key []byte, err error) {
	prefix := fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, memoryKiB, passes, threads)
	rest, found := strings.CutPrefix(hash, prefix)
	saltText, keyText, both := strings.Cut(rest, "$")
	if !found || !both {
		return nil, nil, errHash
	}
	salt, err = base64.RawStdEncoding.DecodeString(saltText)
	if err != nil {
		return nil, nil, errHash
	}
	key, err = base64.RawStdEncoding.DecodeString(keyText)
	if err != nil || len(key) != keyBytes {
		return nil, nil, errHash
	}
	return salt, key, nil
}

// Token returns a random token of 256 bits behind prefix, which tells people
// and scanners for leaked secrets what it is.
func Token(prefix string) string {
	raw := make([]byte, 32)
	rand.Read(raw) // never fails: crypto/rand
	return prefix + base64.RawURLEncoding.EncodeToString(raw)
}

// Password returns a random password of 100 bits that can be typed: four
// groups of five letters and digits.
func Password() string {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789x" // 32, without those that look alike
	raw := make([]byte, 20)
	rand.Read(raw) // never fails: crypto/rand
	var text strings.Builder
	for i, b := range raw {
		if i > 0 && i%5 == 0 {
			text.WriteByte('-')
		}
		text.WriteByte(letters[b%32])
	}
	return text.String()
}

// Digest is the form in which a token is stored.
func Digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
