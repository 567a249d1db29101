package sensor

import (
	"slices"
	"strings"

	"github.com/cilium/ebpf"
)

// What the programs are told while they run is in maps, which another who is root
// may write as well: so it is compared now and then, and put right.

// altered names what the programs were told otherwise by somebody else, "" for
// nothing.
func (s *Sensor) altered() string {
	names := s.loader.restore()
	if s.orders.restore() {
		names = append(names, "orders")
	}
	if restoreWatches(s.loader.maps[sensorMapWatches], s.options.Watches) {
		names = append(names, "watches")
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return "somebody else changed what the programs are told: " + strings.Join(names, ", ") + "; put right"
}

// restore puts the orders right, and tells whether they were not.
func (q *orders) restore() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	found := q.now
	if err := q.table.Lookup(uint32(0), &found); err != nil || found == q.now {
		return false
	}
	return q.putLocked() == nil
}

// restore puts variables right, and names those that were not.
func (l *loader) restore() (names []string) {
	for name, want := range l.told {
		found := make([]byte, len(want))
		if l.variables[name].Get(&found) == nil && !slices.Equal(found, want) && l.variables[name].Set(want) == nil {
			names = append(names, name)
		}
	}
	return names
}

// restoreWatches puts watches back, and tells whether any was missing.
func restoreWatches(table *ebpf.Map, list []Watch) (missing bool) {
	for _, w := range list {
		k, err := w.key()
		if err != nil {
			continue
		}
		var found uint32
		if table.Lookup(k, &found) != nil {
			missing = table.Put(k, uint32(1)) == nil || missing
		}
	}
	return missing
}
