package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"baize/internal/event"
	"baize/internal/logline"
)

// headSize is how much of a file's beginning tells it from others, in bytes.
const headSize = 1024

// linger is how long a renamed file is still looked at: its writer may not
// have reopened it yet.
const linger = time.Second

// follower reads one file by its path, over rotations.
type follower struct {
	source *Source
	file   File
	path   string
	pace   *pace

	open *os.File
	mark Mark
	// head are the first bytes, at most headSize.
	head []byte
	// part is a line without its end; skip says that the rest of a long line
	// is to be passed over.
	part []byte
	skip bool
	buf  []byte
	// seen is when the file had changed last when it was looked at.
	seen time.Time
}

// file follows one file until the context ends or the file is gone.
func (s *Source) file(ctx context.Context, f File, name string, atEnd bool) {
	t := &follower{source: s, file: f, path: name, pace: newPace(s.config.LinesPerSecond)}
	defer t.close()
	defer func() { s.remember(name, t.mark) }()
	if err := t.begin(ctx, atEnd); err != nil {
		s.log.Warn("log", "path", name, "error", err)
		return
	}
	for ctx.Err() == nil {
		more, err := t.read(ctx)
		if err != nil {
			s.log.Warn("log", "path", name, "error", err)
			return
		}
		if t.pace.waited() {
			s.say(ctx, event.CoverageThrottled, 0, fmt.Sprintf("%s is written faster than %.0f lines a second", name, t.pace.rate))
		}
		if more {
			continue
		}
		if gone := t.turn(ctx); gone {
			return
		}
	}
}

func (t *follower) close() {
	if t.open != nil {
		_ = t.open.Close()
		t.open = nil
	}
}

// begin opens the file where it was left: it may have been put away since.
func (t *follower) begin(ctx context.Context, atEnd bool) error {
	if mark, known := t.source.recall(t.path); known {
		return t.resume(ctx, mark)
	}
	if err := t.openNew(); err != nil {
		return err
	}
	if atEnd {
		end, err := t.open.Seek(0, io.SeekEnd)
		if err == nil {
			err = t.seek(end)
		}
		if err != nil {
			return fmt.Errorf("go to the end of %s: %w", t.path, err)
		}
	}
	t.source.emit(ctx, Item{Log: t.path, Mark: t.mark})
	return nil
}

// resume goes on at a mark: in the file, if it is still that one, else in the
// one it was renamed or copied to, and then in the new one.
func (t *follower) resume(ctx context.Context, mark Mark) error {
	if err := t.openNew(); err != nil {
		return err
	}
	if t.is(t.open, mark) {
		return t.seek(mark.Offset)
	}
	old := t.predecessor(mark)
	if old == nil {
		t.source.say(ctx, event.CoverageLost, 0, t.path+" was put away before it was read to its end")
		return nil
	}
	next := t.open
	t.open, t.head = old, nil
	if err := t.seek(mark.Offset); err != nil {
		_ = next.Close()
		return err
	}
	return errors.Join(t.finish(ctx), t.replace(next))
}

// finish reads what is left of a file that was put away. A line without end
// ended with its file.
func (t *follower) finish(ctx context.Context) error {
	for {
		more, err := t.read(ctx)
		if err != nil || ctx.Err() != nil {
			return err
		}
		if !more {
			t.line(ctx, t.part, len(t.part))
			t.part = nil
			return nil
		}
	}
}

// replace goes on in the next file, from its beginning.
func (t *follower) replace(next *os.File) error {
	t.close()
	t.open = next
	t.head, t.part, t.skip = nil, nil, false
	t.mark = markOf(next)
	return nil
}

// openNew opens the path, at its beginning.
func (t *follower) openNew() error {
	f, err := os.OpenFile(t.path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return fmt.Errorf("%s is not a regular file", t.path)
	}
	return t.replace(f)
}

func markOf(f *os.File) Mark {
	info, err := f.Stat()
	if err != nil {
		return Mark{}
	}
	stat := info.Sys().(*syscall.Stat_t)
	return Mark{Device: stat.Dev, Inode: stat.Ino}
}

// seek goes to a place within the open file.
func (t *follower) seek(offset int64) error {
	t.mark = markOf(t.open)
	t.head = make([]byte, min(offset, headSize))
	if _, err := t.open.ReadAt(t.head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	t.part, t.skip = nil, false
	t.mark.Offset = offset
	t.remember()
	return nil
}

// remember puts the checksum of the head into the mark.
func (t *follower) remember() {
	t.mark.HeadSize, t.mark.Head = len(t.head), sum(t.head)
}

func sum(head []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(head)
	return h.Sum64()
}

// is reports whether an open file is the one of a mark: it begins alike, and
// is as long at least. A file that was cut and written anew is not. Of a file of which nothing was read, the inode decides.
func (t *follower) is(f *os.File, mark Mark) bool {
	info, err := f.Stat()
	if err != nil || info.Size() < mark.Offset {
		return false
	}
	if mark.HeadSize == 0 {
		own := markOf(f)
		return own.Device == mark.Device && own.Inode == mark.Inode
	}
	head := make([]byte, min(mark.HeadSize, headSize))
	n, _ := f.ReadAt(head, 0)
	return sum(head[:n]) == mark.Head
}

// predecessor finds what the file of a mark is called now.
func (t *follower) predecessor(mark Mark) *os.File {
	names, _ := filepath.Glob(globEscape(t.path) + "*")
	for _, name := range names {
		if name == t.path || rotated(name) && filepath.Ext(name) != ".old" {
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		if t.is(f, mark) {
			return f
		}
		_ = f.Close()
	}
	return nil
}

// globEscape makes a name match itself alone.
func globEscape(name string) string {
	var b bytes.Buffer
	for i := range len(name) {
		if bytes.IndexByte([]byte(`*?[\`), name[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

// read takes one piece of the file; more says that there may be another.
func (t *follower) read(ctx context.Context) (more bool, err error) {
	info, err := t.open.Stat()
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", t.path, err)
	}
	if changed := info.ModTime() != t.seen; changed && !t.is(t.open, t.mark) {
		t.truncated(ctx)
	}
	t.seen = info.ModTime()
	if err := t.catchUp(ctx, info.Size()); err != nil {
		return false, err
	}
	if t.buf == nil {
		t.buf = make([]byte, 64<<10)
	}
	n, err := t.open.ReadAt(t.buf, t.mark.Offset+int64(len(t.part)))
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read %s: %w", t.path, err)
	}
	if n == 0 {
		return false, nil
	}
	return t.split(ctx, append(t.part, t.buf[:n]...)), nil
}

// split makes lines of data, which begins at the mark. It reports whether any
// came of it.
func (t *follower) split(ctx context.Context, data []byte) bool {
	t.part = nil
	progress := false
	for {
		end := bytes.IndexByte(data, '\n')
		switch {
		case end >= 0:
			if !t.line(ctx, data[:end], end+1) {
				return false
			}
			data, progress, t.skip = data[end+1:], true, false
		case len(data) > MaxLine:
			if !t.line(ctx, data, len(data)) {
				return false
			}
			t.skip = true
			return true
		default:
			if t.skip {
				t.advance(data, len(data))
				return len(data) > 0 || progress
			}
			t.part = data
			return progress
		}
	}
}

// line emits a line and moves the mark behind its size bytes; false if the
// context ended.
func (t *follower) line(ctx context.Context, text []byte, size int) bool {
	if t.skip { // the rest of one that was too long
		t.advance(text, size)
		return true
	}
	if !t.pace.take(ctx) {
		return false
	}
	before := t.mark
	head := t.head
	t.advance(text, size)
	text = bytes.TrimRight(text, "\r\x00")
	text = bytes.TrimLeft(text, "\x00") // a truncated file whose writer goes on at its old place
	if len(text) == 0 {
		return true
	}
	truncated := len(text) > MaxLine
	ev := logline.Parse(logline.Line{
		Format: t.file.Format, Text: string(text[:min(len(text), MaxLine)]),
		Log: event.Log{Source: event.LogFile, File: &event.LogPath{Path: t.path}, Service: t.file.Service, Truncated: truncated},
	}, time.Now())
	if t.source.emit(ctx, Item{Event: ev, PID: claimed(ev), Log: t.path, Mark: t.mark}) {
		return true
	}
	t.mark, t.head = before, head
	return false
}

// claimed is the number that a line gives as its writer's.
func claimed(ev *event.Event) uint32 {
	if ev.Log.Syslog == nil {
		return 0
	}
	pid, _ := strconv.ParseUint(ev.Log.Syslog.ProcID, 10, 32)
	return uint32(pid)
}

// advance moves the mark over size bytes that begin with text.
func (t *follower) advance(text []byte, size int) {
	if missing := headSize - len(t.head); missing > 0 && t.mark.Offset == int64(len(t.head)) {
		whole := text
		if size > len(text) {
			whole = append(bytes.Clone(text), '\n')
		}
		t.head = append(bytes.Clone(t.head), whole[:min(missing, len(whole))]...)
		t.remember()
	}
	t.mark.Offset += int64(size)
}

// catchUp passes over what is more than MaxBacklog behind, and counts it.
func (t *follower) catchUp(ctx context.Context, size int64) error {
	over := size - t.mark.Offset - MaxBacklog
	if over <= 0 {
		return nil
	}
	lines, end, err := countLines(t.open, t.mark.Offset, over)
	if err != nil {
		return fmt.Errorf("pass over %s: %w", t.path, err)
	}
	t.source.say(ctx, event.CoverageLost, lines, t.path+" grew faster than it is read")
	return t.seek(end)
}

// countLines counts the ends of lines in size bytes, up to the first one
// behind them, where it ends.
func countLines(f io.ReaderAt, from, size int64) (lines uint64, end int64, err error) {
	buf := make([]byte, 64<<10)
	for at := from; ; {
		n, err := f.ReadAt(buf, at)
		for i, c := range buf[:n] {
			if c != '\n' {
				continue
			}
			lines++
			if at+int64(i) >= from+size {
				return lines, at + int64(i) + 1, nil
			}
		}
		if at += int64(n); err != nil || n == 0 {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return lines, at, err
		}
	}
}

// turn is called at the end of the file: it waits for more, and goes on in the
// next file where this one has been put away. gone says that there is none.
func (t *follower) turn(ctx context.Context) (gone bool) {
	if !wait(ctx, poll) {
		return true
	}
	own, err := t.open.Stat()
	if err != nil {
		return true
	}
	if now, err := os.Stat(t.path); err == nil && os.SameFile(now, own) {
		return false
	}
	// Renamed: what its writer still puts there is read for a while.
	if !wait(ctx, linger) || t.finish(ctx) != nil {
		return true
	}
	if t.openNew() != nil {
		return true
	}
	return false
}

// truncated goes on from the beginning. What was written between the last look
// and the copy is in the copy.
func (t *follower) truncated(ctx context.Context) {
	mark, file := t.mark, t.open
	if old := t.predecessor(mark); old != nil {
		t.open = old
		_ = t.finish(ctx)
		_ = old.Close()
	} else {
		t.source.say(ctx, event.CoverageLost, 0, t.path+" was cut before it was read to its end")
	}
	t.open, t.mark = file, markOf(file)
	t.head, t.part, t.skip = nil, nil, false
}

// wait reports false if the context ended first.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
