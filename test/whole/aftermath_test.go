package whole

import (
	"testing"
	"time"

	"baize/test/story"
)

// TestTheStoryOfAnIntrusion : the kill-chain alert advances in place, the
// trojan's alert leads back to the request, and the five answers are right before
// and after a job is left and taken away, the trojans are removed, and the agent
// is killed.
func TestTheStoryOfAnIntrusion(t *testing.T) {
	ctx, stage := open(t, story.Options{})
	if err := stage.Intrude(ctx, nil); err != nil {
		t.Fatal(err)
	}
	facts, lines, err := stage.Settled(ctx, 30*time.Second, story.Unhurried)
	if err != nil {
		t.Fatal(err)
	}
	require(t, lines)
	if facts.Aftermath, err = stage.Aftermath(ctx, &facts); err != nil {
		t.Fatal(err)
	}
	require(t, facts.Judge())
}
