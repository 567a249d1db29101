package provenance

import "slices"

// Merge is both graphs as one: the way back of an alert, and what its intrusion
// did. The alert, the entry and where it stopped are those of a.
func Merge(a, b Graph) Graph {
	out := a
	out.Nodes, out.Edges = slices.Clone(a.Nodes), slices.Clone(a.Edges)
	at := make(map[string]int, len(out.Nodes))
	for k := range out.Nodes {
		at[out.Nodes[k].ID] = k
	}
	for k := range b.Nodes {
		have, known := at[b.Nodes[k].ID]
		if !known {
			out.Nodes = append(out.Nodes, b.Nodes[k])
			continue
		}
		n := b.Nodes[k]
		n.Roles = union(out.Nodes[have].Roles, n.Roles)
		out.Nodes[have] = n
	}
	type key struct{ from, to, op string }
	edges := make(map[key]int, len(out.Edges))
	for k := range out.Edges {
		edges[key{out.Edges[k].From, out.Edges[k].To, out.Edges[k].Op}] = k
	}
	for k := range b.Edges {
		e := b.Edges[k]
		if have, known := edges[key{e.From, e.To, e.Op}]; known {
			out.Edges[have] = e
			continue
		}
		out.Edges = append(out.Edges, e)
	}
	slices.SortStableFunc(out.Edges, func(x, y Edge) int { return x.First.Compare(y.First) })
	if out.Entry == "" {
		out.Entry = b.Entry
	}
	out.Left = b.Left
	return out
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
