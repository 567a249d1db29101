package console

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

const script = "console.log('a script long enough to be worth compressing'); " +
	"console.log('a script long enough to be worth compressing');"

func built(t *testing.T) *site {
	t.Helper()
	s, err := newSite(fstest.MapFS{
		"index.html":      {Data: []byte(`<meta nonce="__CSP_NONCE__"><script nonce="__CSP_NONCE__"></script>`)},
		"assets/index.js": {Data: []byte(script)},
		"mark.svg":        {Data: []byte("<svg/>")},
		".gitkeep":        {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(h http.Handler, method, target, encoding string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPageCarriesAFreshNonce(t *testing.T) {
	s := built(t)
	inPolicy := regexp.MustCompile(`style-src 'self' 'nonce-([A-Z2-7]{26})'`)
	seen := map[string]bool{}
	for range 3 {
		w := ask(s, http.MethodGet, "/incidents/42", "")
		found := inPolicy.FindStringSubmatch(w.Header().Get("Content-Security-Policy"))
		if found == nil {
			t.Fatalf("policy %q", w.Header().Get("Content-Security-Policy"))
		}
		want := `<meta nonce="` + found[1] + `"><script nonce="` + found[1] + `"></script>`
		if w.Body.String() != want {
			t.Fatalf("page %q, want %q", w.Body, want)
		}
		seen[found[1]] = true
	}
	if len(seen) != 3 {
		t.Fatalf("nonces repeat: %v", seen)
	}
}

func TestPolicyAllowsNothingInline(t *testing.T) {
	got := policy("N")
	if strings.Contains(got, "unsafe") || !strings.Contains(got, "default-src 'self'") {
		t.Fatalf("policy %q", got)
	}
}

func TestAssetsAreCompressedAndKept(t *testing.T) {
	w := ask(built(t), http.MethodGet, "/assets/index.js", "gzip, br")
	if w.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Fatalf("headers %v", w.Header())
	}
	r, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(r); err != nil || string(body) != script {
		t.Fatalf("body %q, %v", body, err)
	}
}

func TestPlainClientsGetPlainFiles(t *testing.T) {
	w := ask(built(t), http.MethodGet, "/assets/index.js", "")
	if w.Header().Get("Content-Encoding") != "" || w.Body.String() != script {
		t.Fatalf("%v %q", w.Header(), w.Body)
	}
	if kind := w.Header().Get("Content-Type"); !strings.HasPrefix(kind, "text/javascript") {
		t.Fatalf("Content-Type %q", kind)
	}
}

func TestHeadHasNoBody(t *testing.T) {
	w := ask(built(t), http.MethodHead, "/mark.svg", "")
	if w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("Content-Length") != "6" {
		t.Fatalf("%d %q %v", w.Code, w.Body, w.Header())
	}
}

func TestMissingAssetIsNotAPage(t *testing.T) {
	if w := ask(built(t), http.MethodGet, "/assets/old.js", ""); w.Code != http.StatusNotFound {
		t.Fatalf("code %d", w.Code)
	}
}

func TestOnlyReadsAreServed(t *testing.T) {
	if w := ask(built(t), http.MethodPost, "/", ""); w.Code != http.StatusMethodNotAllowed {
		t.Fatalf("code %d", w.Code)
	}
}

func TestUnbuiltConsoleSaysSo(t *testing.T) {
	s, err := newSite(fstest.MapFS{".gitkeep": {}})
	if err != nil {
		t.Fatal(err)
	}
	if w := ask(s, http.MethodGet, "/", ""); !strings.Contains(w.Body.String(), "make build") {
		t.Fatalf("page %q", w.Body)
	}
}

func TestHandlerServesWhatIsEmbedded(t *testing.T) {
	h, err := Handler()
	if err != nil {
		t.Fatal(err)
	}
	if w := ask(h, http.MethodGet, "/", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Baize") {
		t.Fatalf("%d %q", w.Code, w.Body)
	}
}
