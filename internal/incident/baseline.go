package incident

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/lru"
)

// rareFor is how long after its first sight in a fleet below 20 hosts an
// entity may count as rare.
const rareFor = 24 * time.Hour

// maxCarriers bounds the lineages that are kept for one entity: more make it
// common.
const maxCarriers = 8

// Subject is an entity of one organisation as the baseline knows it: exactly
// one of Addr and Name is set.
type Subject struct {
	Org  string
	Addr netip.Addr
	// Name is a registrable domain or a digest.
	Name string
}

// sighting is who used an entity since when.
type sighting struct {
	First    int64
	Carriers []string
	Common   bool
}

// Baseline knows what is ordinary on the fleet: which outside addresses,
// domains and contents were used, since when, and by which lineages. It is fed
// by telemetry, never by alerts, in which an intruder's own indicators are the
// most frequent.
type Baseline struct {
	seen *lru.Map[Subject, *sighting]
	// given is what a baseline file says is ordinary; it has no telemetry behind it.
	given map[string]bool
	// blind : there is no telemetry.
	blind bool
}

// NewBaseline returns an empty baseline of at most limit entities; the one
// used longest ago leaves, and counts as new when it is seen again.
func NewBaseline(limit int) *Baseline {
	return &Baseline{seen: lru.New[Subject, *sighting](limit)}
}

// NewGiven returns a baseline without telemetry: everything is rare but the
// entities that it is given, as "type:value".
func NewGiven(common map[string]bool) *Baseline {
	return &Baseline{seen: lru.New[Subject, *sighting](1), given: common, blind: true}
}

// Saw records that a lineage, or a hub by another name, used an entity.
func (b *Baseline) Saw(s Subject, carrier string, now int64) {
	slot := b.seen.Get(s, now)
	if slot == nil {
		b.seen.Put(s, &sighting{First: now, Carriers: []string{carrier}}, now)
		return
	}
	seen := *slot
	if seen.Common || slices.Contains(seen.Carriers, carrier) {
		return
	}
	if len(seen.Carriers) == maxCarriers {
		seen.Common, seen.Carriers = true, nil
		return
	}
	seen.Carriers = append(seen.Carriers, carrier)
}

// rare reports whether an entity was first seen within a day and by nobody but
// tainted lineages.
func (b *Baseline) rare(s Subject, e *alert.Entity, now int64, tainted func(string) bool) bool {
	if b.blind {
		return !b.given[e.Type+":"+e.Value]
	}
	slot := b.seen.Peek(s)
	if slot == nil {
		return true
	}
	seen := *slot
	if seen.Common || now-seen.First > int64(rareFor) {
		return false
	}
	return !slices.ContainsFunc(seen.Carriers, func(c string) bool { return !tainted(c) })
}

// subjectOf is what the baseline knows an entity by; false for an entity that
// can never be a reason, like an inside address.
func subjectOf(org string, e *alert.Entity) (Subject, bool) {
	switch e.Type {
	case alert.EntityIP:
		addr, err := netip.ParseAddr(e.Value)
		return Subject{Org: org, Addr: addr}, err == nil && event.Outside(addr) && !resolvers[addr.Unmap()]
	case alert.EntityDomain:
		name := Registrable(e.Value)
		return Subject{Org: org, Name: name}, name != ""
	case alert.EntityHash, alert.EntityStack, alert.EntityURL:
		return Subject{Org: org, Name: e.Value}, e.Value != ""
	}
	return Subject{}, false
}

// Registrable is the part of a domain that somebody registered: the rest is
// chosen per request by who tests for a hole. Below a public out-of-band service
// it is the part of one customer. It is "" for names inside, which have no
// public suffix.
func Registrable(name string) string {
	if service := provider(name); service != "" {
		return customer(name, service)
	}
	suffix, icann := publicsuffix.PublicSuffix(name)
	if !icann && !strings.Contains(suffix, ".") && !reserved(suffix) {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return ""
	}
	return domain
}

// reserved are the top-level names kept for examples and tests (RFC 2606),
// which stand for the world outside although no list has them.
func reserved(top string) bool { return top == "example" || top == "test" || top == "invalid" }
