package logs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"baize/internal/event"
	"baize/internal/logline"
)

// journalLog is the key of a journal's file among the marks.
func journalLog(id string) string { return "journal/" + id }

// journal follows a directory of the journal until the context ends. Each file
// is read from where it was left; one that is new since the last start from
// its beginning. A file is followed by its id, so that being renamed, which is
// how the journal puts files away, changes nothing.
type journal struct {
	source *Source
	dir    string
	pace   *pace
	open   map[string]*journalFile
	// done are the files that are read to their end for good, by inode: the next
	// file gets the name of the one before.
	done map[uint64]bool
}

func (s *Source) journal(ctx context.Context, dir string, atEnd bool) {
	j := &journal{source: s, dir: dir, pace: newPace(s.config.LinesPerSecond), open: map[string]*journalFile{}, done: map[uint64]bool{}}
	defer j.close()
	for look := time.Duration(0); ; look += poll {
		if look%time.Second == 0 {
			j.look(ctx, atEnd && look == 0)
		}
		j.read(ctx)
		if j.pace.waited() {
			s.say(ctx, event.CoverageThrottled, 0, fmt.Sprintf("the journal is written faster than %.0f entries a second", j.pace.rate))
		}
		if !wait(ctx, poll) {
			return
		}
	}
}

func (j *journal) close() {
	for _, f := range j.open {
		_ = f.file.Close()
	}
}

// maxJournals bounds the files of a journal that are open.
const maxJournals = 128

// look opens the files that are not open yet.
func (j *journal) look(ctx context.Context, atEnd bool) {
	for _, name := range journalNames(j.dir) {
		if len(j.open) < maxJournals && !j.done[inodeOf(name)] {
			j.take(ctx, name, atEnd)
		}
	}
}

// take opens a file unless one with its id is open.
func (j *journal) take(ctx context.Context, name string, atEnd bool) {
	f, err := openJournalFile(name, 0)
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			j.finished(inodeOf(name))
			j.source.say(ctx, event.CoverageLost, 0, err.Error())
		}
		return
	}
	n, _, err := f.entries()
	mark, known := j.source.recall(journalLog(f.id))
	switch {
	case err != nil || j.open[f.id] != nil:
		_ = f.file.Close()
		return
	case known:
		n = mark.Entries
	case !atEnd:
		n = 0
	}
	if err := f.skip(n); err != nil {
		j.finished(inodeOf(name))
		_ = f.file.Close()
		return
	}
	j.open[f.id] = f
	if !known {
		j.source.emit(ctx, Item{Log: journalLog(f.id), Mark: Mark{Entries: f.read}})
	}
}

// read takes what is new in all files, the one that was begun first first.
func (j *journal) read(ctx context.Context) {
	ids := slices.SortedFunc(maps.Keys(j.open), func(a, b string) int { return cmp.Compare(j.open[a].first, j.open[b].first) })
	for _, id := range ids {
		f := j.open[id]
		if !j.drain(ctx, f) {
			continue
		}
		j.finished(markOf(f.file).Inode)
		_ = f.file.Close()
		delete(j.open, id)
		j.source.remember(journalLog(id), Mark{Entries: f.read})
	}
}

// finished notes a file that needs not be looked at again.
func (j *journal) finished(inode uint64) {
	if len(j.done) >= maxMarks {
		clear(j.done)
	}
	j.done[inode] = true
}

// inodeOf is a file's inode, 0 where there is none of that name.
func inodeOf(name string) uint64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Sys().(*syscall.Stat_t).Ino
}

// drain reads a file to its end; over says that it will not grow.
func (j *journal) drain(ctx context.Context, f *journalFile) (over bool) {
	for {
		e, err := f.step()
		switch {
		case errors.Is(err, errNotYet):
			n, archived, err := f.entries()
			j.report(ctx, f)
			return err != nil || archived && f.read >= n
		case err != nil:
			j.source.say(ctx, event.CoverageLost, 1, err.Error())
			return true
		}
		if !j.emit(ctx, f, e) {
			return false
		}
	}
}

// report says how many fields could not be read.
func (j *journal) report(ctx context.Context, f *journalFile) {
	if f.unreadable > 0 {
		j.source.say(ctx, event.CoverageLost, f.unreadable, "fields of the journal that could not be read")
		f.unreadable = 0
	}
}

// emit makes an event of an entry; false if the context ended first.
func (j *journal) emit(ctx context.Context, f *journalFile, e *entry) bool {
	pid, _ := strconv.ParseUint(e.fields["_PID"], 10, 32)
	if e.fields["MESSAGE"] == "" || int(pid) == os.Getpid() {
		return true
	}
	if !j.pace.take(ctx) {
		return false
	}
	ev := logline.Parse(e.line(uint32(pid)), time.Now())
	return j.source.emit(ctx, Item{Event: ev, PID: uint32(pid), Verified: true, Log: journalLog(f.id), Mark: Mark{Entries: f.read}})
}

// line is an entry as a line.
func (e *entry) line(pid uint32) logline.Line {
	f := e.fields
	text := strings.TrimRight(f["MESSAGE"], "\n")
	l := logline.Line{
		Format: logline.Syslog, Text: text[:min(len(text), MaxLine)], Time: time.UnixMicro(int64(e.realtime)),
		Log: event.Log{
			Source: event.LogJournald, Unit: f["_SYSTEMD_UNIT"], Truncated: len(text) > MaxLine,
			Syslog: &event.Syslog{AppName: f["SYSLOG_IDENTIFIER"], ProcID: f["SYSLOG_PID"], Hostname: f["_HOSTNAME"]},
		},
	}
	if l.Log.Syslog.AppName == "" {
		l.Log.Syslog.AppName = f["_COMM"]
	}
	if n, err := strconv.Atoi(f["SYSLOG_FACILITY"]); err == nil {
		l.Log.Syslog.Facility = logline.Facility(n)
	}
	if n, err := strconv.Atoi(f["PRIORITY"]); err == nil {
		l.Log.Syslog.Severity = logline.Severity(n)
	}
	if f["_TRANSPORT"] != "kernel" {
		l.Log.Sender = &event.Sender{PID: pid, Executable: f["_EXE"]}
		if uid, err := strconv.ParseUint(f["_UID"], 10, 32); err == nil {
			l.Log.Sender.User = &event.User{ID: uint32(uid)}
		}
	}
	if unit := f["UNIT"]; unit != "" && f["_PID"] == "1" {
		l.Log.Unit = unit // what systemd speaks of
	}
	return l
}
