package sensor

import (
	"fmt"

	"baize/internal/event"
)

// record gives the items their meaning by kind.
func (p *parts) record() (Record, error) {
	kind, ok := kinds[p.kind]
	if !ok {
		return Record{}, fmt.Errorf("%w: kind %d", ErrRecord, p.kind)
	}
	r := Record{Kind: kind, Mono: p.mono, Task: p.task, Child: p.child, OldCredentials: p.old}
	switch p.kind {
	case kindFork:
		if p.child == nil {
			return Record{}, fmt.Errorf("%w: fork without child", ErrRecord)
		}
	case kindExec, kindTask:
		r.Exec = p.exec()
	case kindExit:
		r.ExitCode = uint32(p.numbers[numberExitCode])
	case kindRename:
		r.OldName, r.Name, r.Args = p.strings[stringOldName], p.strings[stringNewName], p.args
	}
	return r, nil
}

func (p *parts) exec() *Exec {
	e := &Exec{
		Image:         p.file(placeFile),
		Filename:      p.strings[stringFilename],
		Args:          p.args,
		ArgsTruncated: p.flags&(recordArgsTruncated|recordTruncated) != 0,
		Env:           p.env,
		EnvTruncated:  p.flags&recordEnvTruncated != 0,
		Cwd:           p.paths[placeCwd].text,
		TTY:           p.strings[stringTTY],
		ColdStart:     p.kind == kindTask,
	}
	if p.strings[stringInterp] != "" {
		e.Script = join(e.Cwd, e.Filename)
	}
	for i := range e.Fds {
		e.Fds[i] = p.fd(placeFd0 + i)
	}
	return e
}

// file is the file at a place with its path.
func (p *parts) file(place int) FileRef {
	if p.files[place] == nil {
		return FileRef{}
	}
	f := *p.files[place]
	f.Path = p.paths[place].text
	f.Memfd = isMemfd(f, p.paths[place])
	return f
}

// File system magics and file modes, from linux/magic.h and stat.h.
const (
	magicTmpfs = 0x01021994
	magicHuge  = 0x958458f6

	modeMask    = 0o170000
	modeSocket  = 0o140000
	modeRegular = 0o100000
	modeChar    = 0o020000
	modeFIFO    = 0o010000
	modeDir     = 0o040000
)

// isMemfd : a memfd is a nameless file of the kernel's own tmpfs mount, with
// this prefix, which no file in a directory can pass for.
func isMemfd(f FileRef, p path) bool {
	return p.flags&pathPseudo != 0 && (f.Magic == magicTmpfs || f.Magic == magicHuge) &&
		len(p.text) >= len("memfd:") && p.text[:len("memfd:")] == "memfd:"
}

// fd describes a standard descriptor.
func (p *parts) fd(place int) Fd {
	if p.files[place] == nil {
		return Fd{Type: "closed"}
	}
	fd := Fd{File: p.file(place)}
	fd.Type = fdType(fd.File, p.fileKinds[place].rdev)
	if s := p.sockets[place]; s != nil {
		fd.Local, fd.Remote = s.Local, s.Remote
	}
	return fd
}

// Character devices by Documentation/admin-guide/devices.txt.
const (
	majorMem     = 1
	minorNull    = 3
	majorTTY     = 4
	majorTTYAux  = 5
	majorPtsLow  = 136
	majorPtsHigh = 143
)

func fdType(f FileRef, rdev event.Device) string {
	switch f.Mode & modeMask {
	case modeFIFO:
		return "pipe"
	case modeSocket:
		return "socket"
	case modeRegular, modeDir:
		if f.Memfd {
			return "memfd"
		}
		return "file"
	case modeChar:
		return charType(rdev)
	}
	return "other"
}

func charType(rdev event.Device) string {
	switch major := rdev.Major(); {
	case major == majorMem && rdev.Minor() == minorNull:
		return "null"
	case major == majorTTY, major == majorTTYAux, major >= majorPtsLow && major <= majorPtsHigh:
		return "tty"
	}
	return "other"
}
