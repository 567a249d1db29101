package agent

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"baize/internal/agent/container"
	"baize/internal/agent/definition"
	"baize/internal/agent/digest"
	"baize/internal/agent/enrich"
	"baize/internal/agent/logs"
	"baize/internal/agent/procfs"
	"baize/internal/agent/spool"
	"baize/internal/agent/traffic"
	"baize/internal/event"
	"baize/internal/wire"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func newTestRecorder(t *testing.T, options spool.Options) *recorder {
	t.Helper()
	kept, err := spool.Open(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	proc := procfs.FS{Root: t.TempDir()}
	redactor, err := ownRedactor()
	if err != nil {
		t.Fatal(err)
	}
	e := enrich.New(enrich.Config{
		Redactor: redactor,
		Host:     event.Host{ID: "h"}, Boot: "b", Proc: proc, Hasher: digest.New(proc),
		Resolver: container.NewResolver(container.Sockets{}), Titles: enrich.NewTitles(proc), BootTime: bootTime,
		Definitions: definition.New(proc, redactor, definition.Seeds{}, slog.New(slog.DiscardHandler)), Meter: traffic.New(proc),
	})
	return newRecorder("b", kept, e, logs.NewCursor(), slog.New(slog.DiscardHandler))
}

func (r *recorder) takeFile(now time.Time) {
	r.take(now, &event.Event{Host: event.Host{ID: "h"}, Boot: "b", Time: now, Kind: event.FileCreate, File: &event.File{Path: "/x"}})
}

// stored decodes everything in the spool.
func (r *recorder) stored(t *testing.T) []*event.Event {
	t.Helper()
	reader := r.spool.NewReader("", 0)
	defer reader.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var all []*event.Event
	for {
		b, err := reader.Next(ctx)
		if err != nil {
			return all
		}
		events, err := wire.Unpack(b.Payload, wire.Origin{Host: event.Host{ID: "h"}, Boot: "b"})
		if err != nil || len(events) != int(b.Count) || events[0].Seq != b.First || int(b.Tally[1]) != len(events) {
			t.Fatalf("batch %d of %d, tally %v: %d events, %v", b.First, b.Count, b.Tally, len(events), err)
		}
		all = append(all, events...)
	}
}

func TestABatchIsStoredWhenItIsFullOrOld(t *testing.T) {
	r := newTestRecorder(t, spool.Options{})
	r.takeFile(began)
	r.ready(began.Add(flushAfter - 1))
	if n := len(r.stored(t)); n != 0 || !r.wake().Equal(began.Add(flushAfter)) {
		t.Errorf("%d events stored before their time, wake at %v", n, r.wake())
	}
	r.ready(began.Add(flushAfter))
	if n := len(r.stored(t)); n != 1 || !r.wake().IsZero() {
		t.Errorf("%d events stored, wake at %v", n, r.wake())
	}
	for range batchEvents {
		r.takeFile(began)
	}
	events := r.stored(t)
	if len(events) != 1+batchEvents {
		t.Fatalf("%d events stored", len(events))
	}
	for i, ev := range events {
		if ev.Seq != uint64(i+1) {
			t.Fatalf("event %d has number %d", i, ev.Seq)
		}
	}
}

// losses are the lost file events that the enricher has been told of.
func (r *recorder) losses() (lost uint64) {
	r.enricher.Release(time.Now().Add(time.Hour), func(ev *event.Event) {
		if ev.Kind == event.SensorCoverage && ev.Coverage.State == event.CoverageLost && ev.Coverage.Class == event.ClassFile {
			lost += ev.Coverage.Lost
		}
	})
	return lost
}

func TestWhatTheQuotaTakesIsReported(t *testing.T) {
	r := newTestRecorder(t, spool.Options{Segment: 400, Quota: 800})
	for i := range 100 {
		r.takeFile(began.Add(time.Duration(i) * time.Second))
		r.flush(began)
	}
	kept := r.stored(t)
	if lost := r.losses(); lost == 0 || int(lost)+len(kept) != 100 {
		t.Errorf("%d lost and %d kept of 100", lost, len(kept))
	}
}

func TestNumbersOfEventsNotStoredAreUsedAgain(t *testing.T) {
	r := newTestRecorder(t, spool.Options{})
	good := r.spool
	closed, err := spool.Open(t.TempDir(), spool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	r.spool = closed
	r.takeFile(began)
	r.flush(began)
	r.spool = good
	r.takeFile(began)
	r.flush(began)
	if events := r.stored(t); len(events) != 1 || events[0].Seq != 1 || r.losses() != 1 {
		t.Errorf("stored %+v", events)
	}
}

func TestHierarchies(t *testing.T) {
	text := "33 24 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
		"34 24 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n" +
		"35 24 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\nmalformed\n"
	found := hierarchies(text)
	if len(found) != 2 || found[0].settings["memory.limit_in_bytes"] == "" || found[1].settings["cpu.shares"] == "" {
		t.Errorf("%+v", found)
	}
}

// The spool counts each class: one that it had no counter for would end the agent.
func TestEveryClassHasItsCounter(t *testing.T) {
	if len(enrich.Classes) != spool.Classes {
		t.Fatalf("%d classes, %d counters", len(enrich.Classes), spool.Classes)
	}
}
