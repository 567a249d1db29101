package incident

import (
	"slices"
	"strings"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/label"
)

// Roles of entities that the merger tells apart.
const (
	// RoleWritten, RoleImage and RoleRead say what was done to a file.
	RoleWritten = "written"
	RoleImage   = "image"
	RoleRead    = "read"
	// RoleBusiness is a call stack of which business frames alone count.
	RoleBusiness = "business"
	// RoleSensitive is a file whose reading is a finding and whose identity is
	// none: everybody's credentials are in the same file.
	RoleSensitive = "sensitive"
	// RoleSource is where a request came from.
	RoleSource = "source"
	// RoleTitle is a command line that a process gave itself.
	RoleTitle = "title"
	// RoleSession is the command that a session was opened for.
	RoleSession = "session"
	// RoleSystem marks what belongs to the host: its own tools and their content.
	RoleSystem = "system"
)

// maxFeatures bounds the keys of one alert: the rest of a bloated alert is
// shown but joins nothing.
const maxFeatures = 32

// feature is one thing by which an alert can be tied to others.
type feature struct {
	Kind  string
	Value string
	// Role of a file.
	Role string
	// Rarity of a content, address or domain on the fleet, from 0 to 1.
	Rarity float64
}

// key is the place of a feature in the index.
func (f *feature) key(org string) string { return f.Kind + "\x00" + org + "\x00" + f.Value }

// binds reports whether the feature may make a reason that always joins.
func (f *feature) binds() bool {
	return f.Kind == ReasonConnection || f.Kind == ReasonLineage || f.Kind == ReasonIntrusion || f.Kind == ReasonProcess || f.Kind == ReasonFile
}

// node is an alert as the merger keeps it.
type node struct {
	ID       string
	Org      string
	Seq      uint64
	Time     int64
	Last     int64 // of its repeats; Time where there is none
	Level    int
	Service  string
	Lineage  string
	Features []feature
	// What is told of it.
	Host      event.Host
	Image     string
	Labels    label.Labels
	Title     string
	Tactics   []string
	Intrusion string
	Count     uint64
	Entities  []alert.Entity
	Facts     Facts
	// Echoed are lineages that repeated it; true for web-spawned shells.
	Echoed map[string]bool
	// Sides is where splits put it.
	Sides []side
	group *group
}

// kin reports whether both are of one lineage in one incident.
func (n *node) kin(other *node) bool {
	return n.group == other.group && n.Lineage == other.Lineage
}

// covers reports whether n stands for other: a third alert that has reason to
// join other has the same reason, or a stronger one, to join n.
func (n *node) covers(other *node) bool {
	return n.kin(other) && n.Labels == other.Labels && !slices.ContainsFunc(other.Features, func(f feature) bool { return !n.has(&f) })
}

// has reports whether n has the feature, at least as rare.
func (n *node) has(f *feature) bool {
	return slices.ContainsFunc(n.Features, func(have feature) bool {
		return have.Kind == f.Kind && have.Value == f.Value && have.Role == f.Role && have.Rarity >= f.Rarity
	})
}

// levels order the severities of a rule.
var levels = []string{"", "informational", "low", "medium", "high", "critical"}

func levelOf(a *alert.Alert) int {
	if a.Rule == nil {
		return 0
	}
	return Severity(a.Rule.Level)
}

// Severity orders the levels of rules: 0 for none, 5 for critical.
func Severity(level string) int { return max(0, slices.Index(levels, level)) }

// newNode takes out of an alert what can tie it to others.
func (m *Merger) newNode(a *alert.Alert, now int64) *node {
	n := &node{
		ID: a.ID, Org: a.Org, Seq: m.seq, Time: a.Time.UnixNano(), Level: levelOf(a), Service: a.Service, Lineage: a.Lineage,
		Host: a.Host, Title: titleOf(a), Intrusion: a.Intrusion, Count: max(a.Count, 1), Entities: a.Entities[:min(len(a.Entities), capEntities)],
		Sides: m.hand.sides[a.ID], Image: a.Image, Labels: a.Labels,
	}
	if a.Rule != nil {
		n.Tactics = a.Rule.Tactics
	}
	n.Last = n.Time
	if a.Lineage != "" {
		n.add(feature{Kind: ReasonLineage, Value: a.Lineage})
	}
	n.add(feature{Kind: ReasonIntrusion, Value: a.Intrusion})
	n.add(feature{Kind: ReasonService, Value: a.Service})
	for i := range a.Entities {
		for _, f := range m.features(a, &a.Entities[i], now) {
			n.add(f)
		}
	}
	m.came(n, now)
	return n
}

func titleOf(a *alert.Alert) string {
	if a.Rule != nil && a.Rule.Title != "" {
		return a.Rule.Title
	}
	return a.Kind
}

func (n *node) add(f feature) {
	if len(n.Features) < maxFeatures && f.Value != "" && !n.has(&f) {
		n.Features = append(n.Features, f)
	}
}

// features are the ties of one entity.
func (m *Merger) features(a *alert.Alert, e *alert.Entity, now int64) []feature {
	switch e.Type {
	case alert.EntityProcess:
		return processFeature(a, e)
	case alert.EntityFile:
		return fileFeatures(a, e)
	case alert.EntityCommand:
		return m.commandFeatures(a, e.Value, now)
	case alert.EntityIP:
		return m.addressFeature(a, e, now)
	case alert.EntityDomain:
		return append(m.rareFeature(ReasonDomain, a, e, now), feature{Kind: ReasonProvider, Value: provider(e.Value)})
	case alert.EntityHash:
		return m.rareFeature(ReasonHash, a, e, now)
	case alert.EntityStack:
		return m.rareFeature(ReasonStack, a, e, now)
	case alert.EntityURL:
		return m.rareFeature(ReasonURL, a, e, now)
	case alert.EntityKey:
		return m.keyFeature(a, e, now)
	case alert.EntitySession:
		return []feature{{Kind: ReasonSession, Value: e.Value}}
	case alert.EntityContainer:
		return []feature{{Kind: ReasonContainer, Value: e.Value}}
	case alert.EntityAccount:
		return accountFeature(a, e)
	}
	return nil
}

// processFeature ties by process where nothing better is known. An alert of
// ours has a lineage instead, or is about a service, which is a hub.
func processFeature(a *alert.Alert, e *alert.Entity) []feature {
	if a.Lineage != "" || a.Context != "" || a.Service != "" || e.Role == "parent" {
		return nil
	}
	key, err := event.ParseProcessKey(e.Value)
	if err != nil || key.PID <= 2 {
		return nil
	}
	return []feature{{Kind: ReasonProcess, Value: e.Value}}
}

// fileFeatures tie by the file's identity, and by the directory it was put in.
func fileFeatures(a *alert.Alert, e *alert.Entity) []feature {
	if e.Role == RoleSystem || e.Role == RoleSensitive {
		return nil
	}
	_, path := splitHost(e.Value)
	var features []feature
	switch {
	case e.Inode != "":
		features = append(features, feature{Kind: ReasonFile, Value: e.Inode, Role: e.Role})
	case strings.HasPrefix(path, "/") && a.Host.ID != "":
		features = append(features, feature{Kind: ReasonFile, Value: a.Host.ID + ":" + path, Role: e.Role})
	}
	if template := pathTemplate(path); template != "" {
		features = append(features, feature{Kind: ReasonPath, Value: template})
	}
	return features
}

// splitHost takes apart HOST:PATH; the host may be missing.
func splitHost(value string) (host, path string) {
	if host, rest, ok := strings.Cut(value, ":"); ok && !strings.Contains(host, "/") {
		return host, rest
	}
	return "", value
}

// addressFeature ties by outside addresses: one that a host called if it is
// rare, one that called us only beside something else, and not if others may come
// from there as well.
func (m *Merger) addressFeature(a *alert.Alert, e *alert.Entity, now int64) []feature {
	s, ok := subjectOf(a.Org, e)
	if !ok {
		return nil
	}
	if e.Role == RoleSource {
		if !m.base.stranger(s, now) {
			return nil
		}
		return []feature{{Kind: ReasonSource, Value: e.Value}}
	}
	if service := m.base.lent.Peek(s); service != nil {
		return []feature{{Kind: ReasonProvider, Value: *service}}
	}
	return m.rareFeature(ReasonAddress, a, e, now)
}

func (m *Merger) rareFeature(kind string, a *alert.Alert, e *alert.Entity, now int64) []feature {
	s, ok := subjectOf(a.Org, e)
	if !ok || e.Role == RoleSystem {
		return nil
	}
	value := e.Value
	if kind == ReasonDomain {
		value = s.Name
	}
	return []feature{{Kind: kind, Value: value, Rarity: m.base.rarity(s, e, now)}}
}

// keyFeature ties by the key that somebody logged in with, unless it is one that
// lets people in here every day.
func (m *Merger) keyFeature(a *alert.Alert, e *alert.Entity, now int64) []feature {
	if m.base.habitual(habitKey(a.Org, habitOfKey, e.Value), now) {
		return nil
	}
	return []feature{{Kind: ReasonKey, Value: e.Value}}
}

// accountFeature leaves out the accounts that every host has, and that of a service,
// which is everybody's who comes in through it.
func accountFeature(a *alert.Alert, e *alert.Entity) []feature {
	if strings.HasPrefix(a.Lineage, event.ContextWebShell+":") {
		return nil
	}
	switch e.Value {
	case "root", "0", "nobody", "SYSTEM", "www-data":
		return nil
	}
	return []feature{{Kind: ReasonAccount, Value: e.Value}}
}

// reasons between two alerts of one organisation.
func (m *Merger) reasons(a, b *node) []found {
	var list []found
	apart := max(0, a.Time-b.Last, b.Time-a.Last)
	add := func(name, entity string, rarity float64) {
		if k := kindOf(name); apart <= int64(k.window) && !m.mutedBy(a.Org, name, entity) {
			list = append(list, found{kind: k, entity: entity, weight: m.weight(k, a.Org, max(a.Time, b.Time)) * k.decay(apart) * rarity})
		}
	}
	if slices.Contains(m.hand.tied[a.ID], b.ID) {
		add(ReasonAnalyst, b.ID, 1)
	}
	for i := range a.Features {
		for j := range b.Features {
			if name, rarity := shared(&a.Features[i], &b.Features[j]); name != "" {
				add(name, a.Features[i].Value, rarity)
			}
		}
	}
	if f := m.flows.Peek(flowKey{a.Lineage, b.Lineage}); f != nil && a.Lineage != "" {
		add(ReasonFileFlow, *f, 1)
	}
	if service := siblings(a, b); service != "" && handed(list) {
		add(ReasonSibling, service, 1)
	}
	if entity, ok := m.repeated(a, b); ok {
		add(ReasonRepeat, entity, 1)
	}
	return list
}

// shared names the reason that two features make together, "" for none, and
// says how rare what they share is.
func shared(a, b *feature) (name string, rarity float64) {
	if a.Kind != b.Kind || a.Value != b.Value {
		return "", 0
	}
	switch a.Kind {
	case ReasonHash, ReasonAddress, ReasonDomain, ReasonURL, ReasonStack, ReasonCommand:
		if rarity = min(a.Rarity, b.Rarity); rarity == 0 {
			return "", 0
		}
		return a.Kind, rarity
	case ReasonFile:
		if a.Role == RoleWritten && b.Role != RoleWritten && b.Role != "" || b.Role == RoleWritten && a.Role != RoleWritten && a.Role != "" {
			return ReasonFileFlow, 1
		}
	}
	return a.Kind, 1
}
