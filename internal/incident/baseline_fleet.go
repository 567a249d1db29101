package incident

import (
	"time"

	"baize/internal/lru"
)

const (
	// maxFleet bounds the hosts that are known; the one heard of longest ago leaves.
	maxFleet = 100_000
	// lately is how long a host that is silent belongs to the fleet.
	lately = 7 * 24 * time.Hour
	// maxShare : one host introduces at most one in so many of the entities a day.
	maxShare = 50
)

// fleetHost names a host of an organisation.
type fleetHost struct{ Org, ID string }

// member is what is known of a host.
type member struct {
	First int64
	// Day is the one in which it introduced New entities.
	Day int64
	New int
}

// fleet knows how many hosts could have witnessed by now: those which are heard of
// lately and were a day ago. Hosts that came since do not make rare what the
// others use, and a fleet in its first day has none.
type fleet struct {
	hosts *lru.Map[fleetHost, member]
	quota int
	// sizes of the fleets, by organisation, since the hour began.
	sizes map[string]int
	hour  int64
}

func newFleet(quota int) fleet {
	return fleet{hosts: lru.New[fleetHost, member](maxFleet), quota: quota, sizes: map[string]int{}}
}

// heard notes that a host used something.
func (f *fleet) heard(org, id string, now int64) *member {
	f.measure(now)
	if m := f.hosts.Get(fleetHost{org, id}, now); m != nil {
		return m
	}
	return f.hosts.Put(fleetHost{org, id}, member{First: now}, now)
}

// admits reports whether a host may introduce one more entity today, and counts
// it. A host that introduces more, as one does to push out what others use, is not
// believed: what it alone uses stays unknown, and so rare.
func (f *fleet) admits(m *member, now int64) bool {
	if today := now / int64(day); m.Day != today {
		m.Day, m.New = today, 0
	}
	m.New++
	return m.New <= f.quota
}

// size of a fleet, as it was when the hour began.
func (f *fleet) size(org string, now int64) int {
	f.measure(now)
	return f.sizes[org]
}

// measure counts the hosts once an hour.
func (f *fleet) measure(now int64) {
	hour := now / int64(time.Hour)
	if hour == f.hour {
		return
	}
	f.hour = hour
	began := hour * int64(time.Hour)
	f.hosts.Expire(began - int64(lately))
	clear(f.sizes)
	for h, m := range f.hosts.All() {
		if m.First < began-int64(proven) {
			f.sizes[h.Org]++
		}
	}
}
