package uplink

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"baize/internal/agent/gatewaytest"
	"baize/internal/agent/spool"
	"baize/internal/identity"
	baizev1 "baize/proto/baize/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func enrol(t *testing.T, g *gatewaytest.Gateway) (*Identity, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "identity")
	id, err := Enrol(t.Context(), dir, Enrolment{Server: g.Address, Token: g.Token(), Name: "web-1", Machine: "m"})
	if err != nil {
		t.Fatal(err)
	}
	return id, dir
}

// host is an uplink that runs, with its spool.
type host struct {
	*Uplink
	spool *spool.Spool
	dir   string
	// finish is what slow commands wait for.
	finish chan struct{}
	// asked is what the gateway said that rules ask for.
	asked chan string
}

func start(t *testing.T, g *gatewaytest.Gateway) *host {
	t.Helper()
	id, dir := enrol(t, g)
	return startWith(t, id, dir, t.TempDir())
}

func startWith(t *testing.T, id *Identity, dir, spoolDir string) *host {
	t.Helper()
	kept, err := spool.Open(spoolDir, spool.Options{Segment: 4096})
	if err != nil {
		t.Fatal(err)
	}
	h := &host{spool: kept, dir: dir, finish: make(chan struct{}), asked: make(chan string, 1)}
	h.Uplink = New(Options{
		Dir: dir, Identity: id, Spool: kept, Hello: &baizev1.Hello{Boot: "b1", Name: "web-1"},
		Health: func() *baizev1.Heartbeat { return &baizev1.Heartbeat{Tier: 2} },
		Accept: func(e *baizev1.Envelope) (func(context.Context) *baizev1.CommandResult, bool) {
			slow := bytes.HasPrefix(e.GetPayload(), []byte("slow"))
			return func(ctx context.Context) *baizev1.CommandResult {
				if slow {
					<-h.finish
				}
				return &baizev1.CommandResult{Id: string(e.GetPayload()), State: "done"}
			}, slow
		},
		Interest: func(revision string, kinds []string) { h.asked <- revision + " " + strings.Join(kinds, ",") },
		Log:      slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); h.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended; _ = kept.Close() })
	return h
}

// spoolUp appends n batches of 10 events each.
func (h *host) spoolUp(t *testing.T, n int) {
	t.Helper()
	for range n {
		b := &spool.Batch{Boot: "b1", First: h.spool.NextSeq("b1"), Count: 10, Payload: bytes.Repeat([]byte{1}, 100)}
		if _, err := h.spool.Append(b); err != nil {
			t.Fatal(err)
		}
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// whole checks that the gateway has every event of b1 once, in order.
func whole(t *testing.T, g *gatewaytest.Gateway, last uint64) {
	t.Helper()
	g.Lock()
	defer g.Unlock()
	next := uint64(1)
	for _, b := range g.Batches {
		if b.Boot != "b1" {
			continue
		}
		if b.FirstSeq != next || b.Host != "h-1" {
			t.Fatalf("batch from %d of host %s, want %d of h-1", b.FirstSeq, b.Host, next)
		}
		next += uint64(b.Count)
	}
	if next-1 != last {
		t.Fatalf("events up to %d arrived, want %d", next-1, last)
	}
}

func TestEnrolmentPinsWhatTheServerIs(t *testing.T) {
	g := gatewaytest.New(t)
	id, dir := enrol(t, g)
	loaded, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Name != (identity.Name{Org: "o", Host: "h-1"}) || !loaded.CommandKey.Equal(g.CommandKey.Public()) || !bytes.Equal(loaded.RedactionKey, gatewaytest.RedactionKey) ||
		loaded.Authority != sha256.Sum256(g.Authority.Raw) || loaded.Server != g.Address {
		t.Errorf("loaded %+v", loaded)
	}
	if !bytes.Equal(loaded.Certificate.Leaf.Raw, id.Certificate.Leaf.Raw) {
		t.Error("another certificate was loaded than was issued")
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		info, _ := d.Info()
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEnrolmentRefusals(t *testing.T) {
	g, other := gatewaytest.New(t), gatewaytest.New(t)
	wrong := strings.Replace(g.Token(), "good", "bad", 1)
	for text, want := range map[string]string{
		wrong:         "not valid",
		"nonsense":    identity.ErrToken.Error(),
		other.Token(): identity.ErrAuthority.Error(), // another authority's server answers
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		dir := filepath.Join(t.TempDir(), "identity")
		_, err := Enrol(ctx, dir, Enrolment{Server: g.Address, Token: text, Machine: "m"})
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("token %q: %v, want %q", text, err, want)
		}
		if _, err := Load(dir); !errors.Is(err, ErrNoIdentity) {
			t.Errorf("token %q left an identity: %v", text, err)
		}
	}
}

func TestDamagedIdentities(t *testing.T) {
	g := gatewaytest.New(t)
	for _, damage := range []func(dir string) error{
		func(dir string) error { return os.Remove(filepath.Join(dir, certificateFile)) },
		func(dir string) error { return os.WriteFile(filepath.Join(dir, certificateFile), []byte("x"), 0o600) },
		func(dir string) error { return os.WriteFile(filepath.Join(dir, pinnedFile), []byte("{}"), 0o600) },
		func(dir string) error { return os.WriteFile(filepath.Join(dir, pinnedFile), []byte("{"), 0o600) },
	} {
		_, dir := enrol(t, g)
		if err := damage(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil || errors.Is(err, ErrNoIdentity) {
			t.Errorf("damaged identity: %v", err)
		}
	}
}

func TestTheSpoolIsDeliveredInOrderAndTrimmedAtTheMark(t *testing.T) {
	g := gatewaytest.New(t)
	h := start(t, g)
	h.spoolUp(t, 300)
	h.WaitDurable(t.Context(), 3000)
	whole(t, g, 3000)
	eventually(t, "the spool is trimmed", func() bool { return h.spool.Bytes() < 3*4096 })
	eventually(t, "a heartbeat", func() bool { g.Lock(); defer g.Unlock(); return g.Beats > 0 })
	if !h.Online() {
		t.Error("not online")
	}
}

func TestNothingIsLostOrDoubledWhenSessionsBreak(t *testing.T) {
	g := gatewaytest.New(t)
	g.BreakAfter = 40
	h := start(t, g)
	h.spoolUp(t, 200)
	eventually(t, "everything is durable", func() bool { return h.Durable() == 2000 })
	whole(t, g, 2000)
	if len(g.Hellos) < 5 {
		t.Errorf("%d sessions, want at least 5", len(g.Hellos))
	}
}

func TestAServerThatComesBackGetsWhatItMissed(t *testing.T) {
	g := gatewaytest.New(t)
	h := start(t, g)
	h.spoolUp(t, 10)
	h.WaitDurable(t.Context(), 100)
	g.Stop()
	h.spoolUp(t, 50)
	g.Start()
	eventually(t, "everything is durable", func() bool { return h.Durable() == 600 })
	whole(t, g, 600)
}

func TestALongTimeWithoutAServerIsTold(t *testing.T) {
	var told []time.Time
	u := New(Options{Back: func(since time.Time) { told = append(told, since) }})
	since := time.Unix(1e9, 0)
	for _, gone := range []time.Duration{0, reportAway - 1, reportAway} {
		u.away = since
		if u.arrived(since.Add(gone)); !u.Online() {
			t.Errorf("after %s: not online", gone)
		}
	}
	if len(told) != 1 || !told[0].Equal(since) {
		t.Errorf("told of %v", told)
	}
}

func TestAnotherBootsRestGoesFirst(t *testing.T) {
	g := gatewaytest.New(t)
	id, dir := enrol(t, g)
	spoolDir := t.TempDir()
	kept, err := spool.Open(spoolDir, spool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Append(&spool.Batch{Boot: "b0", First: 7, Count: 1}); err != nil {
		t.Fatal(err)
	}
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	h := startWith(t, id, dir, spoolDir)
	h.spoolUp(t, 1)
	h.WaitDurable(t.Context(), 10)
	if g.Batches[0].Boot != "b0" || g.Batches[0].FirstSeq != 7 || g.Batches[1].Boot != "b1" {
		t.Errorf("%v", g.Batches)
	}
}

func TestTheWindowBoundsWhatIsNotDurable(t *testing.T) {
	g := gatewaytest.New(t)
	g.Hold = true
	h := start(t, g)
	h.spoolUp(t, 3*window)
	count := func() int { g.Lock(); defer g.Unlock(); return len(g.Batches) }
	eventually(t, "the window is full", func() bool { return count() == window })
	before := h.spool.Bytes()
	h.spoolUp(t, 1) // gives a wrong implementation a reason to send
	if n := count(); n != window || h.spool.Bytes() < before {
		t.Errorf("%d batches without a mark, window %d", n, window)
	}
}

func TestALostSpoolGoesOnBehindTheMark(t *testing.T) {
	g := gatewaytest.New(t)
	g.Marks["b1"] = 500
	h := start(t, g)
	eventually(t, "the numbering is raised", func() bool { return h.spool.NextSeq("b1") == 501 })
	h.spoolUp(t, 1)
	eventually(t, "the batch is durable", func() bool { return h.Durable() == 510 })
}

func TestCommandsAreAnsweredInOrder(t *testing.T) {
	g := gatewaytest.New(t)
	start(t, g)
	for i := range 5 {
		g.Outgoing <- &baizev1.Envelope{Payload: fmt.Appendf(nil, "c-%d", i)}
	}
	eventually(t, "five results", func() bool { g.Lock(); defer g.Unlock(); return len(g.Results) == 5 })
	for i, r := range g.Results {
		if r.GetId() != fmt.Sprintf("c-%d", i) || r.GetState() != "done" {
			t.Errorf("result %d: %v", i, r)
		}
	}
}

func TestASlowCommandKeepsNoneWaiting(t *testing.T) {
	g := gatewaytest.New(t)
	h := start(t, g)
	g.Outgoing <- &baizev1.Envelope{Payload: []byte("slow")}
	g.Outgoing <- &baizev1.Envelope{Payload: []byte("c-1")}
	eventually(t, "the second result", func() bool { g.Lock(); defer g.Unlock(); return len(g.Results) == 1 && g.Results[0].GetId() == "c-1" })
	close(h.finish)
	eventually(t, "the first result", func() bool { g.Lock(); defer g.Unlock(); return len(g.Results) == 2 && g.Results[1].GetId() == "slow" })
}

func TestTheCertificateIsRenewedBeforeItEnds(t *testing.T) {
	g := gatewaytest.New(t)
	g.Lifetime = 30 * time.Second // backdated by a minute: half of it is over at once
	id, dir := enrol(t, g)
	g.Lifetime = time.Hour
	h := startWith(t, id, dir, t.TempDir())
	eventually(t, "a session", h.Online)
	loaded, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	serial := loaded.Certificate.Leaf.SerialNumber.String()
	if serial == id.Certificate.Leaf.SerialNumber.String() || !g.Serials[serial] || len(g.Serials) != 1 {
		t.Errorf("sessions used %v, kept is %s", g.Serials, serial)
	}
}

func TestUploadGoesOnWhereItBroke(t *testing.T) {
	g := gatewaytest.New(t)
	g.BreakBlob = 3
	h := start(t, g)
	content := bytes.Repeat([]byte("0123456789abcdef"), 20*chunk/16)[:10*chunk+77]
	blob := Blob{Kind: "evidence", Name: "x", Size: int64(len(content)), Content: bytes.NewReader(content)}
	if err := h.Upload(t.Context(), blob); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g.Blob, content) {
		t.Errorf("%d bytes arrived, not those sent", len(g.Blob))
	}
	if err := h.Upload(t.Context(), blob); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestUploadGivesUpWhenRefused(t *testing.T) {
	g := gatewaytest.New(t)
	h := start(t, g)
	err := h.Upload(t.Context(), Blob{Kind: "refused", Name: "x", Size: 4, Content: strings.NewReader("1234")})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("refused upload: %v", err)
	}
	short := Blob{Kind: "evidence", Name: "x", Size: 10, Content: strings.NewReader("1234")}
	if err := h.Upload(t.Context(), short); err == nil {
		t.Error("a blob shorter than its size was sent")
	}
}

func TestWhatTheRulesAskForIsHeard(t *testing.T) {
	g := gatewaytest.New(t)
	h := start(t, g)
	g.Interests <- &baizev1.Interest{Revision: "r1", Kinds: []string{"process.exec", "file.open"}}
	select {
	case got := <-h.asked:
		if got != "r1 process.exec,file.open" {
			t.Errorf("heard %q", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was heard")
	}
}
