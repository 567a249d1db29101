package graph

import (
	"slices"

	"baize/internal/event"
)

// fileKey is a file of one host, by what the kernel calls it.
type fileKey struct {
	Device event.Device
	Inode  uint64
	Gen    uint32
}

// version is a file as last written.
type version struct {
	Path string
	// Writer is the lineage that wrote it, By the process.
	Writer string
	By     event.ProcessKey
	// Users are other lineages that executed or read it, at most maxUsers.
	Users []string
}

// maxUsers bounds for how many lineages a written file is a tie. A file that
// more of them use is a tool of the host, not the burden of one intruder.
const maxUsers = 4

// Flow ties two lineages: From wrote a file that the other executed or read.
type Flow struct {
	From string
	Path string
	// By wrote the file.
	By event.ProcessKey
	// Read : the file was read as a definition (a crontab, a unit, …), not executed.
	Read bool
}

// flow keeps what files p writes, and finds what it executes or reads of others.
func (h *host) flow(p *process, ev *event.Event, now int64) *Flow {
	switch ev.Kind {
	case event.FileCloseWrite, event.FileCreate, event.MemfdCreate:
		h.written(p, ev.File, now)
	case event.FileRename, event.FileLink:
		h.renamed(p, ev.File, now)
	case event.FileUnlink:
		// The inode number is free for another file once the last name is
		// gone; running images keep theirs, so nothing is forgotten early.
		h.files.Delete(keyOf(ev.File))
	case event.ProcessExec:
		return h.executed(p, ev.Process.Exe, now)
	case event.FileOpen:
		return h.read(p, ev.File, now)
	}
	return nil
}

func keyOf(f *event.File) fileKey {
	if f == nil {
		return fileKey{}
	}
	return fileKey{Device: f.Inode.Device, Inode: f.Inode.Inode, Gen: f.Inode.Gen}
}

func (h *host) written(p *process, f *event.File, now int64) {
	key := keyOf(f)
	if key == (fileKey{}) {
		return
	}
	v := h.files.Get(key, now)
	if v != nil && (*v).Writer == p.Lineage {
		(*v).By = p.Key
		return
	}
	h.files.Put(key, &version{Path: clip(f.Path), Writer: p.Lineage, By: p.Key}, now)
}

// renamed keeps the writer and changes the name. Whoever renames a file that
// nobody was seen to write is its author here.
func (h *host) renamed(p *process, f *event.File, now int64) {
	if f == nil || f.Target == nil {
		return
	}
	if v := h.files.Get(keyOf(f), now); v != nil {
		(*v).Path = clip(f.Target.Path)
		return
	}
	h.written(p, &event.File{Path: f.Target.Path, Inode: f.Inode}, now)
}

func (h *host) executed(p *process, image *event.Image, now int64) *Flow {
	p.Flow = nil
	if image == nil {
		return nil
	}
	key := fileKey{Device: image.Inode.Device, Inode: image.Inode.Inode, Gen: image.Inode.Gen}
	p.Flow = h.use(p, key, false, now)
	return p.Flow
}

// definition is the class of files that say what is run: crontabs, units,
// shell start files.
const definition = "definition"

// read ties by definition files only: credentials are read by everybody.
func (h *host) read(p *process, f *event.File, now int64) *Flow {
	if f == nil || f.Sensitive != definition {
		return nil
	}
	return h.use(p, keyOf(f), true, now)
}

func (h *host) use(p *process, key fileKey, read bool, now int64) *Flow {
	slot := h.files.Get(key, now)
	if slot == nil {
		return nil
	}
	v := *slot
	if v.Writer == "" || p.Lineage == "" || v.Writer == p.Lineage {
		return nil
	}
	if !slices.Contains(v.Users, p.Lineage) {
		if len(v.Users) == maxUsers {
			return nil
		}
		v.Users = append(v.Users, p.Lineage)
	}
	return &Flow{From: v.Writer, Path: v.Path, By: v.By, Read: read}
}

// Brought reports whether an image was written since the host is observed, or
// lives in memory: its content says something about who runs it, unlike that
// of a system's own tools.
func (g *Graph) Brought(hostID string, image *event.Image) bool {
	if image == nil {
		return false
	}
	if image.Memfd || image.Tmpfs || image.Deleted {
		return true
	}
	h := g.hosts.Peek(hostID)
	if h == nil {
		return false
	}
	return (*h).files.Peek(fileKey{Device: image.Inode.Device, Inode: image.Inode.Inode, Gen: image.Inode.Gen}) != nil
}
