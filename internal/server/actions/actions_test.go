package actions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"baize/internal/response"
	"baize/internal/server/respond"
	"baize/internal/server/state"
	baizev1 "baize/proto/baize/v1"
)

// wired is a store with its real state; the hosts are the test's function.
type wired struct {
	*Store
	t     *testing.T
	db    *state.DB
	now   time.Time
	given []respond.Order
	n     int
	// host answers to a command: state, detail, or an error of the way there.
	host func(o respond.Order) (string, string, error)
}

func newWired(t *testing.T) *wired {
	t.Helper()
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	w := &wired{t: t, db: db, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	w.host = func(respond.Order) (string, string, error) { return "done", `{"count":3}`, nil }
	w.Store = New(Deps{State: db, Order: w.order, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler)})
	for i := range MaxHosts + 1 {
		w.enrol(fmt.Sprintf("h%d", i+1))
	}
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *wired) enrol(id string) {
	w.t.Helper()
	must(w.t, w.db.AddEnrolToken(w.t.Context(), state.EnrolToken{Hash: id, Org: "default", UsesLeft: 1, Expires: w.now.Add(time.Hour), Created: w.now}))
	_, err := w.db.Enrol(w.t.Context(), id, state.Host{ID: id, MachineID: id, Name: id}, w.now, func(state.Host) (state.Certificate, error) {
		return state.Certificate{Serial: id, Host: id, NotAfter: w.now.Add(time.Hour)}, nil
	})
	must(w.t, err)
	must(w.t, w.db.ConnectHost(w.t.Context(), id, &baizev1.Hello{Name: id, Boot: "b1"}, w.now))
}

// order records a command as the responder does, and has the host answer.
func (w *wired) order(ctx context.Context, o respond.Order) (respond.Result, error) {
	w.given = append(w.given, o)
	w.n++
	id := fmt.Sprintf("c%d", w.n)
	if o.Record != nil {
		if err := o.Record(ctx, id); err != nil {
			return respond.Result{}, err
		}
	}
	was, detail, err := w.host(o)
	if err != nil {
		return respond.Result{Command: id, State: "sent"}, err
	}
	w.Ended(ctx, state.Command{ID: id, Host: o.Host, Action: o.Action, State: was, Detail: detail})
	return respond.Result{Command: id, State: was, Detail: detail}, nil
}

func freeze(host string) Request {
	return Request{Host: host, Action: response.ActionFreeze, Reason: "it beacons", Incident: "i1", Arguments: map[string]string{
		response.ArgProcess: host + "/b1/7/9", response.ArgInode: host + "/8:1/7/0",
	}}
}

func TestAnActionFromProposalToUndoing(t *testing.T) {
	w := newWired(t)
	a, err := w.Propose(t.Context(), freeze("h1"), "ana")
	if err != nil || a.State != state.ActionProposed || a.By != "ana" || len(w.given) != 0 {
		t.Fatalf("%+v, %v", a, err)
	}
	a, err = w.Approve(t.Context(), a.ID, "rex", time.Second)
	if err != nil || a.State != state.ActionDone || a.By != "ana" || a.ApprovedBy != "rex" || a.Command != "c1" || a.Detail != `{"count":3}` || a.Reason != "it beacons" || a.Subject != "h1/b1/7/9" {
		t.Fatalf("%+v, %v", a, err)
	}
	if o := w.given[0]; o.Approver != "rex" || o.Action != "freeze" || o.Arguments[response.ArgInode] != "h1/8:1/7/0" || o.Arguments[response.ArgDryRun] != "" {
		t.Errorf("%+v", o)
	}
	if _, err := w.Approve(t.Context(), a.ID, "rex", time.Second); !errors.Is(err, state.ErrActionState) || len(w.given) != 1 {
		t.Errorf("twice: %v", err)
	}
	if _, r, err := w.Undo(t.Context(), a.ID, "ana", true, time.Second); err != nil || r.State != "done" || w.given[1].Arguments[response.ArgDryRun] != "true" {
		t.Errorf("%+v, %v", r, err)
	}
	if again, _ := w.Get(t.Context(), a.ID); again.State != state.ActionDone || again.UndoneBy != "" {
		t.Errorf("a dry run is on record: %+v", again)
	}
	w.host = func(respond.Order) (string, string, error) { return "failed", "busy", nil }
	if a, _, err = w.Undo(t.Context(), a.ID, "rex", false, time.Second); err != nil || a.State != state.ActionDone || a.UndoDetail != "busy" {
		t.Errorf("%+v, %v", a, err)
	}
	w.host = func(respond.Order) (string, string, error) { return "done", "{}", nil }
	a, _, err = w.Undo(t.Context(), a.ID, "rex", false, time.Second)
	if err != nil || a.State != state.ActionUndone || a.UndoneBy != "rex" || a.Undone.IsZero() {
		t.Errorf("%+v, %v", a, err)
	}
	if o := w.given[len(w.given)-1]; o.Action != response.ActionThaw || o.Arguments[response.ArgRecord] != "c1" {
		t.Errorf("%+v", o)
	}
	if _, _, err := w.Undo(t.Context(), a.ID, "rex", false, time.Second); !errors.Is(err, state.ErrActionState) {
		t.Errorf("undone twice: %v", err)
	}
	listed, _, err := w.List(t.Context(), state.ActionFilter{Incident: "i1"}, state.Page{})
	if err != nil || len(listed) != 1 || !maps.Equal(listed[0].Arguments, freeze("h1").Arguments) {
		t.Errorf("%+v, %v", listed, err)
	}
}

func TestADryRunLeavesNoRecord(t *testing.T) {
	w := newWired(t)
	r := freeze("h1")
	delete(r.Arguments, response.ArgInode)
	r.Reason = ""
	if result, err := w.DryRun(t.Context(), r, "ana", time.Second); err != nil || result.State != "done" || w.given[0].Arguments[response.ArgDryRun] != "true" || r.Arguments[response.ArgDryRun] != "" {
		t.Errorf("%+v, %v", result, err)
	}
	if listed, _, err := w.List(t.Context(), state.ActionFilter{}, state.Page{}); err != nil || len(listed) != 0 {
		t.Errorf("%+v, %v", listed, err)
	}
}

func TestWhatCannotBeAsked(t *testing.T) {
	w := newWired(t)
	for what, change := range map[string]func(*Request){
		"no reason": func(r *Request) { r.Reason = " " },
		"no inode":  func(r *Request) { delete(r.Arguments, response.ArgInode) },
		"no root":   func(r *Request) { delete(r.Arguments, response.ArgProcess) },
		"no action": func(r *Request) { r.Action = "thaw" },
		"no sum":    func(r *Request) { r.Action = response.ActionQuarantine; r.Arguments[response.ArgPath] = "/x" },
	} {
		r := freeze("h1")
		change(&r)
		if _, err := w.Run(t.Context(), r, "rex", time.Second); !errors.Is(err, ErrRequest) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := w.Run(t.Context(), freeze("h99"), "rex", time.Second); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("a host that is not there: %v", err)
	}
	killed := freeze("h1")
	killed.Action = response.ActionKill
	a, err := w.Run(t.Context(), killed, "rex", time.Second)
	must(t, err)
	if _, _, err := w.Undo(t.Context(), a.ID, "rex", false, time.Second); !errors.Is(err, ErrRequest) {
		t.Errorf("a kill is undone: %v", err)
	}
}

// A host that cannot be told is one thing, one that does not answer another: it
// may have acted.
func TestHostsThatDoNotAnswer(t *testing.T) {
	w := newWired(t)
	away := errors.New("host is not connected")
	w.host = func(respond.Order) (string, string, error) { return "", "", away }
	a, err := w.Run(t.Context(), freeze("h1"), "rex", time.Second)
	if !errors.Is(err, away) {
		t.Errorf("%v", err)
	}
	if a, err = w.Get(t.Context(), a.ID); err != nil || a.State != state.ActionFailed || a.Detail != away.Error() {
		t.Errorf("%+v, %v", a, err)
	}
	w.host = func(respond.Order) (string, string, error) { return "", "", respond.ErrNoAnswer }
	a, err = w.Run(t.Context(), freeze("h1"), "rex", time.Second)
	if err != nil || a.State != state.ActionSent {
		t.Fatalf("%+v, %v", a, err)
	}
	w.now = w.now.Add(validity + time.Second)
	if a, _ = w.Get(t.Context(), a.ID); a.State != state.ActionExpired {
		t.Errorf("%+v", a)
	}
	// The answer comes late, and counts; a second one does not.
	w.Ended(t.Context(), state.Command{ID: a.Command, Action: a.Action, State: "done", Detail: "{}"})
	w.Ended(t.Context(), state.Command{ID: a.Command, Action: a.Action, State: "failed"})
	if a, _ = w.Get(t.Context(), a.ID); a.State != state.ActionDone {
		t.Errorf("%+v", a)
	}
	// What may have been done can be undone.
	a, err = w.Run(t.Context(), freeze("h1"), "rex", time.Second)
	must(t, err)
	w.now = w.now.Add(validity + time.Second)
	w.host = func(respond.Order) (string, string, error) { return "done", "{}", nil }
	if a, _, err = w.Undo(t.Context(), a.ID, "rex", false, time.Second); err != nil || a.State != state.ActionUndone {
		t.Errorf("%+v, %v", a, err)
	}
}

// One kind of action reaches so many hosts an hour; more of the same hosts is
// allowed, and so is undoing.
func TestTheLimitOfHosts(t *testing.T) {
	w := newWired(t)
	var last state.ResponseAction
	for i := range MaxHosts {
		var err error
		last, err = w.Run(t.Context(), freeze(fmt.Sprintf("h%d", i+1)), "rex", time.Second)
		must(t, err)
	}
	one := fmt.Sprintf("h%d", MaxHosts+1)
	if _, err := w.Run(t.Context(), freeze(one), "rex", time.Second); !errors.Is(err, ErrTooMany) {
		t.Errorf("%v", err)
	}
	if len(w.given) != MaxHosts {
		t.Errorf("%d orders", len(w.given))
	}
	_, err := w.Run(t.Context(), freeze("h1"), "rex", time.Second)
	must(t, err)
	_, _, err = w.Undo(t.Context(), last.ID, "rex", false, time.Second)
	must(t, err)
	w.now = w.now.Add(window + time.Second)
	_, err = w.Run(t.Context(), freeze(one), "rex", time.Second)
	must(t, err)
}
