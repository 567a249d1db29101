package incident

import "baize/internal/alert"

// echo is the alert that a lineage repeated instead of raising its own.
type echo struct {
	Of     string // its id
	Entity string // in which they agree
}

// Known reports whether an alert is still there to be repeated. Those of a closed
// incident are not: what goes on is news.
func (m *Merger) Known(id string) bool {
	slot := m.byID.Peek(id)
	return slot != nil && !(*slot).group.gone && !(*slot).group.closed()
}

// Echoes reports whether a lineage is known to have repeated an alert with whose
// incident it belongs.
func (m *Merger) Echoes(lineage, id string, now int64) bool {
	e := m.echoes.Get(lineage, now)
	return e != nil && e.Of == id
}

// Echo says that a, which is counted as a repeat of the alert of that id and
// kept nowhere, came from a lineage of its own. It reports whether a would have
// joined that alert's incident: then whatever else its lineage raises belongs
// there too. Strangers who type the same short command are counted together and
// stay strangers.
func (m *Merger) Echo(a *alert.Alert, id string, facts Facts, now int64) bool {
	slot := m.byID.Get(id, now)
	if slot == nil || (*slot).group.gone {
		return false
	}
	m.taint(a, now)
	of, n := *slot, m.newNode(a, now)
	of.group.echoed(a.Lineage, facts.Shell)
	of.echoed(a.Lineage, facts.Shell)
	reasons := m.reasons(n, of)
	if !suffices(reasons) || !m.admits(n, of, reasons) || of.group.full() && !always(reasons) {
		return false
	}
	m.echoes.Put(a.Lineage, echo{Of: id, Entity: strongest(n.ID, id, reasons).Entity}, now)
	return true
}

// original is the alert that a lineage repeated, nil for none.
func (m *Merger) original(lineage string) *node {
	if e := m.echoes.Peek(lineage); e != nil {
		if slot := m.byID.Peek(e.Of); slot != nil && !(*slot).group.gone {
			return *slot
		}
	}
	return nil
}

// repeated reports whether the lineage of one alert repeated the other, and in
// what they agree.
func (m *Merger) repeated(a, b *node) (entity string, ok bool) {
	if e := m.echoes.Peek(a.Lineage); e != nil && e.Of == b.ID {
		return e.Entity, true
	}
	if e := m.echoes.Peek(b.Lineage); e != nil && e.Of == a.ID {
		return e.Entity, true
	}
	return "", false
}

// maxEchoed bounds the lineages that are kept with the alert that they repeated.
const maxEchoed = 256

// echoed notes that a lineage repeated n.
func (n *node) echoed(lineage string, shell bool) {
	if lineage == "" || len(n.Echoed) >= maxEchoed {
		return
	}
	if n.Echoed == nil {
		n.Echoed = map[string]bool{}
	}
	n.Echoed[lineage] = shell
}
