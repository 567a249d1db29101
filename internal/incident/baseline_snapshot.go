package incident

import "baize/internal/lru"

// baselineState is the baseline as a snapshot keeps it.
type baselineState struct {
	Seen    []lru.Item[Subject, sighting]
	Tainted []lru.Item[uint64, bool]
	Hosts   []lru.Item[fleetHost, member]
	Sizes   map[string]int
	Hour    int64
	Callers []lru.Item[Subject, int32]
	Lent    []lru.Item[Subject, string]
	Habits  []lru.Item[uint64, habit]
	Typists []lru.Item[fleetHost, member]
}

func (b *Baseline) keep() baselineState {
	return baselineState{
		Seen: b.seen.Snapshot(), Tainted: b.tainted.Snapshot(), Hosts: b.fleet.hosts.Snapshot(), Sizes: b.fleet.sizes, Hour: b.fleet.hour,
		Callers: b.callers.Snapshot(), Lent: b.lent.Snapshot(), Habits: b.habits.Snapshot(), Typists: b.typists.hosts.Snapshot(),
	}
}

// restore reads into a new baseline what keep returned.
func (b *Baseline) restore(s *baselineState) {
	b.seen.Restore(s.Seen)
	b.tainted.Restore(s.Tainted)
	b.fleet.hosts.Restore(s.Hosts)
	b.fleet.hour = s.Hour
	b.callers.Restore(s.Callers)
	b.lent.Restore(s.Lent)
	b.habits.Restore(s.Habits)
	b.typists.hosts.Restore(s.Typists)
	for org, size := range s.Sizes {
		b.fleet.sizes[org] = size
	}
}
