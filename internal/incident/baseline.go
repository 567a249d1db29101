package incident

import (
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/net/publicsuffix"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/lru"
)

// The fleet baseline tells how rare an outside address, a domain or a content is
// on the fleet, from telemetry alone.
//
// What counts is the number of distinct hosts on which benign lineages used the
// entity more than a day ago, against the number of hosts that the fleet then
// had. Hosts and not events, each once however often, as in the reference models
// of PrioTracker (Liu et al., NDSS 2018) and NoDoze (Hassan et al., NDSS 2019): who
// uses his own address a thousand times makes it no more common. The day is the time
// in which an intrusion may become known: a lineage that turns out to be tainted
// takes all its uses with it, those before and those that were already counted.
//
// Hosts are therefore counted by a sample that remembers who vouched for each
// (see sample). HyperLogLog would have the same error in 64 bytes where this takes
// 1 KiB, but its registers can neither take a lineage back nor tell the hosts of
// today from those of before.
//
// Everything is bounded, see NewBaseline, maxWitnesses, maxTainted and maxFleet, is a
// function of the calls alone, and is part of the merger's snapshot.

const (
	// proven is how old a use must be to count, and how long after its first sight
	// in a small fleet an entity may be rare.
	proven = 24 * time.Hour
	// smallFleet : below as many hosts a share of the fleet says nothing.
	smallFleet = 20
	// commonShare : an entity that one host in so many uses is no clue at all.
	commonShare = 10
	// rareDecades is how far below that the rarity reaches 1, in powers of ten.
	rareDecades = 3
	// maxTainted bounds the lineages that are known to be tainted; the one that was
	// noticed longest ago leaves.
	maxTainted = 400_000
	// maxLent bounds the addresses of public services that are known.
	maxLent = 1_000
)

// Subject is an entity of one organisation as the baseline knows it: exactly
// one of Addr and Name is set.
type Subject struct {
	Org  string
	Addr netip.Addr
	// Name is a registrable domain or a digest.
	Name string
}

// Use is who used an entity.
type Use struct {
	Host string
	// Carrier is the lineage, or a hub by another name: see Carrier.
	Carrier string
	// Tainted : the lineage is part of an intrusion, though it may have raised no alert.
	Tainted bool
}

// sighting is what is known of one entity.
type sighting struct {
	// First is the minute in which it was first seen, by whomever.
	First int32
	Hosts sample
}

// Baseline knows what is ordinary on the fleet: on how many of its hosts benign
// lineages use an entity. It is fed by telemetry, never by alerts, in which an
// intruder's own indicators are the most frequent.
type Baseline struct {
	fleet fleet
	seen  *lru.Map[Subject, sighting]
	// tainted are the carriers that are no witnesses, by their hash.
	tainted *lru.Map[uint64, bool]
	// given is what a baseline file says is ordinary; it has no telemetry behind it.
	given map[string]bool
	// blind : there is no telemetry.
	blind bool
	// callers is the minute in which somebody first came from an outside address.
	callers *lru.Map[Subject, int32]
	// lent are the addresses behind names of public out-of-band services, with the
	// service.
	lent *lru.Map[Subject, string]
	// habits are the command templates and keys that benign lineages used, by their
	// hash.
	habits *lru.Map[uint64, habit]
	// typists bounds how many one host has a day.
	typists fleet
}

// habit is who had it first, and when.
type habit struct {
	First   int32
	Carrier uint64
}

// NewBaseline returns an empty baseline of at most limit entities; the one
// used longest ago leaves, and counts as new when it is seen again. One host
// introduces at most a fiftieth of them a day, so that it takes many hosts to push
// out what is in use.
func NewBaseline(limit int) *Baseline {
	return &Baseline{
		fleet:   newFleet(max(1, limit/maxShare)),
		seen:    lru.New[Subject, sighting](limit),
		tainted: lru.New[uint64, bool](maxTainted),
		callers: lru.New[Subject, int32](limit),
		lent:    lru.New[Subject, string](maxLent),
		habits:  lru.New[uint64, habit](limit),
		typists: newFleet(max(1, limit/maxShare)),
	}
}

// NewGiven returns a baseline without telemetry: everything is rare but the
// entities that it is given, as "type:value".
func NewGiven(common map[string]bool) *Baseline {
	b := NewBaseline(1)
	b.given, b.blind = common, true
	return b
}

// Saw records that an entity was used.
func (b *Baseline) Saw(s Subject, by Use, now int64) {
	h := b.fleet.heard(s.Org, by.Host, now)
	carrier := xxhash.Sum64String(by.Carrier)
	if by.Tainted {
		b.tainted.Put(carrier, true, now)
	}
	slot := b.seen.Get(s, now)
	if slot == nil {
		if !b.fleet.admits(h, now) {
			return
		}
		slot = b.seen.Put(s, sighting{First: minute(now), Hosts: newSample()}, now)
	}
	if !b.isTainted(carrier) {
		slot.Hosts.add(witness{Host: hostHash(by.Host), Minute: minute(now), Carrier: carrier}, b.isTainted)
	}
}

// Called records that a service was called from an outside address.
func (b *Baseline) Called(s Subject, now int64) {
	s = networkOf(s)
	if b.callers.Get(s, now) == nil {
		b.callers.Put(s, minute(now), now)
	}
}

// stranger reports whether nobody came from an address more than a day ago. A
// service cannot tell a customer from an intruder, and so whoever calls is no
// witness; but the gateway behind which both of them sit has called before.
func (b *Baseline) stranger(s Subject, now int64) bool {
	first := b.callers.Peek(networkOf(s))
	return first == nil || minute(now)-*first <= minutes(proven)
}

// Kinds of habits.
const (
	habitOfCommand = "command"
	habitOfKey     = "key"
)

// Typed records that a command was run: one with a template that says something.
func (b *Baseline) Typed(org, command string, by Use, now int64) {
	if template := commandTemplate(command); template != "" {
		b.had(org, habitKey(org, habitOfCommand, Loose(template)), by, now)
	}
}

// LoggedIn records that somebody came in to a host with a key. Whoever did is no
// witness against the key: an administrator's raises alerts every day, and who stole it
// has it in common with him.
func (b *Baseline) LoggedIn(org, host, key string, now int64) {
	if key != "" {
		b.had(org, habitKey(org, habitOfKey, key), Use{Host: host}, now)
	}
}

func (b *Baseline) had(org string, key uint64, by Use, now int64) {
	carrier := xxhash.Sum64String(by.Carrier)
	if by.Tainted {
		b.tainted.Put(carrier, true, now)
	}
	if b.isTainted(carrier) {
		return
	}
	have := b.habits.Get(key, now)
	if have == nil && !b.typists.admits(b.typists.heard(org, by.Host, now), now) {
		return
	}
	if have == nil || b.isTainted(have.Carrier) {
		b.habits.Put(key, habit{First: minute(now), Carrier: carrier}, now)
	}
}

func habitKey(org, kind, value string) uint64 {
	return xxhash.Sum64String(org + "\x00" + kind + "\x00" + value)
}

// habitual reports whether a benign lineage had a habit more than a day ago: so
// people here download, pack and install, with this key they come in, and it is no
// mark of anybody.
func (b *Baseline) habitual(key uint64, now int64) bool {
	have := b.habits.Peek(key)
	return have != nil && minute(now)-have.First > minutes(proven) && !b.isTainted(have.Carrier)
}

// Mark is the template of a command that is no habit on the fleet, "" for
// others and for one that says too little to recognise its author by.
func (b *Baseline) Mark(org, command string, now int64) string {
	template := commandTemplate(command)
	if template == "" || b.habitual(habitKey(org, habitOfCommand, Loose(template)), now) {
		return ""
	}
	return template
}

// networkOf is the network of an address that one party has: all of an IPv6 network are
// his who has one of it (RFC 6177).
func networkOf(s Subject) Subject {
	if s.Addr.Is6() && !s.Addr.Is4In6() {
		if p, err := s.Addr.Prefix(64); err == nil {
			s.Addr = p.Addr()
		}
	}
	return s
}

// Stranger reports whether an outside address is one from which nobody came more
// than a day ago.
func (b *Baseline) Stranger(org, address string, now int64) bool {
	s, ok := subjectOf(org, &alert.Entity{Type: alert.EntityIP, Value: address})
	return ok && b.stranger(s, now)
}

// Answered records the addresses behind a name. Those of a public out-of-band
// service are lent to all its customers, and say no more than its name. Hardly anybody
// but intruders asks for such names; one who has such a name lead to his own C2 has it
// tie less, and nothing else.
func (b *Baseline) Answered(org, name string, addresses []string, now int64) {
	service := provider(name)
	if service == "" {
		return
	}
	for _, text := range addresses {
		if s, ok := subjectOf(org, &alert.Entity{Type: alert.EntityIP, Value: text}); ok {
			b.lent.Put(s, service, now)
		}
	}
}

// taint says that a carrier is no witness for what is ordinary, whatever it was
// seen to use before.
func (b *Baseline) taint(carrier string, now int64) {
	if !b.blind {
		b.tainted.Put(xxhash.Sum64String(carrier), true, now)
	}
}

func (b *Baseline) isTainted(carrier uint64) bool { return b.tainted.Peek(carrier) != nil }

// rarity is from 1, for what no benign lineage uses, to 0, for what is ordinary.
func (b *Baseline) rarity(s Subject, e *alert.Entity, now int64) float64 {
	slot := b.seen.Peek(s)
	size := b.fleet.size(s.Org, now)
	switch {
	case b.blind:
		return unless(b.given[e.Type+":"+e.Value])
	case slot == nil:
		return 1
	case size < smallFleet:
		old := minute(now)-slot.First > minutes(proven)
		return unless(old || slot.Hosts.vouched(b.isTainted))
	}
	return rarityOf(slot.Hosts.count(minute(now)-minutes(proven), b.isTainted), size)
}

// rarityOf an entity that benign lineages use on some hosts of a fleet of 20 or
// more: 0 from a tenth of the fleet on, a third more for each factor of ten below
// that, at most 1. Its hundredths are the same on every machine.
func rarityOf(hosts, fleet int) float64 {
	if hosts == 0 {
		return 1
	}
	r := math.Log10(float64(fleet)/float64(commonShare*hosts)) / rareDecades
	return math.Round(100*min(1, max(0, r))) / 100
}

func unless(common bool) float64 {
	if common {
		return 0
	}
	return 1
}

// minute is the resolution in which the baseline keeps time.
func minute(now int64) int32 { return int32(now / int64(time.Minute)) }

func minutes(d time.Duration) int32 { return int32(d / time.Minute) }

// hostHash places a host in the samples. A host cannot choose its id.
func hostHash(id string) uint32 { return uint32(xxhash.Sum64String(id) >> 32) }

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
