package shard

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"baize/internal/alert"
	"baize/internal/engine"
	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/event/eventio"
	"baize/internal/replay"
	"baize/internal/server/bus"
	"baize/internal/server/state"
	"baize/internal/sigma"
	"baize/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const deadline = 60 * time.Second

var ruleFiles = fstest.MapFS{
	"shell.yml": {Data: []byte("title: Shell\nid: 11111111-0000-4000-8000-000000000001\nlevel: high\nlogsource: {product: linux, category: process_creation}\ndetection:\n  s: {Image|endswith: /sh}\n  condition: s\n")},
	"out.yml":   {Data: []byte("title: Out\nid: 11111111-0000-4000-8000-000000000002\nlevel: high\nlogsource: {product: linux, category: network_connection}\ndetection:\n  s: {Image|startswith: /dev/shm/}\n  condition: s\n")},
}

// server is a real log and a real database.
type server struct {
	t   *testing.T
	bus *bus.Bus
	db  *state.DB
	// after is each host's last message.
	after map[string]uint64
}

func newServer(t *testing.T) *server {
	t.Helper()
	dir := t.TempDir()
	b, err := bus.Open(t.Context(), bus.Config{Dir: filepath.Join(dir, "bus"), MaxAge: time.Hour, MaxBytes: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	db, err := state.Open(t.Context(), filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &server{t: t, bus: b, db: db, after: map[string]uint64{}}
}

func (s *server) config(messages int) Config {
	s.t.Helper()
	rules, _, err := engine.LoadRules(ruleFiles)
	if err != nil {
		s.t.Fatal(err)
	}
	return Config{State: s.db, Bus: s.bus, Engine: engine.Config{Rules: rules}, Owner: "test", SnapshotMessages: messages, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

// publish puts events in the log, a message for each run of one host.
func (s *server) publish(events []*event.Event) {
	s.t.Helper()
	for len(events) > 0 {
		host := events[0].Host.ID
		n := 1
		for n < len(events) && n < 10 && events[n].Host.ID == host {
			n++
		}
		body, err := wire.Pack(events[:n])
		if err != nil {
			s.t.Fatal(err)
		}
		first := events[0]
		s.after[host], err = s.bus.Publish(s.t.Context(), bus.Batch{Origin: wire.Of(first), First: first.Seq, Last: events[n-1].Seq, Received: events[n-1].Time, Body: body}, s.after[host])
		if err != nil {
			s.t.Fatal(err)
		}
		events = events[n:]
	}
}

func (s *server) tick(at time.Time) {
	s.t.Helper()
	if err := s.bus.PublishControl(s.t.Context(), at, &event.Event{Kind: event.EngineTick, Time: at}); err != nil {
		s.t.Fatal(err)
	}
}

// start runs a shard; stop ends it and returns what Run returned.
func start(t *testing.T, cfg Config) (shard *Shard, stop func() error) {
	t.Helper()
	shard = New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- shard.Run(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = stop() })
	return shard, stop
}

// caughtUp waits until a shard has committed the whole log.
func (s *server) caughtUp(shard *Shard) {
	s.t.Helper()
	for end := time.Now().Add(deadline); ; time.Sleep(5 * time.Millisecond) {
		stats, err := s.bus.Stats(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		if shard.Status().Position >= stats.Last {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("at %d of %d", shard.Status().Position, stats.Last)
		}
	}
}

// stored is what the state has, as replay writes it.
func (s *server) stored() string {
	s.t.Helper()
	alerts, _, err := s.db.Alerts(s.t.Context(), state.AlertFilter{}, state.Page{Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	incidents, _, err := s.db.Incidents(s.t.Context(), state.IncidentFilter{}, state.Page{Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // as the API
	for _, a := range alerts {
		if err := enc.Encode(a); err != nil {
			s.t.Fatal(err)
		}
	}
	for _, i := range incidents {
		if err := enc.Encode(i); err != nil {
			s.t.Fatal(err)
		}
	}
	return out.String()
}

// replayed is what a replay makes of the exported log.
func (s *server) replayed() string {
	s.t.Helper()
	dir := s.t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log.ndjson"))
	if err != nil {
		s.t.Fatal(err)
	}
	w := eventio.NewWriter(log)
	if err := errors.Join(s.bus.Read(s.t.Context(), 0, w.Write), w.Flush(), log.Close()); err != nil {
		s.t.Fatal(err)
	}
	_, err = replay.Run(replay.Options{Files: []string{log.Name()}, Out: dir, Engine: s.config(0).Engine, Bad: func(err error) { s.t.Error(err) }})
	if err != nil {
		s.t.Fatal(err)
	}
	alerts, err := os.ReadFile(filepath.Join(dir, "alerts.ndjson"))
	if err != nil {
		s.t.Fatal(err)
	}
	incidents, err := os.ReadFile(filepath.Join(dir, "incidents.ndjson"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(alerts) + string(incidents)
}

// intrusions is a log of two intrusions in two services, the second joined by
// a shared address.
func intrusions(rounds int) []*event.Event {
	w, events := enginetest.Record()
	a, b := w.Host("h1").Service("a.service", "/usr/bin/java"), w.Host("h2").Service("b.service", "/usr/bin/node")
	for range rounds {
		enginetest.First.Round(a)
		enginetest.Second.Round(b).Connect("203.0.113.80", 443)
	}
	return *events
}

func TestLiveEqualsReplay(t *testing.T) {
	s := newServer(t)
	shard, _ := start(t, s.config(3))
	log := intrusions(5)
	s.publish(log)
	s.tick(log[len(log)-1].Time.Add(2 * time.Second))
	s.caughtUp(shard)
	got, want := s.stored(), s.replayed()
	if got != want || !strings.Contains(got, `"status":"open"`) {
		t.Fatalf("stored\n%s\nreplayed\n%s", got, want)
	}
	if shard.Status().Events < uint64(len(log)) {
		t.Errorf("status %+v", shard.Status())
	}
}

// fragile rules panic at every event of one program.
type fragile struct{ engine.Rules }

func (f fragile) Named(r *sigma.Rule) *alert.Rule {
	if r.Title == "Poison" {
		panic("poisoned")
	}
	return f.Rules.Named(r)
}

func fragileRules(t *testing.T) engine.Rules {
	t.Helper()
	files := maps.Clone(ruleFiles)
	files["poison.yml"] = &fstest.MapFile{Data: []byte("title: Poison\nlogsource: {product: linux}\ndetection:\n  s: {Image: /usr/bin/poison}\n  condition: s\n")}
	rules, report, err := engine.LoadRules(files)
	if err != nil || report.Loaded != report.Files {
		t.Fatalf("%v %+v", err, report)
	}
	return fragile{rules}
}

// TestAPanicIsNoCrashLoop: the shard goes on behind the event, says where it
// was, and does not start over.
func TestAPanicIsNoCrashLoop(t *testing.T) {
	s := newServer(t)
	var log bytes.Buffer
	cfg := s.config(3)
	cfg.Engine.Rules = fragileRules(t)
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	shard, stop := start(t, cfg)
	w, events := enginetest.Record()
	java := w.Host("h1").Service("a.service", "/usr/bin/java")
	java.Spawn("/usr/bin/poison")
	enginetest.First.Round(java)
	s.publish(*events)
	s.tick(w.Now.Add(2 * time.Second))
	s.caughtUp(shard)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); strings.Count(text, "left out after a panic") != 1 || !strings.Contains(text, "process.exec 5 of host h1") || strings.Contains(text, "starting over") {
		t.Errorf("log:\n%s", text)
	}
	if !strings.Contains(s.stored(), `"status":"open"`) {
		t.Error("nothing behind the panic is stored")
	}
}

// TestStopsAndStartsLoseAndRepeatNothing stops the shard again and again while
// the log grows, in order and by fencing it out in mid-work.
func TestStopsAndStartsLoseAndRepeatNothing(t *testing.T) {
	s := newServer(t)
	log := intrusions(12)
	var stops []func() error
	for i := 0; len(log) > 0; i++ {
		_, stop := start(t, s.config(2))
		stops = append(stops, stop)
		n := min(len(log), 37)
		s.publish(log[:n])
		if i%3 == 0 { // the next start fences this one out
			log = log[n:]
			continue
		}
		if err := stop(); err != nil && !errors.Is(err, state.ErrFenced) {
			t.Fatal(err)
		}
		log = log[n:]
	}
	for _, stop := range stops {
		if err := stop(); err != nil && !errors.Is(err, state.ErrFenced) {
			t.Fatal(err)
		}
	}
	shard, _ := start(t, s.config(2))
	s.tick(time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC))
	s.caughtUp(shard)
	if got, want := s.stored(), s.replayed(); got != want {
		t.Fatalf("stored\n%s\nreplayed\n%s", got, want)
	}
}

func TestAFormerOwnerIsFenced(t *testing.T) {
	s := newServer(t)
	old, stop := start(t, s.config(0))
	s.tick(time.Now())
	s.caughtUp(old)
	next, _ := start(t, s.config(0))
	s.publish(intrusions(1))
	s.caughtUp(next)
	s.tick(time.Now())
	if err := stop(); !errors.Is(err, state.ErrFenced) {
		t.Fatalf("a former owner ended with %v", err)
	}
}
