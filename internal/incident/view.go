package incident

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/provenance"
)

// tallies are the entities of a group, the most telling first.
func (g *group) tallies() []*tally {
	list := make([]*tally, 0, len(g.Entities))
	for _, t := range g.Entities {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b *tally) int {
		return cmp.Or(
			cmp.Compare(b.Rank, a.Rank),
			cmp.Compare(a.First, b.First),
			cmp.Compare(a.Entity.Type, b.Entity.Type),
			cmp.Compare(a.Entity.Value, b.Entity.Value),
		)
	})
	return list
}

// ranks of entity types: what can be blocked or cleaned comes first.
var ranks = map[string]int{
	alert.EntityHash: 9, alert.EntityIP: 8, alert.EntityDomain: 8, alert.EntityURL: 7, alert.EntityFile: 6, alert.EntityStack: 6,
	alert.EntityContainer: 5, alert.EntityCommand: 4, alert.EntitySession: 3, alert.EntityKey: 3, alert.EntityProcess: 2, alert.EntityAccount: 1,
}

// rank orders the entities of an incident. What belongs to the host itself,
// and addresses inside, come last.
func rank(e *alert.Entity) int {
	if e.Role == RoleSystem || e.Type == alert.EntityIP && !outside(e.Value) {
		return 0
	}
	return ranks[e.Type]
}

func outside(value string) bool {
	_, ok := subjectOf("", &alert.Entity{Type: alert.EntityIP, Value: value})
	return ok
}

// view builds what is shown of a group.
func (m *Merger) view(g *group) Incident {
	tallies := g.tallies()
	inc := Incident{
		ID: g.ID, Revision: g.Revision, Org: g.Org, Status: StatusOpen,
		Opened: stamp(g.Opened), Updated: stamp(max(g.Updated, g.Opened)),
		Level: levels[g.Level], Score: g.score(), Title: g.title(), Count: g.Count,
		Hosts: slices.Clone(g.Hosts), Labels: slices.Clone(g.Labels), Reasons: slices.Clone(g.Edges), Tactics: slices.Clone(g.Tactics),
		Alerts: make([]string, 0, len(g.Nodes)), Entities: make([]alert.Entity, 0, len(tallies)),
		Answers: m.answers(g), Intrusions: slices.Clone(g.Intrusions),
		Verdict: g.Verdict, RecurrenceOf: g.Recurs, Campaign: g.Campaign, Related: m.related(g),
	}
	if g.closed() {
		inc.Status = StatusClosed
	}
	for _, n := range g.Nodes {
		inc.Alerts = append(inc.Alerts, n.ID)
	}
	for _, t := range tallies {
		inc.Entities = append(inc.Entities, t.Entity)
	}
	inc.Account, inc.AccountZH = g.account(tallies)
	if m.Siblings != nil && len(g.Labels) > 0 {
		inc.Siblings, inc.MoreSiblings = m.Siblings(g.Org, g.services(), g.Hosts)
	}
	return inc.filled()
}

// related are the incidents that g has something in common with, as they are now.
func (m *Merger) related(g *group) []string {
	var list []string
	for _, id := range g.Related {
		if n := m.known(id); n != nil && n.group != g && n.group.open() && !slices.Contains(list, n.group.ID) {
			list = append(list, n.group.ID)
		}
	}
	return list
}

// answers are those of all its intrusions together.
func (m *Merger) answers(g *group) map[string]provenance.Answer {
	if len(g.Intrusions) == 0 || m.Answers == nil {
		return provenance.Unanswered()
	}
	var all map[string]provenance.Answer
	for _, id := range g.Intrusions {
		answers := m.Answers(id)
		if answers == nil {
			answers = provenance.Unanswered()
		}
		if all == nil {
			all = maps.Clone(answers)
			continue
		}
		for _, q := range provenance.Questions {
			all[q] = provenance.Join(q, all[q], answers[q])
		}
	}
	return all
}

// filled makes the lists that the contract promises empty rather than null.
func (inc Incident) filled() Incident {
	if inc.Hosts == nil {
		inc.Hosts = []event.Host{}
	}
	if inc.Reasons == nil {
		inc.Reasons = []Reason{}
	}
	if inc.Tactics == nil {
		inc.Tactics = []string{}
	}
	return inc
}

func stamp(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }

// score is the risk from 0 to 100: the most severe alert, and how much of an
// intrusion is there beside it.
func (g *group) score() int {
	base := []int{10, 10, 20, 40, 60, 80}[g.Level]
	breadth := 4*max(0, len(g.Tactics)-1) + 5*max(0, len(g.Hosts)-1) + min(5, len(g.Nodes)/2)
	return min(100, base+min(breadth, 35))
}

// title names the incident by its most severe alert and where it happened.
func (g *group) title() string {
	title := g.LeadTitle
	if g.LeadHost != "" {
		title += " on " + g.LeadHost
	}
	if more := len(g.Hosts) - 1; more > 0 {
		title += " and " + plural(more, "more host", "more hosts")
	}
	return title
}

func hostName(h event.Host) string { return cmp.Or(h.Name, h.ID) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
