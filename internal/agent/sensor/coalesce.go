package sensor

import (
	"bytes"
	"net/netip"
	"slices"

	"baize/internal/event"
)

// thing is what was acted upon: a file by its inode, or by name where no more
// is known of it.
type thing struct {
	file fileID
	name string
}

// processID names a process within a batch.
type processID struct {
	pid   uint32
	start uint64
}

// matter is what a deed on no file is about.
type matter struct {
	kind    event.Kind
	by, on  processID
	peer    netip.AddrPort
	request uint32
	code    uint32
}

// repeats joins equal deeds of a batch. Two that something else happened to their
// file between, or that their process executed something between, stay two:
// the order of what happened to one thing is kept. A connection that came about
// stays one of its own, as it has bytes and ports.
type repeats struct {
	counts *counters
	// things and matters are where the latest deed on each is in the batch, execs
	// where each process last executed something.
	things  map[thing]int
	matters map[matter]int
	execs   map[processID]int
}

func newRepeats(c *counters) *repeats {
	return &repeats{counts: c, things: map[thing]int{}, matters: map[matter]int{}, execs: map[processID]int{}}
}

// coalesce joins the repeats of a batch, in place, and counts them.
func (c *repeats) coalesce(batch []Record) []Record {
	clear(c.things)
	clear(c.matters)
	clear(c.execs)
	kept := batch[:0]
	for i := range batch {
		r := &batch[i]
		if first := c.first(kept, r); first >= 0 {
			kept[first].repeat(r)
			c.counts.coalesced[max(slices.Index(classes, event.ClassOf(r.Kind)), 0)].Add(1)
			continue
		}
		kept = append(kept, *r)
	}
	return kept
}

// repeat takes another of the same deed in. The file is as it is now.
func (r *Record) repeat(again *Record) {
	r.Count = max(r.Count, 1) + 1
	if again.Kind == event.FileCloseWrite {
		r.File = again.File
	}
}

// first returns where the record is that r repeats, or notes where r will be and
// returns -1.
func (c *repeats) first(kept []Record, r *Record) int {
	by := processID{r.Task.PID, r.Task.Start}
	if r.Kind == event.ProcessExec {
		c.execs[by] = len(kept)
	}
	at, known := c.latest(r, by, len(kept))
	if !known || !repeatable(r) || at < c.execs[by] || !kept[at].equals(r) {
		return -1
	}
	_, _ = c.latest(r, by, at)
	return at
}

// latest returns where the latest deed on the same is, and puts another there.
func (c *repeats) latest(r *Record, by processID, next int) (at int, known bool) {
	if thing, ok := r.thing(); ok {
		at, known = c.things[thing]
		c.things[thing] = next
		return at, known
	}
	if !repeatable(r) {
		return 0, false
	}
	m := matter{kind: r.Kind, by: by, peer: r.peer(), request: r.Request, code: r.Code}
	if r.Child != nil {
		m.on = processID{r.Child.PID, r.Child.Start}
	}
	at, known = c.matters[m]
	c.matters[m] = next
	return at, known
}

// repeatable tells the deeds that mean the same however often they are done.
func repeatable(r *Record) bool {
	switch r.Kind {
	case event.FileCloseWrite, event.FileAttributes, event.FileOpen, event.ProcessSignal, event.ProcessControl,
		event.NetworkSocket, event.DNSQuery:
		return true
	case event.NetworkConnect:
		return r.Result < 0 || r.Socket.Transport != "tcp"
	}
	return false
}

// thing is the file that a record is about.
func (r *Record) thing() (thing, bool) {
	switch {
	case r.Exec != nil:
		return thing{file: fileID{r.Exec.Image.Device, r.Exec.Image.Inode}}, true
	case r.File == nil:
		return thing{}, false
	case r.File.Inode != 0:
		return thing{file: fileID{r.File.Device, r.File.Inode}}, true
	}
	return thing{name: r.File.Path}, true
}

// peer is who a conversation is with, none for other records.
func (r *Record) peer() netip.AddrPort {
	switch {
	case r.DNS != nil:
		return r.DNS.Socket.Remote
	case r.Socket != nil:
		return r.Socket.Remote
	}
	return netip.AddrPort{}
}

// equals tells whether two records say the same of the same process, but for when.
func (r *Record) equals(o *Record) bool {
	return r.Kind == o.Kind && r.Task.PID == o.Task.PID && r.Task.Start == o.Task.Start &&
		r.Task.Comm == o.Task.Comm && r.Task.Credentials == o.Task.Credentials &&
		r.Request == o.Request && r.Code == o.Code && r.Flags == o.Flags && r.Result == o.Result &&
		r.Object == o.Object && r.Ring == o.Ring && r.peer() == o.peer() &&
		(r.Child == nil) == (o.Child == nil) && (r.Child == nil || r.Child.PID == o.Child.PID && r.Child.Start == o.Child.Start) &&
		r.File.equals(o.File) && r.Socket.equals(o.Socket) && r.DNS.equals(o.DNS)
}

// equals compares what was done to a file; its size may have changed.
func (f *File) equals(o *File) bool {
	if f == nil || o == nil {
		return f == o
	}
	return f.Path == o.Path && f.NewPath == o.NewPath && f.Mode == o.Mode && f.Deleted == o.Deleted &&
		f.Change == o.Change && f.Attribute == o.Attribute && f.Flags == o.Flags && f.Watch == o.Watch
}

// equals compares conversations but for their local port.
func (s *Socket) equals(o *Socket) bool {
	if s == nil || o == nil {
		return s == o
	}
	return s.Transport == o.Transport && s.NetNS == o.NetNS
}

// equals compares messages but for their number.
func (m *DNSMessage) equals(o *DNSMessage) bool {
	if m == nil || o == nil {
		return m == o
	}
	const number = 2
	return m.Response == o.Response && m.Socket.Transport == o.Socket.Transport &&
		bytes.Equal(m.Payload[min(number, len(m.Payload)):], o.Payload[min(number, len(o.Payload)):])
}
