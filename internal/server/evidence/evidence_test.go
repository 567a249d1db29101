package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"baize/internal/event"
	"baize/internal/response"
	"baize/internal/server/bulk"
	"baize/internal/server/respond"
	"baize/internal/server/state"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a store whose hosts are the test's.
type bench struct {
	*Store
	t      *testing.T
	now    time.Time
	next   string
	orders chan respond.Order
	// host answers; err is what giving orders comes to.
	host func(id string, o respond.Order)
	err  error
}

func start(t *testing.T, rules Policy) *bench {
	t.Helper()
	dir := t.TempDir()
	db, err := state.Open(t.Context(), filepath.Join(dir, "state.db"))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	b := &bench{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), next: "c1", orders: make(chan respond.Order, 64), host: func(string, respond.Order) {}}
	blobs, err := bulk.Open(filepath.Join(dir, "evidence"), bulk.Quota{Host: 1 << 20, All: 1 << 21}, func() time.Time { return b.now })
	must(t, err)
	b.Store = New(Deps{State: db, Blobs: blobs, Order: b.order, Policy: rules, Now: func() time.Time { return b.now }, Log: slog.New(slog.DiscardHandler)})
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) order(ctx context.Context, o respond.Order) (respond.Result, error) {
	b.orders <- o
	id := b.next
	if err := o.Record(ctx, id); err != nil {
		return respond.Result{}, err
	}
	if b.err != nil {
		return respond.Result{Command: id}, b.err
	}
	b.host(id, o)
	return respond.Result{Command: id}, nil
}

// deliver sends content as host does.
func (b *bench) deliver(host, id, content string) error {
	sum := sha256.Sum256([]byte(content))
	u, err := b.Begin(host, bulk.Header{SHA256: sum[:], Size: int64(len(content)), Kind: response.KindEvidence, Name: id})
	if err != nil {
		return err
	}
	if !u.Done() {
		err = u.Write(0, []byte(content))
	}
	return errors.Join(err, u.Finish(), u.Close())
}

func digestOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func (b *bench) answers(id, cameState, detail string) {
	b.Ended(b.t.Context(), state.Command{ID: id, Host: "h1", Action: response.ActionCollect, State: cameState, Detail: detail})
}

var inode = event.FileKey{Host: "h1", Device: event.MakeDevice(8, 1), Inode: 7}

// delivers is a host that has the file.
func (b *bench) delivers(content string) func(string, respond.Order) {
	return func(id string, _ respond.Order) {
		must(b.t, b.deliver("h1", id, content))
		text, err := json.Marshal(response.Collected{SHA256: digestOf(content), Size: int64(len(content)), Path: "/tmp/x", Inode: inode, Mode: "0755", Modified: b.now})
		must(b.t, err)
		b.answers(id, "done", string(text))
	}
}

func TestTheChainOfCustody(t *testing.T) {
	b := start(t, Policy{})
	b.host = b.delivers("evil")
	asked := b.now
	got, err := b.Collect(t.Context(), Request{Host: "h1", What: response.CollectFile, Path: "/tmp/x", Inode: inode, SHA256: digestOf("evil"), Alert: "a-1"}, "alice", time.Second)
	must(t, err)
	want := state.Evidence{
		ID: "c1", Host: "h1", What: "file", Path: "/tmp/x", Inode: inode.String(), Alert: "a-1", By: "alice", Asked: asked,
		State: state.EvidenceStored, SHA256: digestOf("evil"), Size: 4, Mode: "0755", Modified: asked, Collected: asked,
	}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if o := <-b.orders; o.Arguments[response.ArgInode] != inode.String() || o.Arguments[response.ArgSHA256] != want.SHA256 || len(o.Arguments) != 4 || o.Approver != "alice" {
		t.Errorf("%+v", o)
	}
	b.now = b.now.Add(time.Minute)
	content, _, err := b.Open(t.Context(), "c1", "bob")
	must(t, err)
	defer content.Close()
	if text, err := io.ReadAll(content); err != nil || string(text) != "evil" {
		t.Errorf("%q, %v", text, err)
	}
	shown, err := b.Show(t.Context(), "c1", "carol")
	must(t, err)
	if shown.Evidence != want || len(shown.Uses) != 2 || shown.Uses[0] != (state.EvidenceAccess{Time: b.now, Actor: "bob", Action: "export"}) || shown.Uses[1].Action != "show" {
		t.Errorf("%+v", shown)
	}
	must(t, b.Remove(t.Context(), "c1", "dave"))
	if _, _, err := b.Open(t.Context(), "c1", "bob"); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("removed, and open: %v", err)
	}
	if _, err := b.deps.Blobs.Open("h1", digestOf("evil")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed, and there: %v", err)
	}
	if shown, err = b.Show(t.Context(), "c1", "carol"); err != nil || shown.State != state.EvidenceRemoved || len(shown.Uses) != 3 || shown.Uses[2].Actor != "dave" {
		t.Errorf("%+v, %v", shown, err)
	}
	if err := b.Remove(t.Context(), "c1", "dave"); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestContentOfTwoRequestsGoesWithTheLast(t *testing.T) {
	b := start(t, Policy{})
	b.host = b.delivers("evil")
	for _, id := range []string{"c1", "c2"} {
		b.next = id
		_, err := b.Collect(t.Context(), Request{Host: "h1", What: response.CollectFile, Path: "/tmp/x"}, "alice", time.Second)
		must(t, err)
	}
	must(t, b.Remove(t.Context(), "c1", "dave"))
	content, _, err := b.Open(t.Context(), "c2", "bob")
	must(t, err)
	must(t, content.Close())
	must(t, b.Remove(t.Context(), "c2", "dave"))
	if _, err := b.deps.Blobs.Open("h1", digestOf("evil")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed, and there: %v", err)
	}
}

func TestWhatAHostSaysIsHeldAgainstWhatItSent(t *testing.T) {
	for want, host := range map[string]func(b *bench, id string){
		"refused: not allowed":                                           func(b *bench, id string) { b.answers(id, "refused", "not allowed") },
		"failed: no such file":                                           func(b *bench, id string) { b.answers(id, "failed", "no such file") },
		"failed: the host's answer cannot be read":                       func(b *bench, id string) { b.answers(id, "done", "{") },
		"failed: the host says that it delivered, and nothing came":      func(b *bench, id string) { b.answers(id, "done", `{"sha256":"`+digestOf("evil")+`","size":4}`) },
		"failed: the host delivered other content than was asked for":    func(b *bench, id string) { b.delivers("good")(id, respond.Order{}) },
		"failed: the host says that it delivered, and nothing came: blo": func(b *bench, id string) { b.answers(id, "done", `{"sha256":"`+strings.Repeat("00", 32)+`"}`) },
	} {
		b := start(t, Policy{})
		b.host = func(id string, _ respond.Order) { host(b, id) }
		got, err := b.Collect(t.Context(), Request{Host: "h1", What: response.CollectFile, Path: "/tmp/x", SHA256: digestOf("evil")}, "alice", time.Second)
		must(t, err)
		if text := got.State + ": " + got.Detail; !strings.HasPrefix(text, want) || !got.Collected.IsZero() {
			t.Errorf("%s, want %s", text, want)
		}
	}
}

// A host sends what it was asked for, once, while that is wanted.
func TestNothingIsTakenThatWasNotAskedFor(t *testing.T) {
	b := start(t, Policy{})
	_, err := b.Collect(t.Context(), Request{Host: "h1", What: response.CollectFile, Path: "/tmp/x"}, "alice", 0)
	must(t, err)
	for name, attempt := range map[string]func() error{
		"for another host":  func() error { return b.deliver("h2", "c1", "x") },
		"for no command":    func() error { return b.deliver("h1", "c9", "x") },
		"without a command": func() error { return b.deliver("h1", "", "x") },
		"too late": func() error {
			b.now = b.now.Add(validity + time.Second)
			defer func() { b.now = b.now.Add(-validity - time.Second) }()
			return b.deliver("h1", "c1", "x")
		},
	} {
		if err := attempt(); !errors.Is(err, ErrUnasked) || !errors.Is(err, bulk.ErrHeader) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.deliver("h1", "c1", strings.Repeat("x", 2<<20)); !errors.Is(err, bulk.ErrQuota) {
		t.Errorf("over the quota: %v", err)
	}
	b.delivers("evil")("c1", respond.Order{})
	if err := b.deliver("h1", "c1", "more"); !errors.Is(err, ErrUnasked) {
		t.Errorf("after the end: %v", err)
	}
	b.answers("c1", "failed", "changed my mind")
	if e, err := b.deps.State.Evidence(t.Context(), "c1"); err != nil || e.State != state.EvidenceStored {
		t.Errorf("a second answer: %+v, %v", e, err)
	}
}

func TestAHostThatIsAway(t *testing.T) {
	b := start(t, Policy{})
	b.err = errors.New("host is not connected")
	if _, err := b.Collect(t.Context(), Request{Host: "h1", What: response.CollectFile, Path: "/tmp/x"}, "alice", 0); !errors.Is(err, b.err) {
		t.Errorf("%v", err)
	}
	if e, err := b.deps.State.Evidence(t.Context(), "c1"); err != nil || e.State != "failed" || e.Detail != "host is not connected" {
		t.Errorf("%+v, %v", e, err)
	}
	b.err, b.next = respond.ErrNoAnswer, "c2"
	if e, err := b.Collect(t.Context(), Request{Host: "h1", What: response.CollectFile, Path: "/tmp/x"}, "alice", 0); err != nil || e.State != state.EvidenceRequested {
		t.Errorf("no answer yet: %+v, %v", e, err)
	}
}

func TestRequestsThatNoHostCouldFulfil(t *testing.T) {
	b := start(t, Policy{})
	other := event.ProcessKey{Host: "h2", Boot: "b", PID: 1, Start: 1}
	for _, r := range []Request{{Host: "h1"}, {Host: "h1", What: "file"}, {Host: "h1", What: "image"}, {Host: "h1", What: "process", Process: other}, {Host: "h1", What: "memory", Path: "/x"}} {
		if _, err := b.Collect(t.Context(), r, "alice", 0); !errors.Is(err, ErrRequest) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if len(b.orders) > 0 {
		t.Error("an order was given")
	}
}

// run serves what policy asks for until the test ends.
func (b *bench) run() {
	ctx, cancel := context.WithCancel(b.t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = b.Run(ctx) }()
	b.t.Cleanup(func() { cancel(); <-ended })
}

func TestDroppedFilesAreAskedForByPolicy(t *testing.T) {
	b := start(t, Policy{DroppedFiles: true})
	d := Dropped{Host: "h1", Path: "/dev/shm/kworker", Inode: inode, SHA256: digestOf("evil"), Alert: "a-1", Level: "medium"}
	b.Dropped(d)
	d.Level = "high"
	b.Dropped(d)
	b.Dropped(d) // once is enough
	d.SHA256, d.Level = "", "critical"
	b.next = "c1"
	b.run()
	o := <-b.orders
	if o.Approver != byDropped || o.Wait != 0 || o.Arguments[response.ArgPath] != d.Path || o.Arguments[response.ArgSHA256] != digestOf("evil") || o.Arguments[response.ArgInode] != inode.String() {
		t.Errorf("%+v", o)
	}
	d.Path = "/dev/shm/other"
	b.Dropped(d)
	if o = <-b.orders; o.Arguments[response.ArgPath] != "/dev/shm/other" {
		t.Errorf("asked again for %v", o.Arguments)
	}
	e, err := b.deps.State.Evidence(t.Context(), "c1")
	if err != nil || e.By != byDropped || e.Alert != "a-1" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestNothingIsAskedForWithoutAPolicy(t *testing.T) {
	b := start(t, Policy{})
	b.Dropped(Dropped{Host: "h1", Path: "/dev/shm/kworker", Level: "critical"})
	if len(b.dropped) != 0 {
		t.Error("it is")
	}
	b = start(t, Policy{DroppedFiles: true})
	for range 2 * maxDropped { // nobody serves: it does not block
		b.Dropped(Dropped{Host: "h1", Path: "/dev/shm/kworker", Level: "critical"})
	}
	if len(b.dropped) != maxDropped {
		t.Errorf("%d wait", len(b.dropped))
	}
}

func TestLoadPolicy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if p, err := LoadPolicy(file); err != nil || p != (Policy{}) {
		t.Errorf("no file: %+v, %v", p, err)
	}
	for text, want := range map[string]Policy{"": {}, "evidence: {}": {}, "evidence:\n  dropped_files: true\n": {DroppedFiles: true}} {
		must(t, os.WriteFile(file, []byte(text), 0o600))
		if p, err := LoadPolicy(file); err != nil || p != want {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
	}
	for _, text := range []string{"evidence: [", "evidence: {dropped: true}", "evidnce: {}", "evidence: {dropped_files: sometimes}"} {
		must(t, os.WriteFile(file, []byte(text), 0o600))
		if p, err := LoadPolicy(file); err == nil || p != (Policy{}) || !strings.Contains(err.Error(), file) {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
	}
}
