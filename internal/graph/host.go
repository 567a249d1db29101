package graph

import (
	"baize/internal/event"
	"baize/internal/lru"
)

// maxBoots bounds how many boots of one host are told apart at once. A host
// has one; more come only from foreign files.
const maxBoots = 4

// host is what is known of one host.
type host struct {
	id    string
	boots []string
	next  uint32 // number of the next boot; numbers are never used again
	first uint32 // number of boots[0]
	procs *lru.Map[procKey, *process]
	files *lru.Map[fileKey, *version]
	// names are the files by the path that they were last written under.
	names *lru.Map[string, fileKey]
	// exits are the processes that ended, oldest first.
	exits []exit
	// swept is when exited processes were last looked through.
	swept int64
	// held is how much of each sort the pools know of.
	held [sorts]int
}

// exit is the end of one process, by the engine's clock.
type exit struct {
	At  int64
	Key procKey
}

func newHost(id string, limits Limits) *host {
	return &host{
		id:    id,
		procs: lru.New[procKey, *process](limits.ProcessesPerHost),
		files: lru.New[fileKey, *version](limits.FilesPerHost),
		names: lru.New[string, fileKey](limits.FilesPerHost),
	}
}

// key turns an event's key into the host's own.
func (h *host) key(k event.ProcessKey) procKey {
	return procKey{Boot: h.boot(k.Boot), PID: k.PID, Start: k.Start}
}

// name is an event's key with the host's own copies of its texts.
func (h *host) name(k event.ProcessKey) event.ProcessKey {
	if k.Host == h.id {
		k.Host = h.id
	}
	k.Boot = h.boots[h.boot(k.Boot)-h.first]
	return k
}

// boot numbers a boot. A new one beyond maxBoots forgets the oldest, whose
// processes age out.
func (h *host) boot(id string) uint32 {
	for i, have := range h.boots {
		if have == id {
			return h.first + uint32(i)
		}
	}
	if len(h.boots) == maxBoots {
		h.boots = append(h.boots[:0], h.boots[1:]...)
		h.first++
	}
	h.boots = append(h.boots, id)
	h.next++
	return h.next - 1
}

// get returns the process of key, nil where it is not known.
func (h *host) get(key procKey) *process {
	if p := h.procs.Peek(key); p != nil {
		return *p
	}
	return nil
}
