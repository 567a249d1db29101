package story

import (
	"context"
	"fmt"
	"slices"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/provenance"
	"baize/test/console"
	"baize/test/lab"
)

// Observation is what the analyst sees of the intrusion after one step.
type Observation struct {
	Step string
	// Trojan is the provenance of the alert on the first trojan.
	Trojan console.Provenance
	// Chains are the kill-chain alerts of the host with the first trojan.
	Chains []alert.Alert
}

// step of the aftermath: what is done, and what should then be seen.
type step struct {
	name string
	do   func(context.Context, *Stage) error
	seen func(*provenance.Intrusion) bool
}

// Steps of the aftermath.
const (
	asItWas     = "as it was"
	jobLeft     = "a job is left"
	jobGone     = "the job is taken away"
	oneDeleted  = "one trojan is removed"
	allDeleted  = "the other one is removed"
	agentKilled = "the agent is killed"
)

// steps in their order. What they wait for is judged again afterwards.
var steps = []step{
	{asItWas, nil, func(i *provenance.Intrusion) bool {
		return i.Answers[provenance.Persistence].State == provenance.NotSeen
	}},
	{jobLeft, inject("echo '* * * * * " + lab.Rounds[0].Path + "' > " + lab.Crontab), func(i *provenance.Intrusion) bool {
		return i.Answers[provenance.Persistence].State == provenance.Yes
	}},
	{jobGone, inject("rm " + lab.Crontab), func(i *provenance.Intrusion) bool {
		return i.Answers[provenance.Persistence].State == provenance.NotSeen
	}},
	{oneDeleted, inject("rm " + lab.Rounds[0].Path), func(i *provenance.Intrusion) bool { return gone(i, lab.Rounds[0].Path) }},
	{allDeleted, inject("rm " + lab.Rounds[1].Path), func(i *provenance.Intrusion) bool {
		return i.Answers[provenance.Deleted].State == provenance.Yes
	}},
	{agentKilled, func(_ context.Context, s *Stage) error { return s.Agent.Kill(false) }, func(i *provenance.Intrusion) bool {
		return i.Answers[provenance.Persistence].State == provenance.Unknown && i.Answers[provenance.Lateral].State == provenance.Unknown
	}},
}

func inject(command string) func(context.Context, *Stage) error {
	return func(ctx context.Context, s *Stage) error {
		if _, err := s.Lab.Inject(ctx, command); err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
		return nil
	}
}

func gone(i *provenance.Intrusion, path string) bool {
	at := slices.IndexFunc(i.Files, func(f provenance.File) bool { return f.Path == path })
	return at >= 0 && i.Files[at].Gone
}

// stepPatience is how long a step may take to be seen: the sensor vouches for
// what was not seen every ten seconds, and an agent that was killed says so when
// it is back.
const stepPatience = 45 * time.Second

// Aftermath plays what may follow an intrusion and keeps what the analyst sees
// after each step.
func (s *Stage) Aftermath(ctx context.Context, f *Facts) ([]Observation, error) {
	trojan := f.find(func(_ alert.Alert, e *event.Event) bool {
		return e.Kind == event.ProcessExec && f.trojan(e.Process.PID) != nil && e.Process.Executable == lab.Rounds[0].Path
	})
	if trojan == nil {
		return []Observation{}, nil // the lines say so
	}
	var all []Observation
	for _, step := range steps {
		if step.do != nil {
			if err := step.do(ctx, s); err != nil {
				return all, err
			}
		}
		seen, err := s.observe(ctx, trojan, step)
		if err != nil {
			return all, err
		}
		all = append(all, seen)
	}
	return all, nil
}

// observe waits for what should be seen, and returns what is, at the latest when
// patience ends.
func (s *Stage) observe(ctx context.Context, trojan *alert.Alert, step step) (Observation, error) {
	for deadline := time.Now().Add(stepPatience); ; {
		p, err := s.Console.Provenance(ctx, trojan.ID)
		if err != nil {
			return Observation{}, err
		}
		if p.Intrusion != nil && step.seen(p.Intrusion) || time.Now().After(deadline) {
			now, err := s.Gather(ctx)
			return Observation{Step: step.name, Trojan: p, Chains: on(trojan.Host.Name, now.Chains())}, err
		}
		if err := pause(ctx, 500*time.Millisecond); err != nil {
			return Observation{}, err
		}
	}
}
