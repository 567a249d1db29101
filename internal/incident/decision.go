package incident

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"baize/internal/alert"
)

// Kinds of decisions.
const (
	// DecideDemote : an entity ties nothing any more ("this is our NAT").
	DecideDemote = "demote"
	// DecideReject : a reason, by its name and entity, ties nothing any more, and
	// reasons of that name weigh less.
	DecideReject = "reject"
	// DecideConfirm : a reason is right, and reasons of that name weigh what they
	// weighed.
	DecideConfirm = "confirm"
	// DecideSplit : alerts are none of their incident's.
	DecideSplit = "split"
	// DecideMove : alerts are none of their incident's but of another's.
	DecideMove = "move"
	// DecideMerge : two incidents are one.
	DecideMerge = "merge"
	// DecideClose : an incident is closed, with a verdict.
	DecideClose = "close"
)

// Verdicts of a closed incident.
const (
	VerdictIntrusion = "intrusion"
	VerdictBenign    = "benign"
	VerdictFalse     = "false_alarm"
	VerdictTest      = "test"
)

// Verdicts are all that a closed incident may have.
var Verdicts = []string{VerdictIntrusion, VerdictBenign, VerdictFalse, VerdictTest}

// Decision is what an analyst decided about incidents. It holds until it is
// withdrawn.
type Decision struct {
	ID   string    `json:"id"`
	Org  string    `json:"org,omitempty"`
	Kind string    `json:"kind"`
	By   string    `json:"by,omitempty"`
	At   time.Time `json:"at"`
	Note string    `json:"note,omitempty"`
	// Incident is what was looked at, and what is closed.
	Incident string `json:"incident,omitempty"`
	// Entity that is demoted.
	Entity *alert.Entity `json:"entity,omitempty"`
	// Reason that is rejected or confirmed, and its entity as the reason has it.
	Reason string `json:"reason,omitempty"`
	Of     string `json:"of,omitempty"`
	// Alerts that are split off or moved; of a merge, one of each incident.
	Alerts []string `json:"alerts,omitempty"`
	// From are the alerts that they were with, at most capListed, and Into is an
	// alert of the incident that they are moved into.
	From []string `json:"from,omitempty"`
	Into string   `json:"into,omitempty"`
	// Verdict of a closed incident.
	Verdict string `json:"verdict,omitempty"`
}

// MaxDecisions bounds those in force.
const MaxDecisions = 2_000

// Check reports what a decision lacks.
func (d *Decision) Check() error {
	lack := ""
	switch d.Kind {
	case DecideDemote:
		if d.Entity == nil || !slices.Contains(alert.EntityTypes, d.Entity.Type) || d.Entity.Value == "" {
			lack = "an entity with a known type and a value"
		}
	case DecideReject, DecideConfirm:
		switch at := slices.IndexFunc(kinds, func(k kind) bool { return k.name == d.Reason }); {
		case at < 0 || d.Of == "":
			lack = "a known reason and its entity"
		case d.Reason == ReasonAnalyst:
			lack = "a reason that no analyst gave"
		}
	case DecideSplit, DecideMove:
		switch {
		case len(d.Alerts) == 0 || len(d.Alerts) > capListed || len(d.From) > capListed:
			lack = fmt.Sprintf("1 to %d alerts", capListed)
		case d.Kind == DecideMove && d.Into == "":
			lack = "an alert to move into"
		}
	case DecideMerge:
		if len(d.Alerts) != 2 || d.Alerts[0] == d.Alerts[1] {
			lack = "two alerts"
		}
	case DecideClose:
		if d.Incident == "" || !slices.Contains(Verdicts, d.Verdict) {
			lack = "an incident and a verdict"
		}
	default:
		return fmt.Errorf("decision %s: unknown kind %q", d.ID, d.Kind)
	}
	if lack == "" && d.ID == "" {
		lack = "an id"
	}
	if lack != "" {
		return fmt.Errorf("decision %s: %s needs %s", d.ID, d.Kind, lack)
	}
	return nil
}

// String is the decision in one line, for a log.
func (d *Decision) String() string {
	what := d.Incident
	switch d.Kind {
	case DecideDemote:
		what = d.Entity.Type + " " + d.Entity.Value
	case DecideReject, DecideConfirm:
		what = d.Reason + " " + d.Of + " in " + d.Incident
	case DecideSplit, DecideMove:
		what = fmt.Sprintf("%s out of %s", strings.Join(d.Alerts[:min(len(d.Alerts), 8)], " "), d.Incident)
		if d.Into != "" {
			what += " to " + d.Into
		}
	case DecideMerge:
		what = fmt.Sprintf("%s with that of %s", d.Incident, d.Alerts[1])
	case DecideClose:
		what += ": " + d.Verdict
	}
	if d.Note != "" {
		what += ": " + d.Note
	}
	return d.Kind + " " + what
}

// side is where a split put an alert: out, or among those that it was with.
type side struct {
	Decision string
	Out      bool
}

// hand is what analysts decided, in the forms in which it is asked for.
type hand struct {
	list  []Decision
	muted map[string]bool
	sides map[string][]side
	// tied are alerts by the alerts that analysts put them with.
	tied map[string][]string
	// moved are the alerts that analysts put elsewhere.
	moved  map[string]bool
	closed map[string]*Decision
	taught map[lesson]tuition
}

// lesson is a reason's name in one organisation, and tuition what was said of it.
type lesson struct{ org, reason string }

// tuition are the times of verdicts, ascending.
type tuition struct{ confirmed, rejected []int64 }

// patience is how many reasons of a name weigh as much as one that was rejected:
// it takes more than one verdict to make a reason insufficient.
const patience = 20

// factor is what a reason's weight is multiplied with for alerts of a time. A verdict
// teaches for the alerts that come after it: those before were what it was given on.
func (t tuition) factor(at int64) float64 {
	confirmed, _ := slices.BinarySearch(t.confirmed, at)
	rejected, _ := slices.BinarySearch(t.rejected, at)
	return float64(patience+confirmed) / float64(patience+confirmed+rejected)
}

// insert keeps the times ascending.
func insert(times []int64, at time.Time) []int64 {
	where, _ := slices.BinarySearch(times, at.UnixNano())
	return slices.Insert(times, where, at.UnixNano())
}

func newHand(list []Decision) *hand {
	h := &hand{
		list: list, muted: map[string]bool{}, sides: map[string][]side{}, tied: map[string][]string{},
		moved: map[string]bool{}, closed: map[string]*Decision{}, taught: map[lesson]tuition{},
	}
	for i := range list {
		h.take(&list[i])
	}
	return h
}

func (h *hand) take(d *Decision) {
	for _, key := range d.mutes() {
		h.muted[key] = true
	}
	lesson := lesson{d.Org, d.Reason}
	t := h.taught[lesson]
	switch d.Kind {
	case DecideReject:
		t.rejected = insert(t.rejected, d.At)
		h.taught[lesson] = t
	case DecideConfirm:
		t.confirmed = insert(t.confirmed, d.At)
		h.taught[lesson] = t
	case DecideSplit, DecideMove:
		for _, id := range d.Alerts {
			h.sides[id] = append(h.sides[id], side{d.ID, true})
			h.moved[id] = h.moved[id] || d.Kind == DecideMove
		}
		for _, id := range d.From {
			h.sides[id] = append(h.sides[id], side{d.ID, false})
		}
	case DecideClose:
		h.closed[d.Incident] = d
	}
	for _, pair := range d.ties() {
		h.tied[pair[0]] = append(h.tied[pair[0]], pair[1])
		h.tied[pair[1]] = append(h.tied[pair[1]], pair[0])
	}
}

// ties are the pairs of alerts that the decision puts together: those that are
// moved stay together too.
func (d *Decision) ties() [][2]string {
	var pairs [][2]string
	switch d.Kind {
	case DecideMerge:
		pairs = append(pairs, [2]string{d.Alerts[0], d.Alerts[1]})
	case DecideMove:
		for _, id := range d.Alerts {
			pairs = append(pairs, [2]string{d.Into, id})
		}
	}
	return pairs
}

// mutes are the keys of the features that tie nothing any more.
func (d *Decision) mutes() []string {
	switch d.Kind {
	case DecideDemote:
		var keys []string
		for _, f := range featuresOf(d.Entity) {
			keys = append(keys, f.key(d.Org))
		}
		return keys
	case DecideReject:
		f := feature{Kind: d.Reason, Value: d.Of}
		keys := []string{f.key(d.Org)}
		if d.Reason == ReasonCommand {
			f.Value = Loose(d.Of)
			keys = append(keys, f.key(d.Org))
		}
		return keys
	}
	return nil
}

// featuresOf are all that an entity can tie by, whatever its role.
func featuresOf(e *alert.Entity) []feature {
	of := func(value string, kinds ...string) (list []feature) {
		for _, k := range kinds {
			list = append(list, feature{Kind: k, Value: value})
		}
		return list
	}
	switch e.Type {
	case alert.EntityIP:
		return of(e.Value, ReasonAddress, ReasonSource)
	case alert.EntityDomain:
		return append(of(Registrable(e.Value), ReasonDomain), of(provider(e.Value), ReasonProvider)...)
	case alert.EntityFile:
		list := append(of(e.Inode, ReasonFile, ReasonFileFlow), of(e.Value, ReasonFile, ReasonFileFlow)...)
		_, path := splitHost(e.Value)
		return append(append(list, of(path, ReasonFileFlow)...), of(pathTemplate(path), ReasonPath)...)
	case alert.EntityCommand:
		template := commandTemplate(e.Value)
		return append(of(template, ReasonCommand), of(Loose(template), ReasonCommand)...)
	}
	return of(e.Value, plain[e.Type]...)
}

// plain are the entity types that tie by their value alone, in one way.
var plain = map[string][]string{
	alert.EntityHash: {ReasonHash}, alert.EntityStack: {ReasonStack}, alert.EntityURL: {ReasonURL}, alert.EntitySession: {ReasonSession}, alert.EntityKey: {ReasonKey},
	alert.EntityContainer: {ReasonContainer}, alert.EntityAccount: {ReasonAccount}, alert.EntityProcess: {ReasonProcess},
}

// Decisions are those in force.
func (m *Merger) Decisions() []Decision { return slices.Clone(m.hand.list) }

// Decide puts exactly these decisions in force, and cuts anew what those that
// came or went held together or apart. Nothing changes where one of them cannot
// be.
func (m *Merger) Decide(list []Decision, now int64) error {
	if len(list) > MaxDecisions {
		return fmt.Errorf("%d decisions, at most %d", len(list), MaxDecisions)
	}
	was := map[string]*Decision{}
	for i := range m.hand.list {
		was[m.hand.list[i].ID] = &m.hand.list[i]
	}
	list = slices.Clone(list)
	gone := maps.Clone(was)
	var came []*Decision
	for i := range list {
		d := &list[i]
		if err := d.Check(); err != nil {
			return err
		}
		if was[d.ID] == nil {
			came = append(came, d)
		} else {
			list[i] = *was[d.ID]
		}
		delete(gone, d.ID)
	}
	for _, d := range came {
		m.resolve(d)
	}
	m.hand = newHand(list)
	m.settle(came, slices.SortedFunc(maps.Values(gone), func(a, b *Decision) int { return cmp.Compare(a.ID, b.ID) }), now)
	return nil
}

// resolve notes whom alerts are taken from: who comes later may go to either.
func (m *Merger) resolve(d *Decision) {
	if d.Kind != DecideSplit && d.Kind != DecideMove || len(d.From) > 0 {
		return
	}
	seen := map[*group]bool{}
	for _, id := range d.Alerts {
		n := m.known(id)
		if n == nil || seen[n.group] {
			continue
		}
		seen[n.group] = true
		for _, other := range n.group.Nodes {
			if !slices.Contains(d.Alerts, other.ID) && len(d.From) < capListed {
				d.From = append(d.From, other.ID)
			}
		}
	}
}

// known is an alert that is still kept, nil for none.
func (m *Merger) known(id string) *node {
	if slot := m.byID.Peek(id); slot != nil && !(*slot).group.gone {
		return *slot
	}
	return nil
}

// settle has the decisions that came and went take effect.
func (m *Merger) settle(came, gone []*Decision, now int64) {
	for _, d := range came {
		if nodes := m.touched(d); len(d.ties()) > 0 {
			m.recut(m.groupsOf(nodes), now)
		} else {
			m.recutEach(nodes, now)
		}
	}
	var freed []*node
	for _, d := range gone {
		freed = append(freed, m.touched(d)...)
	}
	// What a cut held apart may join again, across incidents.
	m.recut(m.groupsOf(freed), now)
	for _, d := range append(came, gone...) {
		if d.Kind == DecideClose {
			m.judge(d.Incident, now)
		}
	}
}

// judge notes whether an incident is closed now. One that is open again follows
// what was decided meanwhile.
func (m *Merger) judge(id string, now int64) {
	for _, slot := range m.groups.All() {
		g := *slot
		if g.ID != id {
			continue
		}
		g.Verdict = m.verdict(id)
		m.touch(g, now)
		if !g.closed() {
			m.recut([]*group{g}, now)
		}
		return
	}
}

// verdict of a closed incident, "" for an open one.
func (m *Merger) verdict(id string) string {
	if d := m.hand.closed[id]; d != nil {
		return d.Verdict
	}
	return ""
}

// touched are the alerts that a decision is about, in the order of their coming.
func (m *Merger) touched(d *Decision) []*node {
	var ids []string
	for _, pair := range d.ties() {
		ids = append(ids, pair[0], pair[1])
	}
	if d.Kind == DecideSplit || d.Kind == DecideMove {
		ids = append(append(ids, d.Alerts...), d.From...)
	}
	var list []*node
	for _, id := range ids {
		if n := m.known(id); n != nil && n.Org == d.Org {
			n.Sides = m.hand.sides[n.ID]
			list = append(list, n)
		}
	}
	if keys := d.mutes(); len(keys) > 0 {
		for _, slot := range m.byID.All() {
			n := *slot
			if n.Org == d.Org && !n.group.gone && (n.keyed(keys) || m.flowsBy(n, keys)) {
				list = append(list, n)
			}
		}
	}
	slices.SortFunc(list, func(a, b *node) int { return cmp.Compare(a.Seq, b.Seq) })
	return slices.Compact(list)
}

// keyed reports whether an alert has a feature with one of the keys.
func (n *node) keyed(keys []string) bool {
	if s := (feature{Kind: ReasonSibling, Value: n.Labels.Service}); slices.Contains(keys, s.key(n.Org)) {
		return true
	}
	return slices.ContainsFunc(n.Features, func(f feature) bool {
		if f.Kind == ReasonFile {
			flow := feature{Kind: ReasonFileFlow, Value: f.Value}
			if slices.Contains(keys, flow.key(n.Org)) {
				return true
			}
		}
		return slices.Contains(keys, f.key(n.Org))
	})
}

// flowsBy reports whether an alert's lineage is tied to another by a file with one
// of the keys.
func (m *Merger) flowsBy(n *node, keys []string) bool {
	slot := m.near.Peek(n.Lineage)
	return slot != nil && slices.ContainsFunc(*slot, func(other string) bool {
		path := m.flows.Peek(flowKey{n.Lineage, other})
		if path == nil {
			return false
		}
		f := feature{Kind: ReasonFileFlow, Value: *path}
		return slices.Contains(keys, f.key(n.Org))
	})
}

// mutedBy reports whether a reason ties nothing.
func (m *Merger) mutedBy(org, reason, value string) bool {
	if slices.Contains(m.cfg.Without, reason) {
		return true
	}
	if len(m.hand.muted) == 0 {
		return false
	}
	f := feature{Kind: reason, Value: value}
	return m.hand.muted[f.key(org)]
}

// Taught is what analysts' verdicts made of a reason's weight.
type Taught struct {
	Reason    string  `json:"reason"`
	Confirmed int     `json:"confirmed"`
	Rejected  int     `json:"rejected"`
	Weight    float64 `json:"weight"`
	Was       float64 `json:"was"`
}

// Lessons are the reasons of an organisation that were confirmed or rejected, in
// the order of the table.
func Lessons(list []Decision, org string) []Taught {
	h := newHand(list)
	out := []Taught{}
	for i := range kinds {
		if t, ok := h.taught[lesson{org, kinds[i].name}]; ok {
			out = append(out, Taught{
				Reason: kinds[i].name, Confirmed: len(t.confirmed), Rejected: len(t.rejected),
				Weight: round(kinds[i].taught(t, math.MaxInt64)), Was: kinds[i].weight,
			})
		}
	}
	return out
}

// weight is what a reason weighs in an organisation between alerts of which the later
// one is of that time, after the verdicts of its analysts before.
func (m *Merger) weight(k *kind, org string, at int64) float64 {
	if len(m.hand.taught) == 0 {
		return k.weight
	}
	return k.taught(m.hand.taught[lesson{org, k.name}], at)
}

// taught is the weight of a reason after verdicts. What always joins is known,
// not guessed: there only the one that was rejected is out of force.
func (k *kind) taught(t tuition, at int64) float64 {
	if k.always {
		return k.weight
	}
	return k.weight * t.factor(at)
}
