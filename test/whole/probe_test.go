package whole

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"baize/internal/agent/probe/jvmtest"
	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/response"
	"baize/test/story"
)

// TestAProbeInAWebService : nothing is prepared; by pid, in seconds, to the line
// of code, and out again.
func TestAProbeInAWebService(t *testing.T) {
	text, err := os.ReadFile(jvmtest.Probe(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stage := open(t, story.Options{})
	if err := os.WriteFile(filepath.Join(bin, "baize-probe-jvm.jar"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	host := asked[event.Host](ctx, t, stage, "hosts", "--json").ID
	shop := jvmtest.Start(t, jvmtest.Options{UID: 65534, GID: 65534, Program: []string{"-cp", jvmtest.Classes(t), "Shop"}})
	pid := strconv.Itoa(int(shop.PID))
	if p := probeOf(ctx, t, stage, host, shop.PID); p.State != response.ProbeEligible || p.User != 65534 {
		t.Fatalf("%+v", p)
	}
	if _, err := stage.Baize(ctx, "probe", "attach", "--host", host, "--pid", pid); err == nil {
		t.Error("attached without the owner's word")
	}
	if err := os.WriteFile(filepath.Join(stage.Home(), "agent", "policy.yaml"), []byte("allow: [observe, probe]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := stage.Baize(ctx, "probe", "attach", "--host", host, "--pid", pid); err != nil {
		t.Fatal(err)
	}
	t.Logf("attached in %s", time.Since(began).Round(time.Millisecond))
	status := download(t, shop, "/etc/shadow")
	if status != http.StatusNotFound { // nobody may not read it; the attempt is seen
		t.Errorf("status %d", status)
	}
	call := awaitEvent(ctx, t, stage, func(ev *event.Event) bool {
		return ev.Kind == event.ProbeCall && ev.File != nil && ev.File.Path == "/etc/shadow"
	})
	top := call.Stack.Top()
	if top == nil || top.Class != "Shop" || top.Method != "read" || top.File != "Shop.java" || top.Line == 0 {
		t.Errorf("top frame %+v of %+v", top, call.Stack)
	}
	if call.Process.Key.PID != shop.PID || call.Process.Executable == "" || call.Stack.Hash == "" {
		t.Errorf("%+v", call.Process)
	}
	raised := awaitAlert(ctx, t, stage, "Application code opens credentials")
	if !slices.ContainsFunc(raised.Entities, func(e alert.Entity) bool { return e.Type == alert.EntityStack && e.Value == call.Stack.Hash }) {
		t.Errorf("entities %+v", raised.Entities)
	}
	if _, err := stage.Baize(ctx, "probe", "detach", "--host", host, "--pid", pid); err != nil {
		t.Fatal(err)
	}
	if p := probeOf(ctx, t, stage, host, shop.PID); p.State != response.ProbeDetached {
		t.Errorf("%+v", p)
	}
	if left, _ := filepath.Glob("/tmp/.baize-*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if status := download(t, shop, "/etc/hostname"); status != http.StatusOK {
		t.Errorf("after it left: status %d", status)
	}
}

// download asks the shop for a file.
func download(t *testing.T, shop *jvmtest.JVM, path string) int {
	t.Helper()
	_, rest, _ := strings.Cut(shop.Output(), "up ")
	port, _, _ := strings.Cut(rest, "\n")
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%s/download?%s", port, path))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

func probeOf(ctx context.Context, t *testing.T, stage *story.Stage, host string, pid uint32) response.Probe {
	t.Helper()
	out, err := stage.Baize(ctx, "probe", "list", "--host", host, "--json")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		var p response.Probe
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if p.Process.PID == pid {
			return p
		}
	}
	t.Fatalf("process %d is not in %s", pid, out)
	return response.Probe{}
}

func awaitEvent(ctx context.Context, t *testing.T, stage *story.Stage, is func(*event.Event) bool) *event.Event {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		log, err := stage.Export(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if at := slices.IndexFunc(log, is); at >= 0 {
			return log[at]
		}
	}
	t.Fatal("no such event in the log")
	return nil
}

func awaitAlert(ctx context.Context, t *testing.T, stage *story.Stage, title string) alert.Alert {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		out, err := stage.Baize(ctx, "alerts", "--json")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			var a alert.Alert
			if json.Unmarshal([]byte(line), &a) == nil && a.Rule != nil && a.Rule.Title == title {
				return a
			}
		}
	}
	t.Fatalf("no alert %q", title)
	return alert.Alert{}
}
