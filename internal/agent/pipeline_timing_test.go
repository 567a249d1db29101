package agent

import (
	"log/slog"
	"testing"
	"time"

	"baize/internal/agent/container"
	"baize/internal/agent/definition"
	"baize/internal/agent/digest"
	"baize/internal/agent/enrich"
	"baize/internal/agent/logs"
	"baize/internal/agent/procfs"
	"baize/internal/agent/sensor"
	"baize/internal/agent/spool"
	"baize/internal/agent/traffic"
	"baize/internal/event"
)

// BenchmarkPipeline is the way of one file record from the sensor to the spool.
func BenchmarkPipeline(b *testing.B) {
	kept, err := spool.Open(b.TempDir(), spool.Options{Quota: 64 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer kept.Close()
	proc := procfs.FS{Root: b.TempDir()}
	redactor, err := ownRedactor()
	if err != nil {
		b.Fatal(err)
	}
	e := enrich.New(enrich.Config{
		Redactor: redactor,
		Host:     event.Host{ID: "h"}, Boot: "b", Proc: proc, Hasher: digest.New(proc),
		Resolver: container.NewResolver(container.Sockets{}), Titles: enrich.NewTitles(proc), BootTime: bootTime,
		Definitions: definition.New(proc, redactor, definition.Seeds{}, slog.New(slog.DiscardHandler)), Meter: traffic.New(proc),
	})
	r := newRecorder("b", kept, e, logs.NewCursor(), slog.New(slog.DiscardHandler))
	task := sensor.Task{PID: 100, Start: 1e9, TID: 100, ParentPID: 1, Comm: "cc1", Session: 0xffffffff, Login: 0xffffffff}
	ref := sensor.FileRef{Path: "/home/user/src/project/build/object-files/part.o", Inode: 5, Device: 1, Nlink: 1, Mode: 0o100644, Size: 4096, Magic: 0xef53}
	now := time.Now()
	exec := &sensor.Record{Kind: event.ProcessExec, Task: task, Exec: &sensor.Exec{Image: ref, Args: []string{"cc1", "-quiet", "part.c", "-o", "part.o"}, Cwd: "/home/user/src"}}
	e.Handle(now, exec)
	b.ReportAllocs()
	for i := range b.N {
		ref.Inode = uint64(i)
		rec := &sensor.Record{Kind: event.FileCreate, Mono: uint64(i) * 1000, Task: task, File: &sensor.File{FileRef: ref}}
		e.Handle(now, rec)
		if i%512 == 0 {
			now = now.Add(time.Second)
			e.Release(now, func(ev *event.Event) { r.take(now, ev) })
			r.ready(now)
		}
	}
}
