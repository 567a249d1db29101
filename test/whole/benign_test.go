package whole

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/test/story"
)

// TestOrdinaryWorkRaisesNothingAboveLow runs the named script beside an armed
// agent.
func TestOrdinaryWorkRaisesNothingAboveLow(t *testing.T) {
	ctx, stage := open(t, story.Options{})
	began := time.Now()
	command := exec.CommandContext(ctx, filepath.Join("..", "benign", "benign.sh"))
	out, err := command.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	// What the agent still holds arrives within its flush; the marker comes after it.
	if _, err := stage.Lab.Inject(ctx, "id"); err != nil {
		t.Fatal(err)
	}
	facts := waitIntrusion(ctx, t, stage)
	events := 0
	for _, a := range facts.Others() {
		if a.Time.Before(began) {
			continue
		}
		events++
		if aboveLow(a) {
			t.Errorf("%s %q: %+v", a.Rule.Level, a.Rule.Title, a.Event)
		}
	}
	t.Logf("%v of ordinary work, %d alerts at most low", time.Since(began).Round(time.Second), events)
}

func aboveLow(a alert.Alert) bool {
	return a.Rule != nil && a.Rule.Level != "low" && a.Rule.Level != "informational"
}
