package graph

import (
	"slices"
	"strings"

	"baize/internal/lru"
)

// reboots reports whether a boot is new, and not the first.
func (h *host) reboots(boot string) bool { return len(h.boots) > 0 && !slices.Contains(h.boots, boot) }

// rebooted notes what ended with the last boot of a host, of which nobody tells
// one by one: all processes, and files in memory.
func (g *Graph) rebooted(h *host, now int64) {
	for _, procs := range []*lru.Map[procKey, *process]{h.procs, h.oldProcs} {
		for _, p := range procs.All() {
			g.exited(h, *p, now)
		}
	}
	var volatile []*version
	for _, files := range []*lru.Map[fileKey, *version]{h.files, h.oldFiles} {
		for _, v := range files.All() {
			if inMemory((*v).Path) {
				volatile = append(volatile, *v)
			}
		}
	}
	for _, v := range volatile {
		v.rarely().Links = 0
		h.unlinked(v, g.at)
	}
	for _, slot := range h.intrusions.All() {
		(*slot).Books.ended(g.at)
	}
}

// inMemory reports whether a path is in a file system that every Linux keeps in
// memory.
func inMemory(path string) bool {
	return strings.HasPrefix(path, "/dev/shm/") || strings.HasPrefix(path, "/run/")
}

// ended notes the same of what is in the books, also of what the graph forgot.
func (b *books) ended(at int64) {
	for k := range b.Processes {
		b.Processes[k].Fact.Alive = false
	}
	for k := range b.Files {
		if f := &b.Files[k].Fact; inMemory(f.Path) && !f.Gone {
			f.Gone, f.GoneAt = true, stamp(at)
		}
	}
}
