package whole

import (
	"context"
	"fmt"
	"testing"
	"time"

	"baize/test/story"
)

// waitIntrusion waits until at least one alert of the intrusion is there.
func waitIntrusion(ctx context.Context, t *testing.T, stage *story.Stage) story.Facts {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		facts, err := stage.Gather(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(facts.Intrusion()) > 0 {
			return facts
		}
		if time.Now().After(deadline) {
			t.Fatal("no alert of the intrusion")
		}
	}
}

// TestEveryTriggerReachesTheIncident measures from the kernel event to the
// incident on the live stream; the count is asserted, the times are printed.
func TestEveryTriggerReachesTheIncident(t *testing.T) {
	ctx, stage := open(t, story.Options{})
	triggers := setting(t, "BAIZE_TRIGGERS", 50)
	for n := range triggers {
		name := fmt.Sprintf("/dev/shm/t%d", n)
		if _, err := stage.Lab.Inject(ctx, fmt.Sprintf("cp /bin/true %s; %s; rm %s", name, name, name)); err != nil {
			t.Fatal(err)
		}
	}
	var latencies []time.Duration
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		facts, err := stage.Gather(ctx)
		if err != nil {
			t.Fatal(err)
		}
		latencies = measure(&facts)
		if len(latencies) >= triggers {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d executions from shared memory are alerts of an incident", len(latencies), triggers)
		}
	}
	report(t, "incident on the stream", latencies)
	printAgent(ctx, t, stage)
}

// measure returns, for each execution from shared memory, how long it took from
// the kernel to an incident on the stream.
func measure(facts *story.Facts) []time.Duration {
	var latencies []time.Duration
	for _, a := range facts.Intrusion() {
		p := a.Event.Process
		joined := facts.Watch.Joined(a.ID)
		if p.Exe != nil && p.Exe.Tmpfs && !joined.IsZero() {
			latencies = append(latencies, joined.Sub(a.Event.Time))
		}
	}
	return latencies
}

func printAgent(ctx context.Context, t *testing.T, stage *story.Stage) {
	t.Helper()
	hosts, err := stage.Console.Hosts(ctx)
	if err != nil || len(hosts) != 1 {
		t.Fatalf("hosts: %v, %v", hosts, err)
	}
	host := hosts[0]
	t.Logf("agent: %.1f MB RSS, %.2f s CPU", float64(host.RSS)/1e6, host.CPU)
	for _, class := range host.Classes {
		t.Logf("class %s: %s, %d seen, %d lost", class.Class, class.State, class.Seen, class.Lost)
		if class.Lost != 0 {
			t.Errorf("%d events of class %s were lost", class.Lost, class.Class)
		}
	}
}
