package graph

import (
	"path"
	"strings"

	"baize/internal/event"
)

// interpreters run a file that is named to them, by file name without version.
var interpreters = map[string]bool{
	"sh": true, "bash": true, "dash": true, "ash": true, "zsh": true, "ksh": true, "busybox": true,
	"python": true, "perl": true, "ruby": true, "php": true, "node": true, "lua": true, "java": true, "tclsh": true, "awk": true,
}

// interprets reports whether a process runs a file that is named to it: that of
// an interpreter, or any program through the dynamic loader.
func interprets(p *event.Process) bool {
	name := path.Base(p.Executable)
	return interpreters[strings.TrimRight(name, "0123456789.")] || strings.HasPrefix(name, "ld-linux") || strings.HasPrefix(name, "ld-musl") ||
		strings.HasPrefix(name, "ld-2.") || name == "ld.so"
}

// withValue are options of interpreters and the dynamic loader whose value is
// the next argument.
var withValue = map[string]bool{
	"--library-path": true, "--preload": true, "--argv0": true, "--audit": true, "--inhibit-rpath": true, "-jar": false, "-W": true, "-X": true,
}

// operand is the first argument that is no option.
func operand(args []string) string {
	for k := 0; k < len(args); k++ {
		switch {
		case args[k] == "-c" || args[k] == "-e" || args[k] == "-m" || args[k] == "-s":
			return ""
		case withValue[args[k]]:
			k++
		case !strings.HasPrefix(args[k], "-"):
			return args[k]
		}
	}
	return ""
}

// scriptOf is the path of the file that a process was started to interpret, ""
// where there is none.
func scriptOf(p *event.Process) string {
	if p.Script != "" {
		return p.Script
	}
	if len(p.Args) < 2 || !interprets(p) {
		return ""
	}
	name := operand(p.Args[1:])
	switch {
	case name == "":
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

// covered is the file that had a name before another one got it.
func (h *host) covered(ev *event.Event, name string, by fileKey) *version {
	slot := h.names.Peek(place(ev, name))
	if slot == nil || *slot == by {
		return nil
	}
	v := h.known(*slot, 0)
	if v == nil || v.Path != name && !v.rare().Linked {
		return nil
	}
	return v
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
	if v := h.known(*slot, 0); v == nil || v.Path != name {
		return fileKey{}
	}
	return *slot
}
