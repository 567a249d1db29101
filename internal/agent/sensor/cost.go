package sensor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

const (
	// costEvery is how often the programs' time is taken, costFor for how long:
	// while it is, every run of any program on the host takes two clock reads more.
	costEvery = time.Minute
	costFor   = time.Second
)

// Cost is what one program took of one second.
type Cost struct {
	Program string
	Runs    uint64
	Time    time.Duration
}

// measure takes the programs' time every so often until the context ends.
func (s *Sensor) measure(ctx context.Context) {
	ticker := time.NewTicker(costEvery)
	defer ticker.Stop()
	for {
		if costs, err := s.costs(ctx, costFor); err == nil {
			s.measured.Store(&costs)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// costs takes the programs' time for a while, the dearest first.
func (s *Sensor) costs(ctx context.Context, window time.Duration) ([]Cost, error) {
	stats, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
	if err != nil {
		return nil, fmt.Errorf("measure the programs: %w", err)
	}
	defer stats.Close()
	before := s.programStats()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(window):
	}
	var out []Cost
	for name, now := range s.programStats() {
		then := before[name]
		out = append(out, Cost{Program: name, Runs: now.Runs - then.Runs, Time: now.Time - then.Time})
	}
	slices.SortFunc(out, func(a, b Cost) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Program, b.Program))
	})
	return out, nil
}

func (s *Sensor) programStats() map[string]Cost {
	all := map[string]Cost{}
	for name, p := range s.loader.programs {
		if stats, err := p.Stats(); err == nil {
			all[name] = Cost{Runs: stats.RunCount, Time: stats.Runtime}
		}
	}
	return all
}
