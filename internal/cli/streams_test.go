package cli

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// answer serves one handler on the local socket of a fresh state directory,
// for answers that a healthy server does not give.
func answer(t *testing.T, handler http.HandlerFunc) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("BAIZE_HOME", home)
	if err := os.MkdirAll(filepath.Join(home, "server"), 0o700); err != nil {
		t.Fatal(err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "unix", socket(home))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

func TestExportIsWrittenAsItIs(t *testing.T) {
	const log = `{"kind":"engine.tick"}` + "\n" + `{"kind":"process.exec"}` + "\n"
	answer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(log)) })
	if out := ran(t, "export"); out != log {
		t.Errorf("wrote %q", out)
	}
}

// A log that breaks off is not taken for a whole one.
func TestBrokenExportFails(t *testing.T) {
	answer(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"kind":"engine.tick"}` + "\n"))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	out, status, problem := runBaize(t, "", "export")
	if status != exitUnreachable || !strings.Contains(problem, "not the whole log") || out == "" {
		t.Errorf("%d %q %q", status, problem, out)
	}
}

func TestStrangeAnswersAreErrors(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"no JSON":      func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"no problem":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "gone wrong", http.StatusBadGateway) },
		"server error": func(w http.ResponseWriter, _ *http.Request) { problemAnswer(w, http.StatusInternalServerError) },
		"denied":       func(w http.ResponseWriter, _ *http.Request) { problemAnswer(w, http.StatusForbidden) },
	} {
		answer(t, handler)
		for _, args := range []string{"alerts", "alerts --json", "status", "hosts show x"} {
			if out, status, problem := runBaize(t, "", strings.Fields(args)...); status != exitUnreachable || problem == "" || out != "" {
				t.Errorf("%s: baize %s: %d %q %q", name, args, status, problem, out)
			}
		}
	}
}

func problemAnswer(w http.ResponseWriter, status int) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": "No", "status": status, "detail": "no"})
}

// Every list is asked for page by page, and printed whole and in order.
func TestListsFollowTheirPages(t *testing.T) {
	pages := map[string]string{
		"":   `{"items":[{"id":"h1"},{"id":"h2"}],"next":"h2"}`,
		"h2": `{"items":[{"id":"h3"}],"next":""}`,
	}
	answer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(pages[r.URL.Query().Get("cursor")]))
	})
	if out := ran(t, "hosts", "--json"); out != "{\"id\":\"h1\"}\n{\"id\":\"h2\"}\n{\"id\":\"h3\"}\n" {
		t.Errorf("printed %q", out)
	}
}

// Waiting ends as soon as an agent is armed.
func TestStatusWaits(t *testing.T) {
	asked := 0
	answer(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		armed := 0
		if asked >= 3 {
			armed = 1
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"hosts": map[string]int{"connected": armed, "armed": armed}})
	})
	if out := ran(t, "status", "--wait", "30s", "--json"); !strings.Contains(out, `"armed":1`) || asked != 3 {
		t.Errorf("asked %d times: %s", asked, out)
	}
	asked = -1000
	if _, status, _ := runBaize(t, "", "status"); status != exitNo {
		t.Errorf("nobody armed: %d", status)
	}
}
