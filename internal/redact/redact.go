package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Redactor replaces secrets. It is safe for concurrent use.
type Redactor struct {
	key      []byte
	patterns *patterns
	scans    sync.Pool
}

// New returns a redactor with the default patterns as config changes them.
func New(key []byte, config Config) (*Redactor, error) {
	p, err := compile(config)
	if err != nil {
		return nil, err
	}
	r := &Redactor{key: slices.Clone(key), patterns: p}
	r.scans.New = func() any { return &scan{patterns: p} }
	return r, nil
}

// Args returns a command line without its secrets and how many there were. It
// does not change args, which it returns where there is nothing to replace. If
// truncated, the last argument may have been cut: a secret at its end is
// replaced by the bare [redacted], since the hash of a part would match nothing.
func (r *Redactor) Args(args []string, truncated bool) ([]string, int) {
	s := r.scans.Get().(*scan)
	defer r.scans.Put(s)
	s.argv(args)
	hits := s.settled()
	if len(hits) == 0 {
		return args, 0
	}
	out := slices.Clone(args)
	for i := len(hits) - 1; i >= 0; i-- {
		h := hits[i]
		whole := args[h.arg]
		token := r.token(whole[h.start:h.end])
		if truncated && h.arg == len(args)-1 && h.end == len(whole) {
			token = "[redacted]"
		}
		out[h.arg] = out[h.arg][:h.start] + token + out[h.arg][h.end:]
	}
	return out, len(hits)
}

// Text is Args for one piece of text: a title that a process gave itself, a
// statement of SQL, an argument that a probe saw.
func (r *Redactor) Text(text string) (string, int) {
	out, n := r.Args([]string{text}, false)
	return out[0], n
}

// Env returns a variable's value without its secrets, and how many there were.
func (r *Redactor) Env(name, value string) (string, int) {
	out, n := r.Text(name + "=" + value)
	return strings.TrimPrefix(out, name+"="), n
}

// token stands for a secret. What a URL has in escapes is the same secret.
func (r *Redactor) token(secret string) string {
	if plain, err := url.PathUnescape(secret); err == nil {
		secret = plain
	}
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(secret))
	return "[redacted:" + hex.EncodeToString(mac.Sum(nil)[:4]) + "]"
}
