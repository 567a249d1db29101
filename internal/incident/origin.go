package incident

import (
	"slices"

	"baize/internal/alert"
)

// origin is where a lineage came from.
type origin struct {
	// Entities are the address and the key of its login.
	Entities []alert.Entity
	// From is the lineage on another host that began it, Led are those that it began.
	From string
	Led  []string
}

func (o *origin) has(kind string) bool {
	return slices.ContainsFunc(o.Entities, func(e alert.Entity) bool { return e.Type == kind })
}

const (
	// maxLed bounds the sessions on other hosts that are kept of one lineage.
	maxLed = 32
	// maxOrigins bounds what is kept of one lineage's logins.
	maxOrigins = 16
	// maxHops is how many hosts back it is asked where somebody came from.
	maxHops = 4
)

// Came says where a lineage came from: the address and the key of the login by which
// it began, and the lineage on another host that began it, "" for none. Whoever goes
// from host to host is known on the last by where he came from on the first.
func (m *Merger) Came(org, lineage, from string, with []alert.Entity, now int64) {
	if lineage == "" || len(with) == 0 && from == "" {
		return
	}
	o := m.origin(org, lineage, now)
	news := false
	for _, e := range with {
		if e.Type == alert.EntityCommand && o.has(e.Type) {
			continue // the session was opened for the first
		}
		if len(o.Entities) < maxOrigins && !slices.Contains(o.Entities, e) {
			o.Entities, news = append(o.Entities, e), true
		}
	}
	if from != "" && from != lineage && o.From == "" {
		o.From, news = from, true
		if above := m.origin(org, from, now); len(above.Led) < maxLed {
			above.Led = append(above.Led, lineage)
		}
	}
	if news {
		m.arrived(org, lineage, maxHops, now)
	}
}

func (m *Merger) origin(org, lineage string, now int64) *origin {
	key := originKey{org, lineage}
	if o := m.origins.Get(key, now); o != nil {
		return o
	}
	return m.origins.Put(key, origin{}, now)
}

// originKey is a lineage of an organisation.
type originKey struct{ Org, Lineage string }

// arrived ties the alerts that are there already by what is known now of where their
// lineage, and those that it led to, came from.
func (m *Merger) arrived(org, lineage string, hops int, now int64) {
	f := feature{Kind: ReasonLineage, Value: lineage}
	if slot := m.index.Peek(f.key(org)); slot != nil {
		for _, n := range slices.Clone(*slot) {
			if n.group.gone {
				continue
			}
			more := len(n.Features)
			m.came(n, now)
			for i := range n.Entities {
				if e := &n.Entities[i]; n.group.Entities[entityKey{e.Type, e.Value}] == nil {
					n.group.tally(n, e)
				}
			}
			if len(n.Features) > more {
				m.unite(n, now)
				m.post(n, now)
				m.touch(n.group, now)
			}
		}
	}
	if o := m.origins.Peek(originKey{org, lineage}); o != nil && hops > 0 {
		for _, led := range slices.Clone(o.Led) {
			m.arrived(org, led, hops-1, now)
		}
	}
}

// came adds to an alert where its lineage came from.
func (m *Merger) came(n *node, now int64) {
	lineage := n.Lineage
	for range maxHops {
		if lineage == "" {
			return
		}
		o := m.origins.Peek(originKey{n.Org, lineage})
		if o == nil {
			return
		}
		for i := range o.Entities {
			n.include(&o.Entities[i])
			for _, f := range m.features(&alert.Alert{Org: n.Org, Host: n.Host, Lineage: n.Lineage}, &o.Entities[i], now) {
				n.add(f)
			}
		}
		lineage = o.From
	}
}
