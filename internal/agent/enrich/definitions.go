package enrich

import (
	"time"

	define "baize/internal/agent/definition"
	"baize/internal/agent/digest"
	"baize/internal/agent/sensor"
	"baize/internal/event"
)

// diffEntry is what changed in a definition file, for the event that waits for it.
type diffEntry struct {
	diff event.Diff
	// quiet : the event itself says nothing of it.
	quiet bool
	// late is the event that went out without it.
	late *event.Event
}

func (d *diffEntry) pending() bool {
	return d != nil && !d.quiet && d.diff.State == event.DiffPending
}

// finish puts what is known of a change into its event.
func (d *diffEntry) finish(ev *event.Event) {
	if d == nil {
		return
	}
	if d.quiet || d.pending() {
		d.late = ev
	}
	if d.quiet {
		return
	}
	diff := d.diff
	subject(ev.Kind, ev.File).Diff = &diff
}

// subject is the part of a file that is a definition file now, or was. The
// target of a new symbolic link is where it leads, and no name of its own.
func subject(kind event.Kind, f *event.File) *event.File {
	named := kind == event.FileRename || kind == event.FileLink
	if named && f.Target != nil && f.Target.Sensitive == definition {
		return f.Target
	}
	return f
}

// changedLines asks what changed in a definition file, nil where nothing did.
// A refused question is answered at once.
func (e *Enricher) changedLines(p *process, rec *sensor.Record, f *event.File) *diffEntry {
	how, changed := changeOf(rec, f)
	if !changed {
		return nil
	}
	change := define.Change{How: how, File: e.reachable(p, &rec.File.FileRef), Unsure: rec.Ring}
	if p.place.box != nil {
		change.Box = p.place.box.id.ID
	}
	if at := subject(rec.Kind, f); at != f {
		change.File.Path = at.Path
		if f.Sensitive == definition && rec.Kind == event.FileRename {
			change.From = f.Path
		}
	}
	if how == define.Written && (rec.Kind == event.FileCreate || rec.Kind == event.FileLink) {
		// A new name: there was nothing before.
		fresh := change
		fresh.How = define.Created
		e.config.Definitions.Submit(fresh, nil)
	}
	d := &diffEntry{diff: event.Diff{State: event.DiffPending}, quiet: how == define.Opened || how == define.Created}
	if slowFiles[rec.File.Magic] || !e.config.Definitions.Submit(change, d) {
		d.diff.State = event.DiffFailed
	}
	return d
}

// slowFiles are file systems that may not answer: served by other hosts, or by
// whoever mounted them. Nothing is read there.
var slowFiles = map[uint64]bool{
	0x65735546: true, // fuse
	0x6969:     true, // nfs
	0xff534d42: true, // cifs
	0xfe534d42: true, // smb2 and later
	0x01021997: true, // 9p
	0x00c36400: true, // ceph
}

// changeOf is how a record changed a definition file, if it did.
func changeOf(rec *sensor.Record, f *event.File) (define.How, bool) {
	regular, link := rec.File.Mode&fileType == regularFile, f.Type == "symlink"
	if subject(rec.Kind, f).Sensitive != definition || !regular && !link && rec.File.Mode != 0 {
		return 0, false
	}
	switch rec.Kind {
	case event.FileCreate:
		if link {
			return define.Written, true
		}
		return define.Created, true
	case event.FileOpen:
		return define.Opened, rec.Result >= 0 && f.Access != "read"
	case event.FileCloseWrite:
		return define.Written, true
	case event.FileAttributes:
		return define.Written, f.Change == "size"
	case event.FileLink:
		return define.Written, subject(rec.Kind, f) != f
	case event.FileRename:
		if subject(rec.Kind, f) != f {
			return define.Written, true
		}
		return define.Removed, true
	case event.FileUnlink:
		return define.Removed, true
	}
	return 0, false
}

// reachable says how to get at a file of p.
func (e *Enricher) reachable(p *process, ref *sensor.FileRef) digest.File {
	return digest.File{
		PID: p.id.PID, Path: ref.Path,
		HostRoot: p.place.key.mountNS == e.mountNS && p.place.box == nil,
		Inode:    ref.Inode, Device: ref.Device, Gen: ref.Gen, Size: ref.Size,
		Others: p.place.others(p.id.PID, p.parent),
	}
}

// Compared takes the answer of the keeper. Where an event has gone out without
// it, file.diff carries it.
func (e *Enricher) Compared(now time.Time, done define.Done) {
	d := done.Token.(*diffEntry)
	d.diff = done.Diff
	if d.late == nil {
		return
	}
	of, diff := subject(d.late.Kind, d.late.File), done.Diff
	late := *d.late.Process
	late.Hash = nil
	e.queue(now, &event.Event{
		Time: e.now(), Kind: event.FileDiff, Process: &late,
		File: &event.File{Path: of.Path, Inode: d.late.File.Inode, Sensitive: definition, Diff: &diff},
	}, nil, nil)
	e.out.items[len(e.out.items)-1].event.Container = d.late.Container
	d.late = nil
}
