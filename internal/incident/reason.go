package incident

import (
	"slices"
	"time"
)

// Names of the reasons that two alerts belong together.
const (
	ReasonLineage   = "lineage"
	ReasonProcess   = "process"
	ReasonIntrusion = "intrusion"
	ReasonFileFlow  = "file_flow"
	// ReasonConnection : what one is part of began the conversation between two
	// hosts upon which the other's shell or session was started.
	ReasonConnection = "connection"
	ReasonHash       = "hash"
	ReasonAddress    = "address"
	ReasonDomain     = "domain"
	ReasonURL        = "url"
	ReasonStack      = "call_stack"
	ReasonService    = "service"
	ReasonCommand    = "command_template"
	ReasonPath       = "path_template"
	ReasonFile       = "file"
	ReasonSource     = "source"
	ReasonSession    = "session"
	// ReasonKey : both came in with the same key.
	ReasonKey       = "key"
	ReasonAccount   = "account"
	ReasonContainer = "container"
	// ReasonSibling : they are on different hosts of one service, as people label them.
	// It counts only beside what shows one hand twice, see handed.
	ReasonSibling = "sibling"
	// ReasonRepeat : the lineage of one repeated the other alert: the same rule in
	// the same service instance, and something independent that agrees.
	ReasonRepeat = "repeat"
	// ReasonProvider is a public out-of-band service that both asked for.
	ReasonProvider = "domain_provider"
	// ReasonAnalyst : an analyst put them together.
	ReasonAnalyst = "analyst"
)

// family groups reasons that say the same thing twice: two reasons are
// independent only if their families differ. A command names its paths, and a
// container its services.
type family uint8

const (
	familyOrigin family = iota + 1
	familyFlow
	familyContent
	familyNetwork
	familyPlace
	familyTemplate
	familySource
	familyWho
	familySibling

	families = iota
)

// kind is one row of the table of reasons. Weights and windows are starting
// points, from published work and the design of the merger.
type kind struct {
	name   string
	weight float64
	family family
	// alone : it suffices without a second.
	alone bool
	// always : it joins even incidents that are full.
	always bool
	// borrowed : it can be had on purpose by touching what another intruder uses.
	borrowed bool
	// window is how far apart in time the alerts may be. Towards its end a reason
	// weighs less, see decay.
	window time.Duration
}

// fade is the part of its weight that a reason which needs a second has lost at the
// end of its window.
const fade = 0.3

// decay is what a reason's weight is multiplied with between alerts that are so
// many nanoseconds apart. One that suffices alone does so to the end of its window.
func (k *kind) decay(apart int64) float64 {
	lost := fade
	if k.alone {
		lost = 1 - threshold/k.weight
	}
	if k.always {
		lost = 0
	}
	return 1 - lost*float64(apart)/float64(k.window)
}

const day = 24 * time.Hour

// The table of reasons. The order is that of their strength.
var kinds = []kind{
	{name: ReasonAnalyst, weight: 1, family: familyOrigin, alone: true, always: true, window: 36_500 * day},
	{name: ReasonLineage, weight: 1, family: familyOrigin, alone: true, always: true, window: 30 * day},
	{name: ReasonProcess, weight: 1, family: familyOrigin, alone: true, always: true, window: 30 * day},
	{name: ReasonIntrusion, weight: 1, family: familyOrigin, alone: true, always: true, window: 30 * day},
	{name: ReasonFileFlow, weight: 1, family: familyFlow, alone: true, always: true, window: 7 * day},
	{name: ReasonConnection, weight: 1, family: familyFlow, alone: true, always: true, window: 30 * day},
	{name: ReasonStack, weight: 0.9, family: familyContent, alone: true, window: 7 * day},
	{name: ReasonHash, weight: 0.9, family: familyContent, alone: true, borrowed: true, window: 30 * day},
	{name: ReasonAddress, weight: 0.85, family: familyNetwork, alone: true, borrowed: true, window: 7 * day},
	{name: ReasonDomain, weight: 0.85, family: familyNetwork, alone: true, borrowed: true, window: 7 * day},
	{name: ReasonURL, weight: 0.85, family: familyNetwork, alone: true, borrowed: true, window: 7 * day},
	{name: ReasonRepeat, weight: 0.85, family: familyPlace, alone: true, window: day},
	{name: ReasonService, weight: 0.65, family: familyPlace, window: day},
	{name: ReasonKey, weight: 0.65, family: familyWho, window: day},
	{name: ReasonSession, weight: 0.65, family: familyWho, window: day},
	{name: ReasonCommand, weight: 0.6, family: familyTemplate, window: day},
	{name: ReasonContainer, weight: 0.55, family: familyPlace, window: day},
	{name: ReasonSource, weight: 0.55, family: familySource, window: day},
	// Below what any single other would bring to the threshold: everybody tests for
	// holes with the same few.
	{name: ReasonProvider, weight: 0.4, family: familyNetwork, window: day},
	{name: ReasonSibling, weight: 0.4, family: familySibling, window: day},
	{name: ReasonPath, weight: 0.5, family: familyTemplate, window: day},
	{name: ReasonFile, weight: 0.5, family: familyTemplate, window: day},
	{name: ReasonAccount, weight: 0.3, family: familyWho, window: day},
}

// kindOf finds a row by name.
func kindOf(name string) *kind {
	at := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	return &kinds[at]
}

// threshold is the score at which two alerts belong together.
const threshold = 0.8

// found is a reason that holds between two alerts, with its weight between these.
type found struct {
	*kind
	entity string
	weight float64
}

// score is 1 − ∏(1 − weight), each family counted by its strongest alone.
func score(reasons []found) float64 {
	var best [families + 1]float64
	for _, r := range reasons {
		best[r.family] = max(best[r.family], r.weight)
	}
	miss := 1.0
	for _, w := range best {
		miss *= 1 - w
	}
	return 1 - miss
}

// suffices reports whether the reasons join two alerts: one that suffices
// alone, or two independent ones, with the score above the threshold.
func suffices(reasons []found) bool {
	count, alone := 0, false
	seen := [families + 1]bool{}
	for _, r := range reasons {
		alone = alone || r.alone
		if !seen[r.family] {
			seen[r.family] = true
			count++
		}
	}
	return (alone || count >= 2) && score(reasons) >= threshold-1e-9
}

// related reports whether reasons that do not suffice are still worth telling.
func related(reasons []found) bool { return score(reasons) >= relatedAt }

// relatedAt is the score from which two incidents that stay two are called related.
const relatedAt = 0.5

// always reports whether a reason is among them that joins even full incidents.
func always(reasons []found) bool {
	return slices.ContainsFunc(reasons, func(f found) bool { return f.always })
}

// lone is the family of reasons that would not suffice without one which may be
// borrowed; 0 where they would, or where two of different families may be.
func lone(reasons []found) family {
	var own []found
	var of family
	for _, r := range reasons {
		switch {
		case !r.borrowed:
			own = append(own, r)
		case of != 0 && r.family != of:
			return 0
		default:
			of = r.family
		}
	}
	if suffices(own) {
		return 0
	}
	return of
}

// strongest is the reason that stands for all, with the score of all.
func strongest(a, b string, reasons []found) Reason {
	best := slices.MinFunc(reasons, func(x, y found) int {
		if x.weight != y.weight {
			if x.weight > y.weight {
				return -1
			}
			return 1
		}
		return 0
	})
	r := Reason{A: a, B: b, Reason: best.name, Entity: best.entity, Weight: round(score(reasons))}
	if best.alone && best.weight >= threshold-1e-9 {
		return r
	}
	var seen [families + 1]bool
	seen[best.family] = true
	for i := range kinds {
		at := slices.IndexFunc(reasons, func(f found) bool { return f.kind == &kinds[i] })
		if at < 0 || seen[kinds[i].family] {
			continue
		}
		seen[kinds[i].family] = true
		r.Reason += "+" + reasons[at].name
		r.Entity += "; " + reasons[at].entity
	}
	return r
}

// round keeps three digits, so that the JSON form is short and stable.
func round(x float64) float64 { return float64(int(x*1000+0.5)) / 1000 }
