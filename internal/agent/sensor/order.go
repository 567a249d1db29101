package sensor

import (
	"context"
	"math"
	"sync/atomic"

	"baize/internal/event"

	"github.com/cilium/ebpf/ringbuf"
)

// position is how far the ring has been read.
type position struct {
	reader *ringbuf.Reader
	// read counts bytes.
	read atomic.Uint64
	// idle : the reader waits for a first record.
	idle atomic.Bool
}

// ringHeader is BPF_RINGBUF_HDR_SZ of linux/bpf.h; a record with its header takes
// a multiple of it.
const ringHeader = 8

// took notes that a record was read.
func (p *position) took(sample []byte) {
	p.read.Add(uint64(ringHeader + (len(sample)+ringHeader-1)&^(ringHeader-1)))
}

// end is where the ring ends now, or a little further: never less.
func (p *position) end() uint64 {
	behind := uint64(p.reader.AvailableBytes())
	return p.read.Load() + behind
}

// rouse ends the wait of an idle reader.
func (p *position) rouse() {
	if p.idle.Load() {
		_ = p.reader.Flush()
	}
}

// written is a close-write whose place is before the records that follow due.
type written struct {
	record Record
	due    uint64
}

// place adds to a batch the close-writes whose place it is. fanotify tells of a
// close when it is asked, so that its place is only known to lie before the end
// of the ring at that time, and behind what made the process that wrote. It must
// come before the exec of the file, though: the kernel executes no file that is
// open for writing, so that an exec in the batch has its closes in fanotify's
// queue, if not here.
func (w *writes) place(ctx context.Context, batch []Record, join func(*Record) bool) []Record {
	w.drain(ctx, flushReads)
	w.mu.Lock()
	defer w.mu.Unlock()
	read := w.ring.read.Load()
	if w.ring.reader.AvailableBytes() == 0 {
		read = math.MaxUint64 // all that was due has come
	}
	return w.placeLocked(batch, read, join)
}

// placeLocked places what is due at a position, or executed in the batch.
func (w *writes) placeLocked(batch []Record, read uint64, join func(*Record) bool) []Record {
	if len(w.waiting) == 0 {
		return batch
	}
	execs := executed(batch)
	kept := w.waiting[:0]
	for i := range w.waiting {
		at := &w.waiting[i]
		_, run := execs[at.record.file()]
		switch {
		case at.due > read && !run:
			kept = append(kept, *at)
		case join(&at.record):
			batch = append(batch, at.record)
		default:
			w.counts.left(event.ClassFile)
		}
	}
	clear(w.waiting[len(kept):])
	w.waiting = kept
	return batch
}

// idle reports whether nothing waits to be placed.
func (w *writes) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.waiting) == 0
}

// full reports whether no more may wait.
func (w *writes) full() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.waiting) >= waitingMax
}

// fileID is a file's identity within the host.
type fileID struct {
	device event.Device
	inode  uint64
}

// file is that of a record about a file.
func (r *Record) file() fileID { return fileID{r.File.Device, r.File.Inode} }

// executed finds the first exec of each file in a batch.
func executed(batch []Record) map[fileID]int {
	execs := map[fileID]int{}
	for i := range batch {
		r := &batch[i]
		if r.Kind != event.ProcessExec || r.Exec == nil {
			continue
		}
		id := fileID{r.Exec.Image.Device, r.Exec.Image.Inode}
		if _, again := execs[id]; !again {
			execs[id] = i
		}
	}
	return execs
}

// writesFirst puts the close-writes of a file before the execs of it in a batch.
// One that was written anew after it had run would come too early by a batch.
func writesFirst(batch []Record) []Record {
	execs := executed(batch)
	before := map[int][]int{}
	moved := map[int]bool{}
	for i := range batch {
		r := &batch[i]
		if r.Kind != event.FileCloseWrite {
			continue
		}
		if at, ok := execs[r.file()]; ok {
			r.Mono = min(r.Mono, batch[at].Mono-1)
			before[at], moved[i] = append(before[at], i), true
		}
	}
	if len(moved) == 0 {
		return batch
	}
	out := make([]Record, 0, len(batch))
	for i := range batch {
		for _, w := range before[i] {
			out = append(out, batch[w])
		}
		if !moved[i] {
			out = append(out, batch[i])
		}
	}
	return out
}
