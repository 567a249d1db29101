package exception

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/sigma"
)

// Thresholds of a proposal: the same rule fired with the same values on that
// many hosts, and that often.
const (
	MinHosts   = 5
	MinFirings = 20
	// MaxLevel is the highest level of a rule that is ever proposed for.
	MaxLevel = "medium"
	// ProposalWindow is how far back alerts are looked at.
	ProposalWindow = 7 * 24 * time.Hour
)

// maxGroups bounds the distinct values that are counted; what comes new beyond
// it is not proposed. maxProposals bounds the result.
const (
	maxGroups    = 50_000
	maxProposals = 50
)

// Proposal is an exception that the server suggests and a person decides on.
// Prevalence is no proof of innocence: nothing is hidden by a proposal.
type Proposal struct {
	// ID is a function of rule and selection.
	ID        string     `json:"id"`
	Rule      alert.Rule `json:"rule"`
	Selection string     `json:"selection"`
	// Hosts on which it fired, and how often in all.
	Hosts   int       `json:"hosts"`
	Firings uint64    `json:"firings"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// Proposer looks for rules whose firings are frequent on many hosts with the
// same values. It is a function of the alerts added.
type Proposer struct{ groups map[string]*group }

type group struct {
	Proposal
	hosts map[string]bool
}

// NewProposer returns one that has seen nothing.
func NewProposer() *Proposer { return &Proposer{groups: map[string]*group{}} }

// Add takes an alert in. grave says that it belongs to an incident above
// MaxLevel: what an intruder repeats on many hosts must not propose itself.
func (p *Proposer) Add(a *alert.Alert, grave bool) {
	if grave || a.Kind != alert.KindRule || a.Rule == nil || a.Event == nil || !proposable(a.Rule.Level) {
		return
	}
	selection := selectionOf(a.Event)
	if selection == "" || len(selection) > MaxSelection {
		return
	}
	key := a.Rule.ID + "\x00" + selection
	g := p.groups[key]
	if g == nil {
		if len(p.groups) >= maxGroups {
			return
		}
		sum := sha256.Sum256([]byte(key))
		g = &group{Proposal: Proposal{ID: hex.EncodeToString(sum[:8]), Rule: *a.Rule, Selection: selection, First: a.Time}, hosts: map[string]bool{}}
		p.groups[key] = g
	}
	g.hosts[a.Host.ID] = true
	g.Firings += max(1, a.Count)
	if a.Time.Before(g.First) {
		g.First = a.Time
	}
	for _, t := range []time.Time{a.Time, a.Last} {
		if t.After(g.Last) {
			g.Last = t
		}
	}
}

// proposable says that a level is at most MaxLevel. A rule that names none is
// of no known weight, and is left out.
func proposable(level string) bool {
	at := slices.Index(sigma.Levels, level)
	return at >= 0 && at <= slices.Index(sigma.Levels, MaxLevel)
}

// Proposals are those that reach the thresholds, the most frequent first.
func (p *Proposer) Proposals() []Proposal {
	out := []Proposal{}
	for _, g := range p.groups {
		if g.Hosts = len(g.hosts); g.Hosts >= MinHosts && g.Firings >= MinFirings {
			out = append(out, g.Proposal)
		}
	}
	slices.SortFunc(out, func(a, b Proposal) int { return cmp.Or(cmp.Compare(b.Firings, a.Firings), cmp.Compare(a.ID, b.ID)) })
	return out[:min(len(out), maxProposals)]
}

// selectionOf is the selection of exactly the values that make an event what
// it is: the image, what started it, and what it was done to. It is "" where
// an event has too little to be told from others.
func selectionOf(ev *event.Event) string {
	var lines []string
	add := func(field, value string) {
		if value != "" {
			lines = append(lines, fmt.Sprintf("%s: %s", field, quoted(value)))
		}
	}
	p := ev.Process
	if p == nil || p.Executable == "" {
		return ""
	}
	add("Event.Kind", string(ev.Kind))
	add("Image", p.Executable)
	if p.Parent != nil {
		add("ParentImage", p.Parent.Executable)
	}
	object := objectOf(ev)
	if object[1] == "" {
		return ""
	}
	add(object[0], object[1])
	return strings.Join(lines, "\n")
}

// objectOf is the field of what an event is about, and its value.
func objectOf(ev *event.Event) [2]string {
	switch {
	case ev.Kind == event.ProcessExec:
		return [2]string{"CommandLine", ev.Process.CommandLine}
	case ev.DNS != nil:
		return [2]string{"QueryName", ev.DNS.Question.Name}
	case ev.File != nil:
		return [2]string{"TargetFilename", ev.File.Path}
	case ev.Destination != nil && ev.Destination.IP != (netip.Addr{}):
		return [2]string{"DestinationIp", ev.Destination.IP.String()}
	}
	return [2]string{}
}

// quoted is a value as YAML that a Sigma selection takes literally: wildcards
// and backslashes are escaped for Sigma, then quotes for YAML.
func quoted(value string) string {
	var b strings.Builder
	for _, r := range value {
		if strings.ContainsRune(`*?\`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return yamlString(b.String())
}

// yamlString is a double-quoted YAML scalar.
func yamlString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f || r == 0x85 || r == 0xfeff || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
