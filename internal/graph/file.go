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
	// Links are the names that were added to it.
	Links int
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
		h.named(ev, now)
	case event.FileRename, event.FileLink:
		h.renamed(p, ev, now)
		h.named(ev, now)
	case event.FileUnlink:
		h.unlinked(keyOf(ev.File))
	case event.ProcessExec:
		return h.executed(p, ev, now)
	case event.FileOpen:
		if ev.Result != nil && *ev.Result < 0 {
			return nil // it was not allowed
		}
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
	v, writer := h.files.Get(key, now), p.author()
	if v != nil && (*v).Writer == writer {
		(*v).By = p.Key
		return
	}
	h.files.Put(key, &version{Path: clip(f.Path), Writer: writer, By: p.Key}, now)
}

// installers put in place what others made, by the path of their image.
var installers = map[string]bool{
	"/usr/bin/dpkg": true, "/usr/bin/rpm": true, "/usr/bin/dnf5": true, "/usr/bin/microdnf": true, "/usr/bin/zypper": true,
	"/usr/bin/pacman": true, "/sbin/apk": true, "/usr/bin/apk": true, "/usr/lib/snapd/snapd": true,
}

// author is the lineage to which a file that p writes is a tie. A package is
// the distribution's work, not that of who installed it: an intruder who later
// uses a tool has nothing to do with its administrator. What a web-spawned
// shell installs is the intruder's all the same.
func (p *process) author() string {
	if installers[p.Exe] && !p.Foreign && p.Kind != event.ContextWebShell {
		return ""
	}
	return p.Lineage
}

// unlinked forgets a file with its last name: the inode number is free for
// another then. Running images keep theirs.
func (h *host) unlinked(key fileKey) {
	if v := h.files.Peek(key); v != nil && (*v).Links > 0 {
		(*v).Links--
		return
	}
	h.files.Delete(key)
}

// renamed keeps the writer and changes the name. Whoever renames a file that
// nobody was seen to write is its author here.
func (h *host) renamed(p *process, ev *event.Event, now int64) {
	f := ev.File
	if f == nil || f.Target == nil {
		return
	}
	v := h.files.Get(keyOf(f), now)
	if v == nil {
		h.written(p, &event.File{Path: f.Target.Path, Inode: f.Inode}, now)
		v = h.files.Peek(keyOf(f))
	}
	if v == nil {
		return
	}
	(*v).Path = clip(f.Target.Path)
	if ev.Kind == event.FileLink {
		(*v).Links++
	}
}

// executed finds who wrote what p runs: its image, or the script that its
// image was started for.
func (h *host) executed(p *process, ev *event.Event, now int64) *Flow {
	p.Flow = nil
	if image := ev.Process.Exe; image != nil {
		p.Flow = h.use(p, fileKey{Device: image.Inode.Device, Inode: image.Inode.Inode, Gen: image.Inode.Gen}, false, now)
	}
	if p.Flow == nil {
		p.Flow = h.use(p, h.script(ev), false, now)
	}
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
