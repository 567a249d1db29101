package respond

import (
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"baize/internal/event"
	"baize/internal/response"
	"baize/internal/server/bus"
	"baize/internal/server/state"
	baizev1 "baize/proto/baize/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wired is a responder whose hosts are the test's function.
type wired struct {
	*Responder
	db   *state.DB
	bus  *bus.Bus
	key  ed25519.PublicKey
	host func(*baizev1.Envelope) error
}

func newWired(t *testing.T) *wired {
	t.Helper()
	dir := t.TempDir()
	key, err := LoadKey(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := state.Open(t.Context(), filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := bus.Open(t.Context(), bus.Config{Dir: filepath.Join(dir, "bus"), MaxAge: time.Hour, MaxBytes: 1 << 26})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.Close()
		_ = db.Close()
	})
	w := &wired{db: db, bus: b, key: key.Public().(ed25519.PublicKey)}
	w.Responder = New(Deps{Key: key, State: db, Bus: b, Now: time.Now, Send: func(_ string, e *baizev1.Envelope) error { return w.host(e) }})
	w.enrol(t)
	return w
}

func (w *wired) enrol(t *testing.T) {
	t.Helper()
	now := time.Now()
	err := w.db.AddEnrolToken(t.Context(), state.EnrolToken{Hash: "x", Org: "default", UsesLeft: 1, Expires: now.Add(time.Hour), Created: now})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.db.Enrol(t.Context(), "x", state.Host{ID: "h1", MachineID: "m1", Name: "web-1"}, now, func(state.Host) (state.Certificate, error) {
		return state.Certificate{Serial: "s1", Host: "h1", NotAfter: now.Add(time.Hour)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.db.ConnectHost(t.Context(), "h1", &baizev1.Hello{Name: "web-1", Boot: "b1"}, now); err != nil {
		t.Fatal(err)
	}
}

// obey verifies as a host does and answers.
func (w *wired) obey(t *testing.T, counter uint64) {
	w.host = func(e *baizev1.Envelope) error {
		to := response.Recipient{Key: w.key, Org: "default", Host: "h1", Boot: "b1", Counter: counter}
		command, err := response.Verify(e, to, time.Now())
		if err != nil {
			t.Errorf("the host refuses: %v", err)
			return nil
		}
		counter = command.Counter
		w.Answer(context.Background(), "h1", &baizev1.CommandResult{Id: command.Id, State: "done", Detail: "pong for " + command.Approvers[0]})
		return nil
	}
}

func actions(t *testing.T, b *bus.Bus) []*event.Event {
	t.Helper()
	var events []*event.Event
	if err := b.Read(t.Context(), 0, func(ev *event.Event) error { events = append(events, ev); return nil }); err != nil {
		t.Fatal(err)
	}
	return events
}

func TestPing(t *testing.T) {
	w := newWired(t)
	w.obey(t, 0)
	for range 2 { // the counter rises
		r, err := w.Ping(t.Context(), "h1", "alice")
		if err != nil || r.State != "done" || r.Detail != "pong for alice" || r.Took <= 0 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	commands, err := w.db.Commands(t.Context(), "h1", 10)
	if err != nil || len(commands) != 2 || commands[0].Counter != 2 || commands[0].State != "done" || commands[0].Approver != "alice" {
		t.Fatalf("%+v, %v", commands, err)
	}
	events := actions(t, w.bus)
	if len(events) != 2 || events[0].Kind != event.AgentAction || events[0].Action.Name != "ping" || events[0].Host.ID != "h1" || events[0].Boot != "b1" {
		t.Fatalf("%+v", events)
	}
}

func TestASecondAnswerChangesNothing(t *testing.T) {
	w := newWired(t)
	w.obey(t, 0)
	r, err := w.Ping(t.Context(), "h1", "alice")
	if err != nil {
		t.Fatal(err)
	}
	w.Answer(t.Context(), "h1", &baizev1.CommandResult{Id: r.Command, State: "failed"})
	w.Answer(t.Context(), "h2", &baizev1.CommandResult{Id: r.Command, State: "failed"})
	w.Answer(t.Context(), "h1", &baizev1.CommandResult{Id: "made-up", State: "done"})
	if c, err := w.db.Command(t.Context(), r.Command); err != nil || c.State != "done" {
		t.Fatalf("%+v, %v", c, err)
	}
	if events := actions(t, w.bus); len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
}

func TestNoAnswer(t *testing.T) {
	w := newWired(t)
	w.host = func(*baizev1.Envelope) error { return nil }
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r, err := w.Ping(ctx, "h1", "alice")
	if !errors.Is(err, ErrNoAnswer) || r.State != state.CommandSent {
		t.Fatalf("%+v, %v", r, err)
	}
	// The answer comes late: it counts, and nobody waits for it.
	w.Answer(t.Context(), "h1", &baizev1.CommandResult{Id: r.Command, State: "done"})
	if c, err := w.db.Command(t.Context(), r.Command); err != nil || c.State != "done" {
		t.Fatalf("%+v, %v", c, err)
	}
	if len(w.waiting) != 0 {
		t.Fatal("still waiting")
	}
}

func TestOrdersThatCannotBeGiven(t *testing.T) {
	w := newWired(t)
	away := errors.New("away")
	w.host = func(*baizev1.Envelope) error { return away }
	if _, err := w.Ping(t.Context(), "h1", "alice"); !errors.Is(err, away) {
		t.Errorf("not connected: %v", err)
	}
	if _, err := w.Ping(t.Context(), "h9", "alice"); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("no such host: %v", err)
	}
	if _, err := w.Ping(t.Context(), "h1", ""); !errors.Is(err, ErrApprover) {
		t.Errorf("nobody approved: %v", err)
	}
	if err := w.db.RevokeHost(t.Context(), "h1"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Ping(t.Context(), "h1", "alice"); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("revoked: %v", err)
	}
	// What failed to go out has used its counter up: it can not be replayed.
	w.obey(t, 0)
	if commands, err := w.db.Commands(t.Context(), "h1", 10); err != nil || len(commands) != 1 || commands[0].Counter != 1 {
		t.Errorf("%+v, %v", commands, err)
	}
}

func TestTheKeyIsKeptAndPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, err := LoadKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LoadKey(dir)
	if err != nil || !first.Equal(second) {
		t.Fatalf("another key: %v", err)
	}
	file := filepath.Join(dir, "command.pem")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(dir); err == nil {
		t.Error("a key that others can read was accepted")
	}
	for _, content := range []string{"", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKey(dir); err == nil {
			t.Errorf("loaded %q", content)
		}
	}
}

func TestAnOrderIsOnRecordBeforeItIsSent(t *testing.T) {
	w := newWired(t)
	recorded := ""
	w.host = func(e *baizev1.Envelope) error {
		command, err := response.Verify(e, response.Recipient{Key: w.key, Org: "default", Host: "h1", Boot: "b1"}, time.Now())
		if err != nil || command.GetId() != recorded || command.GetArguments()["path"] != "/x" {
			t.Errorf("%v, %v", command, err)
		}
		return nil
	}
	order := Order{
		Host: "h1", Approver: "alice", Action: response.ActionCollect, Arguments: map[string]string{"path": "/x"},
		Record: func(_ context.Context, id string) error { recorded = id; return nil },
	}
	r, err := w.Order(t.Context(), order)
	if !errors.Is(err, ErrNoAnswer) || r.Command != recorded || r.Command == "" {
		t.Errorf("%+v, %v", r, err)
	}
	// The answer comes later, and is heard of.
	var ended state.Command
	w.deps.Ended = func(_ context.Context, c state.Command) { ended = c }
	w.Answer(t.Context(), "h1", &baizev1.CommandResult{Id: recorded, State: "done", Detail: "here"})
	if ended.ID != recorded || ended.State != "done" || ended.Detail != "here" || ended.Action != response.ActionCollect {
		t.Errorf("%+v", ended)
	}
	w.host = func(*baizev1.Envelope) error { t.Error("it was sent"); return nil }
	order.Record = func(context.Context, string) error { return errBroken }
	if r, err := w.Order(t.Context(), order); !errors.Is(err, errBroken) || r.Command != "" {
		t.Errorf("%+v, %v", r, err)
	}
}

var errBroken = errors.New("the disk broke")

func TestStat(t *testing.T) {
	w := newWired(t)
	w.obey(t, 0)
	if r, err := w.Stat(t.Context(), "h1", "alice", map[string]string{"path": "/x"}); err != nil || r.State != "done" {
		t.Errorf("%+v, %v", r, err)
	}
	if commands, err := w.db.Commands(t.Context(), "h1", 1); err != nil || commands[0].Action != response.ActionStat {
		t.Errorf("%+v, %v", commands, err)
	}
}
