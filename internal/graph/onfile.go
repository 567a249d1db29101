package graph

import (
	"slices"
	"time"

	"baize/internal/event"
)

// onFile keeps what a process did to a file.
func (g *Graph) onFile(h *host, p *process, ev *event.Event, at, now int64) {
	f := ev.File
	if f == nil {
		return
	}
	switch ev.Kind {
	case event.FileRename, event.FileLink:
		g.renamed(h, p, ev, at, now)
	case event.FileUnlink:
		g.removed(h, p, ev, at, now)
	case event.FileAttributes:
		g.attributes(h, p, ev, at, now)
	case event.FileHash:
		h.hashed(f, at, now)
	case event.FileDiff:
		h.diffed(p, ev, at, now)
	default:
		if v := h.late(ev, at); v != nil {
			g.change(h, p, v, ev, opWrite, at)
			return
		}
		if ev.Kind == event.FileCreate {
			h.created(ev, at, now)
		}
		v := h.file(f, now)
		if v == nil {
			return
		}
		h.written(v, p, f.Path)
		v.Memory = v.Memory || ev.Kind == event.MemfdCreate
		v.Gone = false
		g.change(h, p, v, ev, opWrite, at)
		h.named(ev, now)
	}
}

// Bounds of looking for a file that is gone.
const (
	lookGone = 64
	lateBy   = int64(5 * time.Second)
)

// late finds the file of a close that is told after the file's last name was
// removed: the kernel tells of closes by another way, and a moment later. Had
// another file got its inode and its name, its creation would have been told.
func (h *host) late(ev *event.Event, at int64) *version {
	key := keyOf(ev.File)
	if ev.Kind != event.FileCloseWrite || h.files.Peek(key) != nil || h.oldFiles.Peek(key) != nil {
		return nil
	}
	left := lookGone
	for _, slot := range h.gone.Backward() {
		v := *slot
		if left--; left < 0 || at-v.rare().GoneAt > lateBy {
			return nil
		}
		if v.Key == key && v.Path == ev.File.Path {
			return v
		}
	}
	return nil
}

// created ends the files that had the inode or the name of a new one: their end
// was not seen.
func (h *host) created(ev *event.Event, at, now int64) {
	key := keyOf(ev.File)
	if v := h.known(key, now); v != nil && v.Path != ev.File.Path && !v.rare().Linked {
		h.lapsed(v, at)
	}
	if v := h.covered(ev, ev.File.Path, key); v != nil {
		h.lapsed(v, at)
	}
}

func (h *host) lapsed(v *version, at int64) {
	h.unlinked(v, at)
	h.described(v, at)
}

// change keeps that p changed a file, and what changed.
func (g *Graph) change(h *host, p *process, v *version, ev *event.Event, what op, at int64) {
	v.describe(ev.File, at)
	told := v.lines(ev.File.Changed(), p.Node.ID)
	g.connect(h, &p.Node, &v.Node, edgeOf(ev, what, at))
	if told {
		h.taken(v, at)
	}
}

// renamed keeps the writer and changes the name. Whoever renames a file that
// nobody was seen to write is its author here. What had the name before is gone.
func (g *Graph) renamed(h *host, p *process, ev *event.Event, at, now int64) {
	f := ev.File
	if f.Target == nil {
		return
	}
	v := h.file(&event.File{Path: f.Target.Path, Inode: f.Inode, Type: f.Type}, now)
	if v == nil {
		return
	}
	if !v.Written {
		h.written(v, p, f.Target.Path)
	}
	var old *version
	if ev.Kind == event.FileLink {
		v.rarely().Links++
		v.Rare.Linked = true
	} else if old = h.covered(ev, f.Target.Path, v.Key); old != nil {
		g.replaced(h, p, old, ev, at)
	}
	if ev.Kind == event.FileRename {
		h.names.Delete(place(ev, f.Path))
		if persistence(f.Path, f.Sensitive) != "" {
			h.undo(f.Path, at, nil)
		}
	}
	v.Path = h.share(f.Target.Path)
	if ev.Kind == event.FileRename && f.Target.Diff != nil && v.Rare != nil {
		v.Rare.Lines = nil // the name that it gets has others
	}
	if old != nil {
		v.inherit(old)
	}
	if f.Target.Sensitive != "" || v.Rare != nil {
		v.rarely().Sensitive = f.Target.Sensitive
	}
	g.change(h, p, v, ev, opRename, at)
	if old != nil && old.heir(v) {
		g.connect(h, &old.Node, &v.Node, edgeOf(ev, opRename, at))
	}
	h.named(ev, now)
}

// replaced ends a file whose name another one got.
func (g *Graph) replaced(h *host, p *process, old *version, ev *event.Event, at int64) {
	h.unlinked(old, at)
	g.connect(h, &p.Node, &old.Node, edgeOf(ev, opUnlink, at))
}

func (g *Graph) removed(h *host, p *process, ev *event.Event, at, now int64) {
	v := h.known(keyOf(ev.File), now)
	if v == nil {
		if v = h.byName(ev); v == nil {
			if persistence(ev.File.Path, ev.File.Sensitive) != "" {
				h.undo(ev.File.Path, at, nil)
			}
			return
		}
	}
	h.unlinked(v, at)
	h.names.Delete(place(ev, ev.File.Path))
	if v.Gone {
		v.Path = h.share(firstText(ev.File.Path, v.Path))
		h.undo(v.Path, at, nil)
	}
	g.connect(h, &p.Node, &v.Node, edgeOf(ev, opUnlink, at))
}

// byName finds the file of an event that does not say which inode it was: not
// every tier of the sensor knows that of what was removed or changed by path.
func (h *host) byName(ev *event.Event) *version {
	if !ev.File.Inode.IsZero() {
		return nil
	}
	slot := h.names.Peek(place(ev, ev.File.Path))
	if slot == nil {
		return nil
	}
	if v := h.known(*slot, 0); v != nil && v.Path == ev.File.Path {
		return v
	}
	return nil
}

// attributes keeps changes of attributes of files that are known, and of those
// that an intruder touches.
func (g *Graph) attributes(h *host, p *process, ev *event.Event, at, now int64) {
	f := ev.File
	v := h.known(keyOf(f), now)
	if v == nil {
		v = h.byName(ev)
	}
	if v == nil && len(p.Node.taints()) == 0 && p.Kind != event.ContextWebShell || f.Type != "" {
		return
	}
	if v == nil {
		if v = h.file(f, now); v == nil {
			return
		}
		v.Path = h.share(f.Path)
	}
	g.change(h, p, v, ev, opChange, at)
}

// hashed takes over a digest that came later.
func (h *host) hashed(f *event.File, at, now int64) {
	v := h.known(keyOf(f), now)
	if v == nil || f.Hash == nil || f.Hash.SHA256 == "" {
		return
	}
	v.SHA256 = f.Hash.SHA256
	h.described(v, at)
}

// described tells the intrusions that a file is part of how it is now.
func (h *host) described(v *version, at int64) {
	for _, t := range v.Node.taints() {
		if i := h.intrusion(t, half); i != nil {
			i.Books.describe(v)
			h.touch(i, at)
		}
	}
}

// maxDefinitions bounds the files that a hub is known to have read.
const maxDefinitions = 64

// maxReaders bounds for how many readers a definition is a tie: a file that all
// the host reads says nothing of any one of them.
const maxReaders = 16

// opened keeps that a sensitive file was opened. A definition that a hub reads
// is remembered for what it starts next; everybody else takes a share of it.
func (g *Graph) opened(h *host, p *process, ev *event.Event, at, now int64) *Flow {
	f := ev.File
	if f == nil || f.Sensitive == "" {
		return nil
	}
	denied := ev.Result != nil && *ev.Result < 0
	if f.Sensitive == definition {
		if denied {
			return nil
		}
		v := h.known(keyOf(f), now)
		if v == nil {
			h.toWrite(f, at, now)
			return nil // nobody was seen to write it
		}
		g.consulted(h, p, v, ev, at)
		return h.use(p, v, true)
	}
	v := h.file(f, now)
	if v == nil {
		return nil
	}
	fresh := v.Path == ""
	if fresh {
		v.Path = h.share(f.Path)
	}
	v.rarely().Denied = denied && (fresh || v.rare().Denied)
	v.describe(f, at)
	g.connect(h, &v.Node, &p.Node, edgeOf(ev, opRead, at))
	return nil
}

func (g *Graph) consulted(h *host, p *process, v *version, ev *event.Event, at int64) {
	if p.consults() {
		if r := p.rarely(); !slices.Contains(r.Definitions, v.Node.ID) {
			if len(r.Definitions) == maxDefinitions {
				r.Definitions = r.Definitions[1:]
			}
			r.Definitions = append(slices.Clone(r.Definitions), v.Node.ID)
		}
		return
	}
	if v.rare().Readers < maxReaders {
		v.rarely().Readers++
		g.connect(h, &v.Node, &p.Node, edgeOf(ev, opRead, at))
	}
}

// toWrite makes a definition known that is opened to be written: what it says may
// be read, and acted upon, before it is told that it was closed.
func (h *host) toWrite(f *event.File, at, now int64) {
	if f.Access == "" || f.Access == "read" {
		return
	}
	if v := h.file(f, now); v != nil {
		v.Path = h.share(f.Path)
		v.describe(f, at)
	}
}
