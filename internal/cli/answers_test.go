package cli

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"baize/internal/alert"
)

// answering serves the API of this test's state directory with one handler,
// for what a sound server does not do.
func answering(t *testing.T, handler http.HandlerFunc) {
	t.Helper()
	home, err := os.MkdirTemp("", "baize") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	t.Setenv("BAIZE_HOME", home)
	if err := os.MkdirAll(filepath.Dir(socket(home)), 0o700); err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", socket(home))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
}

// TestListsAreCompleteAndInOrder: many pages, the last one full or empty.
func TestListsAreCompleteAndInOrder(t *testing.T) {
	for _, total := range []int{0, 1, 199, 200, 400, 1001} {
		answering(t, func(w http.ResponseWriter, r *http.Request) {
			var from, limit int
			_, _ = fmt.Sscan(r.URL.Query().Get("cursor"), &from)
			_, _ = fmt.Sscan(r.URL.Query().Get("limit"), &limit)
			page := map[string]any{"items": []any{}, "next": ""}
			items := []alert.Alert{}
			for i := from; i < min(from+limit, total); i++ {
				items = append(items, alert.Alert{ID: fmt.Sprint(i)})
			}
			page["items"] = items
			if len(items) == limit {
				page["next"] = fmt.Sprint(from + limit)
			}
			_ = json.NewEncoder(w).Encode(page)
		})
		got := lines[alert.Alert](t, ran(t, "alerts", "--json"))
		if len(got) != total {
			t.Errorf("%d of %d alerts", len(got), total)
		}
		for i, a := range got {
			if a.ID != fmt.Sprint(i) {
				t.Fatalf("alert %d is %s", i, a.ID)
			}
		}
	}
}

// TestAnswersBecomeExitStatuses: scripts tell "no" from "wrong" from "not now".
func TestAnswersBecomeExitStatuses(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		exit   int
		says   string
	}{
		{200, `{"items":[],"next":""}`, 0, ""},
		{400, `{"detail":"malformed cursor"}`, exitUsage, "malformed cursor"},
		{401, `{"detail":"log in"}`, exitUnreachable, "log in"},
		{403, `{"detail":"needs the role admin"}`, exitUnreachable, "role admin"},
		{404, `{"detail":"no such host"}`, exitNo, "no such host"},
		{409, `{"detail":"is there"}`, exitNo, "is there"},
		{422, `{"detail":"validation failed","errors":[{"message":"too long","location":"query.host"}]}`, exitUsage, "query.host: too long"},
		{429, `{"detail":"later"}`, exitUnreachable, "later"},
		{500, `oops`, exitUnreachable, "500"},
		{502, ``, exitUnreachable, "502"},
		{404, `<html>`, exitUnreachable, "404"},
		{200, `{"items":[{"id":"a"`, exitUnreachable, "read the answer"},
		{200, `<html>`, exitUnreachable, "read the answer"},
		{200, ``, exitUnreachable, "read the answer"},
	} {
		answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		})
		_, exit, problem := runBaize(t, "", "alerts", "--json")
		if exit != c.exit || !strings.Contains(problem, c.says) {
			t.Errorf("%d %s: %d (%s), want %d", c.status, c.body, exit, problem, c.exit)
		}
	}
}

// TestACutListIsNotAWholeOne: a server that goes away, or turns in a circle,
// between two pages.
func TestACutListIsNotAWholeOne(t *testing.T) {
	for name, second := range map[string]func(http.ResponseWriter){
		"connection cut": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"refused":        func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"the same again": func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"items":[{"id":"b"}],"next":"n"}`)) },
	} {
		answering(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("cursor") == "" {
				_, _ = w.Write([]byte(`{"items":[{"id":"a"}],"next":"n"}`))
				return
			}
			second(w)
		})
		if out, exit, problem := runBaize(t, "", "alerts", "--json"); exit != exitUnreachable || !strings.Contains(out, `"a"`) {
			t.Errorf("%s: %d (%s), wrote %q", name, exit, problem, out)
		}
	}
}

// TestABrokenLoginIsNamed: the file that cannot be read is in the error.
func TestABrokenLoginIsNamed(t *testing.T) {
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	t.Setenv("BAIZE_HOME", "")
	t.Chdir(t.TempDir())
	file := filepath.Join(config, "baize", "login.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{", `{"url":5}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, exit, problem := runBaize(t, "", "hosts"); exit != exitUnreachable || !strings.Contains(problem, file) {
			t.Errorf("%q: %d %s", text, exit, problem)
		}
	}
}
