package console

import (
	"bytes"
	"compress/gzip"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// file is one built file, as it is and compressed.
type file struct {
	kind   string
	cache  string
	plain  []byte
	packed []byte // nil where compression gains nothing
}

func newFile(name string, body []byte) file {
	f := file{kind: mime.TypeByExtension(path.Ext(name)), cache: "public, max-age=3600", plain: body}
	if f.kind == "" {
		f.kind = "application/octet-stream"
	}
	// The build puts a hash of the content into the names below assets.
	if strings.HasPrefix(name, "assets/") {
		f.cache = "public, max-age=31536000, immutable"
	}
	if packed := pack(body); len(packed) < len(body) {
		f.packed = packed
	}
	return f
}

func pack(body []byte) []byte {
	var out bytes.Buffer
	// Writes to a buffer do not fail.
	w := gzip.NewWriter(&out)
	_, _ = w.Write(body)
	_ = w.Close()
	return out.Bytes()
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.kind)
	header.Set("Cache-Control", f.cache)
	header.Set("Vary", "Accept-Encoding")
	body := f.plain
	if f.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		body = f.packed
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body)
	}
}
