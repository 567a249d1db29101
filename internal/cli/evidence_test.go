package cli

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// asking serves one answer and keeps what was asked.
func asking(t *testing.T, answer string) *struct {
	method, path string
	body         map[string]any
} {
	t.Helper()
	asked := &struct {
		method, path string
		body         map[string]any
	}{}
	answering(t, func(w http.ResponseWriter, r *http.Request) {
		asked.method, asked.path, asked.body = r.Method, r.URL.RequestURI(), nil
		_ = json.NewDecoder(r.Body).Decode(&asked.body)
		_, _ = w.Write([]byte(answer))
	})
	return asked
}

func TestHostsStat(t *testing.T) {
	const whole = `{"state":"done","stat":{"exists":true,"same":true,"inode":"h1/8:1/7/0","size":912,"mode":"0755","mtime":"2026-01-02T03:04:05Z","hash":{"state":"ok","sha256":"ab"}}}`
	asked := asking(t, whole)
	out := ran(t, "hosts", "stat", "h1", "/tmp/x", "--inode", "h1/8:1/7/0", "--container", "c1")
	if asked.method != http.MethodPost || asked.path != "/api/v1/hosts/h1/stat" || asked.body["path"] != "/tmp/x" || asked.body["inode"] != "h1/8:1/7/0" || asked.body["container"] != "c1" {
		t.Errorf("%+v", asked)
	}
	for _, part := range []string{"/tmp/x: file, mode 0755, 912 B", "h1/8:1/7/0", "sha256  ab", "meant: true"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is not in %s", part, out)
		}
	}
	if out := ran(t, "hosts", "stat", "h1", "/tmp/x", "--json"); out != whole+"\n" {
		t.Errorf("%s", out)
	}
	for answer, want := range map[string]string{
		`{"state":"done","stat":{"exists":false,"same":false,"size":0}}`:                                   "not there",
		`{"state":"done","stat":{"exists":true,"same":false,"size":0,"inode":"h1/8:1/8/0","mode":"0644"}}`: "another file",
		`{"state":"refused","detail":"not allowed"}`:                                                       "refused: not allowed",
	} {
		asking(t, answer)
		if _, status, problem := runBaize(t, "", "hosts", "stat", "h1", "/tmp/x"); status != exitNo || !strings.Contains(problem, want) {
			t.Errorf("%s: %d, %s", answer, status, problem)
		}
	}
}

func TestEvidenceCollect(t *testing.T) {
	asked := asking(t, `{"id":"c1","host":"h1","what":"file","path":"/tmp/x","by":"alice","state":"stored","sha256":"ab","size":912}`)
	out := ran(t, "evidence", "collect", "h1", "--file", "/tmp/x", "--sha256", "ab", "--alert", "a-1")
	if asked.path != "/api/v1/evidence" || asked.body["what"] != "file" || asked.body["path"] != "/tmp/x" || asked.body["sha256"] != "ab" || asked.body["alert"] != "a-1" {
		t.Errorf("%+v", asked)
	}
	if !strings.Contains(out, "stored") || !strings.Contains(out, "912 B") || !strings.Contains(out, "alice") {
		t.Errorf("%s", out)
	}
	ran(t, "evidence", "collect", "h1", "--image", "h1/b/7/1")
	if asked.body["what"] != "image" || asked.body["process"] != "h1/b/7/1" {
		t.Errorf("%+v", asked)
	}
	for _, args := range [][]string{{}, {"--file", "/x", "--image", "h1/b/7/1"}} {
		if _, status, _ := runBaize(t, "", append([]string{"evidence", "collect", "h1"}, args...)...); status != exitUsage {
			t.Errorf("%v: exit %d", args, status)
		}
	}
	asking(t, `{"state":"refused","detail":"policy"}`)
	if _, status, problem := runBaize(t, "", "evidence", "collect", "h1", "--file", "/x"); status != exitNo || !strings.Contains(problem, "refused: policy") {
		t.Errorf("%d, %s", status, problem)
	}
}

func TestEvidenceShowAndList(t *testing.T) {
	asked := asking(t, `{"id":"c1","host":"h1","what":"file","state":"stored","uses":[{"time":"2026-01-02T03:04:05Z","actor":"bob","action":"export"}]}`)
	if out := ran(t, "evidence", "show", "c1"); !strings.Contains(out, "export") || !strings.Contains(out, "bob") || asked.path != "/api/v1/evidence/c1" {
		t.Errorf("%s, %+v", out, asked)
	}
	asked = asking(t, `{"items":[{"id":"c1","host":"h1","what":"file","state":"stored","path":"/tmp/x"}],"next":""}`)
	if out := ran(t, "evidence", "list", "--alert", "a-1"); !strings.Contains(out, "/tmp/x") || !strings.Contains(asked.path, "alert=a-1") {
		t.Errorf("%s, %+v", out, asked)
	}
	if out := ran(t, "evidence", "--host", "h1"); !strings.Contains(out, "/tmp/x") || !strings.Contains(asked.path, "host=h1") {
		t.Errorf("%s, %+v", out, asked)
	}
	asked = asking(t, "")
	ran(t, "evidence", "remove", "c1")
	if asked.method != http.MethodDelete || asked.path != "/api/v1/evidence/c1" {
		t.Errorf("%+v", asked)
	}
}

// What is written is what the server vouches for, in a file that was not there.
func TestEvidenceExport(t *testing.T) {
	sum := sha256.Sum256([]byte("evil"))
	content := "evil"
	answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
		_, _ = w.Write([]byte(content))
	})
	file := filepath.Join(t.TempDir(), "copy")
	ran(t, "evidence", "export", "c1", "-o", file)
	info, err := os.Stat(file)
	if text, readErr := os.ReadFile(file); err != nil || readErr != nil || string(text) != "evil" || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v", text, err, readErr)
	}
	if _, status, _ := runBaize(t, "", "evidence", "export", "c1", "-o", file); status != exitUnreachable {
		t.Errorf("over a file that was there: exit %d", status)
	}
	if out := ran(t, "evidence", "export", "c1", "-o", "-"); out != "evil" {
		t.Errorf("%q", out)
	}
	content = "good"
	file += "2"
	if _, status, problem := runBaize(t, "", "evidence", "export", "c1", "-o", file); status != exitUnreachable || !strings.Contains(problem, "not what the server says") {
		t.Errorf("exit %d, %s", status, problem)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("and it was kept")
	}
}
