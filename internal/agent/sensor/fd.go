package sensor

import (
	"strings"

	"baize/internal/event"
)

// File system magics and file modes, from linux/magic.h and stat.h.
const (
	magicTmpfs = 0x01021994
	magicHuge  = 0x958458f6

	modeMask       = 0o170000
	permissionBits = 0o7777

	modeSocket  = 0o140000
	modeRegular = 0o100000
	modeChar    = 0o020000
	modeFIFO    = 0o010000
	modeDir     = 0o040000
)

// isMemfd : a memfd is a nameless file of the kernel's own tmpfs mount, with
// this prefix, which no file in a directory can pass for.
func isMemfd(f FileRef, p walked) bool {
	return p.flags&pathPseudo != 0 && (f.Magic == magicTmpfs || f.Magic == magicHuge) &&
		strings.HasPrefix(p.text, "memfd:")
}

// fd describes a standard descriptor.
func (p *parts) fd(place int) Fd {
	if p.files[place] == nil {
		return Fd{Type: "closed"}
	}
	fd := Fd{File: p.file(place)}
	fd.Type = fdType(fd.File, p.rdevs[place])
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
