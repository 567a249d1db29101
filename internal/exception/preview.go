package exception

import (
	"cmp"
	"slices"
	"time"

	"baize/internal/alert"
)

// maxSamples bounds the alerts that a preview shows whole, and maxCounted the
// rules and the hosts that it counts apart.
const (
	maxSamples = 10
	maxCounted = 1000
)

// Count is how much of one rule, or of one host, would have been hidden.
type Count struct {
	ID string `json:"id"`
	// Name is a rule's title or a host's name.
	Name    string `json:"name,omitempty"`
	Alerts  int    `json:"alerts"`
	Firings uint64 `json:"firings"`
}

// Preview is what an exception would have hidden of stored alerts. Of an alert
// that repeated only the first event is stored: its repeats are taken to be
// like it.
type Preview struct {
	// Scanned alerts, of which Alerts would not have been raised; Firings
	// counts their repeats too.
	Scanned int    `json:"scanned"`
	Alerts  int    `json:"alerts"`
	Firings uint64 `json:"firings"`
	// Rules and Hosts are ordered by firings, most first. What is beyond the
	// bound of either is counted together, without an id.
	Rules []Count `json:"rules" nullable:"false"`
	Hosts []Count `json:"hosts" nullable:"false"`
	// Samples are some of them whole, the newest where alerts come newest first.
	Samples []alert.Alert `json:"samples" nullable:"false"`
}

// Previewer makes a preview, alert by alert.
type Previewer struct {
	set          *Set
	at           time.Time
	preview      Preview
	rules, hosts map[string]*Count
}

// NewPreviewer previews x as if it had always been in force.
func NewPreviewer(x Exception) (*Previewer, error) {
	set, err := Compile([]Exception{x})
	if err != nil {
		return nil, err
	}
	return &Previewer{set: set, at: x.Expires.Add(-1), rules: map[string]*Count{}, hosts: map[string]*Count{}}, nil
}

// Add takes the next alert in and says whether it would have been hidden.
// Alerts that no rule raised are never hidden.
func (p *Previewer) Add(a *alert.Alert) bool {
	p.preview.Scanned++
	if a.Kind != alert.KindRule || a.Rule == nil || a.Event == nil || p.set.Find(a.Rule.ID, a.Event, p.at) == nil {
		return false
	}
	firings := max(1, a.Count)
	p.preview.Alerts++
	p.preview.Firings += firings
	count(p.rules, a.Rule.ID, a.Rule.Title, firings)
	count(p.hosts, a.Host.ID, a.Host.Name, firings)
	if len(p.preview.Samples) < maxSamples {
		p.preview.Samples = append(p.preview.Samples, *a)
	}
	return true
}

func count(counts map[string]*Count, id, name string, firings uint64) {
	c := counts[id]
	if c == nil {
		if len(counts) >= maxCounted {
			id, name = "", "others"
			c = counts[id]
		}
		if c == nil {
			c = &Count{ID: id, Name: name}
			counts[id] = c
		}
	}
	c.Alerts++
	c.Firings += firings
}

// Result is the preview of what was added.
func (p *Previewer) Result() Preview {
	out := p.preview
	out.Rules, out.Hosts = ordered(p.rules), ordered(p.hosts)
	if out.Samples == nil {
		out.Samples = []alert.Alert{}
	}
	return out
}

func ordered(counts map[string]*Count) []Count {
	list := make([]Count, 0, len(counts))
	for _, c := range counts {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Firings, a.Firings), cmp.Compare(a.ID, b.ID)) })
	return list
}
