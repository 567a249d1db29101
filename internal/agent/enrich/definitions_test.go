package enrich

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	define "baize/internal/agent/definition"
	"baize/internal/agent/sensor"
	"baize/internal/event"
)

// answered waits for the keeper's next answer.
func (w *world) answered() define.Done {
	w.t.Helper()
	select {
	case done := <-w.config.Definitions.Done():
		return done
	case <-time.After(20 * time.Second):
		w.t.Fatal("the keeper did not answer within 20 s")
		return define.Done{}
	}
}

// keeps runs the keeper.
func (w *world) keeps() {
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.config.Definitions.Run(ctx) }()
	w.t.Cleanup(func() { cancel(); <-ended })
}

// put writes a file in the root of a process and returns it as a record has it.
func (w *world) put(pid uint32, path, text string) *sensor.File {
	w.t.Helper()
	name := filepath.Join(w.root, fmt.Sprint(pid), "root", path)
	w.write(name, text)
	var s unix.Stat_t
	if err := unix.Stat(name, &s); err != nil {
		w.t.Fatal(err)
	}
	return &sensor.File{FileRef: sensor.FileRef{
		Path: path, Inode: s.Ino, Device: event.MakeDevice(unix.Major(s.Dev), unix.Minor(s.Dev)), Nlink: 1, Mode: s.Mode, Size: uint64(s.Size),
	}}
}

func (w *world) change(kind event.Kind, pid uint32, f *sensor.File) {
	w.record(kind, pid, func(r *sensor.Record) { r.File = f })
}

func TestAChangedDefinitionSaysWhatChanged(t *testing.T) {
	w := newWorld(t)
	w.keeps()
	pid, _ := w.spawn(1, "/bin/sh")
	w.drain()
	w.change(event.FileCreate, pid, w.put(pid, "/etc/cron.d/a", ""))
	w.change(event.FileCloseWrite, pid, w.put(pid, "/etc/cron.d/a", "job\n"))
	w.change(event.FileCloseWrite, pid, w.put(pid, "/srv/other", "job\n"))
	done := w.answered()
	var early []*event.Event
	w.Release(w.now, func(ev *event.Event) { early = append(early, ev) })
	if len(early) != 1 || early[0].Kind != event.FileCreate || early[0].File.Diff != nil {
		t.Fatalf("%d events went before the answer", len(early))
	}
	w.Compared(w.now, done)
	w.drain()
	if len(w.out) < 2 || w.out[len(w.out)-1].File.Path != "/srv/other" || w.out[len(w.out)-1].File.Diff != nil {
		t.Fatalf("another file: %+v", w.out[len(w.out)-1].File)
	}
	got := w.out[len(w.out)-2].File
	if got.Path != "/etc/cron.d/a" || !reflect.DeepEqual(got.Diff, &event.Diff{State: event.DiffOK, Added: []string{"job"}}) {
		t.Errorf("%+v: %+v", got, got.Diff)
	}
}

func TestAnAnswerThatIsLateComesByItself(t *testing.T) {
	w := newWorld(t)
	pid, _ := w.spawn(1, "/bin/sh")
	f := w.put(pid, "/root/.ssh/authorized_keys", "key\n")
	f.Path, f.NewPath = "/tmp/x", f.Path
	w.change(event.FileRename, pid, f)
	told := w.last(event.FileRename) // nobody has answered
	if told.File.Diff != nil || told.File.Changed() == nil || told.File.Changed().State != event.DiffPending {
		t.Fatalf("%+v, %+v", told.File, told.File.Target)
	}
	w.keeps()
	w.Compared(w.now, w.answered())
	late := w.last(event.FileDiff)
	want := &event.Diff{State: event.DiffWhole, Added: []string{"key"}}
	if late.File.Path != "/root/.ssh/authorized_keys" || late.File.Inode != told.File.Inode || late.Process.Key != told.Process.Key || !reflect.DeepEqual(late.File.Diff, want) {
		t.Errorf("%+v: %+v", late.File, late.File.Diff)
	}
}

func TestWhatIsWrittenAndHeldOpenComesByItself(t *testing.T) {
	w := newWorld(t)
	w.keeps()
	pid, _ := w.spawn(1, "/bin/sh")
	w.change(event.FileCreate, pid, w.put(pid, "/etc/cron.d/a", ""))
	w.put(pid, "/etc/cron.d/a", "job\n")
	w.drain()
	w.Compared(w.now, w.answered())
	if late := w.last(event.FileDiff); late.File.Path != "/etc/cron.d/a" || !reflect.DeepEqual(late.File.Diff.Added, []string{"job"}) {
		t.Errorf("%+v: %+v", late.File, late.File.Diff)
	}
}

// Whoever serves a file system could have the keeper wait for ever.
func TestNothingIsReadWhereOthersServeTheFiles(t *testing.T) {
	w := newWorld(t)
	w.keeps()
	pid, _ := w.spawn(1, "/bin/sh")
	f := w.put(pid, "/home/o/.bashrc", "x\n")
	f.Magic = 0x65735546
	w.change(event.FileCloseWrite, pid, f)
	if got := w.last(event.FileCloseWrite).File.Diff; got == nil || got.State != event.DiffFailed {
		t.Errorf("%+v", got)
	}
	select {
	case done := <-w.config.Definitions.Done():
		t.Errorf("it was read: %+v", done)
	default:
	}
}

// An enabled unit is a link in a directory of definitions to another one.
func TestALinkToADefinition(t *testing.T) {
	w := newWorld(t)
	w.keeps()
	pid, _ := w.spawn(1, "/bin/sh")
	w.put(pid, "/etc/systemd/system/multi-user.target.wants/x", "")
	link := filepath.Join(w.root, fmt.Sprint(pid), "root/etc/systemd/system/multi-user.target.wants/x.service")
	if err := os.Symlink("/lib/systemd/system/x.service", link); err != nil {
		t.Fatal(err)
	}
	var s unix.Stat_t
	if err := unix.Lstat(link, &s); err != nil {
		t.Fatal(err)
	}
	w.change(event.FileCreate, pid, &sensor.File{FileRef: sensor.FileRef{
		Path: "/etc/systemd/system/multi-user.target.wants/x.service", Inode: s.Ino, Device: event.MakeDevice(unix.Major(s.Dev), unix.Minor(s.Dev)), Nlink: 1, Mode: s.Mode,
	}, NewPath: "/lib/systemd/system/x.service"})
	w.Compared(w.now, w.answered())
	got := w.last(event.FileCreate).File
	if want := (&event.Diff{State: event.DiffOK, Added: []string{"-> /lib/systemd/system/x.service"}}); !reflect.DeepEqual(got.Diff, want) || got.Target.Diff != nil {
		t.Errorf("%+v, target %+v", got.Diff, got.Target)
	}
}

func TestWhatADefinitionLoses(t *testing.T) {
	w := newWorld(t)
	w.keeps()
	pid, _ := w.spawn(1, "/bin/sh")
	f := w.put(pid, "/etc/crontab", "job\n")
	w.change(event.FileCloseWrite, pid, f)
	w.Compared(w.now, w.answered())
	away := *f
	away.NewPath = "/tmp/x"
	w.change(event.FileRename, pid, &away)
	w.Compared(w.now, w.answered())
	if got := w.last(event.FileRename).File.Diff; !reflect.DeepEqual(got, &event.Diff{State: event.DiffOK, Removed: []string{"job"}}) {
		t.Errorf("moved away: %+v", got)
	}
	w.change(event.FileCloseWrite, pid, f)
	w.Compared(w.now, w.answered())
	if err := os.Remove(filepath.Join(w.root, fmt.Sprint(pid), "root/etc/crontab")); err != nil {
		t.Fatal(err)
	}
	w.change(event.FileUnlink, pid, f)
	w.Compared(w.now, w.answered())
	if got := w.last(event.FileUnlink).File.Diff; !reflect.DeepEqual(got, &event.Diff{State: event.DiffOK, Removed: []string{"job"}}) {
		t.Errorf("removed: %+v", got)
	}
}

// Reads, directories, refused opens and other files are nobody's question.
func TestWhatChangesNoDefinition(t *testing.T) {
	const read, write = 0, 1
	for name, c := range map[string]struct {
		kind   event.Kind
		f      sensor.File
		result int32
	}{
		"a read":         {event.FileOpen, sensor.File{FileRef: sensor.FileRef{Path: "/etc/crontab", Mode: 0o100644}, Watch: definition, Flags: read}, 0},
		"a refused open": {event.FileOpen, sensor.File{FileRef: sensor.FileRef{Path: "/etc/crontab", Mode: 0o100644}, Watch: definition, Flags: write}, -13},
		"a directory":    {event.FileCreate, sensor.File{FileRef: sensor.FileRef{Path: "/etc/cron.d/x", Mode: 0o040755}}, 0},
		"its mode":       {event.FileAttributes, sensor.File{FileRef: sensor.FileRef{Path: "/etc/crontab", Mode: 0o100644}, Change: "mode"}, 0},
		"another file":   {event.FileCloseWrite, sensor.File{FileRef: sensor.FileRef{Path: "/etc/passwd", Mode: 0o100644}}, 0},
		"a link of one":  {event.FileLink, sensor.File{FileRef: sensor.FileRef{Path: "/etc/crontab", Mode: 0o100644}, NewPath: "/tmp/x"}, 0},
	} {
		w := newWorld(t)
		pid, _ := w.spawn(1, "/bin/sh")
		w.record(c.kind, pid, func(r *sensor.Record) { r.File, r.Result = &c.f, c.result })
		if ev := w.last(c.kind); ev.File.Changed() != nil {
			t.Errorf("%s: %+v", name, ev.File.Changed())
		}
	}
}
