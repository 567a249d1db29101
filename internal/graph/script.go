package graph

import (
	"path"
	"strings"

	"baize/internal/event"
)

// interpreters run a file that is named to them, by file name without version.
var interpreters = map[string]bool{
	"sh": true, "bash": true, "dash": true, "ash": true, "zsh": true, "ksh": true, "busybox": true,
	"python": true, "perl": true, "ruby": true, "php": true, "node": true, "lua": true,
}

// scriptOf is the path of the file that a process was started to interpret, ""
// where there is none.
func scriptOf(p *event.Process) string {
	if p.Script != "" {
		return p.Script
	}
	if len(p.Args) < 2 || !interpreters[strings.TrimRight(path.Base(p.Executable), "0123456789.")] {
		return ""
	}
	name := p.Args[1]
	switch {
	case name == "" || name[0] == '-':
		return ""
	case name[0] == '/':
		return path.Clean(name)
	case p.WorkingDirectory == "":
		return ""
	}
	return path.Join(p.WorkingDirectory, name)
}

// place is a path as one container, or the host, sees it.
func place(ev *event.Event, name string) string {
	if ev.Container == nil || name == "" {
		return name
	}
	return ev.Container.ID + name
}

// named keeps under which name a file was written: an interpreter is told a
// name, and the kernel says nothing of what it then reads.
func (h *host) named(ev *event.Event, now int64) {
	f := ev.File
	if f == nil {
		return
	}
	name := f.Path
	if f.Target != nil {
		name = f.Target.Path
	}
	if key := keyOf(f); len(name) <= maxText && h.files.Peek(key) != nil {
		h.names.Put(place(ev, name), key, now)
	}
}

// script is the file that an interpreter was started for, as far as it was
// written since the host is observed and has that name still.
func (h *host) script(ev *event.Event) fileKey {
	name := scriptOf(ev.Process)
	if name == "" {
		return fileKey{}
	}
	slot := h.names.Peek(place(ev, name))
	if slot == nil {
		return fileKey{}
	}
	if v := h.files.Peek(*slot); v == nil || (*v).Path != name {
		return fileKey{}
	}
	return *slot
}
