package agent

import (
	"log/slog"
	"time"

	"baize/internal/agent/enrich"
	"baize/internal/agent/logs"
	"baize/internal/agent/spool"
	"baize/internal/event"
	"baize/internal/wire"
)

const (
	// flushAfter is the longest that an event waits for its batch.
	flushAfter = 100 * time.Millisecond
	// batchEvents and batchBytes bound a batch, before compression.
	batchEvents = 1024
	batchBytes  = 512 << 10
)

// recorder numbers events and puts them into the spool in batches. It belongs
// to the goroutine of the observer's loop.
type recorder struct {
	boot     string
	spool    *spool.Spool
	enricher *enrich.Enricher
	// cursor of the logs; its places are kept with the batches that hold their lines.
	cursor *logs.Cursor
	log    *slog.Logger

	seq   uint64 // of the next event
	list  []byte
	batch spool.Batch
	since time.Time // when the first event of the batch came
}

func newRecorder(boot string, s *spool.Spool, e *enrich.Enricher, c *logs.Cursor, log *slog.Logger) *recorder {
	return &recorder{boot: boot, spool: s, enricher: e, cursor: c, log: log}
}

// take numbers and encodes one event.
func (r *recorder) take(now time.Time, ev *event.Event) {
	if r.batch.Count == 0 {
		// Asked anew for each batch: the server may have raised it.
		r.seq = r.spool.NextSeq(r.boot)
		r.batch = spool.Batch{Boot: r.boot, First: r.seq, Oldest: ev.Time}
		r.since = now
	}
	ev.Seq = r.seq
	list, err := wire.AppendEvent(r.list, ev)
	if err != nil {
		r.enricher.Lose(now, event.ClassOf(ev.Kind), 1, "event could not be encoded: "+err.Error())
		return
	}
	r.list = list
	r.seq++
	r.count(ev)
	if r.batch.Count >= batchEvents || len(r.list) >= batchBytes {
		r.flush(now)
	}
}

func (r *recorder) count(ev *event.Event) {
	r.batch.Count++
	if ev.Time.Before(r.batch.Oldest) {
		r.batch.Oldest = ev.Time
	}
	if ev.Time.After(r.batch.Newest) {
		r.batch.Newest = ev.Time
	}
	if i := tallyIndex(event.ClassOf(ev.Kind)); i >= 0 {
		r.batch.Tally[i]++
	}
}

// tallyIndex is the place of a class in a spool.Tally, -1 for none.
func tallyIndex(class event.Class) int {
	for i, c := range enrich.Classes {
		if c == class {
			return i
		}
	}
	return -1
}

func (r *recorder) ready(now time.Time) {
	if r.batch.Count > 0 && now.Sub(r.since) >= flushAfter {
		r.flush(now)
	}
}

func (r *recorder) wake() time.Time {
	if r.batch.Count == 0 {
		return time.Time{}
	}
	return r.since.Add(flushAfter)
}

// flush stores the batch. If that fails its numbers are used again, and its
// events are reported as lost.
func (r *recorder) flush(now time.Time) {
	if r.batch.Count == 0 {
		return
	}
	batch := r.batch
	payload, err := wire.Compress(r.list)
	r.list, r.batch = r.list[:0], spool.Batch{}
	var dropped []spool.Loss
	if err := r.cursor.Commit(batch.Boot, batch.Last()); err != nil {
		r.log.Warn("lines may be told again after a restart", "error", err)
	}
	if err == nil {
		batch.Payload = payload
		dropped, err = r.spool.Append(&batch)
	}
	for _, loss := range dropped {
		r.log.Warn("the spool is full: its oldest events are gone", "first", loss.First, "last", loss.Last)
		r.lost(now, loss.From, loss.To, loss.Tally, "spool quota")
	}
	if err != nil {
		r.log.Error("events not spooled", "error", err)
		r.lost(now, batch.Oldest, batch.Newest, batch.Tally, "not spooled: "+err.Error())
	}
}

func (r *recorder) lost(now, from, to time.Time, tally spool.Tally, reason string) {
	for i, class := range enrich.Classes {
		if tally[i] > 0 {
			r.enricher.Gap(now, from, to, class, event.CoverageLost, uint64(tally[i]), reason)
		}
	}
}
