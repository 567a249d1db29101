package whole

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"baize/internal/event"
	"baize/internal/launch"
	"baize/test/story"
)

// TestServerKilledDuringTheIntrusion : the second round happens while there is
// no server. Nothing is lost and nothing comes twice, and the log of it all,
// replayed, gives the bytes of the live run.
func TestServerKilledDuringTheIntrusion(t *testing.T) {
	ctx, stage := open(t, story.Options{})
	outage := time.Duration(setting(t, "BAIZE_OUTAGE", 15)) * time.Second
	released := make(chan struct{})
	err := stage.Intrude(ctx, func(context.Context) error {
		time.AfterFunc(outage, func() { stage.Server.Release(); close(released) })
		return stage.Server.Kill(true)
	})
	if err != nil {
		t.Fatal(err)
	}
	<-released
	if err := stage.WaitArmed(ctx); err != nil {
		t.Fatal(err)
	}
	// The promise of a second does not hold for what happened without a server.
	facts, lines, err := stage.Settled(ctx, 60*time.Second, story.Unhurried)
	if err != nil {
		t.Fatal(err)
	}
	require(t, lines)
	t.Logf("server gone for %v: %d alerts, %d events in the log", outage, len(facts.Alerts), len(facts.Log))
	replayIsIdentical(ctx, t, stage)
}

// replayIsIdentical compares what the live run shows with a replay of its log.
func replayIsIdentical(ctx context.Context, t *testing.T, stage *story.Stage) {
	t.Helper()
	// The machine goes on working; without an agent the log stands still.
	if err := stage.Agent.Kill(true); err != nil {
		t.Fatal(err)
	}
	live, log := quiet(ctx, t, stage)
	dir := t.TempDir()
	file := filepath.Join(dir, "events.ndjson")
	if err := os.WriteFile(file, log, 0o600); err != nil {
		t.Fatal(err)
	}
	if summary, err := stage.Baize(ctx, "replay", "--out", dir, file); err != nil {
		t.Fatalf("%v: %s", err, summary)
	}
	for _, name := range []string{"alerts", "incidents"} {
		replayed, err := os.ReadFile(filepath.Join(dir, name+".ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		if len(live[name]) == 0 || !bytes.Equal(live[name], replayed) {
			t.Errorf("%s: live %d bytes, replayed %d bytes, not the same:\n%s", name, len(live[name]), len(replayed), difference(live[name], replayed))
		}
	}
}

// difference shows the neighbourhood of the first byte that differs.
func difference(live, replayed []byte) string {
	at := 0
	for at < min(len(live), len(replayed)) && live[at] == replayed[at] {
		at++
	}
	around := func(text []byte) []byte { return text[max(0, at-200):min(len(text), at+200)] }
	return fmt.Sprintf("live     …%s…\nreplayed …%s…", around(live), around(replayed))
}

// quiet reads alerts, incidents and the log at a moment when none of the former
// changed while the log was read.
func quiet(ctx context.Context, t *testing.T, stage *story.Stage) (live map[string][]byte, log []byte) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		before := lists(ctx, t, stage)
		log, err := stage.Baize(ctx, "export")
		if err != nil {
			t.Fatal(err)
		}
		after := lists(ctx, t, stage)
		if bytes.Equal(before["alerts"], after["alerts"]) && bytes.Equal(before["incidents"], after["incidents"]) {
			return after, log
		}
	}
	t.Fatal("alerts kept changing")
	return nil, nil
}

func lists(ctx context.Context, t *testing.T, stage *story.Stage) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range []string{"alerts", "incidents"} {
		out, err := stage.Baize(ctx, name, "--json")
		if err != nil {
			t.Fatal(err)
		}
		all[name] = out
	}
	return all
}

// TestAgentKilledComesBackAndShowsTheGap : what happened meanwhile cannot be
// known, and is not passed over.
func TestAgentKilledComesBackAndShowsTheGap(t *testing.T) {
	ctx, stage := open(t, story.Options{})
	first := stage.Agent.PID()
	killed := time.Now()
	if err := stage.Agent.Kill(false); err != nil {
		t.Fatal(err)
	}
	waitRestart(t, stage.Agent, first)
	if err := stage.WaitArmed(ctx); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	// Armed again means seen again.
	if _, err := stage.Lab.Inject(ctx, "id"); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		log, err := stage.Export(ctx)
		if err != nil {
			t.Fatal(err)
		}
		gaps := coverageGaps(log, killed, back)
		if len(gaps) >= 6 {
			t.Logf("agent gone from %v for at most %v; gaps shown for %v", killed.UTC().Format(time.RFC3339Nano), back.Sub(killed), gaps)
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("gaps are shown for classes %v only, of all six", gaps)
		}
		time.Sleep(500 * time.Millisecond)
	}
	facts := waitIntrusion(ctx, t, stage)
	t.Logf("the agent that came back raised %q", facts.Intrusion()[0].Rule.Title)
}

func waitRestart(t *testing.T, daemon *launch.Daemon, first int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); daemon.PID() == 0 || daemon.PID() == first; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the agent was not started again")
		}
	}
}

// coverageGaps lists the classes for which a record says that the time right
// after from, or part of it before to, was not covered.
func coverageGaps(log []*event.Event, from, to time.Time) []event.Class {
	var classes []event.Class
	for _, e := range log {
		c := e.Coverage
		if e.Kind != event.SensorCoverage || c.State == event.CoverageComplete || c.State == event.CoverageCoalesced {
			continue
		}
		if c.From.Before(to) && c.To.After(from) && !slices.Contains(classes, c.Class) {
			classes = append(classes, c.Class)
		}
	}
	slices.Sort(classes)
	return classes
}
