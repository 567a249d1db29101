package sensor

import (
	"net/netip"
	"slices"

	"baize/internal/event"
)

// deed is what one process did to one thing: equal deeds may be told as one.
type deed struct {
	kind event.Kind
	by   processID
	// image counts the executions of the process within the batch.
	image             int
	comm              string
	credentials       Credentials
	thing             thing
	path, newPath     string
	change, attribute string
	mode, open        uint32
	peer              netip.AddrPort
	transport         string
	target            processID
	request, code     uint32
	flags             uint64
	result            int32
	object            string
	ring, response    bool
}

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

// repeats joins equal deeds of a batch. Two that something else happened to their
// file between, or that their process executed something between, stay two:
// the order of what happened to one thing is kept. A connection that came about
// stays one of its own, as it has bytes and ports.
type repeats struct {
	counts *counters
	// last is the latest deed on a thing, plain are those on no file; both by
	// their place in the batch.
	last  map[thing]placed
	plain map[deed]int
	execs map[processID]int
}

// placed is a deed and where its record is.
type placed struct {
	deed deed
	at   int
}

func newRepeats(c *counters) *repeats {
	return &repeats{
		counts: c, last: map[thing]placed{}, plain: map[deed]int{}, execs: map[processID]int{},
	}
}

// coalesce joins the repeats of a batch, in place, and counts them.
func (c *repeats) coalesce(batch []Record) []Record {
	clear(c.last)
	clear(c.plain)
	clear(c.execs)
	kept := batch[:0]
	for i := range batch {
		r := &batch[i]
		if first := c.place(r, len(kept)); first >= 0 {
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

// place returns the place of the record that r repeats, or notes r at its own
// and returns -1.
func (c *repeats) place(r *Record, at int) int {
	if r.Kind == event.ProcessExec {
		c.execs[processID{r.Task.PID, r.Task.Start}]++
	}
	thing, ok := r.thing()
	if !ok {
		return c.plainly(r, at)
	}
	before, known := c.last[thing]
	d := c.deedOf(r, thing)
	if known && repeatable(r) && before.deed == d {
		return before.at
	}
	c.last[thing] = placed{d, at}
	return -1
}

// plainly is place for deeds on no file.
func (c *repeats) plainly(r *Record, at int) int {
	if !repeatable(r) {
		return -1
	}
	d := c.deedOf(r, thing{})
	if before, known := c.plain[d]; known {
		return before
	}
	c.plain[d] = at
	return -1
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

func (c *repeats) deedOf(r *Record, of thing) deed {
	by := processID{r.Task.PID, r.Task.Start}
	d := deed{
		kind: r.Kind, by: by, comm: r.Task.Comm, credentials: r.Task.Credentials,
		image: c.execs[by], thing: of,
		request: r.Request, code: r.Code, flags: r.Flags, result: r.Result, object: r.Object, ring: r.Ring,
	}
	if r.Child != nil {
		d.target = processID{r.Child.PID, r.Child.Start}
	}
	if f := r.File; f != nil {
		d.path, d.newPath, d.change, d.attribute = f.Path, f.NewPath, f.Change, f.Attribute
		d.mode, d.open = f.Mode, f.Flags
	}
	if s := r.Socket; s != nil {
		d.peer, d.transport = s.Remote, s.Transport
	}
	if m := r.DNS; m != nil {
		d.peer, d.transport, d.response = m.Socket.Remote, m.Socket.Transport, m.Response
		// The number of the question is what sets repeats apart.
		d.object = string(m.Payload[min(2, len(m.Payload)):])
	}
	return d
}
