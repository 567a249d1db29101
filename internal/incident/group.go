package incident

import (
	"cmp"
	"maps"
	"slices"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/label"
)

// Caps of one incident. Past capAlerts or capEntities only reasons that always
// join do; past capListed an alert belongs to the incident and is counted, but
// not listed.
const (
	capAlerts   = 2_000
	capEntities = 300
	capListed   = 10_000
	capLineages = 1_000
	capHosts    = 1_000

	capIntrusions = 1_000
	capRelated    = 8
	capLabels     = 50
	// largeAlerts is from how many alerts on an incident is not joined with another
	// such by one reason that may be borrowed.
	largeAlerts = 5
	capHints    = 64
)

// tally is an entity of an incident: how many alerts have it, and which was
// the first.
type tally struct {
	Entity alert.Entity
	Alerts int
	First  uint64
	// Rank of the entity, see rank.
	Rank int
}

// entityKey tells entities of an incident apart. The role is not part: the
// same address is one entity whoever called.
type entityKey struct{ Type, Value string }

// entry is where an intruder came in.
type entry struct {
	// Time of the alert on the shell, in nanoseconds since 1970.
	Time int64
	// Host by its name, Service as it describes itself, "" where it is not known.
	Host, Service string
	// Command of the shell; "" where no shell was started.
	Command string
}

// group is a set of alerts that belong together: an incident once an alert of
// medium level or above is among them.
type group struct {
	Number   uint64 // order of the first alert; never used again
	Org      string
	ID       string // "" until it is open
	Opener   uint64 // Seq of the alert that opened it
	Opened   int64
	Updated  int64
	Revision uint64
	Level    int
	// Lead is the alert that names the incident.
	Lead      string
	LeadTitle string
	LeadHost  string
	LeadLevel int
	Nodes     []*node
	// Unlisted alerts are beyond capListed.
	Unlisted uint64
	Count    uint64
	Edges    []Reason
	Weakest  float64          // no edge weighs less
	adjacent map[string][]int // see tree
	Hosts    []event.Host
	// Labels of its alerts, sorted.
	Labels   []label.Labels
	Tactics  []string
	Entities map[entityKey]*tally
	// Lineages of the alerts; true for web-spawned shells.
	Lineages map[string]bool
	// Echoed are lineages that repeated an alert and join Lineages when its
	// counter changes: an incident never changes without a higher revision.
	Echoed map[string]bool
	// Intrusions that its alerts are part of, at most capIntrusions.
	Intrusions []string
	// Entry is the first web-spawned shell.
	Entry entry
	// Verdict of a closed incident, "" for an open one.
	Verdict string
	// Recurs is the closed incident that its first alert would have joined, and
	// Campaign the incident that was full when it would have joined; "" for none.
	Recurs, Campaign string
	// Related are alerts of other incidents with which it has something in common.
	Related []string
	// Hints are what its alerts have in common with those of other groups, and what did
	// not suffice to join two large ones.
	Hints []hint
	// Sides is where splits put its alerts; all are on one.
	Sides map[string]bool
	// dirty : it changed since it was last drained. gone : it was absorbed or
	// forgotten.
	dirty, gone bool
}

// open reports whether the group is an incident.
func (g *group) open() bool { return g.ID != "" }

// full reports whether only the strongest reasons still join it.
func (g *group) full() bool { return len(g.Nodes) >= capAlerts || len(g.Entities) >= capEntities }

// large reports whether it is so large that one reason which may be borrowed does not
// join it with another.
func (g *group) large() bool { return uint64(len(g.Nodes))+g.Unlisted >= largeAlerts }

// closed reports whether an analyst has closed it.
func (g *group) closed() bool { return g.Verdict != "" }

// barred reports whether two groups must not become one: one of them is closed, or
// a split put them apart.
func barred(a, b *group) bool {
	if a.closed() || b.closed() {
		return true
	}
	for id, out := range a.Sides {
		if other, ok := b.Sides[id]; ok && other != out {
			return true
		}
	}
	return false
}

// include takes an alert's facts in.
func (g *group) include(n *node) {
	n.group = g
	if len(g.Nodes) < capListed {
		g.Nodes = append(g.Nodes, n)
	} else {
		g.Unlisted++
	}
	g.Count += n.Count
	g.Updated = max(g.Updated, n.Last)
	g.Level = max(g.Level, n.Level)
	g.lead(n)
	g.host(n.Host)
	g.label(n.Labels)
	g.Tactics = union(g.Tactics, n.Tactics)
	if n.Intrusion != "" {
		g.intrusion(n.Intrusion)
	}
	g.tell(n)
	for i := range n.Entities {
		g.tally(n, &n.Entities[i])
	}
	for _, s := range n.Sides {
		g.side(s.Decision, s.Out)
	}
}

func (g *group) side(decision string, out bool) {
	if g.Sides == nil {
		g.Sides = map[string]bool{}
	}
	g.Sides[decision] = out
}

// relate notes that it has something in common with another's alert.
func (g *group) relate(n *node) bool {
	if len(g.Related) == capRelated || slices.Contains(g.Related, n.ID) {
		return false
	}
	g.Related = append(g.Related, n.ID)
	return true
}

func (g *group) host(h event.Host) {
	if h.ID != "" && len(g.Hosts) < capHosts && !slices.ContainsFunc(g.Hosts, func(have event.Host) bool { return have.ID == h.ID }) {
		g.Hosts = append(g.Hosts, h)
	}
}

func (g *group) intrusion(id string) {
	if len(g.Intrusions) < capIntrusions && !slices.Contains(g.Intrusions, id) {
		g.Intrusions = append(g.Intrusions, id)
	}
}

// lead makes an alert the one that names the incident if it is more severe.
func (g *group) lead(n *node) {
	if g.Lead == "" || n.Level > g.LeadLevel {
		g.Lead, g.LeadLevel, g.LeadTitle, g.LeadHost = n.ID, n.Level, n.Title, hostName(n.Host)
	}
}

// tell keeps the facts that the account is made of.
func (g *group) tell(n *node) {
	facts := &n.Facts
	g.lineage(n.Lineage, facts.Shell)
	for lineage, shell := range n.Echoed {
		g.lineage(lineage, shell)
	}
	g.entered(entry{Time: n.Time, Host: hostName(n.Host), Service: facts.Service, Command: facts.Command})
}

// entered keeps the earlier of two entries.
func (g *group) entered(e entry) {
	if e.Command != "" && (g.Entry.Command == "" || e.Time < g.Entry.Time) {
		g.Entry = e
	}
}

func (g *group) lineage(id string, shell bool) {
	if id != "" && len(g.Lineages) < capLineages {
		g.Lineages[id] = shell
	}
}

// echoed notes that a lineage repeated an alert.
func (g *group) echoed(id string, shell bool) {
	if _, known := g.Lineages[id]; known || id == "" || len(g.Lineages)+len(g.Echoed) >= capLineages {
		return
	}
	if g.Echoed == nil {
		g.Echoed = map[string]bool{}
	}
	g.Echoed[id] = shell
}

// counted takes in the lineages behind a counter that changed.
func (g *group) counted() {
	maps.Copy(g.Lineages, g.Echoed)
	clear(g.Echoed)
}

// shells counts the lineages that are web-spawned shells.
func (g *group) shells() int {
	count := 0
	for _, shell := range g.Lineages {
		if shell {
			count++
		}
	}
	return count
}

func (g *group) tally(n *node, e *alert.Entity) {
	key := entityKey{e.Type, e.Value}
	if t := g.Entities[key]; t != nil {
		t.Alerts++
		return
	}
	if len(g.Entities) < capEntities {
		g.Entities[key] = &tally{Entity: *e, Alerts: 1, First: n.Seq, Rank: rank(e)}
	}
}

// absorb takes in all of another group, which is left empty.
func (g *group) absorb(other *group) {
	for _, n := range other.Nodes {
		n.group = g
	}
	room := max(0, capListed-len(g.Nodes))
	listed := min(room, len(other.Nodes))
	g.Nodes = append(g.Nodes, other.Nodes[:listed]...)
	g.Unlisted += other.Unlisted + uint64(len(other.Nodes)-listed)
	g.Count += other.Count
	g.Updated = max(g.Updated, other.Updated)
	g.Level = max(g.Level, other.Level)
	for _, r := range other.Edges {
		g.link(r)
	}
	for _, h := range other.Hosts {
		g.host(h)
	}
	for _, l := range other.Labels {
		g.label(l)
	}
	g.Tactics = union(g.Tactics, other.Tactics)
	g.absorbFacts(other)
	other.Nodes, other.Edges, other.adjacent, other.Entities, other.Lineages, other.Echoed = nil, nil, nil, nil, nil, nil
}

func (g *group) absorbFacts(other *group) {
	if other.LeadLevel > g.LeadLevel {
		g.Lead, g.LeadLevel, g.LeadTitle, g.LeadHost = other.Lead, other.LeadLevel, other.LeadTitle, other.LeadHost
	}
	for _, id := range other.Intrusions {
		g.intrusion(id)
	}
	for lineage, shell := range other.Lineages {
		g.Lineages[lineage] = shell
	}
	if g.Echoed == nil {
		g.Echoed = other.Echoed
	} else {
		maps.Copy(g.Echoed, other.Echoed)
	}
	g.Hints = append(g.Hints, other.Hints...)
	g.Hints = slices.Delete(g.Hints, 0, max(0, len(g.Hints)-capHints))
	g.Recurs, g.Campaign = cmp.Or(g.Recurs, other.Recurs), cmp.Or(g.Campaign, other.Campaign)
	for decision, out := range other.Sides {
		g.side(decision, out)
	}
	for _, id := range other.Related {
		if len(g.Related) < capRelated && !slices.Contains(g.Related, id) {
			g.Related = append(g.Related, id)
		}
	}
	g.entered(other.Entry)
	for _, t := range other.tallies() {
		key := entityKey{t.Entity.Type, t.Entity.Value}
		if have := g.Entities[key]; have != nil {
			have.Alerts += t.Alerts
			have.First = min(have.First, t.First)
		} else if len(g.Entities) < capEntities {
			g.Entities[key] = t
		}
	}
}

// union adds to a sorted list what it lacks.
func union(list, more []string) []string {
	for _, s := range more {
		if at, ok := slices.BinarySearch(list, s); !ok {
			list = slices.Insert(list, at, s)
		}
	}
	return list
}
