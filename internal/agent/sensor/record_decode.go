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
	r := Record{
		Kind: kind, Mono: p.mono, Task: p.task, Child: p.child,
		OldCredentials: p.old, Result: int32(p.numbers[numberResult]), Request: uint32(p.numbers[numberRequest]),
		Code: uint32(p.numbers[numberCode]),
		Ring: p.numbers[numberVia] != 0,
		way:  p.numbers[numberWay],
	}
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
	case kindPtrace:
		r.targetPID = uint32(p.numbers[numberPID])
	case kindCloseWrite:
		r.File, r.targetPID = p.fileOp(), uint32(p.numbers[numberPID])
	case kindCreate, kindOpen, kindFileRename, kindLink, kindUnlink, kindAttributes, kindMemfd:
		r.File = p.fileOp()
	case kindConnect, kindAccept, kindListen, kindClose:
		r.Socket = p.sockets[placeFile]
		if p.files[placeFile] != nil {
			r.File = p.fileOp()
		}
	case kindDNS:
		r.DNS = p.message()
	case kindMount:
		p.mount(&r)
	case kindNamespace, kindControl, kindModule, kindBPF, kindKexec, kindSocket:
		p.asked(&r)
	}
	if event.ClassOf(kind) == event.ClassNetwork && r.Socket == nil {
		return Record{}, fmt.Errorf("%w: %s without socket", ErrRecord, kind)
	}
	return r, nil
}

// mount describes a change of a mount tree: File is where, Object what. The
// arguments are the caller's; those of move_mount come the other way round.
func (p *parts) mount(r *Record) {
	r.Flags = p.numbers[numberMode]
	r.File = p.fileOp()
	r.File.Change, r.File.Mode = "", r.File.Mode&modeMask
	r.Object, r.Type = p.strings[stringText], p.strings[stringAttribute]
	if r.Request == MountMove || r.Request == MountPivot {
		r.Object, r.Type = r.File.NewPath, ""
	}
	r.File.NewPath, r.File.Attribute = "", ""
}

// asked takes over the parts of a request of the kernel.
func (p *parts) asked(r *Record) {
	r.Flags = p.numbers[numberFlags]
	r.Object, r.Type = p.strings[stringObject], p.strings[stringType]
	if r.Socket = p.sockets[placeFile]; r.Socket != nil && r.Socket.Transport != transportPacket {
		// Its protocol says what it carries, not what it is.
		r.Socket.Transport = "raw"
	}
	if p.files[placeFile] != nil {
		r.File = p.fileOp()
	}
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
	e.Image.Foreign = p.elsewhere
	if p.strings[stringInterp] != "" {
		e.Script = join(e.Cwd, e.Filename)
	}
	for i := range e.Fds {
		e.Fds[i] = p.fd(placeFd0 + i)
	}
	return e
}

// fileOp describes what was done to a file: the kernel's own file where a
// descriptor led to it, else the names that the caller gave.
func (p *parts) fileOp() *File {
	f := &File{
		FileRef:   p.file(placeFile),
		Origin:    p.paths[placeOrigin].text,
		Attribute: p.strings[stringAttribute],
		Flags:     uint32(p.numbers[numberOpenFlags]),
	}
	if p.kind == kindOpen && p.files[placeFile] == nil {
		f.Flags |= uint32(p.numbers[numberMode])
	}
	if c := p.numbers[numberChange]; c < uint64(len(changes)) {
		f.Change = changes[c]
	}
	if f.Change == changes[changeMode] {
		f.Mode = f.Mode&modeMask | uint32(p.numbers[numberMode])&permissionBits
	}
	if name := p.strings[stringUserPath]; name != "" {
		f.Path, f.FromUser = join(p.paths[placeBase].text, name), true
	}
	if name := p.strings[stringUserNewPath]; name != "" {
		f.NewPath, f.FromUser = join(p.paths[placeNewBase].text, name), true
	}
	if text := p.strings[stringText]; text != "" {
		f.NewPath = text
	}
	return f
}

func (p *parts) message() *DNSMessage {
	m := &DNSMessage{Payload: p.dns, Response: p.numbers[numberResponse] != 0}
	if s := p.sockets[placeFile]; s != nil {
		m.Socket = *s
	}
	m.Truncated = p.flags&recordTruncated != 0
	return m
}

// file is the file at a place with its path.
func (p *parts) file(place int) FileRef {
	if p.files[place] == nil {
		return FileRef{}
	}
	f := *p.files[place]
	f.Path = p.paths[place].text
	f.Detached = p.paths[place].flags&pathUnreachable != 0
	f.Memfd = isMemfd(f, p.paths[place])
	return f
}
