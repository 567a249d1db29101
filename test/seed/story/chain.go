package story

import (
	"slices"
	"strings"

	"baize/internal/alert"
	"baize/internal/incident"
	"baize/internal/provenance"
)

// ChainAlert is the id of the kill-chain alert.
const ChainAlert = "a-chain"

// advance is the kill-chain alert of the intrusion as it is now; false before
// there is one, and where it tells nothing new.
func (n *narrator) advance(i *provenance.Intrusion) (alert.Alert, bool) {
	var names []string
	for _, s := range i.Stages {
		if s.State == provenance.Yes {
			names = append(names, strings.ReplaceAll(s.Stage, "_", " "))
		}
	}
	a, fresh := n.chain, n.chain.ID == ""
	switch {
	case fresh && !slices.Contains(names, provenance.Execution):
		return a, false
	case fresh:
		a = alert.Alert{
			ID: ChainAlert, Kind: alert.KindChain, Time: n.scene.now, Org: i.Org, Host: i.Host, Count: 1, Intrusion: i.ID, Lineage: i.Roots[0].Lineage,
			Image: container.Image.Name, Labels: shop,
			Rule: &alert.Rule{ID: "baize.kill_chain", Level: "critical", Tactics: []string{"initial-access", "execution", "command-and-control"}},
		}
		n.join(&a, incident.Reason{Reason: incident.ReasonIntrusion, Entity: i.ID, Weight: 1})
	case slices.EqualFunc(n.chain.Stages, i.Stages, func(a, b provenance.Stage) bool { return a.State == b.State }):
		return a, false
	}
	rule := *a.Rule
	rule.Title = "Kill chain: " + strings.Join(names, " → ")
	a.Rule, a.Stages, a.Score, a.Last = &rule, i.Stages, min(100, 12*len(names)), n.scene.now
	a.Revision++
	n.chain = a
	return a, true
}
