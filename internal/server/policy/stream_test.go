package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/engine"
	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/event/eventio"
	"baize/internal/exception"
	"baize/internal/incident"
	"baize/internal/replay"
	"baize/internal/server/bus"
	"baize/internal/server/shard"
	"baize/internal/server/state"
	"baize/internal/wire"
)

const deadline = 60 * time.Second

// stream is a host whose events go to the log of a running engine.
type stream struct {
	*bench
	shard *shard.Shard
	world *enginetest.World
	shell *enginetest.Process
	// after is each host's last message.
	after map[string]uint64
}

func startStream(t *testing.T) *stream {
	s := &stream{bench: start(t), after: map[string]uint64{}}
	s.shard = shard.New(shard.Config{State: s.cfg.State, Bus: s.cfg.Bus, Before: s.Before, Owner: "test", SnapshotMessages: 7, Log: s.cfg.Log})
	var running sync.WaitGroup
	ctx := t.Context()
	running.Go(func() {
		if err := s.shard.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(running.Wait) // t's context has ended by then
	s.world = enginetest.New(s.publish)
	s.world.Now = time.Now().UTC()
	s.shell = s.world.Host("h1").Login()
	return s
}

// publish appends one event as a host's batch of its own.
func (s *stream) publish(ev *event.Event) {
	s.t.Helper()
	if ev.Kind == event.EngineTick {
		must(s.t, s.cfg.Bus.PublishControl(s.t.Context(), ev.Time, ev))
		return
	}
	body, err := wire.Pack([]*event.Event{ev})
	must(s.t, err)
	s.after[ev.Host.ID], err = s.cfg.Bus.Publish(s.t.Context(), bus.Batch{Origin: wire.Of(ev), First: ev.Seq, Last: ev.Seq, Received: ev.Time, Body: body}, s.after[ev.Host.ID])
	must(s.t, err)
}

func (s *stream) caughtUp() {
	s.t.Helper()
	for end := time.Now().Add(deadline); ; time.Sleep(2 * time.Millisecond) {
		stats, err := s.cfg.Bus.Stats(s.t.Context())
		must(s.t, err)
		if s.shard.Status().Position >= stats.Last {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("at %d of %d", s.shard.Status().Position, stats.Last)
		}
	}
}

func (s *stream) alerts() []alert.Alert {
	s.t.Helper()
	var all []alert.Alert
	_, err := s.cfg.State.ScanAlerts(s.t.Context(), state.AlertScan{Until: time.Now().Add(24 * time.Hour), Limit: 10_000}, func(a *alert.Alert, _ string) error {
		all = append(all, *a)
		return nil
	})
	must(s.t, err)
	return all
}

// same fails unless the replay of the exported log gives what is stored.
func (s *stream) same() replay.Summary {
	s.t.Helper()
	dir := s.t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log.ndjson"))
	must(s.t, err)
	w := eventio.NewWriter(log)
	before, err := s.Before(s.t.Context(), 0)
	must(s.t, err)
	for _, ev := range before {
		must(s.t, w.Write(ev))
	}
	must(s.t, errors.Join(s.cfg.Bus.Read(s.t.Context(), 0, w.Write), w.Flush(), log.Close()))
	rules, _, err := engine.LoadRules(s.cfg.BuiltIn)
	must(s.t, err)
	summary, err := replay.Run(replay.Options{Files: []string{log.Name()}, Out: dir, Engine: engine.Config{Rules: rules}, Bad: func(err error) { s.t.Error(err) }})
	must(s.t, err)
	for _, name := range []string{"alerts", "incidents"} {
		got, err := os.ReadFile(filepath.Join(dir, name+".ndjson"))
		must(s.t, err)
		if want := s.stored(name); string(got) != want || want == "" {
			s.t.Fatalf("%s: replayed\n%s\nstored\n%s", name, got, want)
		}
	}
	return summary
}

// stored is what the state has, as replay writes it.
func (s *stream) stored(what string) string {
	s.t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	next := state.Cursor{}
	for more := true; more; more = next != (state.Cursor{}) {
		page := state.Page{Limit: state.MaxPage, After: next}
		var err error
		if what == "alerts" {
			next, err = write(enc, func() ([]alert.Alert, state.Cursor, error) {
				return s.cfg.State.Alerts(s.t.Context(), state.AlertFilter{}, page)
			})
		} else {
			next, err = write(enc, func() ([]incident.Incident, state.Cursor, error) {
				return s.cfg.State.Incidents(s.t.Context(), state.IncidentFilter{}, page)
			})
		}
		must(s.t, err)
	}
	return out.String()
}

func write[T any](enc *json.Encoder, read func() ([]T, state.Cursor, error)) (state.Cursor, error) {
	items, next, err := read()
	for i := range items {
		err = errors.Join(err, enc.Encode(items[i]))
	}
	return next, err
}

// TestPushesWhileEventsStream pushes version after version while a host
// executes the images that they name. Every event is judged by exactly the
// revision that is in force at its place in the log.
func TestPushesWhileEventsStream(t *testing.T) {
	s := startStream(t)
	images := []string{"/bin/a0", "/bin/a1", "/bin/a2"}
	var pushing sync.WaitGroup
	pushing.Go(func() {
		for i := range 12 {
			// Two rules that stand for one another: half a revision would show.
			image := images[i%3]
			_, err := s.push("local", "one.yml", ruleText(fmt.Sprint("one", i%3), image), "two.yml", ruleText(fmt.Sprint("two", i%3), image))
			if err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 400 {
		s.shell.Spawn(images[i%3], fmt.Sprint("word-", i, "-", strings.Repeat("x", i%7)))
	}
	pushing.Wait()
	s.world.Advance(time.Second) // repeats wait for the next beat
	s.world.Tick()
	s.caughtUp()
	want := map[string]uint64{}
	serves := ""
	revisions := 0
	must(t, s.cfg.Bus.Read(t.Context(), 0, func(ev *event.Event) error {
		switch {
		case ev.Kind == event.EngineRuleFile && strings.Contains(ev.Message, "local/one.yml"):
			_, after, _ := strings.Cut(ev.Message, "Image: ")
			serves = after[:len("/bin/a0")]
		case ev.Kind == event.EngineRules:
			revisions++
		case ev.Kind == event.ProcessExec && ev.Process.Executable == serves:
			want["one"+serves[len(serves)-1:]]++
			want["two"+serves[len(serves)-1:]]++
		}
		return nil
	}))
	got := map[string]uint64{}
	for _, a := range s.alerts() {
		got[a.Rule.ID] += a.Count
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || len(want) == 0 || revisions != 13 {
		t.Fatalf("%d revisions: raised %v, want %v", revisions, got, want)
	}
	if summary := s.same(); summary.Problem != "" || summary.LogRules != s.View().Digest {
		t.Errorf("%+v", summary)
	}
}

// TestAPreviewIsWhatIsThenHidden previews an exception over what is stored,
// puts it in force, and lets the same things happen again.
func TestAPreviewIsWhatIsThenHidden(t *testing.T) {
	s := startStream(t)
	_, err := s.push("local", "a.yml", ruleText("a", "/bin/a"), "b.yml", ruleText("b", "/bin/b"))
	must(t, err)
	act := func() {
		login := s.world.Host(fmt.Sprint("h", s.world.Now.UnixNano()))
		clear(s.after)
		shell := login.Login()
		for i := range 6 {
			shell.Spawn("/bin/a", fmt.Sprint("known-", i%2), strings.Repeat("y", i))
			shell.Spawn("/bin/b", "known-0")
		}
		s.world.Advance(time.Second)
		s.world.Tick()
		s.caughtUp()
	}
	act()
	x := exception.Exception{Owner: "ann", Reason: "test", Rules: []string{"a"}, Selection: "CommandLine|contains: known-1", Expires: time.Now().Add(time.Hour)}
	preview, more, err := s.Preview(t.Context(), x, time.Time{}, time.Now().Add(time.Hour))
	must(t, err)
	if more || preview.Firings != 3 || preview.Scanned <= preview.Alerts || len(preview.Rules) != 1 || preview.Rules[0].ID != "a" {
		t.Fatalf("%+v", preview)
	}
	x, err = s.AddException(t.Context(), x)
	must(t, err)
	raised := len(s.alerts())
	act()
	list, _, err := s.cfg.State.Exceptions(t.Context(), state.Page{})
	must(t, err)
	if len(list) != 1 || list[0].Hits != preview.Firings || list[0].LastHit.IsZero() || list[0].ID != x.ID {
		t.Fatalf("preview %d, then %+v", preview.Firings, list)
	}
	if got := len(s.alerts()) - raised; got != raised-preview.Alerts {
		t.Errorf("%d alerts more, want %d without %d", got, raised, preview.Alerts)
	}
	hidden, err := s.cfg.State.Hidden(t.Context(), x.ID)
	must(t, err)
	if len(hidden) != 3 || hidden[0].Hits != 3 || hidden[0].Rule.ID != "a" || !strings.Contains(hidden[0].Event.Process.CommandLine, "known-1") {
		t.Errorf("%+v", hidden)
	}
	// It ends by the time of the log, without anybody's doing.
	s.world.Now = x.Expires
	s.world.Tick()
	act()
	if list, _, err = s.cfg.State.Exceptions(t.Context(), state.Page{}); err != nil || list[0].Hits != preview.Firings {
		t.Errorf("an expired exception hid: %+v, %v", list, err)
	}
	must(t, s.RemoveException(t.Context(), x.ID, "bob"))
	if err := s.RemoveException(t.Context(), x.ID, "bob"); !errors.Is(err, state.ErrNotFound) {
		t.Error(err)
	}
	if summary := s.same(); summary.Hidden != 3 {
		t.Errorf("%+v", summary)
	}
}

// TestACutLogStillSaysWhatJudgedIt drops the beginning of the log, as
// retention does, and replays what is left.
func TestACutLogStillSaysWhatJudgedIt(t *testing.T) {
	s := startStream(t)
	_, err := s.push("local", "a.yml", ruleText("a", "/bin/a"))
	must(t, err)
	s.shell.Spawn("/bin/a", "before")
	stats, err := s.cfg.Bus.Stats(t.Context())
	must(t, err)
	s.shell.Spawn("/bin/a", "after")
	s.caughtUp()
	events, err := s.before(t.Context(), 0, stats.Last+1)
	must(t, err)
	if len(events) == 0 || events[len(events)-1].Ingest.Bus >= stats.Last+1 {
		t.Fatalf("%d records before the cut", len(events))
	}
	e := engine.New(engine.Config{})
	for _, ev := range events {
		e.Process(ev)
	}
	fired := 0
	must(t, s.cfg.Bus.Read(t.Context(), stats.Last, func(ev *event.Event) error {
		out := e.Process(ev)
		fired += len(out.Alerts)
		return nil
	}))
	if e.RuleDigest() != s.View().Digest || fired != 1 {
		t.Errorf("rules %s, %d alerts", e.RuleDigest(), fired)
	}
	if none, err := s.Before(t.Context(), 0); err != nil || len(none) != 0 {
		t.Errorf("a whole log needs %d records: %v", len(none), err)
	}
}

func TestExceptionsHaveLimits(t *testing.T) {
	b := start(t)
	x := exception.Exception{Owner: "ann", Reason: "test", Rules: []string{"a"}, Expires: time.Now().Add(time.Hour)}
	for range exception.MaxActive {
		if _, err := b.AddException(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.AddException(t.Context(), x); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
	x.Reason = ""
	if _, err := b.AddException(t.Context(), x); !errors.Is(err, exception.ErrInvalid) {
		t.Error(err)
	}
	if _, _, err := b.Preview(t.Context(), x, time.Time{}, time.Now()); !errors.Is(err, exception.ErrInvalid) {
		t.Error(err)
	}
	long := exception.Exception{Selection: "Image: " + strings.Repeat("x", maxExceptionRecord)}
	if err := fits([]exception.Exception{long}); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
}

func TestProposalsAreAcceptedOrDismissed(t *testing.T) {
	s := startStream(t)
	_, err := s.push("local", "a.yml", strings.Replace(ruleText("a", "/bin/a"), "medium", "low", 1))
	must(t, err)
	for i := range exception.MinHosts {
		clear(s.after)
		shell := s.world.Host(fmt.Sprint("p", i)).Login()
		for range exception.MinFirings / exception.MinHosts {
			shell.Spawn("/bin/a", "-v")
		}
	}
	s.world.Advance(time.Second)
	s.world.Tick()
	s.caughtUp()
	s.Manager.cfg.Now = func() time.Time { return s.world.Now.Add(time.Minute) }
	list, err := s.Proposals(t.Context())
	must(t, err)
	if len(list) != 1 || list[0].Rule.ID != "a" || list[0].Hosts != exception.MinHosts {
		t.Fatalf("%+v", list)
	}
	must(t, s.cfg.State.Dismiss(t.Context(), state.Dismissal{ID: list[0].ID, Author: "ann", Created: time.Now()}))
	if list, err = s.Proposals(t.Context()); err != nil || list[0].DismissedBy != "ann" {
		t.Fatalf("%+v, %v", list, err)
	}
	must(t, s.cfg.State.Reconsider(t.Context(), list[0].ID))
	wish := exception.Exception{Owner: "ann", Reason: "known tool", Expires: s.world.Now.Add(time.Hour)}
	x, err := s.Accept(t.Context(), list[0].ID, wish)
	must(t, err)
	if x.Rules[0] != "a" || x.Selection != list[0].Selection {
		t.Errorf("%+v", x)
	}
	if _, err := s.Accept(t.Context(), "none", wish); !errors.Is(err, state.ErrNotFound) {
		t.Error(err)
	}
}
