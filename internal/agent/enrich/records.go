package enrich

import (
	"strings"
	"time"

	"baize/internal/agent/sensor"
	"baize/internal/event"
)

func (e *Enricher) fork(now time.Time, rec *sensor.Record) {
	if rec.Child == nil {
		return
	}
	parent := e.process(now, &rec.Task)
	// The snapshot is taken after the first forks are in the ring: whom it shows
	// may have executed something since, perhaps before execs were seen.
	child := e.procs.get(Identity{rec.Child.PID, rec.Child.Start})
	if child == nil {
		child = e.born(now, rec.Child, parent)
	}
	if child.place.key != parent.place.key || child.context == nil {
		e.assign(child, nil)
	}
	e.queue(now, e.event(rec, child), nil, child.place.box)
}

func (e *Enricher) exec(now time.Time, rec *sensor.Record) {
	if rec.Exec == nil {
		return
	}
	if rec.Exec.ColdStart {
		e.snapshot(now, rec)
		return
	}
	p := e.process(now, &rec.Task)
	p.exec++
	e.executed(now, p, rec)
	p.image.digest = e.wanted(p, &rec.Exec.Image, true)
	e.titles.later(now, p)
	e.raised(now, p, rec)
	ev := e.event(rec, p)
	ev.Process = e.whole(p)
	e.queue(now, ev, p.image.digest, p.place.box)
	e.announce(now, p.place.box)
}

// raised reports capabilities that an exec brought, before the exec itself.
func (e *Enricher) raised(now time.Time, p *process, rec *sensor.Record) {
	o := credentialOperation(rec)
	if o == nil {
		return
	}
	ev := e.event(rec, p)
	ev.Kind, ev.Operation = event.ProcessCredentials, o
	e.queue(now, ev, nil, p.place.box)
}

// executed gives p its new image.
func (e *Enricher) executed(_ time.Time, p *process, rec *sensor.Record) {
	before := p.image
	switch {
	case p.place.unknown: // there is one more chance to read where it is
		p.place = e.place(&rec.Task, nil)
	case p.place.early:
		e.reread(p.place, &rec.Task)
	}
	p.image, p.title, p.name = e.image(rec.Exec), "", rec.Task.Comm
	// In a container nothing is the host's.
	p.image.exe.Foreign = rec.Exec.Image.Foreign && p.place.box == nil
	p.server, p.networked = false, false
	p.changed()
	e.assign(p, before)
}

// snapshot takes a process that was there before the sensor. It is no event,
// unless it began while nobody watched.
func (e *Enricher) snapshot(now time.Time, rec *sensor.Record) {
	parent := e.procs.procs[Identity{rec.Task.ParentPID, rec.Task.ParentStart}]
	p := e.procs.procs[Identity{rec.Task.PID, rec.Task.Start}]
	if p == nil {
		p = e.born(now, &rec.Task, parent)
	}
	e.executed(now, p, rec)
	e.update(now, p, &rec.Task)
	if e.servers[rec.Task.PID] {
		e.listens(p, false)
	}
	if e.since.IsZero() || p.start.Before(e.since) || p.kernel {
		return
	}
	p.image.digest = e.wanted(p, &rec.Exec.Image, true)
	ev := e.event(rec, p)
	ev.Process = e.whole(p)
	e.queue(now, ev, p.image.digest, p.place.box)
}

func (e *Enricher) exit(now time.Time, rec *sensor.Record) {
	p := e.process(now, &rec.Task)
	ev := e.event(rec, p)
	view := *ev.Process
	code := exitCode(rec.ExitCode)
	view.ExitCode = &code
	ev.Process = &view
	e.queue(now, ev, nil, p.place.box)
	e.procs.exit(p, now)
	if b := p.place.box; b != nil && b.root == p {
		e.boxEnded(now, ev.Time, p, b)
	}
}

// boxEnded reports the end of a container's first process.
func (e *Enricher) boxEnded(now, at time.Time, p *process, b *box) {
	e.queue(now, &event.Event{Time: at, Kind: event.ContainerStop, Process: e.short(p)}, nil, b)
	e.places.forget(b)
}

// exitCode is the shell's view of the kernel's exit_code: the status in the
// second byte, the signal in the first.
func exitCode(code uint32) int {
	if signal := code & 0x7f; signal != 0 {
		return 128 + int(signal)
	}
	return int(code >> 8 & 0xff)
}

func result(rec *sensor.Record) *int {
	value := int(rec.Result)
	return &value
}

// file takes records about files, and changes of credentials, which need no
// more than the process.
func (e *Enricher) file(now time.Time, rec *sensor.Record) {
	p := e.process(now, &rec.Task)
	ev := e.event(rec, p)
	if rec.Kind == event.ProcessCredentials {
		ev.Operation = credentialOperation(rec)
	}
	if rec.Child != nil {
		ev.Target = e.short(e.process(now, rec.Child))
	}
	var wanted *digestEntry
	var diff *diffEntry
	if rec.File != nil {
		ev.File = e.fileOf(rec.File)
		if watched(ev.File) {
			ev.Process = e.descended(p)
			diff = e.changedLines(p, rec, ev.File)
		}
		if worthDigest(rec) {
			e.flows.bring(e.fileKey(&rec.File.FileRef))
			wanted = e.wanted(p, &rec.File.FileRef, false)
		}
	}
	e.queue(now, ev, wanted, p.place.box)
	e.out.items[len(e.out.items)-1].diff = diff
}

// watched reports whether a file, by its old or new name, is of a class that
// rules ask for.
func watched(f *event.File) bool {
	return f.Sensitive != "" || f.Target != nil && f.Target.Sensitive != ""
}

// worthDigest reports whether the file may be brought in to be executed: it is
// executable, or was written where anybody may write.
func worthDigest(rec *sensor.Record) bool {
	f := rec.File
	if f.Inode == 0 || f.Size == 0 || f.Mode&fileType != regularFile || isMemfd(&f.FileRef) {
		return false
	}
	executable := f.Mode&0o111 != 0
	switch rec.Kind {
	case event.FileCloseWrite:
		return executable || isTemporary(f.Path)
	case event.FileAttributes:
		return executable && f.Change == "mode"
	}
	return false
}

// File types within a mode, from stat.h.
const (
	fileType    = 0o170000
	regularFile = 0o100000
)

// fileTypes names the others as event.File does.
var fileTypes = map[uint32]string{
	0o140000: "socket", 0o120000: "symlink", 0o060000: "device",
	0o040000: "dir", 0o020000: "device", 0o010000: "pipe",
}

func (e *Enricher) fileOf(f *sensor.File) *event.File {
	file := e.fileRef(&f.FileRef)
	if f.Watch != "" {
		file.Sensitive = f.Watch
	}
	file.Access, file.Origin = access(f), f.Origin
	file.FromUser, file.Change, file.Attribute = f.FromUser, f.Change, f.Attribute
	if f.NewPath != "" {
		file.Target = &event.File{Path: f.NewPath, Sensitive: sensitive(f.NewPath)}
	}
	return file
}

// access says what a watched file was opened for.
func access(f *sensor.File) string {
	const mask = 3 // O_ACCMODE
	if f.Watch == "" {
		return ""
	}
	return [...]string{"read", "write", "read_write", ""}[f.Flags&mask]
}

func (e *Enricher) fileRef(ref *sensor.FileRef) *event.File {
	return &event.File{
		Path: ref.Path, Inode: e.fileKey(ref), Size: ref.Size, Type: fileTypes[ref.Mode&fileType],
		Mode: mode(ref.Mode), Mount: mounts[ref.Magic], Sensitive: sensitive(ref.Path),
	}
}

// mode is the permission bits in octal with a leading zero.
func mode(bits uint32) string {
	if bits == 0 {
		return ""
	}
	const digits = "01234567"
	text := []byte{'0', digits[bits>>6&7], digits[bits>>3&7], digits[bits&7]}
	if special := bits >> 9 & 7; special != 0 {
		text = append([]byte{'0', digits[special]}, text[1:]...)
	}
	return string(text)
}

// rename takes a change of comm. Threads name themselves all the time; the
// process is called what its leader is.
func (e *Enricher) rename(now time.Time, rec *sensor.Record) {
	p := e.process(now, &rec.Task)
	old := p.name
	if rec.Name == old && rec.OldName != "" {
		old = rec.OldName // the snapshot was taken after it
	}
	if rec.Task.TID != rec.Task.PID || rec.Name == old {
		return
	}
	p.name = rec.Name
	p.changed()
	ev := e.event(rec, p)
	view := *ev.Process
	view.OldName = old
	ev.Process = &view
	e.queue(now, ev, nil, p.place.box)
	e.titles.check(e, p)
	e.titles.later(now, p)
}

// retitled takes a command line as it is now.
func (e *Enricher) retitled(now time.Time, t Title) {
	p := e.procs.procs[t.process]
	if p == nil {
		return
	}
	p.checking = false
	args, redacted := e.config.Redactor.Args(t.args, false)
	title := strings.Join(args, " ")
	if !p.differs(title) {
		return
	}
	old, before := p.commandLine(), p.redacted()
	p.title, p.titleRedacted = title, uint32(redacted)
	p.changed()
	view := *e.short(p)
	view.OldCommandLine, view.OldName = old, ""
	view.Redacted += before
	e.queue(now, &event.Event{Time: t.at, Kind: event.ProcessRename, Process: &view}, nil, p.place.box)
}

// differs compares a command line with the known one. Trailing blanks are what
// a title written over longer arguments leaves. A secret that was cut is not
// compared.
func (p *process) differs(title string) bool {
	known := strings.TrimRight(p.commandLine(), " ")
	known = strings.TrimSuffix(known, "[redacted]")
	title = strings.TrimRight(title, " ")
	if title == "" || title == known {
		return false
	}
	return p.title != "" || !p.image.truncated || !strings.HasPrefix(title, known)
}
