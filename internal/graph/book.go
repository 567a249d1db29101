package graph

import (
	"slices"
	"strconv"

	"baize/internal/provenance"
)

// actor is the process that acted: the one that an edge is booked for.
func (x *edge) actor() nodeID {
	switch x.Op {
	case opExec, opRead, opAccept, opStart, opMaybe, opAdmit:
		return x.To
	}
	return x.From
}

// object is the other end.
func (x *edge) object() nodeID {
	if x.actor() == x.To {
		return x.From
	}
	return x.To
}

// book notes an edge in the books of the intrusions that its process is part
// of, and of those that brought its file. x is the edge as it is kept, d what of
// it is new.
func (h *host) book(x, d *edge, at int64) {
	p, o := h.nodes[x.actor()].process, h.nodes[x.object()]
	if p == nil {
		return
	}
	for _, t := range p.Node.taints() {
		if i := h.intrusion(taint{Of: t.Of, Weight: p.Node.of(t, at)}, half); i != nil {
			h.bookFor(i, p, o, d)
			h.touch(i, max(d.last(), d.First))
		}
	}
	if o.file == nil {
		return
	}
	for _, t := range o.file.Node.taints() {
		if i := h.intrusion(t, half); i != nil && i.Books.Files.get(o.file.Node.ID) != nil {
			bookFile(&i.Books, p, o.file, d)
			h.touch(i, max(d.last(), d.First))
		}
	}
}

func (h *host) bookFor(i *intrusion, p *process, o holder, d *edge) {
	b := &i.Books
	i.Opened = min(i.Opened, d.First)
	b.process(p)
	switch {
	case o.file != nil:
		h.bookOnFile(i, p, o.file, d)
	case o.peer != nil:
		bookPeer(b, p, o.peer, d)
	case o.process != nil && d.Op == opFork:
		b.process(o.process)
	case o.process != nil && d.Op == opInject:
		b.reach(provenance.Privilege, d.First, p.text()+" wrote into "+o.process.text())
		if o.process.refuses(d.Op) {
			b.Pruned.Taints++ // what it does there for the intruder is not followed
		}
	}
	if p.rare().Elevated != "" {
		b.privilege(p.rare().Elevated)
		if !b.reached(provenance.Privilege) {
			b.reach(provenance.Privilege, d.First, p.rare().Elevated)
		}
	}
}

func (h *host) bookOnFile(i *intrusion, p *process, v *version, d *edge) {
	b := &i.Books
	switch d.Op {
	case opExec:
		if v.Written && v.Node.weight(i.Number, d.First) >= half && b.Files.get(v.Node.ID) == nil {
			b.file(v, h.writer(v, p), d.First, true) // it had left a full book
		}
	case opRead:
		if v.rare().Sensitive != definition {
			bookRead(b, p, v, d)
		}
		return
	case opWrite, opRename, opChange:
		if v.rare().Persists != "" && v.Type != typeDirectory {
			bookChange(b, p, v, d)
		}
		if v.Type == "" {
			b.file(v, p, d.First, false)
		}
	case opStart, opMaybe, opAdmit:
		b.ran(v, p)
	}
	bookFile(b, p, v, d)
}

// writer is who wrote a file last; p where he is forgotten.
func (h *host) writer(v *version, p *process) *process {
	if by := h.get(v.By); by != nil {
		return by
	}
	return p
}

// bookFile notes what was done to a file that the intruder brought.
func bookFile(b *books, p *process, v *version, d *edge) {
	f := b.Files.get(v.Node.ID)
	if f == nil {
		return
	}
	b.describe(v)
	switch d.Op {
	case opExec:
		f.Executed = true
		if v.Written && (!b.reached(provenance.Download) || b.stage(provenance.Download).Time.After(f.Time)) {
			b.reach(provenance.Download, f.Time.UnixNano(), broughtText(f))
		}
		b.reach(provenance.Execution, d.First, p.text())
	case opWrite:
		if f.From != "" && v.rare().Persists == "" {
			b.reach(provenance.Download, d.First, broughtText(f))
		}
	}
	if v.Executable && d.Op != opExec && d.Op != opUnlink {
		b.reach(provenance.Permission, max(d.First, v.rare().ExecutableAt), f.Path+" may be executed ("+p.text()+")")
	}
}

func (b *books) stage(name string) *provenance.Stage {
	for k := range b.Stages {
		if b.Stages[k].Stage == name {
			return &b.Stages[k]
		}
	}
	return nil
}

func broughtText(f *provenance.File) string {
	text := f.Path + " brought by " + f.By
	if f.From != "" {
		text += " from " + f.From
	}
	return text
}

// ranImage notes that a process runs a file that an intruder brought.
func (h *host) ranImage(p *process, at int64) {
	for _, t := range p.Node.taints() {
		if i := h.intrusion(taint{Of: t.Of, Weight: p.Node.of(t, at)}, half); i != nil {
			i.Books.process(p)
			i.Books.update(p)
		}
	}
}

func bookRead(b *books, p *process, v *version, d *edge) {
	if r := b.Reads.get(v.Node.ID); r != nil {
		r.Count += uint64(d.Count)
		r.Denied = r.Denied && v.rare().Denied
		return
	}
	r := provenance.Read{Class: v.rare().Sensitive, Path: v.Path, Size: v.Size, By: p.text(), First: stamp(d.First), Count: uint64(d.Count), Denied: v.rare().Denied}
	if _, lost := b.Reads.put(v.Node.ID, r, maxReads, readWorth); lost {
		b.Pruned.Reads++
	}
	if !v.rare().Denied {
		b.reach(provenance.CredentialAccess, d.First, v.Path+" read by "+p.text())
	}
}

// bookChange notes a change of a file that decides what is run later.
func bookChange(b *books, p *process, v *version, d *edge) {
	c := b.change(v)
	if c == nil {
		fact := provenance.Change{Class: v.rare().Persists, Path: v.Path, Action: actions[d.Op], By: p.text(), Key: p.Key, Time: stamp(d.First)}
		added, lost := b.Changes.put(v.Node.ID, fact, maxChanges, changeWorth)
		if lost {
			b.Pruned.Changes++
		}
		if c = added; c == nil {
			return
		}
	}
	c.Path, c.Undone = v.Path, false
	if follow(c, v.rare()) {
		c.Undone, c.UndoneAt = true, stamp(d.First)
		return
	}
	b.reach(provenance.Persist, d.First, v.rare().Persists+": "+v.Path+" by "+p.text())
}

// change is what is kept of changes of a definition. It is by path: editors and
// crontab put another file in the place of the one before.
func (b *books) change(v *version) *changeFact {
	for k := range b.Changes {
		if c := &b.Changes[k].Fact; c.Path == v.Path {
			return c
		}
	}
	return nil
}

var actions = map[op]string{opWrite: "written", opRename: "renamed", opChange: "permitted", opUnlink: "removed"}

// changeFact is what is kept of a change of a definition.
type changeFact = provenance.Change

// undo says that what was put under a path is there no more: it was removed, or
// replaced by what has not the lines that were added.
func (h *host) undo(path string, at int64, left func(*changeFact) bool) {
	for _, slot := range h.intrusions.All() {
		i := *slot
		for k := range i.Books.Changes {
			c := &i.Books.Changes[k].Fact
			if c.Path != path || c.Undone || left != nil && left(c) {
				continue
			}
			c.Undone, c.UndoneAt = true, stamp(at)
			defer h.touch(i, at) // not while the list is walked
		}
	}
}

// ran notes what was run because of a definition.
func (b *books) ran(v *version, p *process) {
	if c := b.change(v); c != nil && len(c.Ran) < maxNames && !slices.Contains(c.Ran, p.text()) {
		c.Ran = append(c.Ran[:len(c.Ran):len(c.Ran)], p.text())
	}
}

// exfiltrated is from how many bytes on what left for the outside counts as
// data that was taken, after something sensitive was read and without.
const (
	exfiltrated      = 64 << 10
	exfiltratedBlind = 10 << 20
)

func bookPeer(b *books, p *process, to *peer, d *edge) {
	if to.local() {
		return
	}
	inside := to.inside()
	x := b.peer(p, to, d)
	if x == nil {
		return
	}
	x.Count += uint64(d.Count)
	if last := stamp(max(d.last(), d.First)); last.After(x.Last) {
		x.Last = last
	}
	x.Failed = x.Failed && d.Op == opTry
	x.Host, x.Process = to.Host, to.Process
	text := to.text()
	switch d.Op {
	case opConnect:
		b.Called, p.rarely().Called = text, text
		bookCall(b, p, to, d, inside)
	case opTry:
		if inside {
			b.reach(provenance.LateralMovement, d.First, "an attempt to reach "+text+" by "+p.text())
		}
	}
}

func bookCall(b *books, p *process, to *peer, d *edge, inside bool) {
	switch {
	case inside:
		b.reach(provenance.LateralMovement, d.First, to.text()+" reached by "+p.text())
	case p.Brought:
		b.reach(provenance.CommandControl, d.First, p.text()+" calls "+to.text())
	}
}

// bookBytes notes what went over a connection.
func (h *host) bookBytes(p *process, to *peer, what op, out, in uint64, at int64) {
	if to.local() {
		return
	}
	for _, t := range p.Node.taints() {
		i := h.intrusion(taint{Of: t.Of, Weight: p.Node.of(t, at)}, half)
		if i == nil {
			continue
		}
		if x := i.Books.peer(p, to, &edge{Op: what, First: at}); x != nil {
			x.BytesOut, x.BytesIn = x.BytesOut+out, x.BytesIn+in
		}
		if !to.inside() {
			i.Books.Out += out
		}
		limit := uint64(exfiltratedBlind)
		if i.Books.reached(provenance.CredentialAccess) {
			limit = exfiltrated
		}
		if i.Books.Out >= limit {
			i.Books.reach(provenance.Exfiltration, at, strconv.FormatUint(i.Books.Out, 10)+" bytes left for the outside, the last for "+to.text())
		}
		h.touch(i, at)
	}
}

// peer returns what is kept of a peer, nil where there is no room for it. One that
// was forgotten meanwhile is the one it was.
func (b *books) peer(p *process, to *peer, d *edge) *provenance.Peer {
	if x := b.Peers.get(to.Node.ID); x != nil {
		return x
	}
	fact := provenance.Peer{
		Port: to.Key.Port, Name: to.Key.Name, Inside: to.inside(), Inbound: d.Op == opAccept, Failed: d.Op == opTry,
		First: stamp(d.First), Last: stamp(d.First), By: p.text(),
	}
	if to.Key.Addr.IsValid() {
		fact.IP = to.Key.Addr.String()
	}
	for k := range b.Peers {
		if x := &b.Peers[k]; x.Fact.IP == fact.IP && x.Fact.Port == fact.Port && x.Fact.Name == fact.Name {
			x.ID = to.Node.ID
			return &x.Fact
		}
	}
	added, lost := b.Peers.put(to.Node.ID, fact, maxPeers, peerWorth)
	if lost {
		b.Pruned.Peers++
	}
	return added
}
