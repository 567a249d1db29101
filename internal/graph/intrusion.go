package graph

import (
	"slices"
	"time"

	"baize/internal/event"
	"baize/internal/provenance"
)

// Bounds of intrusions.
const (
	// maxIntrusions of one host that are kept apart. Of those that got least far the
	// one that changed longest ago is forgotten: it stays where it is stored, and
	// grows no more.
	maxIntrusions = 64
	// maxMerged of one host of which it is known what they became part of.
	maxMerged = 1024
	// maxRoots of one intrusion that are told.
	maxRoots = 64
	// maxMarks of one intrusion by which a new root is recognised.
	maxMarks = 64
	// joinWithin is how long after the last root of a service instance another
	// one may belong to the same intrusion.
	joinWithin = int64(24 * time.Hour)
	// maxReach bounds the nodes that a new root reaches back over.
	maxReach = 20_000
)

// intrusion is what one intruder does on one host.
type intrusion struct {
	Number uint32
	ID     string
	Org    string
	Host   event.Host
	// Opened and Updated are in the host's time.
	Opened, Updated int64
	Revision        uint64
	Service         string
	Roots           []provenance.Root
	LastRoot        int64
	// Lineages of the roots, and Marks by which another root of the same service
	// instance is recognised as the same intruder's.
	Lineages []string
	Marks    []string
	Books    books
	// Into is the intrusion that it became part of, Merged that one's id.
	Into   uint32
	Merged string
	// States and Through are the answers' states, and as of when, as last told.
	States  string
	Through int64
	Told    map[string]provenance.Answer
	// ToldAt is when it was last told, by the engine's clock.
	ToldAt int64
	// dirty : it changed since it was last told; Urgent : it reached a stage.
	dirty, Urgent bool
}

// Mark is something that two entries of one intruder have in common, and that
// two intruders in one service have not: a command template, a path template,
// where a request came from, a call-stack hash.
type Mark struct{ Kind, Value string }

// Root is an alert by which an intruder was noticed.
type Root struct {
	// Alert is its id, At when it was raised.
	Alert string
	At    time.Time
	// Marks of the alert, and Tactics of its rule.
	Marks []Mark
	// Stages of the kill chain that the alert shows, with Title as evidence.
	Stages []string
	Title  string
	// Opens : it is grave enough to make an intrusion. One that is not adds to
	// what is there.
	Opens bool
}

// Root makes the process of an alert the root of an intrusion, and all that its
// lineage did part of it. It returns the id of the intrusion that the alert
// belongs to, "" for none.
func (g *Graph) Root(ev *event.Event, r *Root) string {
	if ev.Process == nil || ev.Process.Key.IsZero() {
		return ""
	}
	h := g.host(ev.Host.ID, g.now)
	p := h.lookup(ev.Process.Key)
	if p == nil {
		return ""
	}
	at := r.At.UnixNano()
	i := h.intrusion(p.Node.heaviest(at), half)
	if i == nil {
		i = h.ofLineage(p)
	}
	joined := ""
	if i == nil {
		if !r.Opens {
			return ""
		}
		if i, joined = h.kindred(p, r, at); i == nil {
			i, joined = h.letIn(p)
		}
		if i == nil {
			i = h.open(ev, p, at)
		}
	}
	h.root(g, i, p, r, joined, at)
	h.mark(i, p, g.last)
	i.alerted(r, at)
	h.touch(i, at)
	return i.ID
}

// intrusion is the one that a taint speaks of, if it weighs enough.
func (h *host) intrusion(t taint, least uint16) *intrusion {
	if t.Weight < least || t.Weight == 0 {
		return nil
	}
	return h.find(t.Of)
}

// find follows what was merged.
func (h *host) find(number uint32) *intrusion {
	for range maxIntrusions {
		slot := h.intrusions.Peek(number)
		if slot == nil {
			return nil
		}
		if (*slot).Into == 0 {
			return *slot
		}
		number = (*slot).Into
	}
	return nil
}

// ofLineage finds the intrusion that has the lineage of p as a root already.
func (h *host) ofLineage(p *process) *intrusion {
	if p.Lineage == "" {
		return nil
	}
	for _, slot := range h.intrusions.All() {
		if i := *slot; i.Into == 0 && slices.Contains(i.Lineages, p.Lineage) {
			return i
		}
	}
	return nil
}

// kindred finds the intrusion that a new root belongs to: one of the same
// service instance within a day that has a mark in common with it, and says
// which. Rotating all marks but one still leaves one intrusion; two intruders
// in one service stay two.
func (h *host) kindred(p *process, r *Root, at int64) (found *intrusion, mark string) {
	if p.Service == "" {
		return nil, ""
	}
	marks := marksOf(r)
	for _, slot := range h.intrusions.All() {
		i := *slot
		if i.Into != 0 || i.Service != p.Service || at-i.LastRoot > joinWithin {
			continue
		}
		for _, m := range marks {
			if slices.Contains(i.Marks, m) {
				found, mark = i, m // the one that changed last wins
			}
		}
	}
	return found, mark
}

// marks of a root, each once.
func marksOf(r *Root) []string {
	var marks []string
	for _, m := range r.Marks {
		if text := m.Kind + " " + m.Value; m.Value != "" && !slices.Contains(marks, text) {
			marks = append(marks, text)
		}
	}
	return marks
}

// idPrefix begins the ids of intrusions; behind it are the host and the first
// root's lineage.
const idPrefix = "intrusion:"

// open makes a new intrusion.
func (h *host) open(ev *event.Event, p *process, at int64) *intrusion {
	id := p.Lineage
	if id == "" {
		id = "process:" + p.Key.String()
	}
	id = idPrefix + h.id + "/" + id
	if i := h.byID(id); i != nil {
		return i // a hub is not part of its own
	}
	if h.intrusions.Len() == maxIntrusions {
		least := h.least()
		h.partWith(least)
		h.intrusions.Delete(least)
	}
	h.lastIntrusion++
	i := &intrusion{
		Number: h.lastIntrusion, ID: id, Org: ev.Org, Host: ev.Host, Opened: at, Updated: at, Service: p.Service,
		Books: newBooks(),
	}
	h.intrusions.Put(i.Number, i, h.graph.now)
	return i
}

// least is the intrusion to forget: many that reached nothing push out none that
// did.
func (h *host) least() uint32 {
	var number uint32
	least := -1
	for _, slot := range h.intrusions.All() {
		if far := (*slot).far(); least < 0 || far < least {
			number, least = (*slot).Number, far
		}
	}
	return number
}

// far is how many stages it reached; running what was brought counts for more
// than all others.
func (i *intrusion) far() int {
	n := 0
	for k := range i.Books.Stages {
		if i.Books.Stages[k].Count > 0 {
			n++
		}
	}
	switch {
	case i.Into != 0:
		return 0
	case i.Books.reached(provenance.Download) && i.Books.reached(provenance.Execution):
		return 1 + n + len(i.Books.Stages)
	}
	return 1 + n
}

// byID is the intrusion of an id, or what it became part of; nil where it is not
// known.
func (h *host) byID(id string) *intrusion {
	for range maxIntrusions {
		into := h.merged.Peek(id)
		if into == nil {
			break
		}
		id = *into
	}
	for _, slot := range h.intrusions.All() {
		if (*slot).ID == id {
			return h.find((*slot).Number)
		}
	}
	return nil
}

// repaint gives the nodes of one intrusion to another, to 0 for none.
func (h *host) repaint(from, to uint32) {
	for _, x := range h.nodes {
		if n := x.base(); len(n.taints()) > 0 {
			n.repaint(from, to)
		}
	}
}

// root adds an entry, unless it is one already.
func (h *host) root(g *Graph, i *intrusion, p *process, r *Root, joined string, at int64) {
	i.LastRoot = max(i.LastRoot, at)
	for _, m := range marksOf(r) {
		if len(i.Marks) < maxMarks && !slices.Contains(i.Marks, m) {
			i.Marks = append(i.Marks, m)
		}
	}
	if p.Lineage != "" && slices.Contains(i.Lineages, p.Lineage) || h.inside(p, i, at) {
		return
	}
	top := h.top(p)
	i.Opened = min(i.Opened, top.Born)
	if p.Lineage != "" && len(i.Lineages) < 4*maxRoots {
		i.Lineages = append(i.Lineages, p.Lineage)
	}
	if len(i.Roots) == maxRoots {
		i.Books.Pruned.Roots++
		return
	}
	root := provenance.Root{
		Lineage: p.Lineage, Process: top.Key, Kind: top.Kind, Command: top.Command, User: top.User, Time: stamp(top.Born), Joined: joined,
	}
	if info := g.contexts.Peek(p.Lineage); info != nil {
		root.Source = (*info).Source
	}
	i.Roots = append(i.Roots, root)
	g.called(h, i, top)
	if p.Kind == event.ContextWebShell {
		i.Books.reach(provenance.InitialAccess, top.Born, entryText(g, p, &root))
	}
}

// entryText says how an intruder came in through a service.
func entryText(g *Graph, p *process, root *provenance.Root) string {
	text := "a service started a shell"
	if info := g.contexts.Peek(p.Lineage); info != nil && (*info).ServiceExe != "" {
		text = (*info).ServiceExe + " started a shell"
	}
	if root.Source != "" {
		text += " upon a request from " + root.Source
	}
	return text
}

// inside reports whether p is part of an intrusion by what led to it, and so
// is no entry of its own.
func (h *host) inside(p *process, i *intrusion, at int64) bool {
	return len(i.Roots) > 0 && h.top(p).Node.weight(i.Number, at) >= half
}

// top is the first process of the lineage of p; p itself where it has none.
func (h *host) top(p *process) *process {
	if p.Lineage == "" {
		return p
	}
	for range maxReach {
		parent := h.get(p.Parent)
		if parent == nil || parent.Lineage != p.Lineage {
			return p
		}
		p = parent
	}
	return p
}

// touch says that an intrusion changed.
func (h *host) touch(i *intrusion, at int64) {
	i.Updated = max(i.Updated, at)
	h.intrusions.Get(i.Number, h.graph.now)
	if i.Books.advanced {
		h.graph.advanced, i.Urgent, i.Books.advanced = true, true, false
	}
	if i.dirty {
		return
	}
	i.dirty = true
	if h.dirty = append(h.dirty, i.Number); len(h.dirty) == 1 {
		h.graph.changed = append(h.graph.changed, h.id)
	}
}

// unite makes one of two intrusions that turned out to be the same: the older
// one stays.
func (h *host) unite(a, b *intrusion, at int64) {
	if a == b {
		return
	}
	if b.Number < a.Number {
		a, b = b, a
	}
	a.Opened = min(a.Opened, b.Opened)
	a.LastRoot = max(a.LastRoot, b.LastRoot)
	for _, root := range b.Roots {
		if len(a.Roots) < maxRoots {
			a.Roots = append(a.Roots, root)
		} else {
			a.Books.Pruned.Roots++
		}
	}
	for _, lineage := range b.Lineages {
		if len(a.Lineages) < 4*maxRoots && !slices.Contains(a.Lineages, lineage) {
			a.Lineages = append(a.Lineages, lineage)
		}
	}
	for _, m := range b.Marks {
		if len(a.Marks) < maxMarks && !slices.Contains(a.Marks, m) {
			a.Marks = append(a.Marks, m)
		}
	}
	a.Books.absorb(&b.Books)
	b.Into, b.Merged = a.Number, a.ID
	h.merged.Put(b.ID, a.ID, h.graph.now)
	h.repaint(b.Number, a.Number)
	h.touch(b, at)
	h.touch(a, at)
}

func stamp(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }
