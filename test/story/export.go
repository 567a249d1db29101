package story

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"baize/internal/event"
	"baize/internal/event/eventio"
)

// Export reads the engine's log.
func (s *Stage) Export(ctx context.Context) ([]*event.Event, error) {
	raw, err := s.Baize(ctx, "export")
	if err != nil {
		return nil, err
	}
	return Read(bytes.NewReader(raw))
}

// Read reads a log to its end; a line that is no event is an error.
func Read(in io.Reader) ([]*event.Event, error) {
	reader, err := eventio.NewReader(in)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	var all []*event.Event
	for {
		e, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, fmt.Errorf("read the log: %w", err)
		}
		all = append(all, e)
	}
}

// Unhurried leaves out the promise of how soon an alert is on the screen.
func Unhurried(f *Facts) { f.within = time.Hour }

// Settled waits, at most for patience, until nothing of what the analyst sees
// fails, then reads the log and judges once more: that is the verdict.
func (s *Stage) Settled(ctx context.Context, patience time.Duration, amend ...func(*Facts)) (Facts, []Line, error) {
	for deadline := time.Now().Add(patience); ; {
		facts, err := s.Gather(ctx)
		if err != nil {
			return facts, nil, err
		}
		for _, change := range amend {
			change(&facts)
		}
		if !failing(facts.Judge()) || time.Now().After(deadline) {
			facts.Log, err = s.Export(ctx)
			return facts, facts.Judge(), err
		}
		if err := pause(ctx, 500*time.Millisecond); err != nil {
			return facts, nil, err
		}
	}
}

func failing(lines []Line) bool {
	for _, line := range lines {
		if line.State == Fail {
			return true
		}
	}
	return false
}
