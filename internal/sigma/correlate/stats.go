package correlate

import "unsafe"

// Stats is what correlations remember, and what they could not do exactly.
type Stats struct {
	// Groups and Events in memory, and the Bytes they take, roughly.
	Groups, Events int
	Bytes          int
	counters
}

// groupBytes is what a group takes beside its items and texts, roughly: its
// maps and lists.
const groupBytes = 512

// Stats of all correlations. It looks at every group.
func (m *Machine) Stats() Stats {
	var s Stats
	for _, r := range m.rules {
		s.Groups += len(r.groups)
		s.Events += r.items
		s.Late += r.Late
		s.Ungrouped += r.Ungrouped
		s.Thinned += r.Thinned
		s.Evicted += r.Evicted
		for _, g := range r.groups {
			s.Bytes += groupBytes + 2*len(g.key) + cap(g.items)*int(unsafe.Sizeof(item{}))
			for _, text := range g.texts {
				s.Bytes += 2*len(text) + 64
			}
		}
	}
	return s
}
