package action

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"baize/internal/event"
	"baize/internal/identity"
	"baize/internal/redact"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

var (
	now       = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	key       = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	forgerKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, ed25519.SeedSize))
)

type host struct {
	*Executor
	mu       sync.Mutex
	reported []*event.Event
	// sent is what was uploaded last, as which.
	sent       []byte
	kind, name string
	// upload goes instead.
	upload func(context.Context) error
}

func start(t *testing.T, dir string) *host {
	t.Helper()
	h := &host{}
	redactor, err := redact.New([]byte("key"), redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := New(Options{
		Dir: dir, Name: identity.Name{Org: "o", Host: "h1"}, Boot: "b1", Key: key.Public().(ed25519.PublicKey),
		Redactor: redactor, Upload: h.take,
		Report: func(ev *event.Event) { h.mu.Lock(); defer h.mu.Unlock(); h.reported = append(h.reported, ev) },
		Now:    func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Executor = x
	return h
}

func (h *host) take(ctx context.Context, kind, name string, content io.ReaderAt, size int64) (err error) {
	if h.upload != nil {
		return h.upload(ctx)
	}
	h.kind, h.name = kind, name
	h.sent, err = io.ReadAll(io.NewSectionReader(content, 0, size))
	return err
}

func command(counter uint64) *baizev1.Command {
	return &baizev1.Command{
		Id: "c", Org: "o", Host: "h1", Action: "ping", Approvers: []string{"someone"}, Counter: counter,
		NotBefore: timestamppb.New(now.Add(-time.Minute)), Expires: timestamppb.New(now.Add(time.Minute)),
	}
}

func sign(t *testing.T, key ed25519.PrivateKey, c *baizev1.Command) *baizev1.Envelope {
	t.Helper()
	envelope, err := response.Sign(key, c)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

// expect obeys and holds result and report against state and a part of detail.
func (h *host) expect(t *testing.T, envelope *baizev1.Envelope, state, detail string) {
	t.Helper()
	result := h.Obey(context.Background(), envelope)
	if result.GetState() != state || !strings.Contains(result.GetDetail(), detail) {
		t.Errorf("%s: %q, want %s: …%s…", result.GetState(), result.GetDetail(), state, detail)
	}
	last := h.reported[len(h.reported)-1]
	if last.Kind != event.AgentAction || last.Action.State != state || last.Action.Detail != result.GetDetail() || last.Action.ID != result.GetId() {
		t.Errorf("reported %+v", last.Action)
	}
}

func TestPing(t *testing.T) {
	h := start(t, t.TempDir())
	h.expect(t, sign(t, key, command(1)), Done, "pong")
	c := command(2)
	c.Arguments = map[string]string{"text": "hello"}
	h.expect(t, sign(t, key, c), Done, "pong: hello")
}

func TestWhatIsNotForThisHostNowIsRefusedAndReported(t *testing.T) {
	h := start(t, t.TempDir())
	h.expect(t, sign(t, forgerKey, command(1)), Refused, "signature")
	forged := sign(t, key, command(1))
	forged.Payload[0] ^= 1
	h.expect(t, forged, Refused, "signature")
	h.expect(t, nil, Refused, "malformed")
	for want, change := range map[string]func(*baizev1.Command){
		"another host":         func(c *baizev1.Command) { c.Host = "h2" },
		"another organisation": func(c *baizev1.Command) { c.Org = "p" },
		"another boot":         func(c *baizev1.Command) { c.Boot = "b0" },
		"expired":              func(c *baizev1.Command) { c.Expires = timestamppb.New(now) },
		"not valid yet":        func(c *baizev1.Command) { c.NotBefore = timestamppb.New(now.Add(time.Second)) },
		"unknown action":       func(c *baizev1.Command) { c.Action = "format" },
	} {
		c := command(9)
		change(c)
		h.expect(t, sign(t, key, c), Refused, want)
	}
}

func TestACommandIsObeyedOnceAlsoAfterARestart(t *testing.T) {
	dir := t.TempDir()
	h := start(t, dir)
	h.expect(t, sign(t, key, command(5)), Done, "")
	h.expect(t, sign(t, key, command(5)), Refused, "seen before")
	h = start(t, dir)
	h.expect(t, sign(t, key, command(5)), Refused, "seen before")
	h.expect(t, sign(t, key, command(4)), Refused, "seen before")
	h.expect(t, sign(t, key, command(6)), Done, "")
}

func TestNothingIsDoneWhenTheCounterCannotBeKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	h := start(t, dir)
	h.expect(t, sign(t, key, command(1)), Refused, "counter")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "counter"), []byte("five"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Dir: dir}); err == nil {
		t.Error("an unreadable counter was taken for 0")
	}
}

func TestPolicy(t *testing.T) {
	dir := t.TempDir()
	h := start(t, dir)
	counter := uint64(0)
	for _, c := range []struct{ policy, state, detail string }{
		{"allow: [observe]\n", Done, ""},
		{"allow: []\n", Refused, "policy does not allow"},
		{"", Refused, "policy does not allow"},
		{"allow: [observe\n", Refused, "malformed"},
		{"allw: [observe]\n", Refused, "malformed"},
		{"allow: observe: yes", Refused, "malformed"},
	} {
		if err := os.WriteFile(filepath.Join(dir, PolicyFile), []byte(c.policy), 0o600); err != nil {
			t.Fatal(err)
		}
		counter++
		h.expect(t, sign(t, key, command(counter)), c.state, c.detail)
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add([]byte("allow: [observe]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, PolicyFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if policy, err := LoadPolicy(dir); err != nil && len(policy.Allow) > 0 {
			t.Fatal("a malformed policy allows something")
		}
	})
}
