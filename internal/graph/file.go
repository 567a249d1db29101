package graph

import (
	"slices"
	"strconv"

	"baize/internal/event"
)

// fileKey is a file of one host, by what the kernel calls it.
type fileKey struct {
	Device event.Device
	Inode  uint64
	Gen    uint32
}

// version is a file as last written, or a sensitive one as last read.
type version struct {
	Node node
	Key  fileKey
	Path string
	// Type as events have it: empty for a regular file.
	Type string
	// Written : it was written since the host is observed. Writer is the lineage
	// that did so last, By the process.
	Written bool
	// Executable since ExecutableAt.
	Executable bool
	// Memory : it never had a name.
	Memory bool
	// Gone : the last name was removed at GoneAt.
	Gone   bool
	Writer string
	By     procKey
	// SHA256 and Size of the content last seen.
	SHA256 string
	Size   uint64
	// Rare is what few files have; nil for the others.
	Rare *rareFile
}

// rareFile is what few files have.
type rareFile struct {
	ExecutableAt, GoneAt int64
	// Links are the names that were added to it.
	Links int
	// Linked : it had several; Path is one of them.
	Linked bool
	// Users are other lineages that executed or read it, at most maxUsers.
	Users []string
	// Readers counts those that took it for a definition.
	Readers int
	// Sensitive is the sensor's class, Denied says that nobody was let in.
	Sensitive string
	Denied    bool
	// Persists is the class of what decides what is run later; Added and Removed
	// are the lines that changed last.
	Persists       string
	Added, Removed []string
	// Whole : Added is all that is in the file; what was new is not known. Cut :
	// there were more lines.
	Whole, Cut bool
	// Lines of a definition that were added since the host is observed, and by whom.
	Lines []line
}

// noRareFile is what most files have.
var noRareFile rareFile

// rare is what v has of it, to be read only.
func (v *version) rare() *rareFile {
	if v.Rare == nil {
		return &noRareFile
	}
	return v.Rare
}

// rarely returns the same to write to.
func (v *version) rarely() *rareFile {
	if v.Rare == nil {
		v.Rare = &rareFile{}
	}
	return v.Rare
}

// Types of files that are told apart.
const (
	typeDirectory = "dir"
	typeSymlink   = "symlink"
)

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

func keyOf(f *event.File) fileKey {
	if f == nil {
		return fileKey{}
	}
	return fileKey{Device: f.Inode.Device, Inode: f.Inode.Inode, Gen: f.Inode.Gen}
}

// file returns what is known of a file, made where it is new. It is nil for what
// is no file with a content of its own.
func (h *host) file(f *event.File, now int64) *version {
	key := keyOf(f)
	if key == (fileKey{}) || f.Type != "" && f.Type != typeSymlink && f.Type != typeDirectory {
		return nil
	}
	v := h.known(key, now)
	if v == nil {
		v = &version{Key: key, Type: f.Type, Node: node{Still: true}}
		h.number(&v.Node, holder{file: v})
		h.files.Put(key, v, now)
	}
	return v
}

// known returns what is known of a file, nil for nothing.
func (h *host) known(key fileKey, now int64) *version {
	if slot := h.files.Get(key, now); slot != nil {
		return *slot
	}
	if slot := h.oldFiles.Get(key, now); slot != nil {
		return *slot
	}
	return nil
}

// written notes that p made the content of a file. What an intruder makes of a
// program that many run is another one, and those have not run it.
func (h *host) written(v *version, p *process, path string) {
	if v.Rare != nil && v.Writer != p.Lineage && (p.Kind == event.ContextWebShell || p.Node.heaviest(h.graph.at).Weight >= half) {
		v.Rare.Users = nil
	}
	v.Path, v.Written, v.Writer, v.By = h.share(path), true, p.author(), h.key(p.Key)
}

// describe takes over what an event says of a file.
func (v *version) describe(f *event.File, at int64) {
	if f.Hash != nil && f.Hash.SHA256 != "" {
		v.SHA256 = f.Hash.SHA256
	}
	if f.Size > 0 {
		v.Size = f.Size
	}
	if f.Sensitive != "" {
		v.rarely().Sensitive = f.Sensitive
	}
	if v.Type == "" && executable(f.Mode) {
		v.permit(at)
	}
	if class := persistence(v.Path, v.rare().Sensitive); class != "" || v.Rare != nil {
		v.rarely().Persists = class
	}
}

func (v *version) permit(at int64) {
	if !v.Executable {
		v.Executable, v.rarely().ExecutableAt = true, at
	}
}

// executable reports whether anybody may execute a file of a mode in octal.
func executable(mode string) bool {
	bits, err := strconv.ParseUint(mode, 8, 32)
	return err == nil && bits&0o111 != 0
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
func (h *host) unlinked(v *version, at int64) {
	if v.rare().Links > 0 {
		v.Rare.Links--
		return
	}
	v.Gone, v.rarely().GoneAt = true, at
	h.files.Delete(v.Key)
	h.oldFiles.Delete(v.Key)
}

// executed finds who wrote what p runs: its image, or the script that its
// image was started for.
func (h *host) executed(p *process, ev *event.Event, now int64) (image, script *version) {
	if x := ev.Process.Exe; x != nil {
		image = h.known(fileKey{Device: x.Inode.Device, Inode: x.Inode.Inode, Gen: x.Inode.Gen}, now)
	}
	script = h.known(h.script(ev), now)
	flow := h.use(p, image, false)
	if flow == nil {
		flow = h.use(p, script, false)
	}
	if flow != nil || p.Rare != nil {
		p.rarely().Flow = flow
	}
	return image, script
}

// definition is the class of files that say what is run: crontabs, units,
// shell start files.
const definition = "definition"

// use ties p to who wrote a file.
func (h *host) use(p *process, v *version, read bool) *Flow {
	if v == nil || v.Writer == "" || p.Lineage == "" || v.Writer == p.Lineage {
		return nil
	}
	if r := v.rarely(); !slices.Contains(r.Users, p.Lineage) {
		if len(r.Users) == maxUsers {
			return nil
		}
		r.Users = append(r.Users, p.Lineage)
	}
	return &Flow{From: v.Writer, Path: v.Path, By: h.unkey(v.By), Read: read}
}

// popular reports whether so many run a file that one more of them is nobody's
// for it.
func (v *version) popular(p *process) bool {
	users := v.rare().Users
	return len(users) == maxUsers && p != nil && !slices.Contains(users, p.Lineage)
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
	v := (*h).known(fileKey{Device: image.Inode.Device, Inode: image.Inode.Inode, Gen: image.Inode.Gen}, 0)
	return v != nil && v.Written
}
