package whole

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"baize/internal/event"
	"baize/test/lab"
	"baize/test/story"
)

// onScreen is what the browser reports: when the incident was on the page, in
// Unix milliseconds, and whether the page had been reloaded.
type onScreen struct {
	Seen         int64  `json:"seen"`
	Text         string `json:"text"`
	SameDocument bool   `json:"sameDocument"`
}

// shown is what the incident's page has after a step.
type shown struct {
	What         string `json:"what"`
	Alerts       int    `json:"alerts"`
	Incident     string `json:"incident"`
	SameDocument bool   `json:"sameDocument"`
}

// splitOff is the alert that the analyst splits off.
const splitOff = "File in shared memory made executable"

// TestIntrusionAppearsOnAnOpenPage : from the kernel to a browser's screen in
// two seconds, without a reload; and what an analyst decides there is what the
// incidents are, at once.
func TestIntrusionAppearsOnAnOpenPage(t *testing.T) {
	if _, err := os.Stat("../../web/node_modules/playwright-core"); err != nil {
		t.Skip("needs web/node_modules: make test installs it")
	}
	ctx, stage := open(t, story.Options{})
	login, err := stage.Stack.Login(ctx)
	if err != nil {
		t.Fatal(err)
	}
	lines := browse(ctx, t, login.URL, login.User, login.Password, "Shell started by a network service|Kill chain", splitOff)
	if line := <-lines; line != "ready" {
		t.Fatalf("the browser says %q", line)
	}
	go stage.Lab.Inject(ctx, lab.Rounds[0].Command()) //nolint:errcheck // what it did is looked up below
	var seen onScreen
	if err := json.Unmarshal([]byte(<-lines), &seen); err != nil {
		t.Fatal(err)
	}
	exec := firstShell(ctx, t, stage)
	took := time.UnixMilli(seen.Seen).Sub(exec)
	t.Logf("%q on the page %v after the exec", seen.Text, took.Round(time.Millisecond))
	if !seen.SameDocument || took > 2*time.Second {
		t.Errorf("took %v, same document: %v", took, seen.SameDocument)
	}
	decides(ctx, t, stage, lines)
}

// decides follows the analyst's decisions on the page and in the engine.
func decides(ctx context.Context, t *testing.T, stage *story.Stage, lines <-chan string) {
	t.Helper()
	var steps []shown
	for line := range lines {
		var step shown
		if err := json.Unmarshal([]byte(line), &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
		t.Logf("%+v", step)
	}
	if len(steps) != 3 {
		t.Fatalf("%d steps, want three", len(steps))
	}
	for _, step := range steps {
		if !step.SameDocument || step.Incident != steps[0].Incident {
			t.Errorf("%s: the page was left: %+v", step.What, step)
		}
	}
	if steps[1].Alerts >= steps[0].Alerts || steps[2].Alerts < steps[0].Alerts {
		t.Errorf("the page had %d alerts, after the split %d, then %d", steps[0].Alerts, steps[1].Alerts, steps[2].Alerts)
	}
	// The browser's choice of a password ended every other session.
	listed, err := stage.Baize(ctx, "alerts", "--incident", steps[0].Incident, "--json")
	if n := bytes.Count(listed, []byte("\n")); err != nil || n < steps[2].Alerts {
		t.Errorf("the incident has %d alerts, the page had %d: %v", n, steps[2].Alerts, err)
	}
}

// browse starts the browser and returns what it prints, line by line.
func browse(ctx context.Context, t *testing.T, args ...string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 90*time.Second)
	command := exec.CommandContext(ctx, "node", append([]string{"live.mjs"}, args...)...)
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 5)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(lines)
		for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
			lines <- scanner.Text()
		}
		if err := command.Wait(); err != nil {
			t.Errorf("browser: %v", err)
		}
	}()
	// It closes its browser by itself, after the test: t.Context has ended by then.
	t.Cleanup(func() { <-ended; cancel() })
	return lines
}

// firstShell is when the kernel executed the first shell of the intrusion.
func firstShell(ctx context.Context, t *testing.T, stage *story.Stage) time.Time {
	t.Helper()
	shells := stage.Lab.Labels().Shells
	if len(shells) == 0 {
		t.Fatal("the intrusion began with no shell")
	}
	log, err := stage.Export(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range log {
		if e.Kind == event.ProcessExec && int(e.Process.PID) == shells[0] && e.Process.Context.Kind == event.ContextWebShell {
			return e.Time
		}
	}
	t.Fatalf("the shell %d is not in the log", shells[0])
	return time.Time{}
}
