package incident

import (
	"cmp"
	"slices"
	"strings"

	"baize/internal/event"
	"baize/internal/label"
)

// siblings is the service that two alerts on different hosts have in common by the
// labels of the hosts or images, "" for none.
func siblings(a, b *node) string {
	if a.Labels.Service != b.Labels.Service || a.Host.ID == b.Host.ID {
		return ""
	}
	return a.Labels.Service
}

// handed reports whether reasons show one hand in two ways: a command or a name, and
// where somebody came from. What hosts of one service share beside says nothing: peers
// and names that it calls, its account, keys of its administrators. And one way alone is
// too little: two who use the same public technique on two of its hosts are two.
func handed(reasons []found) bool {
	template := slices.ContainsFunc(reasons, func(f found) bool { return f.name == ReasonCommand || f.name == ReasonPath })
	return template && slices.ContainsFunc(reasons, func(f found) bool { return f.name == ReasonSource })
}

// label adds what an alert is labelled with.
func (g *group) label(l label.Labels) {
	at, found := slices.BinarySearchFunc(g.Labels, l, compareLabels)
	if l != (label.Labels{}) && !found && len(g.Labels) < capLabels {
		// What was handed out shares the list before.
		g.Labels = slices.Insert(slices.Clone(g.Labels), at, l)
	}
}

func compareLabels(a, b label.Labels) int {
	return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Group, b.Group))
}

// services are those among its labels, each once.
func (g *group) services() []string {
	var list []string
	for _, l := range g.Labels {
		if l.Service != "" {
			list = append(list, l.Service)
		}
	}
	return slices.Compact(list) // labels are sorted by service
}

// ImageOf is the image of the first alert of an intrusion that has one, "" for none.
func (m *Merger) ImageOf(org, intrusion string) string {
	for _, n := range m.ofIntrusion(org, intrusion) {
		if n.Image != "" {
			return n.Image
		}
	}
	return ""
}

// Relabel takes in that labels are others from now on: of returns them. Incidents that
// were held together by labels which their alerts have no more are cut anew.
func (m *Merger) Relabel(of func(org string, h event.Host, image string) label.Labels, now int64) {
	relabelled := map[*group]bool{}
	for _, slot := range m.byID.All() {
		n := *slot
		l := of(n.Org, n.Host, n.Image)
		if l != n.Labels && !n.group.gone {
			relabelled[n.group] = true
		}
		n.Labels = l
	}
	for _, g := range m.inOrder(func(g *group) bool { return relabelled[g] }) {
		g.Labels = nil
		for _, n := range g.Nodes {
			g.label(n.Labels)
		}
		if m.changed(g); g.bySiblings() && !g.closed() {
			m.recut([]*group{g}, now)
		}
	}
}

// Resibling takes in that services have other hosts than before.
func (m *Merger) Resibling(changed []label.Service) {
	is := make(map[label.Service]bool, len(changed))
	for _, s := range changed {
		is[s] = true
	}
	of := func(g *group) bool {
		return slices.ContainsFunc(g.Labels, func(l label.Labels) bool { return is[label.Service{Org: g.Org, Name: l.Service}] })
	}
	for _, g := range m.inOrder(of) {
		m.changed(g)
	}
}

// inOrder are the groups for which something holds, the one changed longest ago first.
func (m *Merger) inOrder(holds func(*group) bool) []*group {
	var list []*group
	for _, slot := range m.groups.All() {
		if holds(*slot) {
			list = append(list, *slot)
		}
	}
	return list
}

// bySiblings reports whether labels are among the reasons that hold a group together.
func (g *group) bySiblings() bool {
	return slices.ContainsFunc(g.Edges, func(r Reason) bool {
		return slices.Contains(strings.Split(r.Reason, "+"), ReasonSibling)
	})
}
