// Package console serves the built web console, which is embedded into the
// server. Pages carry a strict content security policy: scripts come from the
// server alone, and styles need the nonce that is made anew for every page.
package console

import (
	"bytes"
	"crypto/rand"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// The build writes its output to dist. A checkout that was not built has only
// .gitkeep there, and serves a page that says so.
//
//go:embed all:dist
var dist embed.FS

// placeholder is what the build leaves in index.html where the nonce belongs.
const placeholder = "__CSP_NONCE__"

const unbuilt = "<!doctype html><title>Baize</title><p>The console is not built into this server. Run: make build"

// Handler serves the console: its files, and its page for every other path, so
// that an address inside the console can be opened directly.
func Handler() (http.Handler, error) {
	root, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	return newSite(root)
}

// site keeps the console's files in memory, compressed once. It is read-only
// after newSite.
type site struct {
	files map[string]file
	page  []byte
}

func newSite(root fs.FS) (*site, error) {
	s := &site{files: map[string]file{}, page: []byte(unbuilt)}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		return s.add(root, name)
	})
	return s, err
}

func (s *site) add(root fs.FS, name string) error {
	body, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	if name == "index.html" {
		s.page = body
		return nil
	}
	s.files["/"+name] = newFile(name, body)
	return nil
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	harden(w.Header())
	if f, ok := s.files[r.URL.Path]; ok {
		f.serve(w, r)
		return
	}
	// A missing asset is an error, not a page: a browser that kept an older
	// page must not take HTML for a script.
	if strings.HasPrefix(r.URL.Path, "/assets/") {
		http.NotFound(w, r)
		return
	}
	s.servePage(w)
}

func (s *site) servePage(w http.ResponseWriter) {
	nonce := rand.Text()
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", policy(nonce))
	_, _ = w.Write(bytes.ReplaceAll(s.page, []byte(placeholder), []byte(nonce)))
}

// policy is the content security policy of a page with that nonce.
func policy(nonce string) string {
	return "default-src 'self'; script-src 'self' 'nonce-" + nonce + "'; style-src 'self' 'nonce-" + nonce + "'; " +
		"img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// harden sets the headers that every response carries.
func harden(header http.Header) {
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Frame-Options", "DENY")
}
