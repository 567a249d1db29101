package bus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"baize/internal/event"
	"baize/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	start  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	origin = wire.Origin{Org: "default", Host: event.Host{ID: "h1", Name: "web\r\n1"}, Boot: "b1"}
)

func open(t *testing.T, dir string) *Bus {
	t.Helper()
	b, err := Open(t.Context(), Config{Dir: dir, MaxAge: time.Hour, MaxBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func batch(t *testing.T, first uint64, count int) Batch {
	t.Helper()
	var events []*event.Event
	for i := range count {
		events = append(events, &event.Event{Seq: first + uint64(i), Time: start, Kind: event.ProcessExec})
	}
	body, err := wire.Pack(events)
	if err != nil {
		t.Fatal(err)
	}
	return Batch{Origin: origin, First: first, Last: first + uint64(count) - 1, Received: start, Skew: 1500 * time.Millisecond, Body: body}
}

func publish(t *testing.T, b *Bus, batch Batch, after uint64) uint64 {
	t.Helper()
	sequence, err := b.Publish(t.Context(), batch, after)
	if err != nil {
		t.Fatal(err)
	}
	return sequence
}

func readAll(t *testing.T, b *Bus, after uint64) []*event.Event {
	t.Helper()
	var events []*event.Event
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := b.Read(ctx, after, func(ev *event.Event) error { events = append(events, ev); return nil }); err != nil {
		t.Fatal(err)
	}
	return events
}

func TestEventsComeBackStamped(t *testing.T) {
	b := open(t, t.TempDir())
	if got := readAll(t, b, 0); got != nil {
		t.Fatalf("an empty log has %v", got)
	}
	first := publish(t, b, batch(t, 1, 3), 0)
	publish(t, b, batch(t, 4, 2), first)
	events := readAll(t, b, 0)
	if len(events) != 5 {
		t.Fatalf("%d events", len(events))
	}
	for i, ev := range events {
		want := &event.Ingest{Bus: 1<<20 | uint64(i), Received: start, Skew: 1500}
		if i > 2 {
			want.Bus = 2<<20 | uint64(i-3)
		}
		if ev.Seq != uint64(i+1) || wire.Of(ev) != origin || !reflect.DeepEqual(ev.Ingest, want) {
			t.Errorf("event %d: %+v %+v", i, ev, ev.Ingest)
		}
	}
	if rest := readAll(t, b, events[1].Ingest.Bus); len(rest) != 3 || rest[0].Seq != 3 {
		t.Errorf("from within a message: %d", len(rest))
	}
	if rest := readAll(t, b, End(first)); len(rest) != 2 || rest[0].Seq != 4 {
		t.Errorf("from between messages: %d", len(rest))
	}
	if rest := readAll(t, b, End(2)); rest != nil {
		t.Errorf("from the end: %d", len(rest))
	}
}

func TestPublishingIsFenced(t *testing.T) {
	b := open(t, t.TempDir())
	first := publish(t, b, batch(t, 1, 3), 0)
	for _, after := range []uint64{0, first + 1} {
		if _, err := b.Publish(t.Context(), batch(t, 4, 1), after); !errors.Is(err, ErrFenced) {
			t.Errorf("behind %d: %v", after, err)
		}
	}
	other := batch(t, 1, 1)
	other.Origin.Boot = "b2"
	publish(t, b, other, 0)
	publish(t, b, batch(t, 4, 1), first)
	tail, err := b.Tail(t.Context(), "h1", "b1")
	if err != nil || tail != (Tail{Sequence: 3, Seq: 4}) {
		t.Errorf("%+v, %v", tail, err)
	}
	if tail, err := b.Tail(t.Context(), "h1", "b9"); err != nil || tail != (Tail{}) {
		t.Errorf("of nothing: %+v, %v", tail, err)
	}
}

func TestTheLogOutlivesTheServer(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	first := publish(t, b, batch(t, 1, 3), 0)
	b.Close()
	b = open(t, dir)
	publish(t, b, batch(t, 4, 1), first)
	if events := readAll(t, b, 0); len(events) != 4 || events[3].Ingest.Bus != 2<<20 {
		t.Fatalf("%d events", len(events))
	}
}

func TestOneServerAtATime(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	if _, err := Open(t.Context(), Config{Dir: dir, MaxAge: time.Hour, MaxBytes: 1 << 20}); !errors.Is(err, ErrBusy) {
		t.Fatal(err)
	}
	b.Close()
	open(t, dir)
}

func TestNothingListens(t *testing.T) {
	b := open(t, t.TempDir())
	if addr := b.server.Addr(); addr != nil {
		t.Fatalf("listens on %s", addr.(*net.TCPAddr))
	}
}

func TestConfigIsRequired(t *testing.T) {
	for _, c := range []Config{{}, {Dir: t.TempDir(), MaxAge: time.Hour}, {Dir: t.TempDir(), MaxBytes: 1}} {
		if _, err := Open(t.Context(), c); err == nil {
			t.Errorf("opened %+v", c)
		}
	}
}

func TestServerRecordsAreInTheLog(t *testing.T) {
	b := open(t, t.TempDir())
	refused := &event.Event{Kind: event.GatewayRefused, Time: start, Message: "no"}
	if err := b.PublishOf(t.Context(), origin, start, refused); err != nil {
		t.Fatal(err)
	}
	if err := b.PublishControl(t.Context(), start, &event.Event{Kind: event.EngineRules, Time: start, Message: "digest"}); err != nil {
		t.Fatal(err)
	}
	events := readAll(t, b, 0)
	if len(events) != 2 || events[0].Host != origin.Host || events[0].Message != "no" || events[1].Host.ID != "" || events[1].Kind != event.EngineRules {
		t.Fatalf("%+v", events)
	}
	if tail, err := b.Tail(t.Context(), "h1", "b1"); err != nil || tail.Sequence != 0 {
		t.Fatalf("a record without number moved the tail: %+v, %v", tail, err)
	}
}

func TestFollowWaitsForMore(t *testing.T) {
	b := open(t, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	messages := make(chan Message)
	done := make(chan error, 1)
	go func() {
		done <- b.Follow(ctx, 0, func(m Message) error {
			select {
			case messages <- m:
			case <-ctx.Done():
			}
			return nil
		})
	}()
	var last uint64
	for i := range uint64(3) {
		last = publish(t, b, batch(t, i+1, 1), last)
		m := <-messages
		if m.Position != End(last) || m.Pending != 0 || m.Events[0].Seq != i+1 {
			t.Fatalf("%+v", m)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestFollowEndsWithItsCallback(t *testing.T) {
	b := open(t, t.TempDir())
	publish(t, b, batch(t, 1, 1), 0)
	enough := errors.New("enough")
	if err := b.Follow(t.Context(), 0, func(Message) error { return enough }); !errors.Is(err, enough) {
		t.Fatal(err)
	}
}

func TestTheQuotaDropsTheOldEnd(t *testing.T) {
	b, err := Open(t.Context(), Config{Dir: t.TempDir(), MaxAge: time.Hour, MaxBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	var last uint64
	for i := range uint64(20) {
		one := batch(t, i+1, 1)
		list, _ := wire.EncodeList([]*event.Event{{Seq: i + 1, Time: start, Kind: "x", Message: strings.Repeat(fmt.Sprintf("%08x", i*2654435761), 1000)}})
		one.Body, _ = wire.Compress(list)
		one.Body = append(one.Body, skippable(8000)...)
		last = publish(t, b, one, last)
	}
	stats, err := b.Stats(t.Context())
	if err != nil || stats.Bytes > 64<<10 || stats.Last != End(20) || stats.First <= 1<<20 {
		t.Fatalf("%+v, %v", stats, err)
	}
	events := readAll(t, b, 0)
	if len(events) == 0 || events[len(events)-1].Seq != 20 || events[0].Seq == 1 {
		t.Fatalf("%d events", len(events))
	}
}

// A reader that was behind when everything it had not read was dropped.
func TestFollowGoesOnBehindWhatWasDropped(t *testing.T) {
	b := open(t, t.TempDir())
	last := publish(t, b, batch(t, 1, 1), 0)
	if err := b.stream.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if events := readAll(t, b, 0); events != nil {
		t.Fatalf("%+v", events)
	}
	// The boot's tail went too: the log knows nothing to stand behind.
	publish(t, b, batch(t, 2, 1), 0)
	if events := readAll(t, b, End(last)); len(events) != 1 || events[0].Seq != 2 {
		t.Fatalf("%+v", events)
	}
}

// skippable is a zstd frame that decoders pass over: bytes without content.
func skippable(n int) []byte {
	return append([]byte{0x50, 0x2a, 0x4d, 0x18, byte(n), byte(n >> 8), 0, 0}, make([]byte, n)...)
}

func TestDamagedMessagesAreLeftOut(t *testing.T) {
	b := open(t, t.TempDir())
	bad := batch(t, 1, 1)
	bad.Body = []byte("not zstd")
	last := publish(t, b, bad, 0)
	publish(t, b, batch(t, 2, 1), last)
	ack, err := b.js.Publish(t.Context(), "events.control", []byte("no header"))
	if err != nil {
		t.Fatal(err)
	}
	b.tail.advance(ack.Sequence)
	if events := readAll(t, b, 0); len(events) != 1 || events[0].Seq != 2 {
		t.Fatalf("%+v", events)
	}
}

func TestTicksNeverGoBack(t *testing.T) {
	b := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	clock := start
	step := time.Second
	ended := make(chan error, 1)
	go func() {
		ended <- b.Tick(ctx, time.Millisecond, func() time.Time {
			clock = clock.Add(step)
			step = -step // the clock goes forth and back
			return clock
		})
	}()
	var ticks []time.Time
	err := b.Follow(t.Context(), 0, func(m Message) error {
		if m.Events[0].Kind != event.EngineTick {
			return fmt.Errorf("kind %s", m.Events[0].Kind)
		}
		ticks = append(ticks, m.Events[0].Time)
		if len(ticks) == 5 {
			return errEnd
		}
		return nil
	})
	cancel()
	if !errors.Is(err, errEnd) || <-ended != nil {
		t.Fatal(err)
	}
	for i, tick := range ticks {
		if want := start.Add(time.Second); !tick.Equal(want) {
			t.Errorf("tick %d: %s, want %s", i, tick, want)
		}
	}
}

func TestTheLogIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bus")
	b := open(t, dir)
	publish(t, b, batch(t, 1, 1), 0)
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("%v, %v", info, err)
	}
	var files int
	if err := filepath.WalkDir(dir, func(string, fs.DirEntry, error) error { files++; return nil }); err != nil || files < 4 {
		t.Fatalf("%d files, %v", files, err)
	}
}
