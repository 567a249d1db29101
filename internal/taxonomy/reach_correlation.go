package taxonomy

import (
	"fmt"
	"slices"
	"strings"

	"baize/internal/sigma"
)

// correlationNeeds is what the rules need that a correlation refers to. It can
// be evaluated if all of them can, or, where it counts whatever comes, any.
func correlationNeeds(r *sigma.Rule) Need {
	c := r.Correlation
	n := Need{Rule: r.Key(), Title: r.Title, File: r.File, Logsource: "correlation"}
	can, asked := 0, map[string]bool{}
	var missing []string
	for i := range c.References {
		inner := n.refer(c, i, asked)
		if inner == "" {
			can++
		} else {
			missing = append(missing, inner)
		}
	}
	n.Fields = sorted(asked)
	every := c.Type == sigma.Temporal || c.Type == sigma.TemporalOrdered
	if n.Evaluable = can > 0 && (can == len(c.References) || !every); n.Evaluable {
		n.Never = missing
	} else {
		n.Reason = strings.Join(missing, "; ")
	}
	return n
}

// refer adds what the i-th reference needs, and returns why it cannot be
// evaluated, "" if it can.
func (n *Need) refer(c *sigma.Correlation, i int, asked map[string]bool) string {
	ref := &c.References[i]
	reason := ""
	for _, r := range ref.Rules {
		inner := Needs(r)
		for _, kind := range inner.Kinds {
			n.answer(kind)
		}
		for _, limit := range inner.Limits {
			if !slices.Contains(n.Limits, limit) {
				n.Limits = append(n.Limits, limit)
			}
		}
		for _, name := range inner.Fields {
			asked[name] = true
		}
		if inner.Evaluable {
			reason = ""
			break
		}
		reason = fmt.Sprintf("%s: %s", ref.Name, inner.Reason)
	}
	for _, name := range slices.Concat(c.GroupBy, c.Fields) {
		if field := c.Field(name, i); field != "" {
			asked[field] = true
		}
	}
	return reason
}
