package incident

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/label"
	"baize/internal/lru"
	"baize/internal/provenance"
)

// Config bounds a merger and says from which level on an alert opens an
// incident.
type Config struct {
	// OpenLevel is the lowest level that opens an incident: an alert below it
	// joins one only by lineage, process or file flow. "" opens for every alert.
	OpenLevel string
	// Alerts and Keys bound what is kept. At the limit the incident changed
	// longest ago is forgotten: it stays where it is stored, and joins no more.
	Alerts int
	Keys   int
	// Without are names of reasons that are left out: what the others are worth alone.
	Without []string
}

// DefaultConfig keeps a merger of short alerts below 500 MB.
func DefaultConfig() Config { return Config{OpenLevel: "medium", Alerts: 200_000, Keys: 400_000} }

// Facts are what the engine knows beside the alert.
type Facts struct {
	// Service describes the process of the service instance.
	Service string
	// Shell : the alert's lineage is a web-spawned shell.
	Shell bool
	// Command of that shell, where it is known.
	Command string
}

// postings bounds the alerts that are kept for one key.
const postings = 16

// maxCandidates bounds the alerts that a new one is compared with. Its lineage
// comes first.
const maxCandidates = 128

// neighbours bounds the lineages that one lineage is tied to by files.
const neighbours = 8

// flowKey is an ordered pair of lineages.
type flowKey struct{ A, B string }

// Merger groups alerts into incidents as they arrive. It is not safe for
// concurrent use.
type Merger struct {
	cfg   Config
	level int
	base  *Baseline
	seq   uint64
	// clock counts changes: revisions of incidents.
	clock  uint64
	nodes  int
	index  *lru.Map[string, []*node]
	byID   *lru.Map[string, *node]
	groups *lru.Map[uint64, *group]
	flows  *lru.Map[flowKey, string]
	near   *lru.Map[string, []string]
	// origins is where lineages came from.
	origins *lru.Map[originKey, origin]
	// echoes are the alerts that lineages repeated, by lineage.
	echoes *lru.Map[string, echo]
	hand   *hand
	// remaking : what of a group belongs together is known, see part.
	remaking bool
	dirty    []*group
	ended    []Incident
	// Answers returns those of an intrusion by its id, nil where it is not known.
	Answers func(intrusion string) map[string]provenance.Answer
	// Siblings returns the hosts of services that are not among those that were hit,
	// and how many there are beyond; nil where no host has labels.
	Siblings func(org string, services []string, hit []event.Host) ([]label.Sibling, int)
}

// New returns a merger that takes from base what is ordinary.
func New(cfg Config, base *Baseline) *Merger {
	return &Merger{
		cfg:     cfg,
		level:   max(0, slices.Index(levels, cfg.OpenLevel)),
		base:    base,
		index:   lru.New[string, []*node](cfg.Keys),
		byID:    lru.New[string, *node](cfg.Alerts),
		groups:  lru.New[uint64, *group](cfg.Alerts),
		flows:   lru.New[flowKey, string](cfg.Keys),
		near:    lru.New[string, []string](cfg.Keys),
		origins: lru.New[originKey, origin](cfg.Keys),
		echoes:  lru.New[string, echo](cfg.Keys),
		hand:    newHand(nil),
	}
}

// Carrier names who used an entity: the lineage, else the service, else the host.
func Carrier(lineage, service, host string) string { return cmp.Or(lineage, service, host) }

// Add takes an alert in. It returns the incident that the alert belongs to, ""
// for an alert below OpenLevel that belongs to none, and the reasons found. An
// alert whose ID is known already is a repeat.
func (m *Merger) Add(a *alert.Alert, facts Facts, now int64) (string, []Reason) {
	if m.byID.Peek(a.ID) != nil {
		m.Repeat(a, max(a.Count, 1), now)
		return m.IncidentOf(a.ID), nil
	}
	m.seq++
	m.taint(a, now)
	n := m.newNode(a, now)
	n.Facts = facts
	m.start(n, now)
	reasons := m.unite(n, now)
	m.open(n)
	m.post(n, now)
	m.byID.Put(n.ID, n, now)
	m.touch(n.group, now)
	return n.group.ID, reasons
}

// taint says that who raised an alert of note is no witness for what is
// ordinary.
func (m *Merger) taint(a *alert.Alert, now int64) {
	if levelOf(a) >= m.level {
		m.base.taint(Carrier(a.Lineage, a.Service, a.Host.ID), now)
	}
}

// Repeat counts more of an alert that is known.
func (m *Merger) Repeat(a *alert.Alert, more uint64, now int64) {
	slot := m.byID.Get(a.ID, now)
	if slot == nil || (*slot).group.gone {
		return
	}
	n := *slot
	g := n.group
	g.counted()
	n.Count += more
	g.Count += more
	if !a.Last.IsZero() {
		n.Last = max(n.Last, a.Last.UnixNano())
	}
	g.Updated = max(g.Updated, n.Last)
	m.touch(g, now)
}

// Enrich adds an entity to a known alert, and joins what it now belongs with.
func (m *Merger) Enrich(a *alert.Alert, e *alert.Entity, now int64) {
	slot := m.byID.Get(a.ID, now)
	if slot == nil || (*slot).group.gone {
		return
	}
	n := *slot
	n.include(e)
	n.group.tally(n, e)
	for _, f := range m.features(a, e, now) {
		n.add(f)
	}
	m.unite(n, now)
	m.post(n, now)
	m.touch(n.group, now)
}

// unite joins n with all that it belongs with, and returns the reasons.
func (m *Merger) unite(n *node, now int64) []Reason {
	joins := m.joins(n)
	reasons := make([]Reason, 0, len(joins))
	for _, j := range joins {
		other := j.with.group
		if n.group != other && m.aside(n, j) || n.group == other && j.reason.Reason == "" {
			continue
		}
		reasons = append(reasons, j.reason)
		if j.always && !m.remaking {
			m.tie(n, j.with, j.reason, now)
		} else {
			m.connect(n, j.with, j.reason)
		}
	}
	return reasons
}

// aside reports whether the incidents of two alerts stay two, and notes what they
// have in common. An incident that is full, or became so on the way, takes no weak
// reason, from whichever side it comes. Two large ones are not joined by one thing that
// somebody may touch on purpose: it takes a second of another kind.
func (m *Merger) aside(n *node, j join) bool {
	switch other := j.with.group; {
	case j.reason.Reason == "":
		m.relate(n, j.with)
	case barred(n.group, other):
		if other.closed() && !n.group.closed() && n.group.Recurs == "" {
			n.group.Recurs = other.ID
		}
	case !j.always && (n.group.full() || other.full()):
		m.campaign(n.group, other)
	case j.lone != 0 && n.group.large() && other.large() && !m.corroborated(n, j.with, j.lone):
		m.relate(n, j.with)
	default:
		return false
	}
	return true
}

// IncidentOf returns the incident that a known alert belongs to now.
func (m *Merger) IncidentOf(id string) string {
	if slot := m.byID.Peek(id); slot != nil {
		return (*slot).group.ID
	}
	return ""
}

// Flow says that one lineage wrote a file which another executed or read.
func (m *Merger) Flow(org, from, to, entity string, now int64) {
	if m.flows.Get(flowKey{from, to}, now) != nil {
		return
	}
	m.flows.Put(flowKey{from, to}, entity, now)
	m.flows.Put(flowKey{to, from}, entity, now)
	m.neighbour(from, to, now)
	m.neighbour(to, from, now)
	a, b := m.head(org, from), m.head(org, to)
	if a == nil || b == nil || a.group == b.group || m.mutedBy(org, ReasonFileFlow, entity) {
		return
	}
	m.tie(a, b, Reason{A: a.ID, B: b.ID, Reason: ReasonFileFlow, Entity: entity, Weight: 1}, now)
	m.touch(a.group, now)
}

// Advance takes in that a known alert tells of more than before.
func (m *Merger) Advance(a *alert.Alert, now int64) {
	slot := m.byID.Get(a.ID, now)
	if slot == nil || (*slot).group.gone {
		return
	}
	n := *slot
	n.Level, n.Title = max(n.Level, levelOf(a)), titleOf(a)
	n.Last = max(n.Last, a.Last.UnixNano())
	n.Tactics = union(slices.Clone(n.Tactics), a.Rule.Tactics)
	g := n.group
	g.Level, g.Updated = max(g.Level, n.Level), max(g.Updated, n.Last)
	g.lead(n)
	g.Tactics = union(g.Tactics, a.Rule.Tactics)
	n.Image, n.Labels = a.Image, a.Labels
	g.label(a.Labels)
	more := len(n.Features)
	for i := range a.Entities {
		n.include(&a.Entities[i])
		if g.Entities[entityKey{a.Entities[i].Type, a.Entities[i].Value}] == nil {
			g.tally(n, &a.Entities[i])
		}
		for _, f := range m.features(a, &a.Entities[i], now) {
			n.add(f)
		}
	}
	if len(n.Features) > more {
		m.unite(n, now)
		m.post(n, now)
	}
	m.touch(n.group, now)
}

// include adds an entity that n does not have yet.
func (n *node) include(e *alert.Entity) {
	same := func(have alert.Entity) bool { return have.Type == e.Type && have.Value == e.Value }
	if len(n.Entities) < capEntities && !slices.ContainsFunc(n.Entities, same) {
		n.Entities = append(slices.Clip(n.Entities), *e)
	}
}

func (m *Merger) neighbour(of, lineage string, now int64) {
	var list []string
	if slot := m.near.Get(of, now); slot != nil {
		list = *slot
	}
	if len(list) < neighbours {
		m.near.Put(of, append(list, lineage), now)
	}
}

// head is an alert of a lineage, or one that it repeated; nil where it raised
// none.
func (m *Merger) head(org, lineage string) *node {
	f := feature{Kind: ReasonLineage, Value: lineage}
	if slot := m.index.Peek(f.key(org)); slot != nil {
		for _, n := range *slot {
			if !n.group.gone {
				return n
			}
		}
	}
	if n := m.original(lineage); n != nil && n.Org == org {
		return n
	}
	return nil
}

// join is an alert that a new one belongs with.
type join struct {
	with *node
	// reason is empty where what there is does not suffice.
	reason Reason
	// always : the reason joins even incidents that are full.
	always bool
	// lone is the family of a reason that may be borrowed and is the only one.
	lone family
}

// joins finds the alerts that n belongs with, the strongest reason first.
func (m *Merger) joins(n *node) []join { return m.joinsOf(n, m.candidates(n)) }

// joinsOf is joins among candidates.
func (m *Merger) joinsOf(n *node, candidates []*node) []join {
	var list []join
	for _, c := range candidates {
		if c == n || c.group.gone || c.Org != n.Org {
			continue
		}
		reasons := m.reasons(n, c)
		switch {
		case !m.admits(n, c, reasons):
		case suffices(reasons):
			list = append(list, join{with: c, reason: strongest(n.ID, c.ID, reasons), always: always(reasons), lone: lone(reasons)})
		case len(n.group.Related) < capRelated && c.group != n.group && related(reasons):
			list = append(list, join{with: c})
		}
	}
	slices.SortStableFunc(list, func(x, y join) int {
		return cmp.Or(cmp.Compare(y.reason.Weight, x.reason.Weight), cmp.Compare(x.with.Seq, y.with.Seq))
	})
	return list
}

// admits keeps faint alerts from joining by anything but the reasons that always
// do.
func (m *Merger) admits(n, c *node, reasons []found) bool {
	if always(reasons) {
		return true
	}
	return n.Level >= m.level && c.Level >= m.level
}

// candidates are the alerts that share a feature with n, or whose lineage is
// tied to its own by a file; each once, in a fixed order.
func (m *Merger) candidates(n *node) []*node {
	var list []*node
	// One alert of the same lineage stands for all of them in its incident, unless
	// the lineage ties nothing.
	muted := m.mutedBy(n.Org, ReasonLineage, n.Lineage)
	var kin []*group
	add := func(c *node) {
		same := n.Lineage != "" && c.Lineage == n.Lineage && !muted
		if len(list) == maxCandidates || same && slices.Contains(kin, c.group) || slices.Contains(list, c) {
			return
		}
		if same {
			kin = append(kin, c.group)
		}
		list = append(list, c)
	}
	for i := range n.Features {
		if slot := m.index.Peek(n.Features[i].key(n.Org)); slot != nil {
			for _, c := range *slot {
				add(c)
			}
		}
	}
	if slot := m.near.Peek(n.Lineage); slot != nil {
		for _, lineage := range *slot {
			if c := m.head(n.Org, lineage); c != nil {
				add(c)
			}
		}
	}
	if c := m.original(n.Lineage); c != nil {
		add(c)
	}
	for _, id := range m.hand.tied[n.ID] {
		if c := m.known(id); c != nil && len(list) < maxCandidates && !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

// post enters n in the index under each of its features. An alert below the
// level that opens takes no place where it could not join anyway: a host that
// builds in /tmp all day would push the intruders out of that directory's.
func (m *Merger) post(n *node, now int64) {
	for i := range n.Features {
		if n.Level < m.level && !n.Features[i].binds() {
			continue
		}
		key := n.Features[i].key(n.Org)
		var list []*node
		if slot := m.index.Get(key, now); slot != nil {
			list = *slot
		}
		m.index.Put(key, posted(list, n), now)
	}
}

// posted adds n to the alerts of one key, in the place of one of the same incident
// and lineage that shares with others all that n does: n is the nearer in time.
func posted(list []*node, n *node) []*node {
	live := list[:0]
	for _, have := range list {
		if !have.group.gone && have != n {
			live = append(live, have)
		}
	}
	live = slices.DeleteFunc(live, func(have *node) bool { return n.covers(have) })
	if live = append(live, n); len(live) > postings {
		at := crowded(live)
		live = slices.Delete(live, at, at+1)
	}
	return live
}

// crowded is the place of the oldest alert of the lineage that has most of the
// places, so that what one lineage does pushes no other out.
func crowded(list []*node) int {
	at, most := 0, 0
	for i, n := range list {
		count := 0
		for _, other := range list {
			if n.kin(other) {
				count++
			}
		}
		if count > most {
			at, most = i, count
		}
	}
	return at
}

// start makes the group of one alert.
func (m *Merger) start(n *node, now int64) {
	for m.nodes >= m.cfg.Alerts || m.groups.Len() >= m.cfg.Alerts {
		m.forget()
	}
	m.nodes++
	g := &group{Number: n.Seq, Org: n.Org, Entities: map[entityKey]*tally{}, Lineages: map[string]bool{}}
	g.include(n)
	m.groups.Put(g.Number, g, now)
}

// forget lets go of the incident that changed longest ago.
func (m *Merger) forget() {
	for number, slot := range m.groups.All() {
		g := *slot
		m.nodes -= len(g.Nodes) + int(g.Unlisted)
		if g.dirty && g.open() {
			m.ended = append(m.ended, m.view(g))
		}
		g.gone = true
		for _, n := range g.Nodes {
			m.byID.Delete(n.ID)
		}
		g.Nodes, g.Edges, g.adjacent, g.Entities, g.Lineages, g.Echoed = nil, nil, nil, nil, nil, nil
		m.groups.Delete(number)
		return
	}
}

// open makes the group of n an incident if n is severe enough.
func (m *Merger) open(n *node) {
	g := n.group
	if g.open() || n.Level < m.level {
		return
	}
	sum := sha256.Sum256([]byte(n.Org + "\x00" + n.ID))
	g.ID, g.Opener, g.Opened = "inc-"+hex.EncodeToString(sum[:10]), n.Seq, n.Time
	g.Verdict = m.verdict(g.ID)
}

// touch marks a group as changed.
func (m *Merger) touch(g *group, now int64) {
	m.clock++
	g.Revision = m.clock
	m.groups.Get(g.Number, now)
	if !g.dirty {
		g.dirty = true
		m.dirty = append(m.dirty, g)
	}
	if len(m.dirty) > 2*m.groups.Len()+minCompact {
		m.dirty = slices.DeleteFunc(m.dirty, func(g *group) bool { return g.gone })
	}
}

// minCompact is how many changes may wait before those of incidents that are
// gone are looked for.
const minCompact = 1_000

// drainAtOnce is the number of alerts up to which an incident is handed out on
// every change; a larger one only when all are, which the engine asks for now and then.
const drainAtOnce = 100

// Ended hands out the incidents that became part of others since the last
// call of Ended or Drain.
func (m *Merger) Ended() []Incident {
	out := m.ended
	m.ended = nil
	return out
}

// Discard forgets which incidents changed, for a caller that asks for none.
func (m *Merger) Discard() {
	for i, g := range m.dirty {
		g.dirty, m.dirty[i] = false, nil
	}
	m.dirty = m.dirty[:0]
}

// Drain hands out the incidents that changed since they were last handed out,
// in the order in which they changed. With all false, large ones wait.
func (m *Merger) Drain(all bool) []Incident {
	if len(m.dirty) == 0 && len(m.ended) == 0 {
		return nil
	}
	var out []Incident
	m.DrainTo(all, func(i Incident) { out = append(out, i) })
	return out
}

// DrainTo is Drain with one incident in memory at a time.
func (m *Merger) DrainTo(all bool, yield func(Incident)) {
	for _, i := range m.Ended() {
		yield(i)
	}
	waiting := m.dirty[:0]
	for _, g := range m.dirty {
		switch {
		case g.gone || !g.open():
			g.dirty = false
		case !all && len(g.Nodes) > drainAtOnce:
			waiting = append(waiting, g)
		default:
			g.dirty = false
			yield(m.view(g))
		}
	}
	clear(m.dirty[len(waiting):])
	m.dirty = waiting
}
