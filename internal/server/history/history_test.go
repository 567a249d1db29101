package history

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/provenance"
	"baize/internal/server/bus"
)

// recorded is a log in memory.
type recorded struct {
	events []*event.Event
	cut    bool
	fail   error
	// short is how many events a stretch has at first, 0 for all; asked counts.
	short, asked int
}

func (l *recorded) History(_ context.Context, s bus.Span, do func(*event.Event) bool) (earlier, cut bool, err error) {
	l.asked++
	events := l.events
	if n := l.short * l.asked; l.short > 0 && n < len(events) {
		events, earlier = events[len(events)-n:], true
	}
	for _, ev := range events {
		if ev.Host.ID == s.Host && (ev.Ingest.Bus > s.Until || !do(ev)) {
			break
		}
	}
	return earlier, l.cut, l.fail
}

// TestItGoesBackAsFarAsNeeded: the latest events first, and more where the way
// back still ends early.
func TestItGoesBackAsFarAsNeeded(t *testing.T) {
	log, a, known := story()
	log.short = 3
	got, err := Continue(t.Context(), log, a, known)
	if err != nil || log.asked < 2 || got.Stored.Events != len(log.events) {
		t.Errorf("asked %d times, read %+v: %v", log.asked, got.Stored, err)
	}
}

// story is a cron job whose author came in through a service, with the alert on
// the job; the engine's memory began only with the job.
func story() (log *recorded, a *alert.Alert, known provenance.Graph) {
	w, events := enginetest.Record()
	w.Bus = 1
	h := w.Host("h")
	cron := h.Cron()
	web := h.Service("shop.service", "/usr/bin/java")
	sh := web.Fork().Exec("/bin/sh", "-c", "x")
	sh.Install("/opt/.x/run").Exit()
	w.Advance(50 * time.Hour)
	later := len(*events)
	job := cron.Job("/opt/.x/run").Spawn("/opt/.x/run")
	job.Connect("203.0.113.9", 443)
	last := (*events)[len(*events)-1]
	g := graph.New(graph.DefaultLimits())
	for _, ev := range (*events)[later:] {
		g.Observe(ev, ev.Time.UnixNano())
	}
	a = &alert.Alert{ID: "a", Host: event.Host{ID: "h"}, Event: last}
	return &recorded{events: *events}, a, g.Trace(last, "")
}

func TestATraceGoesOnInStoredTelemetry(t *testing.T) {
	log, a, known := story()
	if !strings.Contains(known.Stopped, "not remembered") {
		t.Errorf("the engine does not say where it stopped: %q", known.Stopped)
	}
	got, err := Continue(t.Context(), log, a, known)
	if err != nil {
		t.Fatal(err)
	}
	if got.Stored == nil || got.Stored.Events != len(log.events) || !got.Stored.From.Equal(log.events[0].Time) {
		t.Fatalf("%+v", got.Stored)
	}
	stored := 0
	author := false
	for _, n := range got.Nodes {
		if n.Stored {
			stored++
		}
		author = author || n.Executable == "/bin/sh" && strings.HasPrefix(n.Context, "web_shell:") && n.Stored
	}
	if stored == 0 || !author {
		t.Errorf("who wrote the program is not among the %d stored nodes: %+v", stored, got.Nodes)
	}
}

func TestWhatIsWholeIsLeftAlone(t *testing.T) {
	log, a, known := story()
	known.Stopped = ""
	if got, err := Continue(t.Context(), log, a, known); err != nil || got.Stored != nil {
		t.Errorf("%+v, %v", got.Stored, err)
	}
}

func TestItSaysWhyItStopped(t *testing.T) {
	for name, c := range map[string]struct {
		log  recorded
		want string
	}{
		"retention": {recorded{cut: true}, "stored telemetry begins at"},
		"beginning": {recorded{}, "began before anything was observed"},
		"time":      {recorded{fail: context.DeadlineExceeded}, "longer than"},
	} {
		log, a, known := story()
		c.log.events = log.events[len(log.events)-2:]
		got, err := Continue(t.Context(), &c.log, a, known)
		if err != nil || !strings.Contains(got.Stopped, c.want) {
			t.Errorf("%s: %q, %v", name, got.Stopped, err)
		}
	}
	log, a, known := story()
	log.fail = errors.New("broken")
	if _, err := Continue(t.Context(), log, a, known); err == nil {
		t.Error("a broken log is no error")
	}
}
